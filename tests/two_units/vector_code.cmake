# Fails if `high` holds a function that other units may share, whose name does not say AVX and which uses AVX all the
# same: a low unit linked behind it would run that copy. It finds what no call of the program happens to reach.
execute_process(COMMAND "${OBJDUMP}" -d --no-show-raw-insn "${high}" COMMAND grep -oE "^[0-9a-f]+ <.*>:$|\tv[a-z]+"
  OUTPUT_VARIABLE code COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "<[^\n]*>:\n\tv" users "${code}")
if(NOT users)
  message(FATAL_ERROR "no AVX code in ${high}")
endif()
execute_process(COMMAND "${NM}" "${high}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
foreach(user IN LISTS users)
  string(REGEX REPLACE "^<(.*)>:\n\tv$" "\\1" name "${user}")
  string(FIND "${symbols}" " W ${name}\n" at)
  if(NOT at EQUAL -1 AND NOT name MATCHES "avx")
    message(SEND_ERROR "AVX code in ${name}, which any unit may pick up")
  endif()
endforeach()
