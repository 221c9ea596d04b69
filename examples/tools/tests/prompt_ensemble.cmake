set(program $<TARGET_FILE:tool_prompt_ensemble>)
unitsphere_add_tool_test(prompt_ensemble "\
  1 +dog +cat\n +2 +cat +dog\n\
.*normalize, mean, normalize: accuracy@1 1\\.000000 \\(4/4\\)\n\
mean of raw rows: +accuracy@1 0\\.500000 \\(2/4\\)\n2 of 4 images get another class\n$" ${program})
unitsphere_add_refusals(prompt_ensemble 2 --prompts no_such_map.txt)
add_test(NAME tool_prompt_ensemble_refuses_no_map COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1
  "-DMATCHES=^prompt_ensemble: --prompts is missing" ${expect} ${program} images.npy prompts.npy)
unitsphere_add_refusal(prompt_ensemble map_without_files "--prompts requires IMAGES" --prompts map.txt)

set(histogram "class 0 +2 +3\nclass 1 +213 +178\nclass 2 +1 +1\nclass 3 +25 +22\n\
class 4 +1 +1\nclass 5 +7 +3\nclass 6 +1 +1\nclass 7 +746 +787\nclass 8 +4 +4\n")
unitsphere_add_data_test(prompt_ensemble_pathmnist pathmnist_prompts_vitb16
  "${histogram}\n42 of 1000 images get another class\n$"
  ${program} image.npy prompts.npy --prompts prompts_meta.txt)
unitsphere_add_data_test(prompt_ensemble_pets pets_vitb32 "\
accuracy@1 0\\.917331 \\(2186/2383\\)\nmean of raw rows: +accuracy@1 0\\.915653 \\(2182/2383\\)\n\
4 of 2383 images get another class\n$" ${program} zs24_image.npy "${inputs}/stacked.npy"
  --prompts "${inputs}/stacked_classes.txt" --labels zs24_labels.txt --classes zs24_classes.txt)
unitsphere_reads_inputs(prompt_ensemble_pets)
unset(program)
unset(histogram)
