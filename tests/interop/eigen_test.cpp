#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

template <class T>
using row_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using column_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// The same numbers as an Eigen matrix, element by element.
template <class Matrix, class T>
Matrix to_eigen(const matrix<T>& rows) {
    Matrix result(rows.rows(), rows.dim());
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < rows.dim(); ++k)
            std::memcpy(static_cast<void*>(&result(i, k)), &rows(i, k), sizeof rows(i, k));
    return result;
}

template <class T>
struct eigen_type {
    using type = T;
};
template <>
struct eigen_type<float16> {
    using type = Eigen::half;
};
template <>
struct eigen_type<bfloat16> {
    using type = Eigen::bfloat16;
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("Eigen matrices, maps, blocks and vectors are rows", "[eigen]", element_types) {
    using scalar = typename eigen_type<TestType>::type;
    const auto rows = random_rows<TestType>(6, 35, 111), gallery = random_rows<TestType>(9, 35, 112);
    const auto expected = cosine_similarity(rows, gallery);
    const auto by_row = to_eigen<row_major<scalar>>(rows);
    const auto by_column = to_eigen<column_major<scalar>>(rows);
    const column_major<scalar> one_per_column = by_column.transpose();
    CHECK(first_difference(cosine_similarity(by_row, gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(by_column, gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(one_per_column.transpose(), gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(gallery, by_column), transposed(expected)) == "");

    const Eigen::Map<const row_major<scalar>> map(by_row.data(), 6, 35);
    const Eigen::Ref<const row_major<scalar>> ref(by_row);
    CHECK(first_difference(cosine_similarity(map, gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(ref, gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(by_row.middleRows(2, 3), gallery), part(expected, 2, 3)) == "");
    CHECK(first_difference(cosine_similarity(by_column.middleRows(2, 3), gallery), part(expected, 2, 3)) == "");
    CHECK(first_difference(cosine_similarity(by_row.row(4), gallery), part(expected, 4, 1)) == "");
    CHECK(first_difference(cosine_similarity(by_column.row(4), gallery), part(expected, 4, 1)) == "");
    const Eigen::Matrix<scalar, Eigen::Dynamic, 1> vector = by_row.row(4);
    CHECK(first_difference(cosine_similarity(vector, gallery), part(expected, 4, 1)) == "");
}

TEST_CASE("a classifier takes images and classes of any Eigen layout", "[eigen]") {
    const auto images = random_rows<float>(6, 35, 116), classes = random_rows<float>(9, 35, 117);
    const logit_scale scale = logit_scale::from_multiplier(20.0f);
    const zero_shot_classifier plain(classes, scale), classifier(to_eigen<column_major<float>>(classes), scale);
    const auto by_column = to_eigen<column_major<float>>(images);
    const auto by_row = to_eigen<row_major<float>>(images);
    const matrix<float> expected = plain.predict_proba(images);
    CHECK(first_difference(classifier.predict_proba(by_column), expected) == "");
    CHECK(first_difference(classifier.predict_proba(by_row), expected) == "");
    CHECK(first_difference(classifier.top_k(by_column, 3).labels, plain.top_k(images, 3).labels) == "");
}

TEST_CASE("views of row-major memory and of columns are made without a copy", "[eigen]") {
    const row_major<float> by_row = row_major<float>::Random(4, 7);
    const column_major<float> by_column = column_major<float>::Random(7, 4);
    CHECK(to_view(by_row).data() == by_row.data());
    CHECK(to_view(by_row.block(1, 2, 2, 3)).data() == &by_row(1, 2));
    CHECK(to_view(by_row.block(1, 2, 2, 3)).stride() == 7);
    CHECK(to_view(by_column.transpose()).data() == by_column.data());
    CHECK(to_view(by_column.transpose()).rows() == 4);
}

TEST_CASE("row-major Eigen objects are outputs, and normalize in place", "[eigen]") {
    const auto rows = random_rows<float>(5, 20, 113);
    const auto unit = normalize(rows);
    auto in_place = to_eigen<row_major<float>>(rows);
    normalize_in_place(in_place);
    CHECK(first_difference(to_view(in_place), unit) == "");

    auto wide = to_eigen<row_major<double>>(random_rows<double>(5, 20, 114));
    const auto unit_wide = normalize<double>(wide);
    normalize_in_place(wide);
    CHECK(first_difference(to_view(wide), unit_wide) == "");

    row_major<float> framed = row_major<float>::Constant(7, 24, -7.0f);
    const auto written = normalize_into(rows, framed.block(1, 2, 5, 20));
    CHECK(first_difference(written, unit) == "");
    CHECK(as_eigen(written) == framed.block(1, 2, 5, 20));
    CHECK((framed.col(1).array() == -7.0f).all());
    CHECK((framed.rightCols(2).array() == -7.0f).all());

    row_major<float> scores(5, 5);
    cosine_similarity_into(rows, rows, scores);
    CHECK(first_difference(to_view(scores), cosine_similarity(rows, rows)) == "");
    column_major<float> scores_by_column(5, 5);
    cosine_similarity_into(rows, rows, scores_by_column.transpose());
    CHECK(scores_by_column == scores.transpose());
    softmax_into(scores, scores);
    CHECK(first_difference(to_view(scores), softmax(cosine_similarity(rows, rows))) == "");
    Eigen::VectorXf pairs(5);
    pairwise_cosine_into(rows, unit, pairs);
    CHECK(pairs(3) == cosine(part(rows, 3, 1), part(rows, 3, 1)));
}

TEST_CASE("Eigen rows that are unit are adopted, and results view as Eigen maps", "[eigen]") {
    const auto unit = normalize(random_rows<float>(3, 8, 115));
    const row_major<float> copy = as_eigen(unit);
    CHECK(adopt_unit(copy).data() == copy.data());
    matrix<float> cosines = cosine_similarity(unit, copy);
    const auto exact = as_eigen(unit).cast<double>() * as_eigen(unit).cast<double>().transpose();
    CHECK((as_eigen(cosines).cast<double>() - exact).cwiseAbs().maxCoeff() < 6e-7);
    as_eigen(cosines)(1, 2) = 5.0f;
    CHECK(cosines(1, 2) == 5.0f);
}

TEST_CASE("weights and labels may be strided Eigen vectors", "[eigen]") {
    const auto rows = random_rows<float>(4, 20, 116);
    row_major<float> table(4, 3);
    table << 1, 9, 9, -2, 9, 9, 0.5f, 9, 9, 3, 9, 9;
    const std::vector<float> weights{1, -2, 0.5f, 3};
    CHECK(first_difference(mean_direction(rows, {}, {{}, {}, table.col(0)}),
                           mean_direction(rows, {}, {{}, {}, weights})) == "");
    row_major<int> labels(4, 2);
    labels << 0, 7, 1, 7, 1, 7, 0, 7;
    const std::vector<int> class_of_prompt{0, 1, 1, 0};
    CHECK(first_difference(prompt_ensemble(rows, labels.col(0)), prompt_ensemble(rows, class_of_prompt)) == "");
    matrix<idx_t> best(4, 1);
    for (idx_t i = 0; i < 4; ++i) best(i, 0) = labels(i, 0);
    CHECK(accuracy_at(best, labels.col(0), 1).correct == 4);
    CHECK(confusion_matrix(labels.col(0), class_of_prompt, 2).counts(1, 1) == 2);
}

}  // namespace tests
