# Units with different flags in one program. These tests choose all flags themselves: CMAKE_CXX_FLAGS play no part.
# Each: -march, the name that instruction_set() gives it, whether this machine runs it, a processor that does not.
set(checked "(_checked)?")  # with libstdc++ 15 and newer at -O0: it turns its assertions on
set(v1 x86-64 "sse2${checked}" true "")
set(v3 x86-64-v3 "avx2_fma_f16c_bmi2${checked}" "__builtin_cpu_supports(\"avx2\")" Nehalem)
set(v4 x86-64-v4 "avx512_fma_f16c_bmi2${checked}" "__builtin_cpu_supports(\"avx512bw\")" Haswell)
set(arm8_0 armv8-a neon64 true "")
set(arm8_2 armv8.2-a+fp16 neon64_lse_rdm_fp16 false "")  # no processor: nothing that compilers make of +fp16 here would stop it
if(CMAKE_CROSSCOMPILING_EMULATOR)  # has every extension
  list(TRANSFORM arm8_2 REPLACE "^false$" true)
endif()

set(two_units "${CMAKE_CURRENT_SOURCE_DIR}/two_units")
set(two_units_includes "-I$<JOIN:$<TARGET_PROPERTY:unitsphere::unitsphere,INTERFACE_INCLUDE_DIRECTORIES>,;-I>")
find_program(UNITSPHERE_QEMU_X86_64 qemu-x86_64)

# unitsphere_add_two_units(name level low_compiler high_compiler low high)
function(unitsphere_add_two_units name level low_compiler high_compiler low high)
  list(GET ${low} 0 low_march)
  list(GET ${low} 1 low_set)
  list(GET ${high} 0 high_march)
  list(GET ${high} 1 high_set)
  list(GET ${high} 2 runs_high)
  list(GET ${high} 3 old_cpu)
  set(objdump "")
  if(high STREQUAL "v3")
    set(objdump "${CMAKE_OBJDUMP}")
  endif()
  add_test(NAME two_units_${name} COMMAND "${CMAKE_COMMAND}" -DLEVEL=-${level} "-DLOW_COMPILER=${low_compiler}"
    "-DHIGH_COMPILER=${high_compiler}" -DLOW=${low_march} -DHIGH=${high_march} "-DLOW_SET=${low_set}"
    "-DHIGH_SET=${high_set}" -DOLD_CPU=${old_cpu} "-DRUNS_HIGH=${runs_high}" "-DRUN=${CMAKE_CROSSCOMPILING_EMULATOR}"
    "-DQEMU=${UNITSPHERE_QEMU_X86_64}" "-DNM=${CMAKE_NM}" "-DOBJDUMP=${objdump}" "-DINCLUDES=${two_units_includes}"
    "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/two_units_${name}" -P "${two_units}/run.cmake")
endfunction()

# unitsphere_add_hand_over(low high)
function(unitsphere_add_hand_over low high)
  list(GET ${low} 0 low_march)
  list(GET ${low} 1 low_set)
  list(GET ${high} 0 high_march)
  add_test(NAME two_units_hand_over COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${CMAKE_CXX_COMPILER}" -DLOW=${low_march}
    -DHIGH=${high_march} "-DLOW_SET=${low_set}" "-DINCLUDES=${two_units_includes}"
    "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/two_units_hand_over" -P "${two_units}/hand_over.cmake")
endfunction()

# One name, one instruction set: whatever the compilers at hand know.
set(compilers "")
foreach(compiler g++ clang++ aarch64-linux-gnu-g++ s390x-linux-gnu-g++)
  find_program(unitsphere_${compiler} ${compiler})
  if(unitsphere_${compiler})
    list(APPEND compilers "${unitsphere_${compiler}}")
  endif()
endforeach()
add_test(NAME instruction_set_names COMMAND "${CMAKE_COMMAND}" "-DCOMPILERS=${compilers}"
  "-DINCLUDE=${PROJECT_SOURCE_DIR}/include" "-DSCRATCH=${CMAKE_CURRENT_BINARY_DIR}/instruction_set_names"
  -P "${two_units}/names.cmake")

set(cxx "${CMAKE_CXX_COMPILER}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  unitsphere_add_two_units(avx2_O0 O0 "${cxx}" "${cxx}" v1 v3)
  unitsphere_add_two_units(avx2_O2 O2 "${cxx}" "${cxx}" v1 v3)
  unitsphere_add_two_units(avx512_O0 O0 "${cxx}" "${cxx}" v3 v4)
  unitsphere_add_hand_over(v1 v3)
  # Both compilers in one program; with one instruction set they share their symbols.
  find_program(UNITSPHERE_GXX g++)
  find_program(UNITSPHERE_CLANGXX clang++)
  if(UNITSPHERE_GXX AND UNITSPHERE_CLANGXX AND NOT CMAKE_CROSSCOMPILING)
    unitsphere_add_two_units(gcc_clang_O0 O0 "${UNITSPHERE_GXX}" "${UNITSPHERE_CLANGXX}" v1 v3)
    unitsphere_add_two_units(clang_gcc_O2 O2 "${UNITSPHERE_CLANGXX}" "${UNITSPHERE_GXX}" v1 v3)
    unitsphere_add_two_units(gcc_clang_one_set O0 "${UNITSPHERE_GXX}" "${UNITSPHERE_CLANGXX}" v1 v1)
  else()
    add_test(NAME two_units_gcc_clang COMMAND "${CMAKE_COMMAND}" -E echo "skipped: g++ or clang++ is not there")
    set_tests_properties(two_units_gcc_clang PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
  endif()
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  unitsphere_add_two_units(fp16_O0 O0 "${cxx}" "${cxx}" arm8_0 arm8_2)
  unitsphere_add_two_units(fp16_O2 O2 "${cxx}" "${cxx}" arm8_0 arm8_2)
  unitsphere_add_hand_over(arm8_0 arm8_2)
endif()
