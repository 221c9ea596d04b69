# The same answer on one rank and on three; and what all ranks refuse.
set(program $<TARGET_FILE:tool_mpi_search>)
set(answer "query 0:  7 0[.][0-9]+  [^\n]*\nquery 1:  207 [^\n]*\nquery 2:  407 [^\n]*\nqueries 3  rows 1000  ranks")
foreach(ranks 1 3)
  set(start "${MPIEXEC_EXECUTABLE}" ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS})
  unitsphere_add_tool_test(mpi_search_${ranks} "${answer} ${ranks}\n" ${start} ${program})
  unitsphere_add_tool_test(mpi_search_${ranks}_file "query 2:\nquery 3:  3 1[.]0000  0 0[.]0000\n.*rows 5  ranks ${ranks}\n"
    ${start} ${program} "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy" --k 2)
  unitsphere_reads_inputs(mpi_search_${ranks}_file)
  add_test(NAME tool_mpi_search_${ranks}_refuses_missing_files COMMAND "${CMAKE_COMMAND}" -DCODE=2
    "-DMATCHES=mpi_search: rank 0: inspect_npy: no_such[.]npy: " ${expect} ${start} ${program} no_such.npy other.npy)
  set_tests_properties(tool_mpi_search_${ranks} tool_mpi_search_${ranks}_file tool_mpi_search_${ranks}_refuses_missing_files PROPERTIES
    ENVIRONMENT "${unitsphere_mpi_environment}" TIMEOUT 60)
endforeach()
unset(program)
