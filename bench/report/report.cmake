# `report` runs the programs and judges. Not a folder of its own in the build: the program has this folder's name.
set(report_sources measurements limits goals verdict processes runs hardware tables plots)
list(TRANSFORM report_sources PREPEND report/)
list(TRANSFORM report_sources APPEND .cpp)

# How a user's unit is compiled, as a JSON array: what the goal `compile` times.
set(native "")
if(UNITSPHERE_NATIVE)
  get_target_property(native unitsphere_native INTERFACE_COMPILE_OPTIONS)
endif()
get_target_property(xsimd_folders xsimd INTERFACE_INCLUDE_DIRECTORIES)
set(command "${CMAKE_CXX_COMPILER}" -std=c++17 -O2 ${native} "-I${PROJECT_SOURCE_DIR}/include")
foreach(folder IN LISTS xsimd_folders)
  if(folder AND NOT folder MATCHES "^(/usr/include|\\$<)")
    list(APPEND command "-I${folder}")
  endif()
endforeach()
list(JOIN command "\",\"" command)

add_library(report_parts STATIC ${report_sources})
target_include_directories(report_parts PUBLIC report)
target_link_libraries(report_parts PUBLIC nlohmann_json::nlohmann_json PRIVATE unitsphere_dev)
target_compile_definitions(report_parts PRIVATE
  "BENCH_SOURCE_DIR=\"${CMAKE_CURRENT_SOURCE_DIR}\"" "BENCH_COMPILE_COMMAND=R\"([\"${command}\"])\"")
add_executable(report report/report.cpp)
target_link_libraries(report PRIVATE report_parts unitsphere_dev CLI11::CLI11)

add_custom_target(run_report COMMAND report USES_TERMINAL VERBATIM
  COMMENT "Running the benchmarks; the tables go to ${PROJECT_BINARY_DIR}/report")
get_property(programs DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
list(FILTER programs INCLUDE REGEX "_bench$|^rates$")
add_dependencies(run_report ${programs})

# What judges is tested too, where Catch2 is there.
find_package(Catch2 QUIET)
if(TARGET Catch2::Catch2)
  file(GLOB test_sources CONFIGURE_DEPENDS report/tests/*_test.cpp)
  if(TARGET Catch2::Catch2WithMain AND NOT Catch2_VERSION MATCHES "^2\\.")
    add_executable(report_test ${test_sources})
    target_link_libraries(report_test PRIVATE Catch2::Catch2WithMain)
  else()
    add_executable(report_test ${test_sources} "${PROJECT_SOURCE_DIR}/tests/main.cpp")
    target_link_libraries(report_test PRIVATE Catch2::Catch2)
  endif()
  target_include_directories(report_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(report_test PRIVATE report_parts unitsphere_dev)
  target_compile_options(report_test PRIVATE -O1)  # Catch2 itself takes the most of it
  add_test(NAME report_test COMMAND report_test)
else()
  message(STATUS "unitsphere: no Catch2, so what judges the benchmarks is not tested")
endif()
