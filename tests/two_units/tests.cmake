# Units with different flags in one program. These tests choose all flags themselves: CMAKE_CXX_FLAGS play no part.
set(v1 x86-64 sse2)
set(v3 x86-64-v3 avx2_fma_f16c_bmi2)
set(v4 x86-64-v4 avx512_fma_f16c_bmi2)
set(arm8_0 armv8-a neon64)
set(arm8_2 armv8.2-a+fp16 neon64_fp16)

set(two_units "${CMAKE_CURRENT_SOURCE_DIR}/two_units")
set(two_units_includes "-I$<JOIN:$<TARGET_PROPERTY:unitsphere,INTERFACE_INCLUDE_DIRECTORIES>,;-I>")

# unitsphere_add_two_units(name level low_compiler high_compiler low high old_cpu runs_high)
function(unitsphere_add_two_units name level low_compiler high_compiler low high old_cpu runs_high)
  list(GET ${low} 0 low_march)
  list(GET ${low} 1 low_set)
  list(GET ${high} 0 high_march)
  list(GET ${high} 1 high_set)
  set(objdump "")
  if(low STREQUAL "v1")
    set(objdump "${CMAKE_OBJDUMP}")
  endif()
  add_test(NAME two_units_${name} COMMAND "${CMAKE_COMMAND}" -DLEVEL=-${level} "-DLOW_COMPILER=${low_compiler}"
    "-DHIGH_COMPILER=${high_compiler}" -DLOW=${low_march} -DHIGH=${high_march} -DLOW_SET=${low_set}
    -DHIGH_SET=${high_set} -DOLD_CPU=${old_cpu} "-DRUNS_HIGH=${runs_high}" "-DRUN=${CMAKE_CROSSCOMPILING_EMULATOR}"
    "-DEMULATOR=${two_units_emulator}" "-DNM=${CMAKE_NM}" "-DOBJDUMP=${objdump}" "-DINCLUDES=${two_units_includes}"
    "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/two_units_${name}" -P "${two_units}/run.cmake")
endfunction()

# unitsphere_add_hand_over(low high)
function(unitsphere_add_hand_over low high)
  list(GET ${low} 0 low_march)
  list(GET ${low} 1 low_set)
  list(GET ${high} 0 high_march)
  add_test(NAME two_units_hand_over COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${CMAKE_CXX_COMPILER}" -DLOW=${low_march}
    -DHIGH=${high_march} -DLOW_SET=${low_set} "-DINCLUDES=${two_units_includes}"
    "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/two_units_hand_over" -P "${two_units}/hand_over.cmake")
endfunction()

set(cxx "${CMAKE_CXX_COMPILER}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  find_program(UNITSPHERE_QEMU_X86_64 qemu-x86_64)
  set(two_units_emulator "${CMAKE_CROSSCOMPILING_EMULATOR}")
  if(UNITSPHERE_QEMU_X86_64 AND NOT two_units_emulator)
    set(two_units_emulator "${UNITSPHERE_QEMU_X86_64}")
  endif()
  set(avx2 "__builtin_cpu_supports(\"avx2\")")
  set(avx512 "__builtin_cpu_supports(\"avx512bw\")")
  unitsphere_add_two_units(avx2_O0 O0 "${cxx}" "${cxx}" v1 v3 Nehalem "${avx2}")
  unitsphere_add_two_units(avx2_O2 O2 "${cxx}" "${cxx}" v1 v3 Nehalem "${avx2}")
  unitsphere_add_two_units(avx512_O0 O0 "${cxx}" "${cxx}" v3 v4 Haswell "${avx512}")
  unitsphere_add_hand_over(v1 v3)
  # Both compilers in one program.
  find_program(UNITSPHERE_GXX g++)
  find_program(UNITSPHERE_CLANGXX clang++)
  if(UNITSPHERE_GXX AND UNITSPHERE_CLANGXX AND NOT CMAKE_CROSSCOMPILING)
    unitsphere_add_two_units(gcc_clang_O0 O0 "${UNITSPHERE_GXX}" "${UNITSPHERE_CLANGXX}" v1 v3 Nehalem "${avx2}")
    unitsphere_add_two_units(clang_gcc_O2 O2 "${UNITSPHERE_CLANGXX}" "${UNITSPHERE_GXX}" v1 v3 Nehalem "${avx2}")
  else()
    add_test(NAME two_units_gcc_clang COMMAND "${CMAKE_COMMAND}" -E echo "skipped: g++ or clang++ is not there")
    set_tests_properties(two_units_gcc_clang PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
  endif()
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  # No older processor: compilers make no use of +fp16 here, so nothing would tell whether it noticed.
  set(two_units_emulator "")
  set(fp16 false)
  if(CMAKE_CROSSCOMPILING_EMULATOR)  # which has it
    set(fp16 true)
  endif()
  unitsphere_add_two_units(fp16_O0 O0 "${cxx}" "${cxx}" arm8_0 arm8_2 "" ${fp16})
  unitsphere_add_two_units(fp16_O2 O2 "${cxx}" "${cxx}" arm8_0 arm8_2 "" ${fp16})
  unitsphere_add_hand_over(arm8_0 arm8_2)
endif()
