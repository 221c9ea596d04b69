# Each file here must not compile, and the compiler must say what its first line expects (`// expect: regex`), in few lines;
# control.cpp holds the right way to write the same calls. It must compile: for every x86-64 level, whatever this
# machine runs, and without optimization, where some intrinsics are macros that accept less than functions do.
separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
set(includes "-I$<JOIN:$<TARGET_PROPERTY:unitsphere::unitsphere,INTERFACE_INCLUDE_DIRECTORIES>,;-I>"
  "-isystem$<JOIN:$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>,;-isystem>")

# unitsphere_add_compile_test(name source options expected...): `expected` as expect.cmake takes it.
function(unitsphere_add_compile_test name source options)
  add_test(NAME ${name} COMMAND_EXPAND_LISTS
    COMMAND "${CMAKE_COMMAND}" ${ARGN} -P "${CMAKE_CURRENT_SOURCE_DIR}/expect.cmake" --
    "${CMAKE_CXX_COMPILER}" ${flags} -std=c++17 ${options} -fsyntax-only "${includes}" "${source}")
  set_tests_properties(${name} PROPERTIES ENVIRONMENT LC_ALL=C)
endfunction()

file(GLOB sources CONFIGURE_DEPENDS "compile_fail/*.cpp")
set(control "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/control.cpp")
list(REMOVE_ITEM sources "${control}")
foreach(source IN LISTS sources)
  get_filename_component(name "${source}" NAME_WE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(STRINGS "${source}" first_line LIMIT_COUNT 1)
  if(NOT first_line MATCHES "^// expect: (.+)$")
    message(FATAL_ERROR "${source} does not begin with `// expect: regex`")
  endif()
  string(REPLACE "\\n" "\n" regex "${CMAKE_MATCH_1}")  # CMake's regexes do not know \n
  unitsphere_add_compile_test(compile_fail_${name} "${source}" "" -DCODE=nonzero "-DMATCHES=${regex}" -DMOST_LINES=110)
endforeach()

# What cannot be compiled at all is said at once, and nothing after it.
set(include "${PROJECT_SOURCE_DIR}/include/unitsphere")
unitsphere_add_compile_test(compile_fail_c++14 "${include}/unitsphere.hpp" "-std=c++14;-x;c++" -DCODE=nonzero
  "-DMATCHES=#error .unitsphere: needs C..17 or later" -DMOST_LINES=20)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  unitsphere_add_compile_test(compile_fail_m32 "${include}/data/config.hpp" "-m32;-x;c++" -DCODE=nonzero
    "-DMATCHES=#error .unitsphere: needs x86-64" -DMOST_LINES=14)
endif()

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # what the compiler only warns of
  unitsphere_add_compile_test(compile_fail_view_of_temporary
    "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/clang/view_of_temporary.cpp" "-Werror=dangling" -DCODE=nonzero "-DMATCHES=:7:.*:8:.*:9:.*3 errors generated")
endif()

# Warnings that a consumer may ask for, with this build's flags and in the code of each x86-64 level. Not clean:
# -Wfloat-equal, for what is compared is meant to be equal, and -Weffc++ in templates, which wants every member named in
# every constructor.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(more_warnings "-Wuseless-cast;-Wcast-align=strict;-Wswitch-enum;-Wold-style-cast;-Wundef;-Werror")
  set(kinds "")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set(kinds _x86-64 _x86-64-v3 _x86-64-v4 _sapphirerapids)
  endif()
  foreach(kind "" ${kinds})
    string(REGEX REPLACE "^_" "-march=" level "${kind}")
    unitsphere_add_compile_test(compile_without_warnings${kind} "${control}" "${more_warnings};${level}" -DCODE=0)
    unitsphere_add_compile_test(compile_header_without_warnings${kind} /dev/null
      "-Weffc++;${more_warnings};${level};-include;${include}/unitsphere.hpp;-x;c++" -DCODE=0)
  endforeach()
  if(kinds)  # what the compiler finds when it optimizes: memory that is not set, inside of intrinsics of AVX-512
    add_test(NAME compile_optimized_without_warnings_x86-64-v4 COMMAND_EXPAND_LISTS
      COMMAND "${CMAKE_CXX_COMPILER}" ${flags} -std=c++17 -O1 -march=x86-64-v4 -Wall -Wextra -Werror -S -o /dev/null
      "${includes}" "${CMAKE_CURRENT_SOURCE_DIR}/weak_symbols.cpp")
  endif()
endif()

unitsphere_add_compile_test(compile_control "${control}" "" -DCODE=0)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  foreach(level x86-64 x86-64-v2 x86-64-v3 x86-64-v4)
    unitsphere_add_compile_test(compile_control_${level} "${control}" "-O0;-march=${level}" -DCODE=0)
  endforeach()
endif()
