# A machine that an x86-64 Debian has a cross compiler for, by -DUNITSPHERE_TARGET=aarch64-linux-gnu; qemu-user runs the
# programs.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES UNITSPHERE_TARGET)
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${UNITSPHERE_TARGET}")
set(CMAKE_CXX_COMPILER ${UNITSPHERE_TARGET}-g++)
string(REPLACE powerpc ppc emulator qemu-${CMAKE_SYSTEM_PROCESSOR})
set(CMAKE_CROSSCOMPILING_EMULATOR env QEMU_LD_PREFIX=/usr/${UNITSPHERE_TARGET} ${emulator})

# xsimd is headers only: the host's will do, but lies where only the host's architecture is looked for. The other
# machines do without.
file(GLOB unitsphere_xsimd_config /usr/lib/*/cmake/xsimd /usr/share/cmake/xsimd)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64" AND unitsphere_xsimd_config AND NOT xsimd_DIR)
  list(GET unitsphere_xsimd_config 0 xsimd_DIR)
endif()
