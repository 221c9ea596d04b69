# What the build needs: a target that is already there, else the system's package, else (UNITSPHERE_FETCH) a pinned
# upstream release. If something is missing in the end, one message names it and the apt line that installs it.
include(FetchContent)

set(unitsphere_xsimd_minimum 8.1)  # the installed package and the .pc file ask for the same
set(unitsphere_eigen_minimum 3.4)
set(unitsphere_tbb_minimum 2021)  # the first that is oneTBB
set(unitsphere_mpi_minimum 3.0)
set(unitsphere_missing "")

# Looks for one package; `unitsphere_missing` collects what is not there. OPTIONAL ones are not missed.
function(unitsphere_find package)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIONAL" "TARGET;MINIMUM;APT;URL;SHA256" "")
  if(TARGET ${arg_TARGET})
    if(${package}_VERSION AND ${package}_VERSION VERSION_LESS arg_MINIMUM AND NOT arg_OPTIONAL)
      message(FATAL_ERROR "unitsphere: this project's ${package} ${${package}_VERSION} is older than ${arg_MINIMUM}.")
    endif()
    return()
  endif()
  add_subdirectory("${PROJECT_SOURCE_DIR}/cmake/probe" "${PROJECT_BINARY_DIR}/probe/${package}")
  set(version "${${package}_VERSION}")
  set(old FALSE)
  if(${package}_FOUND AND version VERSION_LESS arg_MINIMUM)
    set(old TRUE)
  endif()
  if(${package}_FOUND AND NOT old)
    find_package(${package} QUIET)
    set(${package}_VERSION "${version}" PARENT_SCOPE)
    message(STATUS "unitsphere: ${package} ${version} in ${${package}_DIR}")
    set_target_properties(${arg_TARGET} PROPERTIES IMPORTED_GLOBAL TRUE)  # seen by a project that includes this one
  elseif(NOT arg_OPTIONAL)
    if(old AND NOT UNITSPHERE_FETCH)
      message(FATAL_ERROR "unitsphere: ${package} ${version} in ${${package}_DIR} is older than ${arg_MINIMUM}. "
        "Set ${package}_DIR to a newer one, or UNITSPHERE_FETCH=ON, which downloads one.")
    elseif(old)
      message(STATUS "unitsphere: ${package} ${version} in ${${package}_DIR} is older than ${arg_MINIMUM}: downloading")
    endif()
    set(unitsphere_missing ${unitsphere_missing} ${package} PARENT_SCOPE)
    foreach(name APT URL SHA256)
      set(unitsphere_${package}_${name} "${arg_${name}}" PARENT_SCOPE)
    endforeach()
  endif()
endfunction()

# The one message. `why` says why downloading was no way out.
function(unitsphere_stop_for_missing why)
  set(apt "")
  foreach(package IN LISTS unitsphere_missing)
    string(APPEND apt " ${unitsphere_${package}_APT}")
  endforeach()
  list(JOIN unitsphere_missing ", " names)
  message(FATAL_ERROR "unitsphere: not found: ${names} (${why}). Install what is missing and try again:\n"
    "  apt-get install${apt}\n")
endfunction()

# Downloads the archives of all missing packages before any is used. FetchContent alone would end in a page of errors.
function(unitsphere_download)
  foreach(package IN LISTS unitsphere_missing)
    set(archive "${PROJECT_BINARY_DIR}/_deps/${package}.tar")
    set(sha256 "")
    if(EXISTS "${archive}")
      file(SHA256 "${archive}" sha256)
    endif()
    string(TOUPPER "FETCHCONTENT_SOURCE_DIR_${package}" given)
    if(${given} OR sha256 STREQUAL unitsphere_${package}_SHA256)
      continue()
    endif()
    message(STATUS "unitsphere: downloading ${unitsphere_${package}_URL}")
    file(DOWNLOAD "${unitsphere_${package}_URL}" "${archive}" TIMEOUT 60 STATUS status)
    list(GET status 0 code)
    list(GET status 1 why)
    if(NOT code EQUAL 0)
      file(REMOVE "${archive}")
      unitsphere_stop_for_missing("the download of ${package} failed: ${why}")
    endif()
    file(SHA256 "${archive}" sha256)
    if(NOT sha256 STREQUAL unitsphere_${package}_SHA256)
      file(REMOVE "${archive}")
      unitsphere_stop_for_missing("the download of ${package} has an unexpected checksum")
    endif()
  endforeach()
endfunction()

# They take the compiler's vector extensions instead. The installed package asks for the same.
set(unitsphere_machines_without_xsimd "^(riscv|s390|ppc|powerpc|loongarch|wasm|arm$|armv[4-7]|armhf|armel)")
set(optional "")
set(unitsphere_pc_requires "xsimd >= ${unitsphere_xsimd_minimum}")
if(EMSCRIPTEN OR CMAKE_SYSTEM_PROCESSOR MATCHES "${unitsphere_machines_without_xsimd}")
  set(optional OPTIONAL)
  set(unitsphere_pc_requires "")
endif()
unitsphere_find(xsimd ${optional} TARGET xsimd MINIMUM ${unitsphere_xsimd_minimum} APT libxsimd-dev
  URL https://github.com/xtensor-stack/xsimd/archive/13.2.0.tar.gz
  SHA256 edd8cd3d548c185adc70321c53c36df41abe64c1fe2c67bc6d93c3ecda82447a)

set(optional OPTIONAL)
if(UNITSPHERE_BUILD_TESTS OR UNITSPHERE_BUILD_BENCH)
  set(optional "")
endif()
unitsphere_find(Eigen3 ${optional} TARGET Eigen3::Eigen MINIMUM ${unitsphere_eigen_minimum} APT libeigen3-dev
  URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.bz2
  SHA256 b4c198460eba6f28d34894e3a5710998818515104d6e74e5cc331ce31e46e626)
unset(optional)

unitsphere_find(TBB OPTIONAL TARGET TBB::tbb MINIMUM ${unitsphere_tbb_minimum} APT libtbb-dev)
if(NOT TARGET OpenMP::OpenMP_CXX)
  find_package(OpenMP QUIET COMPONENTS CXX)  # part of the compiler, and of no version to speak of
  if(TARGET OpenMP::OpenMP_CXX)
    message(STATUS "unitsphere: OpenMP ${OpenMP_CXX_VERSION} in ${OpenMP_CXX_LIB_NAMES}")
    set_target_properties(OpenMP::OpenMP_CXX PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
endif()

set(MPI_CXX_SKIP_MPICXX ON)  # MPI's C interface
if(NOT TARGET MPI::MPI_CXX AND NOT CMAKE_CROSSCOMPILING)  # else it would find this machine's
  find_package(MPI QUIET COMPONENTS CXX)
  if(MPI_CXX_FOUND)
    message(STATUS "unitsphere: MPI ${MPI_CXX_VERSION} in ${MPI_CXX_COMPILER}")
    set_target_properties(MPI::MPI_CXX PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
endif()

if(UNITSPHERE_BUILD_TESTS)
  unitsphere_find(Catch2 TARGET Catch2::Catch2 MINIMUM 2.13 APT catch2
    URL https://github.com/catchorg/Catch2/archive/v3.6.0.tar.gz
    SHA256 485932259a75c7c6b72d4b874242c489ea5155d17efa345eb8cc72159f49f356)
endif()
if(UNITSPHERE_BUILD_BENCH)
  unitsphere_find(benchmark TARGET benchmark::benchmark_main MINIMUM 1.7 APT libbenchmark-dev
    URL https://github.com/google/benchmark/archive/refs/tags/v1.8.2.tar.gz
    SHA256 2aab2980d0376137f969d92848fbb68216abb07633034534fc8c65cc4e7a0e93)
endif()
if(UNITSPHERE_BUILD_EXAMPLES)
  unitsphere_find(CLI11 TARGET CLI11::CLI11 MINIMUM 2.1 APT libcli11-dev
    URL https://github.com/CLIUtils/CLI11/archive/v2.4.2.tar.gz
    SHA256 f2d893a65c3b1324c50d4e682c0cdc021dd0477ae2c048544f39eed6654b699a)
endif()

if(unitsphere_missing AND NOT UNITSPHERE_FETCH)
  unitsphere_stop_for_missing("downloads are off, see UNITSPHERE_FETCH")
endif()
unitsphere_download()

set(BENCHMARK_ENABLE_TESTING OFF)
set(BENCHMARK_ENABLE_INSTALL OFF)
set(system "")
if(NOT CMAKE_VERSION VERSION_LESS 3.25)
  set(system SYSTEM)  # their headers are not held to our warnings
endif()
foreach(package IN LISTS unitsphere_missing)
  set(subdirectory "")
  # The headers only: Eigen's own build adds hundreds of targets, and xsimd's installs it beside what is not installed.
  if(package STREQUAL "Eigen3" OR package STREQUAL "xsimd" AND NOT UNITSPHERE_INSTALL)
    set(subdirectory SOURCE_SUBDIR headers-only)
  endif()
  FetchContent_Declare(${package} ${system} ${subdirectory}
    URL "${PROJECT_BINARY_DIR}/_deps/${package}.tar" URL_HASH SHA256=${unitsphere_${package}_SHA256})
  FetchContent_MakeAvailable(${package})
endforeach()
if(xsimd_SOURCE_DIR AND NOT TARGET xsimd)
  add_library(xsimd INTERFACE IMPORTED GLOBAL)
  target_include_directories(xsimd INTERFACE "${xsimd_SOURCE_DIR}/include")
endif()
if(eigen3_SOURCE_DIR AND NOT TARGET Eigen3::Eigen)
  add_library(Eigen3::Eigen INTERFACE IMPORTED GLOBAL)
  target_include_directories(Eigen3::Eigen INTERFACE "${eigen3_SOURCE_DIR}")
endif()
