unitsphere_add_example_test(quickstart
  "image 0: dog 0\\.8756  cat 0\\.1086  car 0\\.0159\nimage 1: dog 0\\.0113  cat 0\\.8379  car 0\\.1508\n"
  $<TARGET_FILE:quickstart>)
add_test(NAME readme COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}"
  "-DQUICKSTART=$<TARGET_FILE:quickstart>" -P "${PROJECT_SOURCE_DIR}/tests/readme.cmake")
