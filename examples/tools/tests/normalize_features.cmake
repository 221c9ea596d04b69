set(program $<TARGET_FILE:tool_normalize_features>)
unitsphere_add_tool_test(normalize_features "\
row 0  norm 10\\.413092\nrow 1  norm 11\\.886088\nrow 2  norm 11\\.386319\nrow 3  norm 11\\.022001\n\
.*min 1\\.000000  mean 1\\.000000  max 1\\.000000\n.*is_unit before: no, after: yes\n$" ${program})
unitsphere_add_refusals(normalize_features 1)
unitsphere_add_refusal(normalize_features unwritable_output "[^\n]*unit\\.npy: cannot be created: [^\n]+"
  "${inputs}/odd_rows.npy" "${inputs}/no_such_directory/unit.npy")
unitsphere_add_refusal(normalize_features third_file "[^\n]*c\\.npy" a.npy b.npy c.npy)
unitsphere_add_refusal(normalize_features its_input "[^\n]*odd_rows\\.npy would be overwritten: [^\n]+"
  "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy")
unitsphere_add_refusal(normalize_features its_input_by_a_link "[^\n]*odd_link\\.npy would be overwritten: [^\n]+"
  "${inputs}/odd_rows.npy" "${inputs}/odd_link.npy")
# Who runs a tool hears of its file, and of no function of the library.
add_test(NAME tool_normalize_features_names_the_file COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1
  "-DMATCHES=^normalize_features: no_such_rows\\.npy: cannot be opened: [^\n]+\n$" ${expect} ${program} no_such_rows.npy)

# Rows of norm 5, 0, NaN, 2 and 1: written, then read back.
unitsphere_add_tool_test(normalize_features_odd_rows "\
rows 5  dim 4\nrow 0  norm 5\\.000000\n.*min 0\\.000000  mean 2\\.000000  max 5\\.000000\n\
.*zero rows 1  non-finite rows 1\nis_unit before: no, after: no \\(rows without a direction: 2\\)\n$"
  ${program} "${inputs}/odd_rows.npy" "${inputs}/odd_unit.npy")
unitsphere_add_tool_test(normalize_features_written "\
row 0  norm 1\\.000000\nrow 1  norm 0\\.000000\nrow 2  norm nan\nrow 3  norm 1\\.000000\nrow 4  norm 1\\.000000\n"
  ${program} "${inputs}/odd_unit.npy")
set_tests_properties(tool_normalize_features_written PROPERTIES DEPENDS tool_normalize_features_odd_rows)
unitsphere_reads_inputs(normalize_features_odd_rows normalize_features_written
  normalize_features_refuses_unwritable_output normalize_features_refuses_its_input
  normalize_features_refuses_its_input_by_a_link)

# Raw float16 rows, and the same after a round trip through a file.
unitsphere_add_data_test(normalize_features_coco80 class_text_vitb32 "\
rows 80  dim 512\n.*before  min 8\\.87929.  mean 10\\.1557[78].  max 11\\.73510.\n.*is_unit before: no, after: yes\n$"
  ${program} coco80_text.npy "${inputs}/coco80_unit.npy")
unitsphere_add_data_test(normalize_features_coco80_again class_text_vitb32 "\
rows 80  dim 512\n.*is_unit before: yes, after: yes\n$"
  ${program} "${inputs}/coco80_unit.npy")
set_tests_properties(tool_normalize_features_coco80_again PROPERTIES DEPENDS tool_normalize_features_coco80)
unitsphere_reads_inputs(normalize_features_coco80 normalize_features_coco80_again)
unset(program)
