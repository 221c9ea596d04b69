#include "two_recipes.hpp"

#include <cstdio>

#include "answers.hpp"
#include "table.hpp"

namespace support {
namespace {

using unitsphere::idx_t;
using unitsphere::top_labels;

const table::column right_column{"normalize, mean, normalize", true}, wrong_column{"mean of raw rows", true};

/// Prints the images of which the two say different things; returns how many these are.
idx_t print_differences(const top_labels& right, const top_labels& wrong, const std::vector<std::string>& class_names) {
    table differences({{"image", true}, right_column, wrong_column});
    idx_t count = 0;
    for (idx_t i = 0; i < right.labels.rows(); ++i) {
        const idx_t a = right.labels(i, 0), b = wrong.labels(i, 0);
        if (a == b) continue;
        if (++count <= 10)
            differences.add({std::to_string(i), class_names[std::size_t(a)], class_names[std::size_t(b)]});
    }
    if (count > 0) differences.print();
    if (count > 10) std::printf("... and %lld more images\n", static_cast<long long>(count - 10));
    if (count > 0) std::printf("\n");
    return count;
}

/// How many images each class gets.
std::vector<idx_t> histogram(const top_labels& best, std::size_t classes) {
    std::vector<idx_t> counts(classes);
    for (idx_t i = 0; i < best.labels.rows(); ++i)
        if (best.labels(i, 0) >= 0) ++counts[std::size_t(best.labels(i, 0))];
    return counts;
}

}  // namespace

void compare(const two_classifiers& both, const unitsphere::unit_embeddings<>& images,
             const std::vector<std::string>& class_names, const std::vector<idx_t>& labels) {
    const top_labels right = both.right.top_k(images, 1), wrong = both.wrong.top_k(images, 1);
    const idx_t differing = print_differences(right, wrong, class_names);

    const std::vector<idx_t> right_counts = histogram(right, class_names.size());
    const std::vector<idx_t> wrong_counts = histogram(wrong, class_names.size());
    table counts({{"images of class"}, right_column, wrong_column});
    for (std::size_t c = 0; c < class_names.size(); ++c)
        counts.add({class_names[c], std::to_string(right_counts[c]), std::to_string(wrong_counts[c])});
    counts.print();
    std::printf("\n");
    if (!labels.empty()) {
        std::printf("normalize, mean, normalize: ");
        print_accuracy(right, labels, 1, both.right.classes());
        std::printf("mean of raw rows:           ");
        print_accuracy(wrong, labels, 1, both.wrong.classes());
    }
    std::printf("%lld of %lld images get another class\n", static_cast<long long>(differing),
                static_cast<long long>(images.rows()));
}

}  // namespace support
