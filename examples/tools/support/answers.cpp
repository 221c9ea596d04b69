#include "answers.hpp"

#include <algorithm>
#include <cstdio>

#include "table.hpp"

namespace support {

using unitsphere::idx_t;
using unitsphere::row_report;
using unitsphere::top_labels;

void print_answers(const top_labels& best, idx_t top, const std::vector<std::string>& class_names) {
    const idx_t images = best.labels.rows(), shown = std::min<idx_t>(images, 10);
    table answers({{"image", true}, {"class"}, {"probability", true}, {""}});
    for (idx_t i = 0; i < shown; ++i)
        for (idx_t j = 0; j < std::min(best.labels.columns(), top); ++j) {
            const idx_t label = best.labels(i, j);
            const std::string image = j == 0 ? std::to_string(i) : "";
            const float probability = best.probabilities(i, j);
            if (label >= 0)
                answers.add({image, class_names[std::size_t(label)], decimals(probability), bar(probability)});
            else if (j == 0)
                answers.add({image, "none: zero or not finite"});
        }
    answers.print();
    if (shown < images) std::printf("... and %lld more images\n", static_cast<long long>(images - shown));
}

void print_accuracy(const top_labels& best, const std::vector<idx_t>& labels, idx_t k, idx_t classes) {
    std::printf("accuracy@%lld ", static_cast<long long>(k));
    if (classes < k) {
        std::printf("undefined (%lld %s)\n", static_cast<long long>(classes), classes == 1 ? "class" : "classes");
        return;
    }
    const unitsphere::accuracy found = unitsphere::accuracy_at(best.labels, labels, k);
    if (found.total == 0)
        std::printf("undefined (0 images)\n");
    else
        std::printf("%.6f (%lld/%lld)\n", found.value(), static_cast<long long>(found.correct),
                    static_cast<long long>(found.total));
}

void warn(const std::string& program, const std::string& file, const row_report& report, const char* rows) {
    const auto line = [&](idx_t count, const char* what, idx_t first) {
        if (count > 0)
            std::fprintf(stderr, "%s: %s: %s with %s features: %lld (first: %lld)\n", program.c_str(), file.c_str(),
                         rows, what, static_cast<long long>(count), static_cast<long long>(first));
    };
    line(report.zero_rows, "zero", report.first_zero);
    line(report.non_finite_rows, "non-finite", report.first_non_finite);
}

}  // namespace support
