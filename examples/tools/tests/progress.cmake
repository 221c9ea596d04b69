# What stands on a terminal while work takes long, and that nothing stands there afterwards.
add_executable(progress_test tests/progress_test.cpp)
target_link_libraries(progress_test PRIVATE unitsphere_catch tool_support)
add_test(NAME progress_test COMMAND progress_test)
set_tests_properties(progress_test PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: there is no pseudo-terminal")
