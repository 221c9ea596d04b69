#include "embeddings.hpp"

#include <algorithm>

#include <unitsphere/io/npy.hpp>

#include "answers.hpp"
#include "text_files.hpp"

namespace support {

namespace us = unitsphere;

void require_same_dim(const std::string& a, const std::string& b) {
    require_equal({a, us::inspect_npy(a).dim, "features a row"}, {b, us::inspect_npy(b).dim, "features a row"});
}

us::unit_embeddings<> row_loader::load(const std::string& file, const char* rows, us::idx_t at_most) const {
    us::row_report report;
    us::normalize_options options;
    options.rows.zero_rows = zero_rows;
    options.rows.report = &report;
    us::unit_embeddings<> unit = us::visit_npy(file, [&](const auto& all) {
        return us::normalize(us::matrix_view(all.data(), std::min(all.rows(), at_most), all.dim()), {}, options);
    });
    warn(program, file, report, rows);
    return unit;
}

std::vector<std::string> names_of_rows(const std::string& file, const std::string& names_file, const char* what) {
    const us::idx_t rows = us::inspect_npy(file).rows;
    if (names_file.empty()) return numbered_names(what, rows);
    std::vector<std::string> names = read_names(names_file);
    require_equal({names_file, us::idx_t(names.size()), "names"}, {file, rows, "rows"});
    return names;
}

}  // namespace support
