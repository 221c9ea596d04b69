# What the consumer tests share.

include("${CMAKE_CURRENT_LIST_DIR}/../run_or_stop.cmake")

# Installs to `prefix`. Nothing installed may remember where the source tree was.
function(install_to prefix)
  run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${prefix}")
  file(GLOB_RECURSE installed "${prefix}/*")
  foreach(file IN LISTS installed)
    file(READ "${file}" text)
    string(FIND "${text}" "${SOURCE}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} contains the path of the source tree, ${SOURCE}")
    endif()
  endforeach()
endfunction()

# The program says the version of its header and a cosine, whichever way it came to be.
function(check_output text)
  if(NOT text MATCHES "unitsphere ([0-9.]+): cosine 0\\.8000")
    message(FATAL_ERROR "the consumer did not print its cosine")
  elseif(NOT CMAKE_MATCH_1 STREQUAL VERSION)
    message(FATAL_ERROR "version.hpp says ${CMAKE_MATCH_1}, the project says ${VERSION}")
  endif()
endfunction()
