// Are my features unit length, and how do I make them so?
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"
#include "support/published_example.hpp"

namespace us = unitsphere;

namespace {

const char* yes_or_no(bool answer) { return answer ? "yes" : "no"; }

void print_norms(const char* when, const us::array<double>& of_rows) {
    std::vector<double> norms(of_rows.begin(), of_rows.end());
    norms.erase(std::remove_if(norms.begin(), norms.end(), [](double x) { return !std::isfinite(x); }), norms.end());
    if (norms.empty()) return void(std::printf("norms %s  none\n", when));
    double sum = 0;
    for (const double norm : norms) sum += norm;
    const auto [lowest, highest] = std::minmax_element(norms.begin(), norms.end());
    std::printf("norms %s  min %.6f  mean %.6f  max %.6f\n", when, *lowest, sum / double(norms.size()), *highest);
}

/// Prints what the rows are like, and normalizes them.
template <class T>
us::unit_embeddings<> examine(const us::matrix<T>& rows) {
    us::row_report report;
    us::normalize_options options;
    options.rows.report = &report;
    us::unit_embeddings<> unit = us::normalize(rows, {}, options);

    std::printf("rows %lld  dim %lld\n", static_cast<long long>(rows.rows()), static_cast<long long>(rows.dim()));
    const us::array<double> norms = us::norms(rows);
    for (us::idx_t i = 0; i < rows.rows() && i < 10; ++i)
        std::printf("row %lld  norm %.6f\n", static_cast<long long>(i), norms[i]);
    if (norms.size() > 10) std::printf("... %zu more rows\n", norms.size() - 10);
    print_norms("before", norms);
    print_norms("after ", us::norms(unit));
    std::printf("zero rows %lld  non-finite rows %lld\n", static_cast<long long>(report.zero_rows),
                static_cast<long long>(report.non_finite_rows));
    std::printf("is_unit before: %s, after: %s", yes_or_no(us::is_unit(rows)), yes_or_no(us::is_unit(unit)));
    const us::idx_t without_direction = report.zero_rows + report.non_finite_rows;
    if (without_direction > 0)
        std::printf(" (rows without a direction: %lld)", static_cast<long long>(without_direction));
    std::printf("\n");
    return unit;
}

void examine_published_example() {
    const support::published_example example = support::make_published_example();
    us::matrix<float> rows(4, example.image.dim());
    std::copy_n(example.image.row(0), rows.dim(), rows.row(0));
    for (int i = 0; i < 3; ++i) std::copy_n(example.texts.row(i), rows.dim(), rows.row(i + 1));
    std::printf("The image and the three texts of the CLIP README, rebuilt from their published norms and cosines.\n");
    examine(rows);
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("normalize_features", [&] {
        std::string in, out;
        support::command_line line("normalize_features",
                                   "Are my features unit length, and how do I make them so?\n"
                                   "Without arguments: the features of the CLIP README's example.");
        line.file("IN", in, "rows of an encoder, .npy, f2, f4, f8 or i1");
        line.output("OUT", out, "where to write them at unit length, .npy, float32");
        if (!line.parse(argc, argv)) return examine_published_example();
        const us::unit_embeddings<> unit = us::visit_npy(in, [](const auto& rows) { return examine(rows); });
        if (!out.empty()) us::save_npy(out, unit.values());
    });
}
