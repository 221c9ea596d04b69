set(program $<TARGET_FILE:tool_search>)
unitsphere_add_tool_test(search "\
query 0:  0 1\\.0000 [^\n]*\nquery 1:  1 1\\.0000 [^\n]*\nquery 2:  2 1\\.0000 [^\n]*\nqueries 3  rows 1000  storage int8\n$"
  ${program})
unitsphere_add_refusals(search 2)
set(odd "${inputs}/odd_rows.npy")
unitsphere_add_refusal(search factor_of_0 "--factor: '0' is not a positive integer"
  "${inputs}/odd_int8.gallery" "${odd}" --rescore "${odd}" --factor 0)
unitsphere_add_refusal(search k_without_files "--k requires GALLERY" --k 3)
unitsphere_add_refusal(search rows_that_are_no_gallery "[^\n]*odd_rows\\.npy: this is not a gallery" "${odd}" "${odd}")
unitsphere_add_refusal(search rows_of_another_dim "top_k: queries have dim 40, gallery has dim 4"
  "${inputs}/odd_int8.gallery" "${inputs}/two_classes.npy")
unitsphere_add_refusal(search other_rows "top_k_rescored: gallery has dim 4, rows have dim 40"
  "${inputs}/odd_int8.gallery" "${odd}" --rescore "${inputs}/two_classes.npy")
unitsphere_add_refusal(search its_input "[^\n]*odd_rows\\.npy would be overwritten: [^\n]+"
  "${inputs}/odd_int8.gallery" "${odd}" --scores "${odd}")

# The rows among themselves, the storage from the file: 0 and 4 have a cosine of 0.8, the row of NaN finds nothing.
foreach(storage float bfloat16 int8)
  unitsphere_add_tool_test(search_${storage}
    "query 0:  0 1\\.0000  4 0\\.8000\n.*query 2:\nquery 3.*query 4:  4 1\\.0000  0 0\\.8000\n\
queries 5  rows 5  storage ${storage}\n" ${program} "${inputs}/odd_${storage}.gallery" "${odd}" --k 2 --rescore "${odd}"
    --indices "${inputs}/found_${storage}.npy" --scores "${inputs}/scores_${storage}.npy")
  unitsphere_reads_inputs(search_${storage})
  add_test(NAME tool_search_${storage}_files COMMAND "${CMAKE_COMMAND}" -E compare_files
    "${inputs}/scores_${storage}.npy" "${inputs}/scores_float.npy")
  set_tests_properties(tool_search_${storage} PROPERTIES FIXTURES_REQUIRED "tool_inputs;tool_galleries"
    FIXTURES_SETUP tool_found)
  set_tests_properties(tool_search_${storage}_files PROPERTIES FIXTURES_REQUIRED "tool_inputs;tool_found")
endforeach()
# Rows 0, 4 have the ids 70, 30.
unitsphere_add_tool_test(search_ids
  "query 0:  70 1\\.0000  30 0\\.8000\n.*query 2:\nquery 3.*query 4:  30 1\\.0000  70 0\\.7995\n\
queries 5  rows 5  storage bfloat16, with ids\n" ${program} "${inputs}/odd_ids.gallery" "${odd}" --k 2)
unitsphere_reads_inputs(search_ids)
unitsphere_add_refusal(search rescored_ids "[^\n]*odd_ids\\.gallery: its rows have ids, [^\n]+"
  "${inputs}/odd_ids.gallery" "${odd}" --rescore "${odd}")
foreach(name rescored_ids factor_of_0 rows_that_are_no_gallery rows_of_another_dim other_rows its_input)
  set_tests_properties(tool_search_refuses_${name} PROPERTIES FIXTURES_REQUIRED "tool_inputs;tool_galleries")
endforeach()
unset(program)
unset(odd)
