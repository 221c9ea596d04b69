# mpi_test on 1 to 4 ranks, which share this machine's cores; and with a rank that dies.
if(NOT TARGET unitsphere::mpi OR NOT MPIEXEC_EXECUTABLE)
  add_test(NAME mpi_test COMMAND "${CMAKE_COMMAND}" -E echo "skipped: no MPI (Debian: libopenmpi-dev openmpi-bin)")
  set_tests_properties(mpi_test PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
  return()
endif()
unitsphere_add_test_program(mpi_test unitsphere_dev interop/mpi_test.cpp)
target_link_libraries(mpi_test PRIVATE unitsphere::mpi)
if(CMAKE_CXX_FLAGS_RELEASE MATCHES "-Og")  # there it takes 15 seconds a rank instead of one
  target_compile_options(mpi_test PRIVATE -O1)
endif()

foreach(ranks 1 2 3 4)
  add_test(NAME mpi_test/${ranks} COMMAND "${MPIEXEC_EXECUTABLE}" ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
    $<TARGET_FILE:mpi_test>)
  set_tests_properties(mpi_test/${ranks} PROPERTIES PROCESSORS ${ranks})
endforeach()
# Not by their exit codes alone: a hang must fail, and it would be killed.
add_test(NAME mpi_test/rank_dies COMMAND "${CMAKE_COMMAND}" -DCODE=nonzero "-DMATCHES=rank 1 dies now" -P
  "${PROJECT_SOURCE_DIR}/tests/expect.cmake" -- "${MPIEXEC_EXECUTABLE}" ${MPIEXEC_NUMPROC_FLAG} 3 ${MPIEXEC_PREFLAGS}
  $<TARGET_FILE:mpi_test> [dies])
# Open MPI keeps memory to its end.
set_tests_properties(mpi_test/1 mpi_test/2 mpi_test/3 mpi_test/4 mpi_test/rank_dies PROPERTIES
  ENVIRONMENT "${unitsphere_mpi_environment};ASAN_OPTIONS=detect_leaks=0" TIMEOUT 600)
