// Which images show the same? Groups of near duplicates, and how many images could go.
#include <algorithm>
#include <cstdio>
#include <string>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/answers.hpp"
#include "support/command_line.hpp"
#include "support/made_up_rows.hpp"
#include "support/progress.hpp"

namespace us = unitsphere;

namespace {

constexpr us::idx_t groups_shown = 20, rows_shown = 12;

void print(const us::duplicate_groups& found) {
    for (us::idx_t k = 0; k < std::min(found.size(), groups_shown); ++k) {
        const us::row_view<const us::idx_t> group = found[k];
        std::printf("group of %lld:", static_cast<long long>(group.size()));
        for (us::idx_t n = 0; n < std::min(us::idx_t(group.size()), rows_shown); ++n)
            std::printf(" %lld", static_cast<long long>(group[n]));
        std::printf("%s\n", us::idx_t(group.size()) > rows_shown ? " ..." : "");
    }
    if (found.size() > groups_shown)
        std::printf("... and %lld more groups\n", static_cast<long long>(found.size() - groups_shown));
    std::printf("images %lld  groups %lld  duplicates %lld\n", static_cast<long long>(found.representative.size()),
                static_cast<long long>(found.size()), static_cast<long long>(found.duplicates()));
}

us::duplicate_groups find_in_file(const std::string& file, float threshold) {
    us::row_report report;
    us::near_duplicates_options options;
    options.rows.report = &report;
    us::duplicate_groups found = us::visit_npy(file, [&](const auto& images) {
        support::progress show("comparing");
        return us::near_duplicates(images, threshold, us::execution(us::sequential{}).on_progress(show), options);
    });
    support::warn("near_duplicates", file, report, "images");
    return found;
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("near_duplicates", [&] {
        std::string file;
        float threshold = 0.94f;
        support::command_line line("near_duplicates",
                                   "Which images show the same? Groups of rows whose cosines reach a threshold.\n"
                                   "Without arguments: ten made-up images.");
        line.file("IMAGES", file, "encode_image rows, .npy, f2, f4, f8 or i1");
        line.cosine("--threshold", threshold, "the cosine from which on two images are alike");
        const bool given = line.parse(argc, argv);
        if (given) return print(find_in_file(file, threshold));
        std::printf("No file given, so these are ten made-up images; 8 and 9 resemble 5, but not each other.\n");
        print(us::near_duplicates(support::make_images_with_duplicates(), threshold));
    });
}
