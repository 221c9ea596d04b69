# Units of levels, linked with programs that are compiled for any processor.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(levels armv8-a armv8.2-a+dotprod)
else()
  set(levels x86-64 x86-64-v3 x86-64-v4 sapphirerapids)
endif()
find_program(UNITSPHERE_QEMU_X86_64 qemu-x86_64)
add_library(dispatch_levels STATIC)
unitsphere_add_levels(dispatch_levels LEVELS ${levels})
target_link_libraries(dispatch_test PRIVATE dispatch_levels)
if(NOT CMAKE_CXX_FLAGS MATCHES "-O")  # half the time of -O2
  set(quick -O1)
endif()
target_compile_options(dispatch_test PRIVATE ${quick})

add_executable(dispatch_running dispatch/running.cpp)
target_link_libraries(dispatch_running PRIVATE unitsphere_warnings dispatch_levels Threads::Threads)
set(objects "")
foreach(level IN LISTS levels)
  string(MAKE_C_IDENTIFIER "dispatch_levels_${level}" target)
  target_compile_options(${target} PRIVATE ${quick})
  list(APPEND objects $<TARGET_OBJECTS:${target}>)
endforeach()
set(with_O0 "${levels}")
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")  # -O0 emits every inline function that a unit uses
  add_library(dispatch_level_O0 OBJECT
    "${CMAKE_CURRENT_BINARY_DIR}/unitsphere_levels/dispatch_levels/sapphirerapids.cpp")
  target_link_libraries(dispatch_level_O0 PRIVATE unitsphere::unitsphere)
  target_compile_options(dispatch_level_O0 PRIVATE -march=sapphirerapids -O0)
  list(APPEND with_O0 sapphirerapids)
  list(APPEND objects $<TARGET_OBJECTS:dispatch_level_O0>)
  add_dependencies(dispatch_running dispatch_level_O0)
endif()
set(lto OFF)
set(nm "${CMAKE_NM}")
if(CMAKE_CXX_FLAGS MATCHES "-flto")  # objects without code, whose symbols the compiler's own nm reads
  set(lto ON)
  string(REGEX REPLACE "ar(-[0-9.]+)?$" "nm\\1" nm "${CMAKE_CXX_COMPILER_AR}")
endif()
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize|-march")  # what they add is not of the level
  add_test(NAME dispatch_running COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:dispatch_running>"
    "-DRUN=${CMAKE_CROSSCOMPILING_EMULATOR}" "-DLEVELS=${levels}" "-DLEVEL_OF_OBJECT=${with_O0}"
    "-DOBJECTS=${objects}" "-DHEADERS=${PROJECT_SOURCE_DIR}/include/unitsphere" "-DNM=${nm}"
    "-DOBJDUMP=${CMAKE_OBJDUMP}" "-DQEMU=${UNITSPHERE_QEMU_X86_64}" -DLTO=${lto}
    -P "${CMAKE_CURRENT_SOURCE_DIR}/dispatch/run.cmake")
endif()
set_property(TEST dispatch_test APPEND PROPERTY LABELS gates)
