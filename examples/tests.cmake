# ctest runs the examples as a reader would, and checks what they print and how they refuse.
set(expect -P "${PROJECT_SOURCE_DIR}/tests/expect.cmake" --)

add_test(NAME example_quickstart
  COMMAND "${CMAKE_COMMAND}" -DCODE=0 "-DMATCHES=image 0: dog 0\\.8756  cat 0\\.1086  car 0\\.0159\nimage 1: dog 0\\.0113  cat 0\\.8379  car 0\\.1508\n" ${expect} $<TARGET_FILE:quickstart>)
add_test(NAME readme COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}"
  "-DQUICKSTART=$<TARGET_FILE:quickstart>" -P "${PROJECT_SOURCE_DIR}/tests/readme.cmake")
add_test(NAME example_zero_shot
  COMMAND "${CMAKE_COMMAND}" -DCODE=0 "-DMATCHES=0\\.9927936  0\\.9927937.*0\\.0042107  0\\.0042107.*0\\.0029957  0\\.0029957" ${expect} $<TARGET_FILE:zero_shot>)

# Wrong arguments: exit code 2 and one line on stderr.
function(unitsphere_add_refusal name)
  add_test(NAME example_zero_shot_refuses_${name}
    COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1 ${expect} $<TARGET_FILE:zero_shot> ${ARGN})
endfunction()
unitsphere_add_refusal(unknown_option --nonsense)
unitsphere_add_refusal(one_file images.npy)
unitsphere_add_refusal(missing_files no_such_images.npy no_such_texts.npy)
unitsphere_add_refusal(other_format "${CMAKE_CURRENT_SOURCE_DIR}/zero_shot.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/zero_shot.cpp")

# Real embeddings; without them the entry says that it is skipped.
function(unitsphere_add_data_test name directory matches)
  if(UNITSPHERE_DATA_DIR)
    add_test(NAME example_${name} WORKING_DIRECTORY "${UNITSPHERE_DATA_DIR}/${directory}"
      COMMAND "${CMAKE_COMMAND}" -DCODE=0 "-DMATCHES=${matches}" ${expect} ${ARGN})
  else()
    add_test(NAME example_${name} COMMAND "${CMAKE_COMMAND}" -E echo "skipped: UNITSPHERE_DATA_DIR is empty")
    set_tests_properties(example_${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped:")
  endif()
endfunction()
unitsphere_add_data_test(zero_shot_pets pets_vitb32 "accuracy@1 0\\.930340 \\(2217/2383\\)\naccuracy@5 [^\n]*\n$"
  $<TARGET_FILE:zero_shot> zs24_image.npy zs24_text_t2.npy --classes zs24_classes.txt --labels zs24_labels.txt)
unitsphere_add_data_test(zero_shot_pets_t1 pets_vitb32 "accuracy@1 0\\.88[12][0-9]+ \\(210[2-6]/2383\\)"
  $<TARGET_FILE:zero_shot> zs24_image.npy zs24_text_t1.npy --classes zs24_classes.txt --labels zs24_labels.txt)
unitsphere_add_data_test(zero_shot_cifar10 cifar10_500_vitb32 "accuracy@1 0\\.898000 \\(449/500\\)"
  $<TARGET_FILE:zero_shot> image.npy text.npy --classes classes.txt --labels labels.txt)

# Labels and prompts as .npy files, of which numpy made small ones.
set(seeds "${PROJECT_SOURCE_DIR}/tests/fuzz/npy_seeds")
set(npy_question "${seeds}/zero_shot_images_f2.npy" "${seeds}/zero_shot_texts_f4.npy"
  --prompts "${seeds}/zero_shot_prompts_i4.npy")
add_test(NAME example_zero_shot_npy_labels
  COMMAND "${CMAKE_COMMAND}" -DCODE=0 "-DMATCHES=accuracy@1 0\\.750000 \\(3/4\\)\naccuracy@5 undefined \\(2 classes\\)\n$" ${expect} $<TARGET_FILE:zero_shot> ${npy_question} --labels "${seeds}/zero_shot_labels_i8.npy")
add_test(NAME example_zero_shot_refuses_npy_label_out_of_range
  COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1 "-DMATCHES=zero_shot_prompts_i4\\.npy: element 3: -1 is not in 0\\.\\.1\n$" ${expect} $<TARGET_FILE:zero_shot> ${npy_question} --labels "${seeds}/zero_shot_prompts_i4.npy")
add_test(NAME example_zero_shot_refuses_npy_names
  COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1 "-DMATCHES=is an \\.npy file, but text is expected here" ${expect} $<TARGET_FILE:zero_shot> ${npy_question} --classes "${seeds}/zero_shot_labels_i8.npy")
