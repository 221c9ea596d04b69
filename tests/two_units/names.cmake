# cmake "-DCOMPILERS=g++;clang++" -DINCLUDE=include -DSCRATCH=names -P names.cmake
# For every processor that a compiler knows, and for flags that change results: two that give UNITSPHERE_ISA one name have the
# same predefined macros, but for tuning, for what names the processor, and for instructions that no compiler uses on its own.
cmake_minimum_required(VERSION 3.16...3.31)

set(no_code "AES|PCLMUL|VAES|VPCLMULQDQ|SHA|ADX|CRC32|RDRND|RDSEED|RDPID|FSGSBASE|LAHF_SAHF|XSAVE[A-Z]*|CLFLUSHOPT|CLWB|CLZERO|"
  "CLDEMOTE|MWAITX|WAITPKG|PKU|SGX|SHSTK|WBNOINVD|PCONFIG|PTWRITE|MOVDIRI|MOVDIR64B|ENQCMD|SERIALIZE|TSXLDTRK|RTM|HLE|KL|WIDEKL|"
  "UINTR|HRESET|AMX_(TILE|FP16|FP8|COMPLEX|TF32|TRANSPOSE|AVX512|MOVRS)|LWP|3dNOW|3dNOW_A|MMX|ABM|AVX512VP2INTERSECT|"
  "AVX512PF|AVX5124FMAPS|AVX5124VNNIW|INVPCID|PREFETCHI|USER_?MSR|RDPRU|"
  "FP_FAST_FMA[F0-9x]*|GCC_HAVE_SYNC_COMPARE_AND_SWAP_16|GCC_IEC_559[A-Z_]*|STDC_IEC_[0-9A-Z_]*|NO_MATH_ERRNO|NO_TRAPPING_MATH|"
  "ROUNDING_MATH|[A-Z]*_EVAL_METHOD[A-Z0-9_]*|BIGGEST_ALIGNMENT|GXX_RTTI|CLANG_[A-Z_]*|SSE_MATH|ARM_ARCH[A-Z0-9_]*|"
  "ARM_FP|ARM_FP_FAST|ARM_FEATURE_(AES|CRYPTO|SHA[0-9]*|SM[34]|CRC32|JCVT|RNG|MEMORY_TAGGING|FP16_VECTOR_ARITHMETIC|UNALIGNED)|"
  "ARM_FEATURE_BF16[A-Z_]*|ARM_FEATURE_SVE_[A-Z_]*|ARM_FEATURE_SVE2_[A-Z0-9_]*|[a-z0-9_]*")
string(REPLACE ";" "" no_code "${no_code}")
set(flags_of_all -fno-exceptions -ffast-math -ffinite-math-only -fno-signed-zeros -freciprocal-math
  "-fassociative-math -fno-signed-zeros -fno-trapping-math" -funsafe-math-optimizations "-ffast-math -fsigned-zeros")
set(flags_of_x86 -mavx512f "-mavx512f -mavx512vl" "-march=x86-64-v3 -mno-fma" "-march=x86-64-v3 -mno-movbe" -mbmi -mbmi2
  -mlzcnt -mpopcnt -mfma4 -mxop -mtbm -mfpmath=387 "-march=x86-64-v4 -mavx512vnni" "-march=x86-64-v4 -mavx512ifma")
set(flags_of_arm -march=armv8-a+lse -march=armv8-a+rdma -march=armv8-a+fp16 -march=armv8-a+sve -march=armv8-a+sve2
  "-march=armv8-a+sve -msve-vector-bits=256" "-march=armv8-a+sve -msve-vector-bits=512" -march=armv8.2-a+dotprod
  -march=armv8.2-a+bf16 -march=armv8.2-a+i8mm -march=armv8.2-a+fp16fml)

set(source "${SCRATCH}.cpp")
file(WRITE "${source}" "#include <unitsphere/data/config.hpp>\nname: UNITSPHERE_TEXT(UNITSPHERE_ISA)\n")
set(ENV{LC_ALL} C)
set(wrong "")
set(seen 0)
foreach(compiler IN LISTS COMPILERS)
  execute_process(COMMAND "${compiler}" -march=none -x c++ -E /dev/null ERROR_VARIABLE text OUTPUT_QUIET)
  string(REGEX MATCH "(valid arguments[^:]*are|target CPU values are): ([^;\n]*)" text "${text}")
  string(REGEX MATCHALL "[a-z][a-z0-9.+-]*" processors "${CMAKE_MATCH_2}")
  list(TRANSFORM processors PREPEND "-march=")
  if(compiler MATCHES "aarch64")
    set(flags_of_target ${flags_of_arm})
  else()
    set(flags_of_target ${flags_of_x86})
  endif()
  foreach(flags IN LISTS processors flags_of_all flags_of_target)
    separate_arguments(list UNIX_COMMAND "${flags}")
    execute_process(COMMAND "${compiler}" -std=c++17 -w ${list} "-I${INCLUDE}" -E -dD -P "${source}"
      OUTPUT_VARIABLE text ERROR_VARIABLE error RESULT_VARIABLE code)
    if(NOT code EQUAL 0)
      continue()  # a processor of 32 bits, or a flag that this compiler does not know
    endif()
    math(EXPR seen "${seen} + 1")
    string(REGEX MATCH "name: \"([a-z0-9_]+)\"" line "${text}")
    set(name "${CMAKE_MATCH_1}")
    string(REGEX MATCHALL "#define __[A-Za-z0-9_]+ [0-9]+\n" macros "${text}")
    list(FILTER macros EXCLUDE REGEX "#define __(${no_code})(__)? ")
    list(SORT macros)
    set(key "${compiler} ${name}")
    if(NOT DEFINED "macros_${key}")
      set("macros_${key}" "${macros}")
      set("flags_${key}" "${flags}")
    elseif(NOT macros STREQUAL "${macros_${key}}")
      set(more ${macros})
      list(REMOVE_ITEM more ${macros_${key}})
      set(less ${macros_${key}})
      list(REMOVE_ITEM less ${macros})
      string(REGEX REPLACE "#define|\n|;" "" text "${flags} has${more}, ${flags_${key}} has${less}")
      string(APPEND wrong "${key}: ${text}\n")
    endif()
  endforeach()
endforeach()
if(wrong)
  message(FATAL_ERROR "one name, other macros:\n${wrong}")
endif()
message(STATUS "${seen} sets of flags; each name stands for one set of macros")
