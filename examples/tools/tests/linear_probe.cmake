set(program $<TARGET_FILE:tool_linear_probe>)
unitsphere_add_tool_test(linear_probe "\
learned from 90 rows of 3 classes, dim 24\nobjective [0-9.]+\ngradient [0-9]\\.[0-9]e-(0[789]|1[0-9]) after [0-9]+ iterations\n\
.*truth +-> 0 +-> 1 +-> 2 +none\nclass 0 .*\naccuracy 0\\.[89][0-9]+ \\(5[0-9]/60\\)\n$" ${program})
unitsphere_add_refusals(linear_probe 4)
unitsphere_add_refusal(linear_probe C_without_files "--C requires TRAIN" --C 2)

set(rows "${inputs}/two_classes.npy")
set(labels "${inputs}/two_labels.npy")
set(four "${PROJECT_SOURCE_DIR}/tests/fuzz/npy_seeds/zero_shot_images_f2.npy")
set(four_labels "${PROJECT_SOURCE_DIR}/tests/fuzz/npy_seeds/zero_shot_labels_i8.npy")
unitsphere_add_refusal(linear_probe other_count_of_labels "[^\n]*two_labels\\.npy has 300 labels, [^\n]* has 4 rows"
  "${four}" "${labels}" "${four}" "${four_labels}")
unitsphere_add_refusal(linear_probe C_of_zero "logistic_regression: C is 0, it must be positive"
  "${four}" "${four_labels}" "${four}" "${four_labels}" --C 0)
unitsphere_add_refusal(linear_probe unwritable_head "[^\n]*head\\.npy: cannot be created: [^\n]+"
  "${four}" "${four_labels}" "${four}" "${four_labels}"
  --save "${CMAKE_CURRENT_BINARY_DIR}/no_such_directory/head.npy")
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/one_class_of_4.txt" "1\n1\n1\n1\n")
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/one_class.txt" "1\n1\n1\n1\n1\n")
add_test(NAME tool_linear_probe_refuses_one_class COMMAND "${CMAKE_COMMAND}" -DCODE=2
  "-DMATCHES=linear_probe: logistic_regression: all 4 rows have label 1, two classes are needed\n" ${expect} ${program}
  "${four}" "${CMAKE_CURRENT_BINARY_DIR}/one_class_of_4.txt"
  "${four}" "${CMAKE_CURRENT_BINARY_DIR}/one_class_of_4.txt")
add_test(NAME tool_linear_probe_refuses_rows_that_are_not_finite COMMAND "${CMAKE_COMMAND}" -DCODE=2 -DSTDERR_LINES=1
  "-DMATCHES=odd_rows\\.npy: normalize: row 2 is not finite\n" ${expect} ${program}
  "${inputs}/odd_rows.npy" "${CMAKE_CURRENT_BINARY_DIR}/one_class.txt"
  "${inputs}/odd_rows.npy" "${CMAKE_CURRENT_BINARY_DIR}/one_class.txt")

# A head is saved; other processes, batches and numbers of threads flag the same images.
set(head "${CMAKE_CURRENT_BINARY_DIR}/two_classes_head.npy")
unitsphere_add_tool_test(linear_probe_two_classes "\
learned from 300 rows of 2 classes, dim 40\n.*\naccuracy 0\\.[0-9]+ \\(2[0-9][0-9]/300\\)\n\
.*training images with zero features: 1 \\(first: 298\\)\n.*test images with zero features: 1 \\(first: 298\\)\n"
  ${program} "${rows}" "${labels}" "${rows}" "${labels}" --balanced --save "${head}")
set_tests_properties(tool_linear_probe_two_classes PROPERTIES FIXTURES_SETUP tool_head)
add_executable(flags tests/flags.cpp)
find_package(Threads REQUIRED)
target_link_libraries(flags PRIVATE unitsphere_dev Threads::Threads)
add_test(NAME tool_detector_same_flags COMMAND "${CMAKE_COMMAND}" "-DDETECTOR=$<TARGET_FILE:tool_detector>"
  "-DFLAGS=$<TARGET_FILE:flags>" "-DHEAD=${head}" "-DIMAGES=${rows}" "-DOUT=${CMAKE_CURRENT_BINARY_DIR}/flags"
  -P "${CMAKE_CURRENT_SOURCE_DIR}/tests/same_flags.cmake")
set_tests_properties(tool_detector_same_flags PROPERTIES FIXTURES_REQUIRED "tool_inputs;tool_head")
unitsphere_reads_inputs(linear_probe_refuses_other_count_of_labels
  linear_probe_refuses_rows_that_are_not_finite linear_probe_two_classes)

# Cats and dogs: the second column of the classes says which breed is which.
set(cats val test)
if(UNITSPHERE_DATA_DIR)
  file(STRINGS "${UNITSPHERE_DATA_DIR}/pets_vitb32/all37_classes.txt" breeds)
  foreach(part IN LISTS cats)
    file(STRINGS "${UNITSPHERE_DATA_DIR}/pets_vitb32/all37_${part}_labels.txt" numbers)
    set(text "")
    foreach(number IN LISTS numbers)
      list(GET breeds "${number}" breed)
      if(breed MATCHES "\tcat")
        string(APPEND text "1\n")
      else()
        string(APPEND text "0\n")
      endif()
    endforeach()
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/cats_${part}.txt" "${text}")
  endforeach()
endif()
set(cats all37_val_image.npy "${CMAKE_CURRENT_BINARY_DIR}/cats_val.txt"
  all37_test_image.npy "${CMAKE_CURRENT_BINARY_DIR}/cats_test.txt")
unitsphere_add_data_test(linear_probe_cats pets_vitb32
  "\nobjective 138\\.124\n.*class 1 +[0-9]+ +[0-9]+ +0\n\naccuracy 0\\.997274 \\(3659/3669\\)\n$" ${program} ${cats})
unitsphere_add_data_test(linear_probe_cats_balanced pets_vitb32
  "\nobjective 142\\.93\n.*\naccuracy 0\\.998365 \\(3663/3669\\)\n$" ${program} ${cats} --balanced)
unitsphere_add_data_test(linear_probe_cats_C100 pets_vitb32
  "\nobjective 730\\.942\n.*\naccuracy 0\\.998092 \\(3662/3669\\)\n$" ${program} ${cats} --C 100)
unitsphere_add_data_test(linear_probe_breeds pets_vitb32
  "of 37 classes, dim 512\nobjective 2080\\.33\n.*\\.\\.\\. and 25 more classes\n\naccuracy 0\\.764513 \\(2805/3669\\)\n$"
  ${program} all37_val_image.npy all37_val_labels.txt all37_test_image.npy all37_test_labels.txt)
foreach(name program rows labels head cats four four_labels)
  unset(${name})
endforeach()
