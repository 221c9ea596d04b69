#include <array>
#include <cstdlib>
#include <new>
#include <utility>

#include <unitsphere/engine/executor.hpp>
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "aligned_block.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

// Eigen's rows through every function: in place where they lie side by side, copied once where they do not, and never
// a call that could mean two overloads.

namespace {

std::size_t watched_bytes = 0;
int watched_allocations = 0;

}  // namespace

// Every matrix comes from here: how often one of the watched size is made is how often rows of that size are copied.
// Not inlined, or gcc finds free() where it knows of operator new.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
    watched_allocations += bytes == watched_bytes;
    if (void* const memory = aligned_block(bytes, std::size_t(alignment))) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tests {

using namespace unitsphere;

namespace {

template <class T>
using row_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using column_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// Matrices of 6 x 35 elements of T that the call makes.
template <class T, class Call>
int copies(Call&& call) {
    watched_bytes = 6 * 35 * sizeof(T);
    watched_allocations = 0;
    call();
    watched_bytes = 0;
    return watched_allocations;
}

template <class Matrix>
Matrix random_eigen(idx_t rows, idx_t dim, std::uint64_t seed) {
    using T = typename Matrix::Scalar;
    const matrix<T> plain = random_rows<T>(rows, dim, seed);
    return Matrix(const_eigen_map<T>(plain.data(), rows, dim));
}

const logit_scale eigen_scale = logit_scale::from_multiplier(10.0f);

}  // namespace

TEST_CASE("an Eigen matrix or map is no executor, though it can be called with anything", "[eigen]") {
    using unitsphere::engine::is_executor;
    STATIC_REQUIRE(!is_executor<Eigen::MatrixXf&>);
    STATIC_REQUIRE(!is_executor<const Eigen::MatrixXd&>);
    STATIC_REQUIRE(!is_executor<Eigen::VectorXf&>);
    STATIC_REQUIRE(!is_executor<Eigen::Map<Eigen::MatrixXf>>);
    STATIC_REQUIRE(!is_executor<decltype(std::declval<Eigen::MatrixXf&>().topRows(2))>);
    STATIC_REQUIRE(!is_executor<decltype(std::declval<Eigen::MatrixXf&>().transpose())>);
}

TEMPLATE_TEST_CASE("column-major rows are copied once by every function, row-major rows never", "[eigen]", float,
                   double) {
    const matrix<float> gallery = random_rows<float>(9, 35, 211);
    const zero_shot_classifier classifier(gallery, eigen_scale);
    const std::vector<int> labels{0, 0, 0, 1, 1, 1};
    std::array<double, 6> six;
    const auto check = [&](const auto& x, int expected) {
        const auto of = [](auto&& call) { return copies<TestType>(call); };
        CHECK(of([&] { norms(x); }) == expected);
        CHECK(of([&] { norms_into(x, six); }) == expected);
        CHECK(of([&] { is_unit(x); }) == expected);
        CHECK(of([&] { truncate_dim(x, 7); }) == expected);
        CHECK(of([&] { cosine_similarity(x, gallery); }) == expected);
        CHECK(of([&] { cosine_similarity(gallery, x); }) == expected);
        CHECK(of([&] { clip_logits(x, gallery, eigen_scale); }) == expected);
        CHECK(of([&] { clip_logits(gallery, x, eigen_scale); }) == expected);
        CHECK(of([&] { siglip_logits(x, gallery, eigen_scale, 1.0f); }) == expected);
        CHECK(of([&] { siglip_logits(gallery, x, eigen_scale, 1.0f); }) == expected);
        CHECK(of([&] { pairwise_cosine(x, x); }) == 2 * expected);
        CHECK(of([&] { mean_direction(x); }) == expected);
        CHECK(of([&] { centroid(x); }) == expected);
        CHECK(of([&] { prompt_ensemble(x, labels); }) == expected);
        CHECK(of([&] { zero_shot_classifier(x, eigen_scale); }) == expected);
        CHECK(of([&] { classifier.predict_proba(x); }) == expected);
        CHECK(of([&] { classifier.top_k(x, 2); }) == expected);
    };
    auto by_column = random_eigen<column_major<TestType>>(6, 35, 213);
    auto by_row = random_eigen<row_major<TestType>>(6, 35, 213);
    const column_major<TestType> one_per_column = by_column.transpose();
    check(by_column, 1);
    check(std::as_const(by_column), 1);
    check(by_row, 0);
    check(one_per_column.transpose(), 0);
    check(by_row.middleRows(0, 6), 0);
    const row_major<TestType> framed = row_major<TestType>::Random(9, 40);
    check(framed.block(1, 2, 6, 35), 0);
}

TEMPLATE_TEST_CASE("Eigen rows of any layout have the results of their copy in a matrix", "[eigen]", float, double) {
    const matrix<TestType> plain = random_rows<TestType>(6, 35, 214);
    const matrix<float> gallery = random_rows<float>(6, 35, 215), mean = random_rows<float>(1, 35, 216);
    const Eigen::VectorXf eigen_mean = Eigen::Map<const Eigen::VectorXf>(mean.data(), 35);
    const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(6, -1.0, 2.0);
    const std::vector<double> plain_weights(weights.data(), weights.data() + 6);
    const auto check = [&](const auto& x) {
        CHECK(first_difference(normalize(x), normalize(plain)) == "");
        CHECK(norms(x) == norms(plain));
        CHECK(first_difference(truncate_dim(x, 7), truncate_dim(plain, 7)) == "");
        CHECK(pairwise_cosine(x, gallery) == pairwise_cosine(plain, gallery));
        CHECK(first_difference(siglip_logits(x, x, eigen_scale, 1.0f),
                               siglip_logits(plain, plain, eigen_scale, 1.0f)) == "");
        CHECK(first_difference(mean_direction(x, {}, {{}, {}, weights}),
                               mean_direction(plain, {}, {{}, {}, plain_weights})) == "");
        CHECK(first_difference(center(x, eigen_mean), center(plain, mean)) == "");
        CHECK(first_difference(slerp(x, gallery, 0.5), slerp(plain, gallery, 0.5)) == "");
    };
    const auto by_column = random_eigen<column_major<TestType>>(6, 35, 214);
    const auto by_row = random_eigen<row_major<TestType>>(6, 35, 214);
    check(by_column);
    check(by_row);
    check(column_major<TestType>(by_row));  // a temporary
    check(Eigen::Ref<const column_major<TestType>>(by_column));
    Eigen::Map<const column_major<TestType>, 0, Eigen::OuterStride<>> strided(by_column.data(), 6, 35,
                                                                              Eigen::OuterStride<>(6));
    check(strided);
    column_major<TestType> interleaved(12, 35);
    interleaved.setConstant(TestType(-7));
    for (idx_t i = 0; i < 6; ++i) interleaved.row(2 * i) = by_column.row(i);
    check(Eigen::Map<const column_major<TestType>, 0, Eigen::Stride<Eigen::Dynamic, 2>>(
        interleaved.data(), 6, 35, Eigen::Stride<Eigen::Dynamic, 2>(12, 2)));
}

TEMPLATE_TEST_CASE("Eigen objects of float and double select the intended overload", "[eigen]", float, double) {
    const temporary_directory directory;
    auto rows = random_eigen<row_major<TestType>>(5, 8, 217);
    const auto unit = normalize<TestType>(rows);
    const auto view = normalize_in_place(rows);
    CHECK(static_cast<const void*>(view.data()) == rows.data());
    CHECK(first_difference(view, unit) == "");
    CHECK(adopt_unit(rows).data() == rows.data());
    CHECK(adopt_unit(std::as_const(rows)).data() == rows.data());
    CHECK(adopt_unit(rows.middleRows(1, 2)).data() == rows.data() + 8);
    save_npy(directory.path(), rows);
    CHECK(first_difference(load_npy<TestType>(directory.path()), to_view(rows)) == "");
    save_npy(directory.path(), std::as_const(rows).middleRows(1, 2));
    CHECK(load_npy<TestType>(directory.path()).rows() == 2);

    const Eigen::Matrix<TestType, Eigen::Dynamic, 1> vector = rows.row(2);
    Eigen::Matrix<TestType, Eigen::Dynamic, 1> own = 3 * vector;
    CHECK(cosine<TestType>(vector, rows.row(3)) == cosine_similarity<TestType>(rows, rows)(2, 3));
    normalize_in_place(own);
    CHECK(is_unit(own, {1e-6}));
    save_npy(directory.path(), own);
    CHECK(load_npy<TestType>(directory.path()).dim() == 8);
    CHECK(read(directory.path()).find("'shape': (8,)") != std::string::npos);
    const Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic> by_columns = rows;
    save_npy(directory.path(), by_columns);
    CHECK(first_difference(load_npy<TestType>(directory.path()), to_view(rows)) == "");

    row_major<TestType> scores(5, 5);
    cosine_similarity_into(rows, rows, scores);
    CHECK(first_difference(to_view(scores), cosine_similarity<TestType>(rows, rows)) == "");
    Eigen::Matrix<TestType, Eigen::Dynamic, 1> pairs(5);
    pairwise_cosine_into(rows, rows, pairs);
    CHECK(pairs(2) == pairwise_cosine<TestType>(rows, rows)[2]);
}

}  // namespace tests
