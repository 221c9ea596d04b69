# A user's project against this tree installed, as a subdirectory and through FetchContent (those two find none of
# the tests' packages), and a user without CMake. Each also checks that it sees this project's version.
# What this build had to download is handed on: there is no system package for the user's project to find.
set(components eigen)
if(eigen3_SOURCE_DIR)
  set(components "")
endif()
foreach(executor openmp tbb mpi)
  if(TARGET unitsphere::${executor})
    string(APPEND components ",${executor}")
  endif()
endforeach()

# unitsphere_add_consumer_test(name script options...)
function(unitsphere_add_consumer_test name script)
  add_test(NAME consumer_${name} COMMAND "${CMAKE_COMMAND}" ${ARGN} -DVERSION=${PROJECT_VERSION}
    "-DSOURCE=${PROJECT_SOURCE_DIR}" "-DBUILD=${PROJECT_BINARY_DIR}" "-DXSIMD=${xsimd_SOURCE_DIR}"
    "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/the consumers/${name}" "-DPREFIX_PATH=${CMAKE_PREFIX_PATH}"
    "-DGENERATOR=${CMAKE_GENERATOR}" "-DMAKE_PROGRAM=${CMAKE_MAKE_PROGRAM}" -DCONFIG=$<CONFIG>
    "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DFLAGS=${CMAKE_CXX_FLAGS}"
    -P "${CMAKE_CURRENT_SOURCE_DIR}/consumer/${script}")
endfunction()

unitsphere_add_consumer_test(add_subdirectory run.cmake -DWAY=add_subdirectory)
unitsphere_add_consumer_test(add_subdirectory_refuses_old_xsimd run.cmake
  -DWAY=add_subdirectory "-DOLD=xsimd\;8.0.5\;xsimd")
unitsphere_add_consumer_test(add_subdirectory_replaces_old_xsimd run.cmake
  -DWAY=add_subdirectory "-DOLD=xsimd\;8.0.5\;xsimd" -DINSTEAD=ON)
unitsphere_add_consumer_test(fetch_content run.cmake -DWAY=fetch_content)
unitsphere_add_consumer_test(meson meson.cmake)
set_tests_properties(consumer_meson PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
if(NOT UNITSPHERE_INSTALL)
  return()
endif()

unitsphere_add_consumer_test(find_package run.cmake -DWAY=find_package -DCOMPONENTS=${components})
unitsphere_add_consumer_test(find_package_refuses_old_xsimd run.cmake -DWAY=find_package "-DOLD=xsimd\;8.0.5\;xsimd")
unitsphere_add_consumer_test(find_package_refuses_old_eigen run.cmake
  -DWAY=find_package -DCOMPONENTS=eigen "-DOLD=Eigen3\;3.3.9\;Eigen3::Eigen")
unitsphere_add_consumer_test(pkg_config pkg_config.cmake)
unitsphere_add_consumer_test(deb deb.cmake -DXSIMD_MINIMUM=${unitsphere_xsimd_minimum})
set_tests_properties(consumer_pkg_config consumer_deb PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
