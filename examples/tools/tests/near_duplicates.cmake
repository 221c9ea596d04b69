set(program $<TARGET_FILE:tool_near_duplicates>)
unitsphere_add_tool_test(near_duplicates
  "\ngroup of 2: 2 7\ngroup of 3: 5 8 9\nimages 10  groups 2  duplicates 3\n$" ${program})
unitsphere_add_refusals(near_duplicates 1)
unitsphere_add_refusal(near_duplicates threshold_without_file "--threshold requires IMAGES" --threshold 0.9)
unitsphere_add_refusal(near_duplicates threshold_of_no_number "[^\n]*--threshold = high"
  "${inputs}/odd_rows.npy" --threshold high)
unitsphere_add_refusal(near_duplicates threshold_of_nan "--threshold: cosines are in -1 \\.\\. 1, not nan"
  "${inputs}/odd_rows.npy" --threshold nan)
unitsphere_add_refusal(near_duplicates threshold_of_2 "--threshold: cosines are in -1 \\.\\. 1, not 2"
  "${inputs}/odd_rows.npy" --threshold 2)
unitsphere_add_refusal(near_duplicates threshold_below_-1 "--threshold: cosines are in -1 \\.\\. 1, not -1\\.5"
  "${inputs}/odd_rows.npy" --threshold=-1.5)
unitsphere_reads_inputs(near_duplicates_refuses_threshold_of_no_number near_duplicates_refuses_threshold_of_nan
  near_duplicates_refuses_threshold_of_2 near_duplicates_refuses_threshold_below_-1)

# Rows of norm 5, 0, NaN, 2 and 1: the first and the last have a cosine of 0.8.
unitsphere_add_tool_test(near_duplicates_odd_rows "^images 5  groups 0  duplicates 0\n"
  ${program} "${inputs}/odd_rows.npy" --threshold 0.81)
unitsphere_add_tool_test(near_duplicates_odd_pair "^group of 2: 0 4\nimages 5  groups 1  duplicates 1\n"
  ${program} "${inputs}/odd_rows.npy" --threshold 0.79)
unitsphere_reads_inputs(near_duplicates_odd_rows near_duplicates_odd_pair)

# The class names that occur twice in ImageNet, crane and maillot; and eleven augmented copies of each of 25 photos.
unitsphere_add_data_test(near_duplicates_names class_text_vitb32 "group of 2: 134 517\n.*group of 2: 638 639\n"
  ${program} imagenet1000_t1_text.npy --threshold 0.9999)
unitsphere_add_data_test(near_duplicates_photos phone_view_vitb32 "images 275  groups 22  duplicates 195\n$"
  ${program} image.npy)
unset(program)
