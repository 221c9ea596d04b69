set(program $<TARGET_FILE:tool_retrieval>)

unitsphere_add_tool_test(retrieval "\
image->text +200 +1000 +5\\.3900 +2 +0\\.5235\ntext->image +1000 +200 +16\\.6470 +6 +0\\.3660\n\n\
image->text R@1 0\\.3500 R@5 0\\.7300 R@10 0\\.8550\ntext->image R@1 0\\.2420 R@5 0\\.4980 R@10 0\\.6360\n$" ${program})
unitsphere_add_refusals(retrieval 2)
unitsphere_add_refusal(retrieval pairs_without_files "--pairs requires IMAGES" --pairs pairs.txt)

# Rows of norm 5, 0, NaN, 2 and 1 with themselves: the second and third are never found.
set(odd "${inputs}/odd_rows.npy")
unitsphere_add_tool_test(retrieval_odd_rows "\
image->text R@1 0\\.6000 R@5 0\\.6000 R@10 0\\.6000\ntext->image R@1 0\\.6000 R@5 0\\.6000 R@10 0\\.6000\n"
  ${program} "${odd}" "${odd}")

# Pairs from text files: all texts are of image 0 but one of none; too few; one that is not there.
set(pairs "${CMAKE_CURRENT_BINARY_DIR}/retrieval_pairs")
file(WRITE "${pairs}_one_image.txt" "image\tof\n0\ta\n-1\tb\n0\tc\n0\td\n0\te\n")
file(WRITE "${pairs}_of_none.txt" "-1\n-1\n-1\n-1\n-1\n")
file(WRITE "${pairs}_few.txt" "0\n1\n2\n3\n")
file(WRITE "${pairs}_beyond.txt" "0\n1\n2\n3\n5\n")
unitsphere_add_tool_test(retrieval_one_image "\
image->text +1 +5 +1\\.0000 +1 +1\\.0000\ntext->image +4 +5 [^\n]*\nimages without a text, left out: 4\n\n\
image->text R@1 1\\.0000 R@5 1\\.0000 R@10 1\\.0000\ntext->image R@1 0\\.2500 R@5 0\\.7500 R@10 0\\.7500\n"
  ${program} "${odd}" "${odd}" --pairs "${pairs}_one_image.txt")
unitsphere_add_tool_test(retrieval_no_pairs "\
image->text undefined \\(0 pairs\\)\ntext->image undefined \\(0 pairs\\)\n"
  ${program} "${odd}" "${odd}" --pairs "${pairs}_of_none.txt")
unitsphere_add_refusal(retrieval few_pairs "[^\n]*_few\\.txt has 4 pairs, [^\n]*odd_rows\\.npy has 5 rows"
  "${odd}" "${odd}" --pairs "${pairs}_few.txt")
unitsphere_add_refusal(retrieval pair_of_no_image "[^\n]*_beyond\\.txt: line 5: '5' is not in -1\\.\\.4"
  "${odd}" "${odd}" --pairs "${pairs}_beyond.txt")
unitsphere_reads_inputs(retrieval_odd_rows retrieval_one_image retrieval_no_pairs retrieval_refuses_few_pairs
  retrieval_refuses_pair_of_no_image)

set(coco "\
image->text R@1 0\\.6133 R@5 0\\.9267 R@10 0\\.9800\ntext->image R@1 0\\.5633 R@5 0\\.8833 R@10 0\\.9767\n$")
unitsphere_add_data_test(retrieval_coco coco_prompt_sd_pairs_vitb32 "${coco}" ${program} image.npy text.npy)
if(UNITSPHERE_DATA_DIR)
  unitsphere_add_refusal(retrieval unequal_sides "[^\n]* has 300 rows, [^\n]* has 275 rows[^\n]+"
    "${UNITSPHERE_DATA_DIR}/coco_prompt_sd_pairs_vitb32/image.npy"
    "${UNITSPHERE_DATA_DIR}/phone_view_vitb32/image.npy")
endif()
set(lines "")
foreach(row RANGE 299)
  string(APPEND lines "${row}\n")
endforeach()
file(WRITE "${pairs}_coco.txt" "${lines}")
unitsphere_add_data_test(retrieval_coco_pairs coco_prompt_sd_pairs_vitb32 "${coco}"
  ${program} image.npy text.npy --pairs "${pairs}_coco.txt")
unset(program)
