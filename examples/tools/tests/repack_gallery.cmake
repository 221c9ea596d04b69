set(program $<TARGET_FILE:tool_repack_gallery>)
unitsphere_add_tool_test(repack_gallery "maps panels of (16|32) rows; .*the same rows: yes\n$" ${program})
unitsphere_add_refusal(repack_gallery unknown_option "[^\n]*--nonsense" --nonsense)
unitsphere_add_refusal(repack_gallery one_file "IN requires OUT" rows.gallery)
unitsphere_add_refusal(repack_gallery missing_file "no_such\\.gallery: cannot be opened: [^\n]+"
  no_such.gallery out.gallery)
unitsphere_add_refusal(repack_gallery other_format "[^\n]*zero_shot\\.cpp: (this is not a gallery|ends after [^\n]+)"
  "${CMAKE_CURRENT_SOURCE_DIR}/zero_shot.cpp" out.gallery)
unitsphere_add_refusal(repack_gallery other_width "repack_gallery: panel_rows is 8, it must be 16 or 32"
  "${CMAKE_CURRENT_SOURCE_DIR}/zero_shot.cpp" out.gallery --panel-rows 8)
