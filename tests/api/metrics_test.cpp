#include <unitsphere/metrics.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "checks.hpp"
#include "guarded.hpp"
#include "random_rows.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;
using unitsphere::accuracy_at;
using unitsphere::confusion;
using unitsphere::confusion_matrix;
using unitsphere::mean_per_class_recall;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {

/// Rows of labels, best first; -1 for none.
matrix<idx_t> labels_of(std::initializer_list<std::array<idx_t, 3>> rows) {
    matrix<idx_t> result(idx_t(rows.size()), 3);
    idx_t i = 0;
    for (const auto& row : rows) {
        for (idx_t j = 0; j < 3; ++j) result(i, j) = row[std::size_t(j)];
        ++i;
    }
    return result;
}

/// k different labels of 0 .. classes - 1 in each row; every seventh row has none, every fifth one label only.
matrix<idx_t> random_labels(idx_t rows, idx_t columns, idx_t classes, std::uint64_t seed) {
    matrix<idx_t> result(rows, columns);
    generator random(seed);
    for (idx_t i = 0; i < rows; ++i) {
        const idx_t first = random.below(classes);
        for (idx_t j = 0; j < columns; ++j)
            result(i, j) = i % 7 == 3 || (i % 5 == 4 && j > 0) ? -1 : (first + 3 * j) % classes;
    }
    return result;
}

}  // namespace

TEST_CASE("accuracy@k counts the images whose label is among the k best", "[metrics]") {
    const matrix<idx_t> best = labels_of({{2, 0, 1}, {0, 1, 2}, {1, 2, 0}, {2, 1, 0}});
    const std::vector<int> truth{2, 1, 0, 2};
    const auto first = accuracy_at(best, truth, 1);
    CHECK((first.correct == 2 && first.total == 4));
    CHECK(first.value() == 0.5);
    CHECK(accuracy_at(best, truth, 2).correct == 3);
    CHECK(accuracy_at(best, truth, 3).correct == 4);
    CHECK(accuracy_at(best, truth, 3).value() == 1.0);
}

TEST_CASE("accuracy@k agrees with counting label by label", "[metrics]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 7, 10, 100);
    const matrix<idx_t> best = random_labels(500, 5, classes, 211);
    std::vector<idx_t> truth(500);
    generator random(212);
    for (idx_t i = 0; i < 500; ++i)
        truth[std::size_t(i)] = i % 3 == 0 ? random.below(classes) : std::max<idx_t>(0, best(i, random.below(5)));
    for (idx_t k = 1; k <= 5; ++k) {
        idx_t expected = 0;
        for (idx_t i = 0; i < 500; ++i)
            for (idx_t j = 0; j < k; ++j)
                if (best(i, j) == truth[std::size_t(i)]) {
                    ++expected;
                    break;
                }
        CHECK(accuracy_at(best, truth, k).correct == expected);
        const laid_out<idx_t> moved(best, 3, 1);
        CHECK(accuracy_at(moved.view(), truth, k).correct == expected);
    }
}

TEST_CASE("an image without a label counts as wrong", "[metrics]") {
    const auto found = accuracy_at(labels_of({{-1, -1, -1}, {0, -1, -1}}), std::vector<idx_t>{0, 0}, 3);
    CHECK((found.correct == 1 && found.total == 2));
}

TEST_CASE("a flat list of predicted labels counts as one label for each image", "[metrics]") {
    const std::vector<int> truth{2, 1, 0, 2};
    unitsphere::array<idx_t> predicted(4);  // as predict() returns them
    for (const idx_t i : {0, 3}) predicted[i] = 2;
    predicted[2] = -1;
    const auto found = accuracy_at(predicted, truth, 1);
    CHECK((found.correct == 2 && found.total == 4));
    CHECK(accuracy_at(std::vector<short>{2, 1, 1, 2}, truth, 1).correct == 3);
    CHECK(accuracy_at(std::vector<idx_t>(), std::vector<int>(), 1).total == 0);
    CHECK(message_of<shape_error>([&] { accuracy_at(predicted, truth, 2); }) ==
          "accuracy_at: accuracy@2 is undefined with 1 labels per image");
    CHECK(message_of<shape_error>([&] { accuracy_at(predicted, std::vector<int>{1}, 1); }) ==
          "accuracy_at: predicted has 4 rows, truth has 1");
    const confusion counted = confusion_matrix(predicted, truth, 3);
    CHECK((counted.counts(2, 2) == 2 && counted.counts(1, 0) == 1 && counted.counts(0, 3) == 1));
    matrix<idx_t> column(4, 1);
    for (idx_t i = 0; i < 4; ++i) column(i, 0) = predicted[i];
    CHECK(first_difference(confusion_matrix(column, truth, 3).counts, counted.counts) == "");
    CHECK(accuracy_at(column, truth, 1).correct == 2);
}

TEST_CASE("the accuracy of no images is NaN", "[metrics]") {
    const auto none = accuracy_at(matrix<idx_t>(0, 5), std::vector<int>(), 5);
    CHECK((none.correct == 0 && none.total == 0));
    CHECK(reference::is_nan(none.value()));
}

TEST_CASE("true labels are integers of any type in any contiguous container", "[metrics]") {
    const matrix<idx_t> best = labels_of({{2, 0, 1}, {0, 1, 2}});
    const std::uint8_t bytes[] = {2, 1};
    CHECK(accuracy_at(best, bytes, 1).correct == 1);
    CHECK(accuracy_at(best, std::array<std::uint64_t, 2>{2, 0}, 1).correct == 2);
    CHECK(accuracy_at(best, std::vector<short>{1, 1}, 2).correct == 1);
}

TEST_CASE("accuracy@k refuses k beyond the labels: accuracy@5 of three classes is not 1", "[metrics]") {
    const matrix<idx_t> best = labels_of({{2, 0, 1}, {0, 1, 2}});
    const std::vector<int> truth{2, 1};
    CHECK(message_of<shape_error>([&] { accuracy_at(best, truth, 5); }) ==
          "accuracy_at: accuracy@5 is undefined with 3 labels per image");
    CHECK(message_of<shape_error>([&] { accuracy_at(matrix<idx_t>(0, 3), std::vector<int>(), 4); }) ==
          "accuracy_at: accuracy@4 is undefined with 3 labels per image");
    CHECK(message_of<value_error>([&] { accuracy_at(best, truth, 0); }) ==
          "accuracy_at: k is 0, it must be at least 1");
    CHECK(message_of<value_error>([&] { accuracy_at(best, truth, -1); }) ==
          "accuracy_at: k is -1, it must be at least 1");
}

TEST_CASE("accuracy@k refuses true labels of another number, and negative ones by their row", "[metrics]") {
    const matrix<idx_t> best = labels_of({{2, 0, 1}, {0, 1, 2}});
    CHECK(message_of<shape_error>([&] { accuracy_at(best, std::vector<int>{1}, 1); }) ==
          "accuracy_at: predicted has 2 rows, truth has 1");
    CHECK(message_of<value_error>([&] {
              accuracy_at(best, std::vector<int>{1, -1}, 1);
          }) == "accuracy_at: truth of row 1 is the negative label -1");
}

TEST_CASE("confusion counts have a row for each true class, and a last column for no label", "[metrics]") {
    const std::vector<int> predicted{0, 1, 1, -1, 2, 0}, truth{0, 1, 0, 2, 2, 0};
    const confusion counted = confusion_matrix(predicted, truth, 3);
    REQUIRE((counted.classes() == 3 && counted.counts.rows() == 3 && counted.counts.dim() == 4));
    const idx_t expected[3][4] = {{2, 1, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 1}};
    for (idx_t t = 0; t < 3; ++t)
        for (idx_t p = 0; p < 4; ++p) CHECK(counted.counts(t, p) == expected[t][p]);
    CHECK_THAT(mean_per_class_recall(counted), WithinRel((2.0 / 3 + 1 + 0.5) / 3, 1e-15));
}

TEST_CASE("confusion counts take the first of the best labels", "[metrics]") {
    const matrix<idx_t> best = random_labels(300, 4, 9, 213);
    std::vector<idx_t> predicted(300);
    std::vector<std::uint16_t> truth(300);
    generator random(214);
    for (idx_t i = 0; i < 300; ++i) {
        predicted[std::size_t(i)] = best(i, 0);
        truth[std::size_t(i)] = std::uint16_t(random.below(9));
    }
    const confusion expected = confusion_matrix(predicted, truth, 9);
    CHECK(first_difference(confusion_matrix(best, truth, 9).counts, expected.counts) == "");
    const laid_out<idx_t> moved(best, 3, 1);
    CHECK(first_difference(confusion_matrix(moved.view(), truth, 9).counts, expected.counts) == "");
    idx_t total = 0, diagonal = 0;
    for (idx_t t = 0; t < 9; ++t) {
        for (idx_t p = 0; p < 10; ++p) total += expected.counts(t, p);
        diagonal += expected.counts(t, t);
    }
    CHECK(total == 300);
    CHECK(diagonal == accuracy_at(best, truth, 1).correct);
}

TEST_CASE("mean per-class recall is over the classes that occur, however often each does", "[metrics]") {
    // 98 of class 0, all right; 2 of class 3, one right: accuracy 0.99, but recalls of 1 and 1/2
    std::vector<int> truth(100, 0), predicted(100, 0);
    truth[98] = truth[99] = predicted[98] = 3;
    CHECK(mean_per_class_recall(confusion_matrix(predicted, truth, 5)) == 0.75);
    CHECK(reference::is_nan(mean_per_class_recall(confusion_matrix(std::vector<int>(), std::vector<int>(), 5))));
    CHECK(reference::is_nan(mean_per_class_recall(confusion())));
}

TEST_CASE("confusion counts name the row and the label that is out of range", "[metrics]") {
    using ints = std::vector<int>;
    const auto message = [](const ints& predicted, const ints& truth, idx_t classes) {
        return message_of<value_error>([&] { confusion_matrix(predicted, truth, classes); });
    };
    CHECK(message({0, 1}, {0, 2}, 2) == "confusion_matrix: truth of row 1 is label 2, there are 2 classes");
    CHECK(message({0, 1}, {0, -1}, 2) == "confusion_matrix: truth of row 1 is label -1, there are 2 classes");
    CHECK(message({2, 1}, {0, 1}, 2) == "confusion_matrix: row 0 is predicted as label 2, there are 2 classes");
    CHECK(message({0, -2}, {0, 1}, 2) == "confusion_matrix: row 1 is predicted as label -2, there are 2 classes");
    CHECK(message({}, {}, 0) == "confusion_matrix: classes is 0, it must be at least 1");
    CHECK(message({}, {}, -3) == "confusion_matrix: classes is -3, it must be at least 1");
}

TEST_CASE("confusion counts refuse lengths that differ, labels without columns, and classes beyond memory",
          "[metrics]") {
    const std::vector<int> one{0}, two{0, 1};
    CHECK(message_of<shape_error>([&] { confusion_matrix(one, two, 2); }) ==
          "confusion_matrix: predicted has 1 rows, truth has 2");
    CHECK(message_of<shape_error>([&] { confusion_matrix(matrix<idx_t>(3, 2), two, 2); }) ==
          "confusion_matrix: predicted has 3 rows, truth has 2");
    CHECK(message_of<shape_error>([&] { confusion_matrix(matrix<idx_t>(2, 0), two, 2); }) ==
          "confusion_matrix: predicted has no columns");
    for (const idx_t classes : {std::numeric_limits<idx_t>::max(), std::numeric_limits<idx_t>::max() - 1})
        CHECK_THAT(message_of<std::length_error>([&] { confusion_matrix(one, one, classes); }),
                   ContainsSubstring("exceed the address space"));
}

TEST_CASE("labels are read within their rows", "[metrics]") {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    const matrix<idx_t> best = random_labels(20, 3, 5, 215);
    const guarded<idx_t> memory(best, where);
    const std::vector<int> truth(20, 1);
    for (idx_t k = 1; k <= 3; ++k)
        CHECK(accuracy_at(memory.rows(), truth, k).correct == accuracy_at(best, truth, k).correct);
    CHECK(first_difference(confusion_matrix(memory.rows(), truth, 5).counts, confusion_matrix(best, truth, 5).counts) ==
          "");
}

TEST_CASE("mean_per_class_recall refuses counts of another shape", "[metrics]") {
    unitsphere::confusion counted{unitsphere::matrix<idx_t>(3, 3)};
    CHECK(message_of<unitsphere::shape_error>([&] { unitsphere::mean_per_class_recall(counted); }) ==
          "mean_per_class_recall: counts is 3 x 3, it must be 3 x 4");
}

}  // namespace tests
