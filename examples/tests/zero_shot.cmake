unitsphere_add_example_test(zero_shot
  "0\\.9927936  0\\.9927937.*0\\.0042107  0\\.0042107.*0\\.0029957  0\\.0029957" $<TARGET_FILE:zero_shot>)
unitsphere_add_refusals(zero_shot 2)

unitsphere_add_data_test(zero_shot_pets pets_vitb32 "accuracy@1 0\\.930340 \\(2217/2383\\)\naccuracy@5 [^\n]*\n$"
  $<TARGET_FILE:zero_shot> zs24_image.npy zs24_text_t2.npy --classes zs24_classes.txt --labels zs24_labels.txt)
unitsphere_add_data_test(zero_shot_pets_t1 pets_vitb32 "accuracy@1 0\\.88[12][0-9]+ \\(210[2-6]/2383\\)"
  $<TARGET_FILE:zero_shot> zs24_image.npy zs24_text_t1.npy --classes zs24_classes.txt --labels zs24_labels.txt)
unitsphere_add_data_test(zero_shot_cifar10 cifar10_500_vitb32 "accuracy@1 0\\.898000 \\(449/500\\)"
  $<TARGET_FILE:zero_shot> image.npy text.npy --classes classes.txt --labels labels.txt)
