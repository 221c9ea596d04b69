# cmake -DSOURCE=.. -DSCRATCH=.. -DXSIMD=.. -P run.cmake: import.cpp with the newest clang at hand, 16 or later.
cmake_minimum_required(VERSION 3.16...3.31)
include("${CMAKE_CURRENT_LIST_DIR}/../run_or_stop.cmake")

find_program(CLANG NAMES clang++-22 clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++)
set(version "")
if(CLANG)
  execute_process(COMMAND "${CLANG}" --version OUTPUT_VARIABLE version)
  string(REGEX MATCH "clang version ([0-9]+)" version "${version}")
  set(version "${CMAKE_MATCH_1}")
endif()
if(NOT version OR version LESS 16)
  message("skipped: no clang 16 or later")
  return()
endif()

file(MAKE_DIRECTORY "${SCRATCH}")
list(TRANSFORM XSIMD PREPEND "-idirafter")  # some packages name two folders
set(options -std=c++20 -O1 -Wall -Wextra -Werror ${XSIMD})
run("${CLANG}" ${options} --precompile "${SOURCE}/include/unitsphere/unitsphere.cppm" -o "${SCRATCH}/unitsphere.pcm")
run("${CLANG}" ${options} "-fmodule-file=unitsphere=${SCRATCH}/unitsphere.pcm" "${SOURCE}/tests/module/import.cpp"
  "${SCRATCH}/unitsphere.pcm" -o "${SCRATCH}/import")
run("${SCRATCH}/import")
if(NOT out STREQUAL "row 1, class 1, cosine 0.8000\n")
  message(FATAL_ERROR "the program says something else")
endif()
