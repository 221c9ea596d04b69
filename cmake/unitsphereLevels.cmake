# unitsphere_add_levels(target [LEVELS x86-64 x86-64-v3 x86-64-v4 ..])
# Adds to `target` what <unitsphere/dispatch.hpp> calls: one unit for each level, compiled with -march=LEVEL, and one
# that chooses at run time the last level of the list that the machine runs. A level is any name that -march takes.
# Programs and libraries that link the target share its levels. See docs/dispatch.md.
function(unitsphere_add_levels target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LEVELS")
  if(NOT TARGET ${target} OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "unitsphere_add_levels(target LEVELS level..): ${target} ${arg_UNPARSED_ARGUMENTS}")
  elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    message(FATAL_ERROR "unitsphere_add_levels needs a compiler with -march, such as g++ or clang++")
  endif()
  if(NOT arg_LEVELS AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(arg_LEVELS armv8-a armv8.2-a)
  elseif(NOT arg_LEVELS)
    set(arg_LEVELS x86-64 x86-64-v3 x86-64-v4)
  endif()

  get_target_property(type ${target} TYPE)
  get_target_property(pic ${target} POSITION_INDEPENDENT_CODE)
  if(type MATCHES "SHARED|MODULE")
    set(pic ON)
  endif()
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/unitsphere_levels/${target}")
  set(list "")
  set(units "")
  foreach(level IN LISTS arg_LEVELS)
    string(MAKE_C_IDENTIFIER "${level}" id)
    string(APPEND list " LEVEL(${id})")
    file(GENERATE OUTPUT "${directory}/${id}.cpp" CONTENT "#define UNITSPHERE_LEVEL ${id}
#define UNITSPHERE_LEVEL_NAME \"${level}\"
#include <unitsphere/dispatch/level.hpp>
")
    add_library(${target}_${id} OBJECT "${directory}/${id}.cpp")
    # Last, so that it prevails over the project's own -march. Without -O a level takes some hundred times as long.
    target_compile_options(${target}_${id} PRIVATE -march=${level} $<$<OR:$<CONFIG:Debug>,$<CONFIG:>>:-O2>)
    list(APPEND units ${target}_${id})
  endforeach()
  file(GENERATE OUTPUT "${directory}/choice.cpp" CONTENT
    "#define UNITSPHERE_LEVELS(LEVEL)${list}\n#include <unitsphere/dispatch/choice.hpp>\n")
  add_library(${target}_levels OBJECT "${directory}/choice.cpp")
  target_compile_options(${target}_levels PRIVATE $<TARGET_PROPERTY:${target},COMPILE_OPTIONS>)
  target_compile_definitions(${target}_levels PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)

  foreach(unit IN LISTS units ITEMS ${target}_levels)
    target_link_libraries(${unit} PRIVATE unitsphere::unitsphere)
    set_target_properties(${unit} PROPERTIES UNITY_BUILD OFF DISABLE_PRECOMPILE_HEADERS ON)
    if(pic)
      set_target_properties(${unit} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${unit}>)
  endforeach()
endfunction()
