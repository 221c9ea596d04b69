unitsphere_add_tool_test(zero_shot
  "0\\.9927936  0\\.9927937.*0\\.0042107  0\\.0042107.*0\\.0029957  0\\.0029957" $<TARGET_FILE:tool_zero_shot>)
unitsphere_add_refusals(zero_shot 2)

unitsphere_add_data_test(zero_shot_pets pets_vitb32 "accuracy@1 0\\.930340 \\(2217/2383\\)\naccuracy@5 [^\n]*\n$"
  $<TARGET_FILE:tool_zero_shot> zs24_image.npy zs24_text_t2.npy --classes zs24_classes.txt --labels zs24_labels.txt)
unitsphere_add_data_test(zero_shot_pets_t1 pets_vitb32 "accuracy@1 0\\.88[12][0-9]+ \\(210[2-6]/2383\\)"
  $<TARGET_FILE:tool_zero_shot> zs24_image.npy zs24_text_t1.npy --classes zs24_classes.txt --labels zs24_labels.txt)
unitsphere_add_data_test(zero_shot_cifar10 cifar10_500_vitb32 "accuracy@1 0\\.898000 \\(449/500\\)"
  $<TARGET_FILE:tool_zero_shot> image.npy text.npy --classes classes.txt --labels labels.txt)

# Labels and prompts as .npy files, of which numpy made small ones.
set(seeds "${PROJECT_SOURCE_DIR}/tests/fuzz/npy_seeds")
set(npy_question "${seeds}/zero_shot_images_f2.npy" "${seeds}/zero_shot_texts_f4.npy"
  --prompts "${seeds}/zero_shot_prompts_i4.npy")
add_test(NAME tool_zero_shot_npy_labels
  COMMAND "${CMAKE_COMMAND}" -DCODE=0
  "-DMATCHES=accuracy@1 0\\.750000 \\(3/4\\)\naccuracy@5 undefined \\(2 classes\\)\n$"
  ${expect} $<TARGET_FILE:tool_zero_shot> ${npy_question} --labels "${seeds}/zero_shot_labels_i8.npy")
add_test(NAME tool_zero_shot_refuses_npy_label_out_of_range
  COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1
  "-DMATCHES=zero_shot_prompts_i4\\.npy: element 3: -1 is not in 0\\.\\.1\n$"
  ${expect} $<TARGET_FILE:tool_zero_shot> ${npy_question} --labels "${seeds}/zero_shot_prompts_i4.npy")
add_test(NAME tool_zero_shot_refuses_npy_names
  COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1
  "-DMATCHES=is an \\.npy file, but text is expected here"
  ${expect} $<TARGET_FILE:tool_zero_shot> ${npy_question} --classes "${seeds}/zero_shot_labels_i8.npy")
