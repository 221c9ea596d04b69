# Two units, compiled at LEVEL by LOW_COMPILER for LOW and by HIGH_COMPILER for HIGH, linked into one program in both
# orders: each must report its own instruction set (LOW_SET, HIGH_SET) and give right answers, whichever came first.
# With QEMU, the low unit must run on OLD_CPU, which cannot run the high one. RUN goes before programs: an emulator, or
# nothing.
cmake_minimum_required(VERSION 3.16...3.31)

include("${CMAKE_CURRENT_LIST_DIR}/../run_or_stop.cmake")

function(compile compiler flags source object)
  run("${compiler}" -std=c++17 ${LEVEL} ${INCLUDES} ${flags} -c "${CMAKE_CURRENT_LIST_DIR}/${source}" -o ${object})
endfunction()

function(expect_sets out sets)
  if(NOT out MATCHES "${sets}\n0 wrong\n$")  # the emulator may warn before
    message(FATAL_ERROR "the output is not:\n${sets}")
  endif()
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
file(MAKE_DIRECTORY "${SCRATCH}")
set(low "${SCRATCH}/low.o")
set(high "${SCRATCH}/high.o")
set(main "${SCRATCH}/main.o")
compile("${LOW_COMPILER}" "-march=${LOW};-DUNIT=low" unit.cpp "${low}")
compile("${HIGH_COMPILER}" "-march=${HIGH};-DUNIT=high" unit.cpp "${high}")
compile("${LOW_COMPILER}" "-march=${LOW};-DRUNS_HIGH=${RUNS_HIGH}" main.cpp "${main}")

set(OBJECTS "${low}" "${high}" "${main}")
include("${CMAKE_CURRENT_LIST_DIR}/../weak_symbols.cmake")
if(OBJDUMP)
  include("${CMAKE_CURRENT_LIST_DIR}/vector_code.cmake")
endif()

foreach(order "${high};${low}" "${low};${high}")
  run("${LOW_COMPILER}" ${order} "${main}" -o "${SCRATCH}/program")
  run(${RUN} "${SCRATCH}/program")
  expect_sets("${out}" "low ${LOW_SET}\nhigh (${HIGH_SET}|does not run on this machine)")
  if(OLD_CPU AND QEMU)
    run("${QEMU}" -cpu ${OLD_CPU} "${SCRATCH}/program" low)
    expect_sets("${out}" "low ${LOW_SET}")
    execute_process(COMMAND "${QEMU}" -cpu ${OLD_CPU} "${SCRATCH}/program" high
      RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
    if(code EQUAL 0 OR NOT err MATCHES "Illegal instruction")
      message(FATAL_ERROR "${OLD_CPU} ran the high unit, so the test above shows nothing (${code}): ${out}${err}")
    endif()
  endif()
endforeach()
if(OLD_CPU AND NOT QEMU)
  message("not tried on ${OLD_CPU}: no qemu-user here")
endif()
