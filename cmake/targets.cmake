# The targets of this tree and of the installed package, for what was found: xsimd, and perhaps Eigen, OpenMP, TBB
# and MPI.
# `unitsphere_include` is the directory of the headers.
#
# At the top level they are targets of this project, whose programs see the headers' warnings. To all others they are
# IMPORTED: the headers are SYSTEM ones, and a project may export a library that links them, which names them only.

# unitsphere_add_target(name library...): unitsphere::name, which links the libraries. `unitsphere_target` is what to
# add to, or empty where the target was there before.
function(unitsphere_add_target name)
  set(unitsphere_target "unitsphere::${name}")
  if(TARGET ${unitsphere_target})
    set(unitsphere_target "" PARENT_SCOPE)
    return()
  elseif(unitsphere_top_level)
    set(unitsphere_target unitsphere_${name})
    add_library(${unitsphere_target} INTERFACE)
    add_library(unitsphere::${name} ALIAS ${unitsphere_target})
  else()
    add_library(${unitsphere_target} INTERFACE IMPORTED ${unitsphere_global})
  endif()
  target_link_libraries(${unitsphere_target} INTERFACE ${ARGN})
  set(unitsphere_target ${unitsphere_target} PARENT_SCOPE)
endfunction()

# unitsphere::unitsphere: headers and C++17. It never adds a compile flag: the user's flags choose the instruction set.
# Of xsimd only the headers are used: the target of some distributions links an `xtl` that they do not install.
unitsphere_add_target(unitsphere)
if(unitsphere_target)
  target_compile_features(${unitsphere_target} INTERFACE cxx_std_17)
  target_include_directories(${unitsphere_target} INTERFACE "${unitsphere_include}")
  target_include_directories(${unitsphere_target} SYSTEM INTERFACE
    $<$<TARGET_EXISTS:xsimd>:$<TARGET_PROPERTY:xsimd,INTERFACE_INCLUDE_DIRECTORIES>>)
endif()

# unitsphere::native: for programs that run on the machine that builds them.
unitsphere_add_target(native unitsphere::unitsphere)
if(unitsphere_target AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64|ppc.*|powerpc.*)$")
  target_compile_options(${unitsphere_target} INTERFACE -mcpu=native)
elseif(unitsphere_target AND NOT EMSCRIPTEN AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^riscv")  # gcc: no `native` there
  target_compile_options(${unitsphere_target} INTERFACE -march=native)
endif()
if(unitsphere_target AND MINGW AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # a stack of 16 bytes (gcc bug 54412)
  target_compile_options(${unitsphere_target} INTERFACE -Wa,-muse-unaligned-vector-move)
endif()

# unitsphere::eigen: for the headers that include Eigen. Like the next two it exists where its library is found.
if(TARGET Eigen3::Eigen AND NOT (Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS unitsphere_eigen_minimum))
  unitsphere_add_target(eigen unitsphere::unitsphere Eigen3::Eigen)
endif()

# unitsphere::openmp, unitsphere::tbb: for the executors on those libraries.
if(TARGET OpenMP::OpenMP_CXX)
  unitsphere_add_target(openmp unitsphere::unitsphere OpenMP::OpenMP_CXX)
endif()
if(TARGET TBB::tbb AND NOT (TBB_VERSION AND TBB_VERSION VERSION_LESS unitsphere_tbb_minimum))
  unitsphere_add_target(tbb unitsphere::unitsphere TBB::tbb)
endif()

# unitsphere::mpi: for questions to rows that are spread over the ranks of MPI. Where pkg-config is installed and MPI is
# not, CMake's module makes its target all the same.
if(TARGET MPI::MPI_CXX AND NOT "${MPI_CXX_FOUND}" STREQUAL "FALSE" AND
    NOT (MPI_CXX_VERSION AND MPI_CXX_VERSION VERSION_LESS unitsphere_mpi_minimum))
  unitsphere_add_target(mpi unitsphere::unitsphere MPI::MPI_CXX)
endif()
