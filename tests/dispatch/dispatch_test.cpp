// A program that is compiled for any processor and linked with levels: whichever runs, the bits are those of the direct
// functions. The levels of the build are those of tests.cmake; those that this machine does not run are left out.

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include <unitsphere/detail/machine.hpp>
#include <unitsphere/dispatch.hpp>
#include <unitsphere/unitsphere.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "executors.hpp"
#include "golden.hpp"
#include "random_rows.hpp"

namespace tests {

namespace us = unitsphere::dispatched;
using Catch::Matchers::ContainsSubstring;

namespace {

struct collected {
    std::string bytes;

    template <class T>
    collected& add(const matrix_view<const T>& rows) {
        for (idx_t i = 0; i < rows.rows(); ++i)
            bytes.append(reinterpret_cast<const char*>(rows.row(i)), std::size_t(rows.dim()) * sizeof(T));
        return *this;
    }
    template <class T>
    collected& add(const matrix<T>& rows) {
        return add(rows.view());
    }
    template <class T>
    collected& add(const us::array<T>& list) {
        return add(list.view());
    }
};

template <class Rows>
std::string bits(const Rows& rows) {
    return collected().add(rows).bytes;
}

matrix<double> head_rows(idx_t dim) { return random_rows<double>(3, dim + 1, 7); }

namespace by_direct {
namespace asked = unitsphere;
#include "answers.hpp"
}  // namespace by_direct
namespace by_level {
namespace asked = unitsphere::dispatched;
#include "answers.hpp"
}  // namespace by_level

struct level {
    const unitsphere::levels::table* table;
    bool has_fma;
};

/// All that this machine runs.
std::vector<level> supported() {
    idx_t count = 0;
    const unitsphere::levels::table* const* const all = unitsphere::levels::all(count);
    std::vector<level> result;
    for (idx_t i = 0; i < count; ++i)
        if (unitsphere::levels::is_supported(*all[i])) {
            const std::string set = all[i]->instruction_set;
            result.push_back({all[i], set.find("fma") != std::string::npos || set.compare(0, 4, "neon") == 0});
        }
    return result;
}

template <class Images, class Texts>
void check_answers(const Images& images, const Texts& texts) {
    const on_threads three{3};
    const std::string direct = by_direct::answers(images, texts, {});
    std::string of_kind[2];  // without FMA, with
    for (const level& it : supported()) {
        unitsphere::levels::run(*it.table);
        INFO(us::running().name());
        std::string& expected = of_kind[it.has_fma ? 1 : 0];
        if (expected.empty())
            expected = it.has_fma == unitsphere::kernel::has_fma ? direct : by_level::answers(images, texts, {});
        CHECK((by_level::answers(images, texts, {}) == expected));
        CHECK((by_level::answers(images, texts, three) == expected));
    }
}

}  // namespace

TEST_CASE("every level has the bits of the direct functions", "[dispatch]") {
    const idx_t dim = GENERATE(1, 31, 200);
    check_answers(varied_rows<float16>(19, dim, 3), varied_rows<double>(37, dim, 4));
    check_answers(varied_rows<double>(19, dim, 5), unitsphere::normalize(varied_rows<bfloat16>(37, dim, 6)));
    check_answers(random_rows<std::int8_t>(19, dim, 7), unitsphere::normalize<double>(varied_rows<double>(37, dim, 8)));
}

TEST_CASE("every level has the scores of the canonical arithmetic", "[dispatch]") {
    const auto queries = random_rows<float>(5, 300, 1), rows = random_rows<float>(70, 300, 2);
    for (const level& it : supported()) {
        unitsphere::levels::run(*it.table);
        INFO(us::running().name());
        const auto exact = canonical::scores(canonical::unit(queries), canonical::unit(rows), it.has_fma);
        CHECK((bits(us::cosine_similarity(queries, rows)) == bits(exact)));
        const us::shadow_gallery by_bytes(rows);
        const us::compact_gallery<std::int8_t> compact(rows);
        const us::compact_gallery<us::fast_bfloat16> fast(rows);  // each level's own bits
        const us::neighbours near = us::top_k(queries, fast, 70);
        for (idx_t i = 0; i < 5; ++i)
            for (idx_t rank = 0; rank < 70; ++rank)
                CHECK(std::fabs(near.scores(i, rank) - exact(i, near.indices(i, rank))) < 2e-3f);
        for (const auto& found : {us::top_k(queries, by_bytes, 8), us::top_k_rescored(queries, compact, by_bytes, 8, 9),
                                  us::top_k_rescored(queries, fast, by_bytes, 8, 9)})
            for (idx_t i = 0; i < 5; ++i)
                for (idx_t rank = 0; rank < 8; ++rank) {
                    const idx_t row = found.indices(i, rank);
                    idx_t before = 0;
                    for (idx_t j = 0; j < 70; ++j)
                        before += exact(i, j) > exact(i, row) || (exact(i, j) == exact(i, row) && j < row);
                    CHECK((before == rank && found.scores(i, rank) == exact(i, row)));
                }
    }
}

TEST_CASE("every level keeps the recorded bits", "[dispatch]") {
    for (const level& it : supported()) {
        unitsphere::levels::run(*it.table);
        INFO(us::running().name());
        for (const idx_t dim : {1, 17, 129, 1152}) {
            const auto queries = varied_rows<float>(19, dim, 101), gallery = varied_rows<float>(37, dim, 102);
            matrix<float> unit(19, dim);
            us::normalize_into(queries, unit);
            check("unit_f32_" + std::to_string(dim), unit, it.has_fma);
            check("cosine_f32_" + std::to_string(dim), us::cosine_similarity(queries, gallery), it.has_fma);
        }
        const auto prompts = random_rows<float>(60, 512, 105);
        std::vector<int> class_of_prompt(60);
        for (std::size_t i = 0; i < 60; ++i) class_of_prompt[i] = int(i * 7 % 17 % 12);
        const us::zero_shot_classifier classifier(us::prompt_ensemble(prompts, class_of_prompt),
                                                  us::logit_scale::from_multiplier(56.9953f));
        check("zero_shot", classifier.predict_proba(random_rows<float16>(40, 512, 104)), it.has_fma);
    }
}

TEST_CASE("a level answers in double, and in the caller's memory and workspace", "[dispatch]") {
    const auto rows = varied_rows<double>(9, 33, 1);
    const auto a = varied_rows<float>(9, 33, 2), b = varied_rows<float>(21, 33, 3);
    for (const level& it : supported()) {
        unitsphere::levels::run(*it.table);
        if (it.has_fma == unitsphere::kernel::has_fma) {
            CHECK((bits(us::normalize<double>(rows).values()) == bits(unitsphere::normalize<double>(rows).values())));
            CHECK((bits(us::cosine_similarity<double>(rows, rows)) ==
                   bits(unitsphere::cosine_similarity<double>(rows, rows))));
            CHECK((bits(us::top_k(a, b, 4, {}, {{}, {}, true}).scores) ==
                   bits(unitsphere::top_k(a, b, 4, {}, {{}, {}, true}).scores)));
        }
        us::workspace space;
        matrix<float> scores(9, 21);
        us::cosine_similarity_into(a, b, scores, space);
        const idx_t bytes = space.bytes();
        us::cosine_similarity_into(a, b, scores, space);
        CHECK(bytes > 0);
        CHECK(space.bytes() == bytes);
        idx_t done = 0;
        const auto count = [&](idx_t part, idx_t) { done += part; };
        us::cosine_similarity(a, b, us::execution().on_progress(count));
        CHECK(done == 9 * 21);
        const auto cancel = [](idx_t, idx_t) { return false; };
        CHECK_THROWS_AS(us::cosine_similarity(a, b, us::execution().on_progress(cancel)), us::cancelled_error);
    }
}

TEST_CASE("errors and reports of a level are the caller's own", "[dispatch]") {
    matrix<float> rows = random_rows<float>(4, 8, 1), other(2, 3);
    const auto many = random_rows<float>(20000, 8, 2);
    for (idx_t k = 0; k < 8; ++k) rows(2, k) = 0.0f;
    for (const level& it : supported()) {
        unitsphere::levels::run(*it.table);
        CHECK_THROWS_AS(us::cosine_similarity(rows, other), us::shape_error);
        CHECK_THROWS_WITH(us::cosine_similarity(rows, other),
                          "cosine_similarity: queries have dim 8, gallery has dim 3");
        CHECK_THROWS_AS(us::normalize(rows, {}, {{us::on_row::error}}), us::value_error);
        CHECK_THROWS_WITH(us::normalize(rows, {}, {{us::on_row::error}}), "normalize: row 2 is zero");
        CHECK_THROWS_AS(us::cosine_similarity<double>(rows, rows), us::value_error);
        CHECK_THROWS_WITH(us::top_k(rows, rows, -1), ContainsSubstring("k is -1"));
        const us::compact_gallery<us::one_bit> compact(rows);
        CHECK_THROWS_WITH(us::top_k_rescored(rows, compact, other, 1, 2),
                          "top_k_rescored: gallery has dim 8, rows have dim 3");
        CHECK_THROWS_WITH(us::top_k_rescored(rows, compact, rows, 1, 0),
                          "top_k_rescored: factor is 0, it must be at least 1");
        CHECK_THROWS_WITH(us::top_k_rescored(rows, compact, rows, 1, 1, {}, {{us::on_row::error}}),
                          "top_k_rescored: queries row 2 is zero");
        CHECK_THROWS_WITH(us::top_k_rescored(rows, compact, rows, 1, 1, {}, {{}, {}, 9}),
                          "top_k_rescored: truncate_dim is 9, the rows have dim 8");
        const std::vector<float> mean(7);
        CHECK_THROWS_WITH(us::shadow_gallery(rows, {}, {{}, mean}),
                          "shadow_gallery: the mean has dim 7, the rows have dim 8");
        CHECK_THROWS_WITH(us::shadow_gallery::over(us::normalize(rows), {}, {mean}),
                          "shadow_gallery::over: the mean has dim 7, the rows have dim 8");
        CHECK_THROWS_WITH(us::compact_gallery<float16>(rows, {}, {{}, mean}), ContainsSubstring("a mean of dim 7"));
        matrix<float16> halves(4, 8);
        const us::matrix_view<float> inside(reinterpret_cast<float*>(halves.data()), 4, 4);
        CHECK_THROWS_WITH(us::cosine_similarity_into(halves, rows, inside), ContainsSubstring("overlaps"));
        const auto throws = [](idx_t, const auto&) { throw std::runtime_error("mine"); };
        CHECK_THROWS_WITH(us::top_k(rows, many, 1, throws), "mine");
        us::row_report report;
        us::row_policy counted;
        counted.report = &report;
        us::cosine_similarity(varied_rows<double>(4, 8, 1), rows, {}, {{}, counted});
        CHECK((report.zero_rows == 1 && report.first_zero == 2));
    }
}

TEST_CASE("objects of a level are copied, moved and stay with their level", "[dispatch]") {
    const auto rows = random_rows<float>(12, 16, 1);
    const std::vector<level> all = supported();
    us::gallery empty;
    CHECK((empty.rows() == 0 && empty.unit_rows().rows() == 0));
    CHECK(us::top_k(matrix<float>(3, 0), empty, 2).indices.columns() == 0);
    unitsphere::levels::run(*all.front().table);
    us::gallery packed(rows);
    const us::zero_shot_classifier classifier(rows, us::logit_scale::from_multiplier(3.0f));
    unitsphere::levels::run(*all.back().table);
    us::gallery copy(packed);
    us::gallery moved(static_cast<us::gallery&&>(packed));
    CHECK((packed.rows() == 0 && moved.rows() == 12 && copy.rows() == 12 && copy.dim() == 16));
    packed = static_cast<us::gallery&&>(moved);
    packed.append(rows);
    CHECK((packed.rows() == 24 && packed.report().zero_rows == 0));
    const auto by_gallery = us::cosine_similarity(rows, copy);
    unitsphere::levels::run(*all.front().table);
    CHECK((bits(by_gallery) == bits(us::cosine_similarity(rows, rows))));
    us::zero_shot_classifier taken(classifier);
    const us::zero_shot_classifier last(static_cast<us::zero_shot_classifier&&>(taken));
    CHECK(last.predict(rows) == classifier.predict(rows));
    CHECK_THROWS_WITH(taken.predict(rows), ContainsSubstring("moved from"));
}

#if defined(__x86_64__)
TEST_CASE("no extension is there whose registers the operating system does not save", "[dispatch]") {
    using unitsphere::detail::features_found;
    using unitsphere::levels::bit_of;
    using unitsphere::levels::feature;
    const std::uint64_t all = features_found(~std::uint64_t(0));
    const std::uint64_t of_ymm =
        bit_of(feature::avx) | bit_of(feature::f16c) | bit_of(feature::fma) | bit_of(feature::avx2);
    const std::uint64_t of_zmm = bit_of(feature::avx512f) | bit_of(feature::avx512vl) | bit_of(feature::avx512vnni);
    const std::uint64_t others = bit_of(feature::sse4_2) | bit_of(feature::bmi2);
    CHECK((features_found(0) & (of_ymm | of_zmm | others)) == (all & others));
    CHECK((features_found(2) & (of_ymm | of_zmm)) == 0);
    CHECK((features_found(6) & (of_ymm | of_zmm)) == (all & of_ymm));
    CHECK((features_found(0x66) & of_zmm) == 0);
    CHECK((features_found(0xe6) & of_zmm) == (all & of_zmm));
}
#endif

TEST_CASE("the best level is the last that the machine runs, of 512 bits where that is no slower", "[dispatch]") {
    using unitsphere::detail::best_of;
    using unitsphere::detail::has_one_wide_fma;
    unitsphere::levels::table low{}, middle{}, high{};
    middle.features = 1, middle.vector_bytes = 32, high.features = 3, high.vector_bytes = 64;
    const unitsphere::levels::table* const list[] = {&low, &middle, &high};
    unitsphere::detail::machine here;
    CHECK(best_of(here, list, 3) == &low);
    CHECK(best_of(here, list + 1, 2) == nullptr);
    here.features = 5;
    CHECK(best_of(here, list, 3) == &middle);
    here.features = 7;
    CHECK(best_of(here, list, 3) == &high);
    here.one_wide_fma = true;
    CHECK(best_of(here, list, 3) == &middle);
    CHECK(best_of(here, list + 2, 1) == &high);
    CHECK(has_one_wide_fma(6, 85, "Intel(R) Xeon(R) Silver 4110 CPU @ 2.10GHz"));
    CHECK(has_one_wide_fma(6, 85, "Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz"));
    CHECK_FALSE(has_one_wide_fma(6, 85, "Intel(R) Xeon(R) Gold 5122 CPU @ 3.60GHz"));
    CHECK_FALSE(has_one_wide_fma(6, 85, "Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz"));
    CHECK_FALSE(has_one_wide_fma(6, 106, "Intel(R) Xeon(R) Silver 4310 CPU @ 2.10GHz"));
}

}  // namespace tests
