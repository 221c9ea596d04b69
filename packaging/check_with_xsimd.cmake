# The single header with xsimd inside includes nothing of xsimd, and SOURCE compiles with it.
cmake_minimum_required(VERSION 3.16...3.31)
include("${ROOT}/tests/run_or_stop.cmake")

set(header "${SCRATCH}/unitsphere.hpp")
execute_process(COMMAND "${CMAKE_COMMAND}" "-DOUT=${header}" "-DXSIMD=${XSIMD}"
  -P "${ROOT}/packaging/single_header.cmake" RESULT_VARIABLE code ERROR_VARIABLE err)
if(err MATCHES "no licence of xsimd")
  message("skipped: no licence beside xsimd's headers")
  return()
elseif(NOT code EQUAL 0)
  message(FATAL_ERROR "${err}")
endif()
file(STRINGS "${header}" includes REGEX "^ *# *include *[<\"]xsimd")
if(includes)
  message(FATAL_ERROR "it includes ${includes}")
endif()
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
run("${COMPILER}" ${flags} -std=c++17 -fsyntax-only "-I${SCRATCH}" "${SOURCE}")
