// Are my features unit length, and how do I make them so?
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    // Raw rows of an encoder, in the caller's memory; the last image could not be read, and its row is zero.
    const float features[] = {3.0f, 4.0f, 0.0f, 0.0f, 8.0f, -2.0f, 6.0f, 5.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    const us::matrix_view<const float> rows{features, 3, 4};

    us::row_report report;
    us::normalize_options options;
    options.rows.report = &report;
    const us::unit_embeddings<> unit = us::normalize(rows, {}, options);

    const us::array<double> before = us::norms(rows), after = us::norms(unit);
    for (int i = 0; i < rows.rows(); ++i) std::printf("row %d: norm %.4f -> %.4f\n", i, before[i], after[i]);
    std::printf("the first two are unit rows: %s\n", us::is_unit(us::matrix_view(unit.data(), 2, 4)) ? "yes" : "no");
    std::printf("rows without a direction: %d, the first is row %d\n", int(report.zero_rows), int(report.first_zero));
}
