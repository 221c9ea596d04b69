# A type that depends on the instruction set passes between units with the same flags, and is a link error between units
# with different ones. The linker's text names the instruction set that was looked for.
cmake_minimum_required(VERSION 3.16...3.31)
set(ENV{LC_ALL} C)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGN}\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
file(MAKE_DIRECTORY "${SCRATCH}")
set(compile "${COMPILER}" -std=c++17 -O0 ${INCLUDES} -c)
run(${compile} -march=${LOW} "${CMAKE_CURRENT_LIST_DIR}/caller.cpp" -o "${SCRATCH}/caller.o")
run(${compile} -march=${LOW} "${CMAKE_CURRENT_LIST_DIR}/definer.cpp" -o "${SCRATCH}/same.o")
run(${compile} -march=${HIGH} "${CMAKE_CURRENT_LIST_DIR}/definer.cpp" -o "${SCRATCH}/other.o")

run("${COMPILER}" "${SCRATCH}/caller.o" "${SCRATCH}/same.o" -o "${SCRATCH}/same")
execute_process(COMMAND "${COMPILER}" "${SCRATCH}/caller.o" "${SCRATCH}/other.o" -o "${SCRATCH}/other"
  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
message("${out}")
if(code EQUAL 0)
  message(FATAL_ERROR "units for ${LOW} and ${HIGH} were linked")
endif()
set(missing "undefined (reference to|symbol:)[ `']+")
foreach(regex
    "take_classifier\\(unitsphere::${LOW_SET}::zero_shot_classifier const&\\)"
    "take_gallery\\(unitsphere::${LOW_SET}::gallery const&\\)"
    "take_report\\(unitsphere::${LOW_SET}::row_report const&\\)"
    "make_classifier\\[abi:${LOW_SET}\\]\\(\\)" "make_gallery\\[abi:${LOW_SET}\\]\\(\\)"
    "make_report\\[abi:${LOW_SET}\\]\\(\\)" "kept_classifier\\[abi:${LOW_SET}\\]" "kept_gallery\\[abi:${LOW_SET}\\]"
    "kept_report\\[abi:${LOW_SET}\\]")
  if(NOT out MATCHES "${missing}${regex}")
    message(SEND_ERROR "the linker does not miss ${regex}")
  endif()
endforeach()
