set(program $<TARGET_FILE:tool_detector>)
unitsphere_add_tool_test(detector "\
threshold 0\\.93\n\nimage  probability  flag  without normalizing  flag\n\
    0    0\\.9570827  FLAG            1\\.0000000  FLAG\n    1    0\\.7796658  -               1\\.0000000  FLAG\n\
.*5 of 6 flagged, 3 of them otherwise[^\n]*\nflagged 2 of 6\n$" ${program})
unitsphere_add_refusals(detector 2)
unitsphere_add_refusal(detector threshold_without_files "--threshold requires HEAD" --threshold 0.5)
set(four "${PROJECT_SOURCE_DIR}/tests/fuzz/npy_seeds/zero_shot_images_f2.npy")
unitsphere_add_refusal(detector head_of_four_rows "[^\n]*: has 4 rows, a detector has one row of weights"
  "${four}" "${four}")
unset(four)

# Heads that Python exported. The features of the phones are raw, and without normalizing 93 of them would be flagged.
unitsphere_add_data_test(detector_pets pets_vitb32 "\nflagged 1181 of 3669\n$"
  ${program} expected_logreg_C1_balanced_w_then_bias.npy all37_test_image.npy --threshold 0.5)
unitsphere_add_data_test(detector_phones phone_view_vitb32
  "without normalizing: 105 of 275 flagged, 35 of them otherwise[^\n]*\nflagged 70 of 275\n$"
  ${program} expected_logreg_front_unit_w_then_bias.npy image.npy --threshold 0.5)
unitsphere_add_data_test(detector_phones_strict phone_view_vitb32
  "without normalizing: 93 of 275 flagged, 93 of them otherwise[^\n]*\nflagged 0 of 275\n$"
  ${program} expected_logreg_front_unit_w_then_bias.npy image.npy)
unset(program)
