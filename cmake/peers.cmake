# The libraries that the benchmarks stand beside, where they are installed. None is required and none is downloaded:
# a peer is what people have. Target `unitsphere_peers` links what was found.
#
#   apt-get install libopenblas-dev libdnnl-dev libfaiss-dev libhnswlib-dev
#   npm pack usearch        its headers and NumKong's; "-DCMAKE_PREFIX_PATH=$PWD/package;$PWD/package/numkong"
add_library(unitsphere_peers INTERFACE)
target_link_libraries(unitsphere_peers INTERFACE unitsphere::eigen)
set(found "Eigen")

if(TARGET OpenMP::OpenMP_CXX)  # oneDNN and FAISS run on it, and are told to use one thread
  target_link_libraries(unitsphere_peers INTERFACE OpenMP::OpenMP_CXX)
endif()

# By file: its CMake package names no target.
find_path(unitsphere_openblas_include cblas.h PATH_SUFFIXES openblas openblas-pthread x86_64-linux-gnu/openblas-pthread)
find_library(unitsphere_openblas openblas)
mark_as_advanced(unitsphere_openblas_include unitsphere_openblas)
if(unitsphere_openblas AND unitsphere_openblas_include)
  target_include_directories(unitsphere_peers SYSTEM INTERFACE "${unitsphere_openblas_include}")
  target_link_libraries(unitsphere_peers INTERFACE "${unitsphere_openblas}")
  target_compile_definitions(unitsphere_peers INTERFACE BENCH_HAS_OPENBLAS)
  string(APPEND found ", OpenBLAS")
endif()

# By file too: the package of some distributions asks for OpenCL, which a CPU does not need.
find_path(unitsphere_onednn_include oneapi/dnnl/dnnl.hpp)
find_library(unitsphere_onednn dnnl)
mark_as_advanced(unitsphere_onednn_include unitsphere_onednn)
if(unitsphere_onednn AND unitsphere_onednn_include)
  target_include_directories(unitsphere_peers SYSTEM INTERFACE "${unitsphere_onednn_include}")
  target_link_libraries(unitsphere_peers INTERFACE "${unitsphere_onednn}")
  target_compile_definitions(unitsphere_peers INTERFACE BENCH_HAS_ONEDNN)
  string(APPEND found ", oneDNN")
endif()

if(TARGET OpenMP::OpenMP_CXX)
  find_package(faiss QUIET CONFIG)
endif()
if(TARGET faiss)
  target_link_libraries(unitsphere_peers INTERFACE faiss)
  target_compile_definitions(unitsphere_peers INTERFACE BENCH_HAS_FAISS)
  string(APPEND found ", FAISS")
endif()

# Headers alone. (USearch 2.25 was tried; 2.21 needs those of the fp16 library too.)
foreach(peer "NumKong numkong/numkong.h" "USearch usearch/index_dense.hpp" "hnswlib hnswlib/hnswlib.h")
  separate_arguments(peer)
  list(GET peer 0 name)
  list(GET peer 1 header)
  string(TOLOWER "unitsphere_${name}_include" folder)
  find_path(${folder} "${header}")
  mark_as_advanced(${folder})
  if(${folder})
    string(TOUPPER "BENCH_HAS_${name}" definition)
    target_include_directories(unitsphere_peers SYSTEM INTERFACE "${${folder}}")
    target_compile_definitions(unitsphere_peers INTERFACE ${definition})
    string(APPEND found ", ${name}")
  endif()
endforeach()
message(STATUS "unitsphere: benchmarks beside ${found}")
