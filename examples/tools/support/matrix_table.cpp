#include "matrix_table.hpp"

#include <algorithm>
#include <cstdio>

#include "characters.hpp"
#include "table.hpp"

namespace support {

using unitsphere::idx_t;

void print_matrix(const unitsphere::matrix_view<const float>& values, const std::vector<std::string>& row_names,
                  const std::vector<std::string>& column_names, int digits) {
    const idx_t rows = std::min<idx_t>(values.rows(), 16), columns = std::min<idx_t>(values.dim(), 8);
    std::vector<table::column> titles{{""}};
    for (idx_t j = 0; j < columns; ++j) titles.push_back({clipped(column_names[std::size_t(j)], 12), true});
    table lines(std::move(titles));
    for (idx_t i = 0; i < rows; ++i) {
        std::vector<std::string> cells{row_names[std::size_t(i)]};
        for (idx_t j = 0; j < columns; ++j) cells.push_back(decimals(values(i, j), digits));
        lines.add(std::move(cells));
    }
    lines.print();
    const idx_t more_rows = idx_t(row_names.size()) - rows, more_columns = idx_t(column_names.size()) - columns;
    if (more_rows > 0) std::printf("... %lld more rows\n", static_cast<long long>(more_rows));
    if (more_columns > 0) std::printf("... %lld more columns\n", static_cast<long long>(more_columns));
}

}  // namespace support
