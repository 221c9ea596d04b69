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
target_compile_options(dispatch_test PRIVATE -O1)  # as the levels below: half the time

add_executable(dispatch_running dispatch/running.cpp)
target_link_libraries(dispatch_running PRIVATE unitsphere_warnings dispatch_levels)
set(objects "")
foreach(level IN LISTS levels)
  string(MAKE_C_IDENTIFIER "dispatch_levels_${level}" target)
  target_compile_options(${target} PRIVATE -O1)
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
endif()
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize|-flto|-march")  # what they add is not of the level
  add_test(NAME dispatch_running COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:dispatch_running>"
    "-DRUN=${CMAKE_CROSSCOMPILING_EMULATOR}" "-DLEVELS=${levels}" "-DLEVEL_OF_OBJECT=${with_O0}"
    "-DOBJECTS=${objects}" "-DHEADERS=${PROJECT_SOURCE_DIR}/include/unitsphere" "-DNM=${CMAKE_NM}"
    "-DOBJDUMP=${CMAKE_OBJDUMP}" "-DQEMU=${UNITSPHERE_QEMU_X86_64}" -P "${CMAKE_CURRENT_SOURCE_DIR}/dispatch/run.cmake")
endif()
set_property(TEST dispatch_test APPEND PROPERTY LABELS gates)
