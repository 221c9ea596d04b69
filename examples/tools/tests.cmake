# ctest runs the tools as a reader would, and checks what they print and how they refuse. Each has its tests in
# tests/NAME.cmake.
set(expect -P "${PROJECT_SOURCE_DIR}/tests/expect.cmake" --)

# What a tool prints; `matches` is a regex.
function(unitsphere_add_tool_test name matches)
  add_test(NAME tool_${name} COMMAND "${CMAKE_COMMAND}" -DCODE=0 "-DMATCHES=${matches}" ${expect} ${ARGN})
endfunction()

# Wrong arguments: exit code 2 and one line on stderr, the program's name and what `matches`, a regex.
function(unitsphere_add_refusal program name matches)
  add_test(NAME tool_${program}_refuses_${name} COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1
    "-DMATCHES=${program}: ${matches}\n$" ${expect} $<TARGET_FILE:tool_${program}> ${ARGN})
endfunction()

# The mistakes that all of them refuse. `files` is how many a tool takes.
function(unitsphere_add_refusals program files)
  set(missing "")
  set(other_format "")
  foreach(file RANGE 1 ${files})
    list(APPEND missing no_such_rows.npy)
    list(APPEND other_format "${CMAKE_CURRENT_SOURCE_DIR}/zero_shot.cpp")
  endforeach()
  unitsphere_add_refusal(${program} unknown_option "[^\n]*--nonsense" --nonsense)
  unitsphere_add_refusal(${program} missing_files "no_such_rows\\.npy: cannot be opened: [^\n]+" ${missing} ${ARGN})
  unitsphere_add_refusal(${program} other_format
    "[^\n]+/zero_shot\\.cpp: (is not a \\.npy file: [^\n]+|this is not a gallery)" ${other_format} ${ARGN})
  if(files GREATER 1)
    unitsphere_add_refusal(${program} one_file "[A-Z]+ requires [A-Z_]+" images.npy)
  endif()
endfunction()

# Real embeddings; without them the entry says that it is skipped.
function(unitsphere_add_data_test name directory matches)
  if(UNITSPHERE_DATA_DIR)
    add_test(NAME tool_${name} WORKING_DIRECTORY "${UNITSPHERE_DATA_DIR}/${directory}"
      COMMAND "${CMAKE_COMMAND}" -DCODE=0 "-DMATCHES=${matches}" ${expect} ${ARGN})
  else()
    add_test(NAME tool_${name} COMMAND "${CMAKE_COMMAND}" -E echo "skipped: UNITSPHERE_DATA_DIR is empty")
    set_tests_properties(tool_${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
  endif()
endfunction()

# Files that other tests read: rows of all kinds; and, of the real embeddings, two prompts for each class.
set(inputs "${CMAKE_CURRENT_BINARY_DIR}/inputs")
file(MAKE_DIRECTORY "${inputs}")
add_executable(make_inputs tests/make_inputs.cpp)
target_link_libraries(make_inputs PRIVATE unitsphere_dev)
set(pets "")
if(UNITSPHERE_DATA_DIR)
  set(pets "${UNITSPHERE_DATA_DIR}/pets_vitb32/zs24_text_t1.npy" "${UNITSPHERE_DATA_DIR}/pets_vitb32/zs24_text_t2.npy")
endif()
add_test(NAME tool_inputs COMMAND make_inputs "${inputs}" ${pets})
set_tests_properties(tool_inputs PROPERTIES FIXTURES_SETUP tool_inputs)
function(unitsphere_reads_inputs)
  foreach(name IN LISTS ARGN)
    set_tests_properties(tool_${name} PROPERTIES FIXTURES_REQUIRED tool_inputs)
  endforeach()
endfunction()

set(with_tests progress normalize_features similarity_matrix clip_forward zero_shot prompt_ensemble retrieval
  near_duplicates compress search repack_gallery detector)
if(TARGET tool_linear_probe)
  list(APPEND with_tests linear_probe train_step)
endif()
if(TARGET tool_mpi_search AND MPIEXEC_EXECUTABLE)
  list(APPEND with_tests mpi_search)
endif()
foreach(name IN LISTS with_tests)
  include(tests/${name}.cmake)
endforeach()
