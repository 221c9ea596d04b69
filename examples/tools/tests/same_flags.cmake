# cmake -DDETECTOR=program -DFLAGS=program -DHEAD=file -DIMAGES=file -DOUT=stem -P same_flags.cmake
# Fails unless the flags of detector, run twice, are those of other batches and threads, byte for byte.
cmake_minimum_required(VERSION 3.16...3.31)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${code}")
  endif()
endfunction()

run("${DETECTOR}" "${HEAD}" "${IMAGES}" --threshold 0.5 --out "${OUT}_expected.npy")
run("${DETECTOR}" "${HEAD}" "${IMAGES}" --threshold 0.5 --out "${OUT}_again.npy")
run("${CMAKE_COMMAND}" -E compare_files "${OUT}_expected.npy" "${OUT}_again.npy")
foreach(batch 1 7 64 300)
  foreach(threads 1 2 5)
    run("${FLAGS}" "${HEAD}" "${IMAGES}" 0.5 ${batch} ${threads} "${OUT}_${batch}_${threads}.npy")
    run("${CMAKE_COMMAND}" -E compare_files "${OUT}_expected.npy" "${OUT}_${batch}_${threads}.npy")
  endforeach()
endforeach()
