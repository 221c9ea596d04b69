# Every header at once, under what other projects do to it: hostile macros, no exceptions, later standards.
set(system_includes "")
set(own_includes "")
foreach(header IN LISTS headers)  # from headers_alone.cmake
  if(header STREQUAL "engine/openmp.hpp")  # not every compiler at hand has it
    string(APPEND own_includes "#ifdef _OPENMP\n#include <unitsphere/${header}>\n#endif\n")
  elseif(header MATCHES "^interop/mpi")  # it asks for exceptions
    string(APPEND own_includes
      "#if defined(__cpp_exceptions) && __has_include(<mpi.h>)\n#include <unitsphere/${header}>\n#endif\n")
  else()
    string(APPEND own_includes "#include <unitsphere/${header}>\n")
  endif()
  file(STRINGS "${root}/${header}" lines REGEX "^ *#include <")
  foreach(line IN LISTS lines)
    string(STRIP "${line}" line)
    string(REGEX REPLACE "^#include <(.*)>.*" "#if __has_include(<\\1>)\n#include <\\1>\n#endif\n" line "${line}")
    string(APPEND system_includes "${line}")
  endforeach()
endforeach()
set(generated "${CMAKE_CURRENT_BINARY_DIR}/every_header")
file(CONFIGURE OUTPUT "${generated}/every_system_header.hpp" CONTENT "${system_includes}" @ONLY)
file(CONFIGURE OUTPUT "${generated}/every_header.hpp" CONTENT "${own_includes}" @ONLY)

# They compile or they do not: there is nothing to run.
add_library(hostile_macros OBJECT hostile_macros.cpp)
target_include_directories(hostile_macros PRIVATE "${generated}")
target_link_libraries(hostile_macros PRIVATE unitsphere_dev unitsphere::eigen ${executors})

# Without exceptions: an error calls the program's own UNITSPHERE_FAIL, or std::terminate.
foreach(way fail terminate)
  add_executable(no_exceptions_${way} no_exceptions.cpp)
  target_include_directories(no_exceptions_${way} PRIVATE "${generated}")
  target_link_libraries(no_exceptions_${way} PRIVATE unitsphere_dev unitsphere::eigen ${executors})
  target_compile_options(no_exceptions_${way} PRIVATE -O0 -fno-exceptions -fno-rtti)
endforeach()
target_compile_definitions(no_exceptions_fail PRIVATE OWN_FAIL)

# unitsphere_add_no_exceptions_test(way error code regex)
function(unitsphere_add_no_exceptions_test way error code regex)
  add_test(NAME no_exceptions_${way}_${error}
    COMMAND "${CMAKE_COMMAND}" -DCODE=${code} "-DMATCHES=${regex}" -P "${CMAKE_CURRENT_SOURCE_DIR}/expect.cmake" --
    ${CMAKE_CROSSCOMPILING_EMULATOR} "$<TARGET_FILE:no_exceptions_${way}>" ${error})
endfunction()
unitsphere_add_no_exceptions_test(fail none 0 "no error\n")
unitsphere_add_no_exceptions_test(fail shape 3 "cosine_similarity: queries have dim 3, gallery has dim 4\n")
unitsphere_add_no_exceptions_test(fail value 3 "zero_shot_classifier: class 1 ")
unitsphere_add_no_exceptions_test(fail load 3 "load_npy: .*no_such_file\\.npy")
unitsphere_add_no_exceptions_test(fail save 3 "save_npy: .*no_such_directory/scores\\.npy")
unitsphere_add_no_exceptions_test(terminate shape 4 "terminate\n")

# C++17, 20 and 23, by every compiler at hand, whichever one builds these tests.
# (-isystem /usr/include would break the standard library's order, which is why it is left out.)
if(NOT CMAKE_CROSSCOMPILING)
  set(system_directories "$<TARGET_PROPERTY:xsimd,INTERFACE_INCLUDE_DIRECTORIES>"
    "$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>")
  if(TARGET unitsphere::tbb)
    list(APPEND system_directories "$<TARGET_PROPERTY:TBB::tbb,INTERFACE_INCLUDE_DIRECTORIES>")
  endif()
  set(system_directories "$<FILTER:${system_directories},EXCLUDE,^/usr/include$>")
  foreach(compiler g++ clang++)
    find_program(unitsphere_${compiler} ${compiler})
    set(openmp "")
    if(unitsphere_${compiler})
      execute_process(COMMAND "${unitsphere_${compiler}}" -fopenmp -fsyntax-only -include omp.h -x c++ /dev/null
        RESULT_VARIABLE code ERROR_QUIET)
      if(code EQUAL 0)
        set(openmp -fopenmp)
      endif()
    endif()
    foreach(standard 17 20 23)
      if(unitsphere_${compiler})
        string(REPLACE 23 2b option "${standard}")  # the name that g++ and clang++ knew first
        add_test(NAME compile_${compiler}_c++${standard} COMMAND_EXPAND_LISTS
          COMMAND "${unitsphere_${compiler}}" -std=c++${option} -fsyntax-only -Wall -Wextra -Wconversion -Wshadow
          -Wpedantic -Werror ${openmp} "$<$<BOOL:${system_directories}>:-isystem$<JOIN:${system_directories},;-isystem>>"
          "-I${PROJECT_SOURCE_DIR}/include" "-I${generated}" -x c++ "${generated}/every_header.hpp"
          "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/control.cpp")
      endif()
    endforeach()
  endforeach()
endif()
