# cmake -DCODE=2 -DMATCHES=regex -DSTDERR_LINES=1 -P expect.cmake -- command...
# Runs the command and fails unless it ends as said: CODE is an exit code or `nonzero`, MATCHES a regex that its output
# (both streams) contains, STDERR_LINES how many lines it writes to stderr, MOST_LINES how many at most. What is not
# given is not checked.
cmake_minimum_required(VERSION 3.16...3.31)

include("${CMAKE_CURRENT_LIST_DIR}/command_line.cmake")
execute_process(COMMAND ${command} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
string(REGEX MATCHALL "\n" newlines "${err}")
list(LENGTH newlines lines)

set(wrong "")
if(DEFINED CODE AND NOT code STREQUAL CODE AND NOT (CODE STREQUAL "nonzero" AND code MATCHES "^[1-9][0-9]*$"))
  string(APPEND wrong "ended with ${code}, expected ${CODE}\n")
endif()
if(DEFINED MATCHES AND NOT "${out}${err}" MATCHES "${MATCHES}")
  string(APPEND wrong "its output does not match ${MATCHES}\n")
endif()
if(DEFINED STDERR_LINES AND NOT lines EQUAL STDERR_LINES)
  string(APPEND wrong "wrote ${lines} lines to stderr, expected ${STDERR_LINES}\n")
endif()
if(DEFINED MOST_LINES AND lines GREATER MOST_LINES)
  string(APPEND wrong "wrote ${lines} lines to stderr, expected ${MOST_LINES} at most\n")
endif()
message("${out}${err}")
if(wrong)
  string(REPLACE "\n" "\n  " wrong "\n${wrong}")  # indented lines are not wrapped
  message(FATAL_ERROR "${wrong}")
endif()
