set(program $<TARGET_FILE:tool_similarity_matrix>)
unitsphere_add_tool_test(similarity_matrix "page  chelsea.*a cup of coffee on a saucer  .*0\\.2910\n\n.*\n\
chelsea +a facial photo of a tabby cat +0\\.2790\n.*\ncoffee +a cup of coffee on a saucer +0\\.2910\n$" ${program})
unitsphere_add_refusals(similarity_matrix 2)
unitsphere_add_refusal(similarity_matrix names_without_files "--rows requires IMAGES" --rows names.txt)
unitsphere_add_refusal(similarity_matrix unwritable_picture "[^\n]*picture\\.svg: [^\n]+"
  --out "${inputs}/no_such_directory/picture.svg")
unitsphere_add_refusal(similarity_matrix other_count_of_names "[^\n]* has [0-9]+ names, [^\n]*odd_rows\\.npy has 5 rows"
  "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy"
  --rows "${CMAKE_CURRENT_SOURCE_DIR}/tests.cmake")

# Zero and non-finite rows fit nothing.
unitsphere_add_tool_test(similarity_matrix_odd_rows "\
image 0  text 0 +1\\.0000\nimage 1  none: zero or not finite\n\
image 2  none: zero or not finite\nimage 3  text 3 +1\\.0000\nimage 4  text 4 +1\\.0000\n\
.*images with zero features: 1 \\(first: 1\\)\n.*texts with non-finite features: 1 \\(first: 2\\)\n$"
  ${program} "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy")
unitsphere_reads_inputs(similarity_matrix_odd_rows similarity_matrix_refuses_other_count_of_names)

# The picture itself.
find_program(UNITSPHERE_XMLLINT xmllint)
mark_as_advanced(UNITSPHERE_XMLLINT)
set(picture "${CMAKE_CURRENT_BINARY_DIR}/similarity_matrix.svg")
add_test(NAME tool_similarity_matrix_picture COMMAND "${CMAKE_COMMAND}" "-DPICTURE=${picture}" -DCELLS=64
  "-DNAMES=motorcycle_right|coffee|a portrait of an astronaut with the American flag|a cup of coffee on a saucer"
  "-DXMLLINT=${UNITSPHERE_XMLLINT}" -P "${CMAKE_CURRENT_SOURCE_DIR}/tests/picture.cmake"
  -- ${program} --out "${picture}")

add_executable(heat_map_test tests/heat_map_test.cpp)
target_link_libraries(heat_map_test PRIVATE unitsphere_dev tool_support unitsphere_catch)
add_test(NAME heat_map_test COMMAND heat_map_test)

unitsphere_add_data_test(similarity_matrix_official official_example
  "a diagram +0\\.2555\na dog +0\\.2009\na cat +0\\.1975\n\n.*\nimage 0  a diagram +0\\.2555\n$"
  ${program} image.npy text.npy --rows texts.txt)
# Names against themselves: ones on the diagonal, and a picture of the first 64 x 64 of 80 x 80.
unitsphere_add_data_test(similarity_matrix_coco80 class_text_vitb32
  "\n\\.\\.\\. 64 more rows\n\\.\\.\\. 72 more columns\n\n\
.*\nperson +person +1\\.0000\n.*\ntraffic_light +traffic_light +1\\.0000\n$"
  ${program} coco80_text.npy coco80_text.npy --rows coco80_names.txt --columns coco80_names.txt
  --out "${CMAKE_CURRENT_BINARY_DIR}/coco80.svg")
unset(program)
