/// A matrix with names on stdout.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/data/matrix.hpp>

namespace support {

/// The first 16 rows and 8 columns, so many digits behind the point; last lines say how many names are left out.
void print_matrix(const unitsphere::matrix_view<const float>& values, const std::vector<std::string>& row_names,
                  const std::vector<std::string>& column_names, int digits);

}  // namespace support
