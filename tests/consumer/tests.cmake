# A user's project against this tree installed, and against this tree as a subdirectory that finds nothing but xsimd.
# What this build had to download is handed on: there is no system package for the user's project to find.
set(components eigen)
if(eigen3_SOURCE_DIR)
  set(components "")
endif()
foreach(way find_package add_subdirectory)
  add_test(NAME consumer_${way} COMMAND "${CMAKE_COMMAND}" -DWAY=${way} -DCOMPONENTS=${components}
    "-DSOURCE=${PROJECT_SOURCE_DIR}" "-DBUILD=${PROJECT_BINARY_DIR}" "-DXSIMD=${xsimd_SOURCE_DIR}"
    "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/consumer_${way}" "-DPREFIX_PATH=${CMAKE_PREFIX_PATH}"
    "-DGENERATOR=${CMAKE_GENERATOR}" "-DMAKE_PROGRAM=${CMAKE_MAKE_PROGRAM}" -DCONFIG=$<CONFIG>
    "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DFLAGS=${CMAKE_CXX_FLAGS}" -P "${CMAKE_CURRENT_LIST_DIR}/run.cmake")
endforeach()
