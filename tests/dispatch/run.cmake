# cmake -DPROGRAM=running "-DLEVELS=x86-64;.." "-DLEVEL_OF_OBJECT=x86-64;.." "-DOBJECTS=x86_64.o;.."
#   -DHEADERS=include/unitsphere -DNM=nm -DOBJDUMP=objdump -DQEMU=qemu-x86_64 -DLTO=OFF -P run.cmake
# `running` takes the level that UNITSPHERE_LEVEL names, refuses one that is not there, and runs on older processors.
# The object of a level has no symbol that another unit could pick up, and uses the registers of its level: equal bits
# hide a level that is compiled for less.
cmake_minimum_required(VERSION 3.16...3.31)
set(registers_x86-64 xmm)
set(registers_x86-64-v2 xmm)
set(registers_x86-64-v3 ymm)
set(registers_x86-64-v4 zmm)
set(registers_sapphirerapids zmm)
set(more_than_xmm ymm)
set(more_than_ymm zmm)

function(running code_wanted output)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env "UNITSPHERE_LEVEL=${LEVEL}" ${PROCESSOR} ${RUN} "${PROGRAM}" ${ARGN}
    RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  message(STATUS "UNITSPHERE_LEVEL=${LEVEL} ${PROCESSOR} ${RUN}: ${out}")
  if(NOT code EQUAL code_wanted OR NOT out MATCHES "${output}")
    message(SEND_ERROR "not ${code_wanted} and ${output}: ${code} ${out}${err}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

# What the name of the instruction set has a word for is asked of the machine.
file(READ "${HEADERS}/data/instruction_set.hpp" named)
file(READ "${HEADERS}/detail/cpu_features.hpp" asked)
string(REGEX MATCHALL "[ (]__[A-Z][A-Z0-9_]*" macros "${named}")
list(FILTER macros EXCLUDE REGEX "VA_ARGS|MATH|SIGNED_ZEROS|__SSE2_|EVEX512|LS64|SVE_BITS")  # add no instructions
foreach(macro IN LISTS macros)
  string(SUBSTRING "${macro}" 1 -1 macro)
  if(NOT asked MATCHES "X\\(${macro},")
    message(SEND_ERROR "instruction_set.hpp names ${macro}, cpu_features.hpp does not ask for it")
  endif()
endforeach()

# registers(used, file): those that its code names.
function(registers used file)
  execute_process(COMMAND "${OBJDUMP}" -d --no-show-raw-insn "${file}"
    COMMAND grep -oE "%[xyz]mm|<__clang_call_terminate>:" COMMAND sort -u OUTPUT_VARIABLE found)
  set(${used} "${found}" PARENT_SCOPE)
endfunction()

# No code runs before a level has been chosen.
execute_process(COMMAND "${NM}" "${PROGRAM}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(symbols MATCHES "_GLOBAL__sub_I[^\n]*")
  message(SEND_ERROR "a static initializer: ${CMAKE_MATCH_0}")
endif()
if(OBJDUMP)
  registers(in_program "${PROGRAM}")
endif()

foreach(level object IN ZIP_LISTS LEVEL_OF_OBJECT OBJECTS)
  execute_process(COMMAND "${NM}" "${object}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* [A-TV-Zuvw] [^\n]*" shared "${symbols}")
  list(FILTER shared EXCLUDE REGEX " V DW[.]ref[.]__gxx_personality_v0$| W __clang_call_terminate$| w __cxa_pure_virtual$")  # not ours
  list(FILTER shared EXCLUDE REGEX " [VWu] [^ ]*unitsphere_xsimd_")  # named after the instruction set
  string(MAKE_C_IDENTIFIER "${level}" id)
  list(FILTER shared EXCLUDE REGEX " [DR] [^ ]*level_${id}E?$")
  if(shared)
    message(SEND_ERROR "symbols of ${level} that other units may pick up: ${shared}")
  endif()
  if(OBJDUMP AND DEFINED registers_${level})
    set(register ${registers_${level}})
    registers(used "${object}")
    if(LTO)  # the code is made with the program
      set(used "${in_program}")
      set(more_than_${register} none)
    endif()
    if(NOT used MATCHES "%${register}" OR (more_than_${register} AND used MATCHES "%${more_than_${register}}"))
      message(SEND_ERROR "${level} does not use ${register}, or more than that: ${used}")
    endif()
  endif()
endforeach()

# taken(level): the program takes it.
function(taken level)
  string(REPLACE "+" "[+]" level "${level}")
  running(0 "^${level} .* right\n$")
endfunction()

running(0 "" all)
string(REGEX MATCHALL "[^\n]+" supported "${out}")
list(GET supported -1 best)
taken(${best})
foreach(LEVEL IN LISTS supported)
  taken(${LEVEL})
endforeach()
set(LEVEL none)
list(JOIN LEVELS ", " all)
string(REPLACE "+" "[+]" all "${all}")
running(2 "^UNITSPHERE_LEVEL is none; this program has the levels ${all}, this machine runs of these: ")

set(processors "")
if(QEMU AND LEVELS MATCHES "^x86-64;x86-64-v3;x86-64-v4")
  set(RUN "${QEMU}")
  set(processors Nehalem:x86-64 Haswell:x86-64-v3)
  set(too_much x86-64-v4)
elseif(RUN MATCHES "qemu-aarch64" AND LEVELS STREQUAL "armv8-a;armv8.2-a+dotprod")
  set(processors cortex-a72:armv8-a neoverse-n1:armv8.2-a+dotprod max:armv8.2-a+dotprod)
  set(too_much armv8.2-a+dotprod)
else()
  message(STATUS "not tried on other processors: no qemu-user")
endif()
foreach(processor_and_level IN LISTS processors)
  string(REPLACE ":" ";" processor_and_level "${processor_and_level}")
  list(GET processor_and_level 0 processor)
  list(GET processor_and_level 1 best)
  set(PROCESSOR QEMU_CPU=${processor})
  set(LEVEL "")
  taken(${best})
  if(NOT best STREQUAL too_much)
    set(LEVEL ${too_much})
    string(REPLACE "+" "[+]" refused "${too_much}")
    running(2 "^UNITSPHERE_LEVEL is ${refused}; .*this machine runs of these: .*${best}\n$")
  endif()
endforeach()
