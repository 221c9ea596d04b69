# 64-bit ARM on an x86-64 Debian: its cross compiler, programs run by qemu-aarch64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR env QEMU_LD_PREFIX=/usr/aarch64-linux-gnu qemu-aarch64)

# xsimd is headers only: the host's will do, but lies where only the host's architecture is looked for.
file(GLOB unitsphere_xsimd_config /usr/lib/*/cmake/xsimd /usr/share/cmake/xsimd)
if(unitsphere_xsimd_config AND NOT xsimd_DIR)
  list(GET unitsphere_xsimd_config 0 xsimd_DIR)
endif()
