# accuracy: the worst error of every public function beside its bound (docs/numerics.md). It stands with the tests, not
# with the benchmarks: it needs their oracle and their rows, and neither Google Benchmark nor Catch2.
file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
add_executable(accuracy ${sources})
target_include_directories(accuracy PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/support")
target_link_libraries(accuracy PRIVATE unitsphere_dev)
add_test(NAME accuracy_quick COMMAND accuracy --quick)
if(NOT CMAKE_CROSSCOMPILING)
  add_test(NAME accuracy_page COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:accuracy>"
    "-DPAGE=${PROJECT_SOURCE_DIR}/docs/numerics.md" -P "${CMAKE_CURRENT_LIST_DIR}/page.cmake")
endif()
