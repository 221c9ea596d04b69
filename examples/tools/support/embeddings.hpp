/// Files of embeddings as the tools take them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace support {

/// Throws "a.npy has 512 features a row, b.npy has 768 features a row" unless they agree. Reads the headers only.
void require_same_dim(const std::string& a, const std::string& b);

/// The rows of a .npy file at unit length, no more than the first `at_most`. What has no direction is counted on
/// stderr; `zero_rows` says what becomes of zero rows. `rows` says what the rows are.
struct row_loader {
    const char* program;
    unitsphere::on_row zero_rows = unitsphere::on_row::keep;

    unitsphere::unit_embeddings<> load(const std::string& file, const char* rows,
                                       unitsphere::idx_t at_most = PTRDIFF_MAX) const;
};

/// The names of all rows of an .npy file: those of `names_file`, or "text 0", "text 1" ... where that is empty.
std::vector<std::string> names_of_rows(const std::string& file, const std::string& names_file, const char* what);

}  // namespace support
