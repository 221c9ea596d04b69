set(program $<TARGET_FILE:tool_train_step>)
unitsphere_add_tool_test(train_step "step +loss.*\n +10 .*\nloss of 64 pairs in 10 steps: [34][0-9.]+ -> [0-9]\\.[0-9]+\n$"
  ${program})
unitsphere_add_refusals(train_step 2)
unitsphere_add_refusal(train_step scale_of_zero "logit_scale::from_multiplier: 0 gives no positive finite multiplier"
  "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy" --logit-scale 0)
add_test(NAME tool_train_step_refuses_rows_that_are_no_numbers COMMAND "${CMAKE_COMMAND}" -DCODE=2
  "-DMATCHES=\ntrain_step: clip_loss_gradients: images row 2 is not finite\n$" ${expect} ${program}
  "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy")
unitsphere_reads_inputs(train_step_refuses_scale_of_zero train_step_refuses_rows_that_are_no_numbers)

unitsphere_add_data_test(train_step_pairs coco_prompt_sd_pairs_vitb32
  " 0  1\\.32575[56] +1\\.2488[0-9]+ +1\\.4026[0-9]+ .*\nloss of 300 pairs in 10 steps: 1\\.32575[56] -> 0\\.[0-9]+\n$"
  ${program} image.npy text.npy)
unset(program)
