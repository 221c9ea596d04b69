// expect: pass_rows_or_a_list_of_numbers_or_of_bool_in_an_array_not_a_vector
// The elements of a std::vector<bool> lie nowhere: a us::array<bool> holds them.
#include <vector>

#include <unitsphere/io/npy.hpp>

void wrong(const std::vector<bool>& flags) { unitsphere::save_npy("flags.npy", flags); }
