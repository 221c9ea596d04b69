set(program $<TARGET_FILE:tool_clip_forward>)
unitsphere_add_tool_test(clip_forward "\
CLIP\\.png +25\\.5528  20\\.0899  19\\.7495\n.*\na dog +20\\.0899\n.*a cat +1\\.0000000\n\
There is one image, and a softmax over one number is 1 by definition\\.\n\
.*this library +0\\.9927936  0\\.0042107  0\\.0029957\n\
published +0\\.9927937  0\\.0042107  0\\.0029957\nwrong: no logit scale +0\\.34596[^\n]*\n\
wrong: dot products of raw rows +0\\.99946[^\n]*\n$"
  ${program})
unitsphere_add_refusals(clip_forward 2)
unitsphere_add_refusal(clip_forward scale_of_zero "logit_scale::from_multiplier: 0 gives no positive finite multiplier"
  "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy" --logit-scale 0)
unitsphere_reads_inputs(clip_forward_refuses_scale_of_zero)
unitsphere_add_refusal(clip_forward scale_without_files "--logit-scale requires IMAGES" --logit-scale 10)

unitsphere_add_data_test(clip_forward_official official_example "\
logits_per_image[^\n]*\\[1, 3\\]\n[^\n]*\nimage 0  25\\.5528  20\\.0899  19\\.7495\n\
.*image 0  0\\.992793[67]  0\\.0042107  0\\.002995[67]\n" ${program} image.npy text.npy)
unitsphere_add_data_test(clip_forward_pairs coco_prompt_sd_pairs_vitb32 "\
logits_per_text[^\n]*\\[300, 300\\]\n.*284 more rows\n\\.\\.\\. 292 more columns"
  ${program} image.npy text.npy)
unset(program)
