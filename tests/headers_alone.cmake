# Every header compiles alone, and twice: it builds or it does not, there is nothing to run.
set(root "${PROJECT_SOURCE_DIR}/include/unitsphere")
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${root}" "${root}/*.hpp")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  list(REMOVE_ITEM headers kernel/lanes_x86.hpp)
else()
  list(REMOVE_ITEM headers kernel/lanes_arm.hpp)
endif()

set(executors "")  # the targets of those that are there
foreach(executor openmp tbb)
  if(TARGET unitsphere::${executor})
    list(APPEND executors unitsphere::${executor})
  else()
    list(REMOVE_ITEM headers engine/${executor}.hpp)
  endif()
endforeach()

set(sources "")
foreach(header IN LISTS headers)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/headers_alone/${header}.cpp")
  configure_file(headers_alone.cpp.in "${source}" @ONLY)
  list(APPEND sources "${source}")
endforeach()
add_library(headers_alone OBJECT ${sources})
target_link_libraries(headers_alone PRIVATE unitsphere_dev unitsphere::eigen ${executors})
# Here, without Catch2: its macros are not pedantic C++17.
target_compile_options(headers_alone PRIVATE -Wpedantic)
