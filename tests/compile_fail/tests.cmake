# Each file here must not compile, and the compiler must say what its first line expects (`// expect: regex`);
# control.cpp holds the right way to write the same calls and must compile.
separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
set(includes "-I$<JOIN:$<TARGET_PROPERTY:unitsphere,INTERFACE_INCLUDE_DIRECTORIES>,;-I>")
file(GLOB sources CONFIGURE_DEPENDS "compile_fail/*.cpp")
foreach(source IN LISTS sources)
  get_filename_component(name "${source}" NAME_WE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(STRINGS "${source}" first_line LIMIT_COUNT 1)
  string(REPLACE "\\n" "\n" first_line "${first_line}")  # CMake's regexes do not know \n
  set(expected -DCODE=0)
  if(first_line MATCHES "^// expect: (.+)$")
    set(expected -DCODE=nonzero "-DMATCHES=${CMAKE_MATCH_1}")
  elseif(NOT name STREQUAL "control")
    message(FATAL_ERROR "${source} does not begin with `// expect: regex`")
  endif()
  add_test(NAME compile_fail_${name} COMMAND_EXPAND_LISTS
    COMMAND "${CMAKE_COMMAND}" ${expected} -P "${CMAKE_CURRENT_SOURCE_DIR}/expect.cmake" --
    "${CMAKE_CXX_COMPILER}" ${flags} -std=c++17 -fsyntax-only "${includes}" "${source}")
  set_tests_properties(compile_fail_${name} PROPERTIES ENVIRONMENT LC_ALL=C)
endforeach()
