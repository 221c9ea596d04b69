// Which images are flagged? A linear head on raw features, beside what it says of rows that nobody normalized.
#include <algorithm>
#include <cstdio>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/answers.hpp"
#include "support/command_line.hpp"
#include "support/detector_inputs.hpp"
#include "support/table.hpp"

namespace us = unitsphere;

namespace {

struct verdicts {
    us::array<us::idx_t> flags;  ///< 1, 0, or -1 where an image has no direction
    us::matrix<double> probabilities;
    std::vector<double> without_normalizing;  ///< the mistake
};

template <class T>
verdicts judge(const us::linear_head& head, const us::matrix<T>& images, double threshold, us::row_report& report) {
    us::linear_head_options options;
    options.rows.zero_rows = us::on_row::nan;  // a failed image is not an innocent one
    options.rows.report = &report;
    return {head.predict(images, threshold, {}, options), head.predict_proba(images, {}, options),
            support::probabilities_without_normalizing(head, images)};
}

verdicts judge_files(const support::detector_arguments& arguments) {
    const us::linear_head head = support::load_detector(arguments.head);
    us::row_report report;
    verdicts found = us::visit_npy(
        arguments.images, [&](const auto& images) { return judge(head, images, arguments.threshold, report); });
    support::warn("detector", arguments.images, report, "images");
    return found;
}

verdicts judge_example(double threshold) {
    const support::detector_example example = support::written_by_hand();
    us::row_report report;
    return judge(example.head, example.images, threshold, report);
}

void print(const verdicts& found, double threshold) {
    const us::idx_t images = us::idx_t(found.flags.size()), shown = std::min<us::idx_t>(images, 10);
    us::idx_t flagged = 0, wrongly = 0, changed = 0;
    support::table lines({{"image", true}, {"probability", true}, {"flag"}, {"without normalizing", true}, {"flag"}});
    const auto text = [](us::idx_t flag) { return flag < 0 ? "none" : flag == 1 ? "FLAG" : "-"; };
    for (us::idx_t i = 0; i < images; ++i) {
        const double wrong = found.without_normalizing[std::size_t(i)];
        const us::idx_t flag = found.flags[i], wrong_flag = wrong >= threshold ? 1 : 0;
        flagged += flag == 1, wrongly += wrong_flag, changed += flag != wrong_flag;
        if (i < shown)
            lines.add({std::to_string(i), support::decimals(found.probabilities(i, 1)), text(flag),
                       support::decimals(wrong), text(wrong_flag)});
    }
    lines.print();
    if (shown < images) std::printf("... and %lld more images\n", static_cast<long long>(images - shown));
    const auto n = static_cast<long long>(images);
    std::printf("\nwithout normalizing: %lld of %lld flagged, %lld of them otherwise than the head was trained for\n",
                static_cast<long long>(wrongly), n, static_cast<long long>(changed));
    std::printf("flagged %lld of %lld\n", static_cast<long long>(flagged), n);
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("detector", [&] {
        const support::detector_arguments arguments = support::parse_detector(argc, argv);
        const verdicts found = arguments.files_given ? judge_files(arguments) : judge_example(arguments.threshold);
        if (!arguments.out.empty()) us::save_npy(arguments.out, found.flags);
        std::printf("instruction set: %s\n\nthreshold %g\n\n", us::instruction_set(), arguments.threshold);
        print(found, arguments.threshold);
    });
}
