set(program $<TARGET_FILE:tool_compress>)
unitsphere_add_tool_test(compress "\
float +258 +1\\.000 +1\\.000\nfloat16 [^\n]*\nbfloat16 [^\n]*\nfast_bfloat16 [^\n]*\nint8 +73 +0\\.9[0-9]+ +1\\.000\nint4 +40 [^\n]*\n\
one_bit +16 [^\n]*\n$" ${program})
unitsphere_add_refusals(compress 1)
unitsphere_add_refusal(compress unknown_storage "--storage: 'int5' is none of float, [^\n]+"
  "${inputs}/odd_rows.npy" --storage int5)
unitsphere_add_refusal(compress storage_without_file "--storage requires ROWS" --storage int8)
unitsphere_add_refusal(compress its_input "[^\n]*odd_rows\\.npy would be overwritten: [^\n]+"
  "${inputs}/odd_rows.npy" "${inputs}/odd_rows.npy")
unitsphere_add_refusal(compress unwritable_output "[^\n]*texts\\.gallery: cannot be created: [^\n]+"
  "${inputs}/two_tensors.safetensors" "${inputs}/no_such_directory/texts.gallery" --tensor texts)
unitsphere_add_refusal(compress no_such_tensor "[^\n]*has no tensor none, it has: images texts"
  "${inputs}/two_tensors.safetensors" --tensor none)
unitsphere_add_refusal(compress one_of_two_tensors "[^\n]*two_tensors\\.safetensors has several tensors, [^\n]+"
  "${inputs}/two_tensors.safetensors")

# Rows of norm 5, 0, NaN, 2 and 1; search.cmake reads what is written.
foreach(storage float bfloat16 int8)
  unitsphere_add_tool_test(compress_${storage} "^rows 5  dim 4  storage ${storage} [^\n]*\n[^\n]*zero features: 1 [^\n]*\n"
    ${program} "${inputs}/odd_rows.npy" "${inputs}/odd_${storage}.gallery" --storage ${storage})
  set_tests_properties(tool_compress_${storage} PROPERTIES FIXTURES_SETUP tool_galleries)
endforeach()
unitsphere_add_tool_test(compress_tensor "^rows 4  dim 2  storage int4  bytes a row"
  ${program} "${inputs}/two_tensors.safetensors" --tensor texts --storage int4)
unitsphere_reads_inputs(compress_refuses_unknown_storage compress_refuses_its_input compress_refuses_unwritable_output
  compress_refuses_no_such_tensor compress_refuses_one_of_two_tensors compress_float compress_bfloat16 compress_int8
  compress_tensor)
unset(program)
