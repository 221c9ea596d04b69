# The layers of include/unitsphere, and small wrong trees on which the same check must go red.
set(check "${CMAKE_CURRENT_LIST_DIR}/check.cmake")
add_test(NAME include_layers COMMAND "${CMAKE_COMMAND}" -DROOT=${PROJECT_SOURCE_DIR}/include/unitsphere -P "${check}")

function(unitsphere_add_wrong_tree name message)
  add_test(NAME include_layers_${name} COMMAND "${CMAKE_COMMAND}" -DCODE=nonzero "-DMATCHES=${message}"
    -P "${CMAKE_CURRENT_SOURCE_DIR}/expect.cmake" --
    "${CMAKE_COMMAND}" "-DROOT=${CMAKE_CURRENT_SOURCE_DIR}/include_layers/${name}" -P "${check}")
endfunction()
unitsphere_add_wrong_tree(upward "data/low.hpp includes kernel/high.hpp: data may not include kernel")
unitsphere_add_wrong_tree(circular "circle of includes: kernel/first.hpp, kernel/second.hpp")
unitsphere_add_wrong_tree(intrinsics "norm.hpp uses intrinsics \\(_mm_\\).*norm.hpp includes xsimd")
unitsphere_add_wrong_tree(unknown "kernel/low.hpp includes newest.hpp: kernel may not include api")
unitsphere_add_wrong_tree(version "version.hpp includes data/low.hpp: version may not include data")
unitsphere_add_wrong_tree(silent "search.hpp includes gallery.hpp: its first lines must say why")
unitsphere_add_wrong_tree(nothing_public "sides.hpp declares nothing public: it belongs to detail")
unitsphere_add_wrong_tree(left_out "unitsphere.hpp leaves out newest.hpp")
