#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/kernel/rotation.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// x rounded to the eight bits of a bfloat16, to nearest even.
double rounded_to_bfloat16(double x) {
    int exponent;
    const double fraction = std::frexp(x, &exponent);
    return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

/// The arithmetic of compact rows from its description alone, one number at a time.
struct oracle {
    idx_t dim;
    std::vector<float> mean;

    static bool negative(idx_t k) {
        std::uint64_t z = std::uint64_t(k + 1) * 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return (z ^ (z >> 31)) % 2 == 1;
    }
    /// A sum in 16 lanes, joined as a tree.
    template <class Term>
    static double sum(idx_t count, Term&& term) {
        double lane[16] = {};
        for (idx_t k = 0; k < count; ++k) lane[k % 16] += term(k);
        for (int half = 8; half > 0; half /= 2)
            for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
        return lane[0];
    }
    double with_mean(const float* row) const {
        return sum(dim, [&](idx_t k) { return double(row[k]) * double(mean[std::size_t(k)]); });
    }

    explicit oracle(const matrix<float>& units) : dim(units.dim()), mean(std::size_t(dim), 0.0f) {
        idx_t count = 0;
        std::vector<double> sums(std::size_t(dim), 0.0);
        for (idx_t i = 0; i < std::min<idx_t>(units.rows(), 4096); ++i) {
            const double length = sum(dim, [&](idx_t k) { return double(units(i, k)) * double(units(i, k)); });
            if (reference::is_nan(length) || length == 0.0) continue;
            for (idx_t k = 0; k < dim; ++k) sums[std::size_t(k)] += double(units(i, k));
            ++count;
        }
        for (idx_t k = 0; k < dim; ++k)
            if (count > 0) mean[std::size_t(k)] = float(sums[std::size_t(k)] / double(count));
    }

    std::vector<float> rotated(const float* row) const {
        std::vector<float> g(static_cast<std::size_t>(dim));
        for (idx_t k = 0; k < dim; ++k) g[std::size_t(k)] = row[k] - mean[std::size_t(k)];
        if (dim < 16) return g;
        idx_t n = 16;
        while (2 * n <= dim) n *= 2;
        const float scale = float(1.0 / std::sqrt(double(n)));
        for (idx_t first = 0; first == 0 || first == dim - n; first += std::max<idx_t>(dim - n, 1)) {
            float* const x = g.data() + first;
            for (idx_t k = 0; k < n; ++k) x[k] = x[k] * (negative(first + k) ? -scale : scale);
            for (idx_t stride = 1; stride < n; stride *= 2)
                for (idx_t k = 0; k < n; ++k)
                    if (k / stride % 2 == 0) {
                        const float low = x[k], high = x[k + stride];
                        x[k] = low + high, x[k + stride] = low - high;
                    }
        }
        return g;
    }
    struct packed_row {
        std::vector<double> elements;
        float scale, from_mean;
        bool zero, undefined;
    };
    packed_row packed(const float* unit, int bits) const {
        const double length = sum(dim, [&](idx_t k) { return double(unit[k]) * double(unit[k]); });
        packed_row result{std::vector<double>(std::size_t(dim), 0.0), 0.0f, 0.0f, length == 0.0,
                          reference::is_nan(length)};
        if (result.zero || result.undefined) return result;
        const std::vector<float> g = rotated(unit);
        result.from_mean = float(with_mean(unit));
        if (bits == 16) {
            result.scale = 1.0f;
            for (idx_t k = 0; k < dim; ++k)
                result.elements[std::size_t(k)] = rounded_to_bfloat16(double(g[std::size_t(k)]));
            return result;
        }
        if (bits == 1) {
            const double squares =
                sum(dim, [&](idx_t k) { return double(g[std::size_t(k)]) * double(g[std::size_t(k)]); });
            const double sizes = sum(dim, [&](idx_t k) { return std::fabs(double(g[std::size_t(k)])); });
            result.scale = sizes > 0 ? float(squares / sizes) : 0.0f;
            for (idx_t k = 0; k < dim; ++k) result.elements[std::size_t(k)] = g[std::size_t(k)] < 0 ? -1 : 1;
            return result;
        }
        const float most = bits == 8 ? 127.0f : 7.0f;
        float greatest = 0;
        for (const float x : g) greatest = std::max(greatest, std::fabs(x));
        result.scale = std::max(greatest / most, 0x1p-24f);
        const float inverse = 1.0f / result.scale;
        for (idx_t k = 0; k < dim; ++k) {
            const volatile float x = g[std::size_t(k)] * inverse;
            result.elements[std::size_t(k)] =
                double(std::min(std::max(std::trunc(x + (x < 0 ? -0.5f : 0.5f)), -most), most));
        }
        return result;
    }
    /// Of 16 bits: what the roundings of a sum may change.
    double sum_error(const packed_row& u, const packed_row& v) const {
        double sizes = 0;
        for (idx_t k = 0; k < dim; ++k) sizes += std::fabs(u.elements[std::size_t(k)] * v.elements[std::size_t(k)]);
        return double(dim + 2) * 0x1p-24 * sizes + 0x1p-22;  // and those of the three other terms
    }
    float score(const packed_row& u, const packed_row& v) const {
        if (u.undefined || v.undefined) return std::numeric_limits<float>::quiet_NaN();
        if (u.zero || v.zero) return 0.0f;
        double product = 0;  // of integers exact
        for (idx_t k = 0; k < dim; ++k) product += u.elements[std::size_t(k)] * v.elements[std::size_t(k)];
        const double square =
            sum(dim, [&](idx_t k) { return double(mean[std::size_t(k)]) * double(mean[std::size_t(k)]); });
        const volatile float of_row = float(product) * v.scale, of_both = of_row * u.scale;
        const volatile float offset = float(double(u.from_mean) - square), from_mean = v.from_mean + offset;
        return std::min(std::max(of_both + from_mean, -1.0f), 1.0f);
    }
    matrix<float> scores(const matrix<float>& queries, const matrix<float>& gallery, int bits) const {
        std::vector<packed_row> of_queries, of_gallery;
        for (idx_t i = 0; i < queries.rows(); ++i) of_queries.push_back(packed(queries.row(i), std::max(bits, 8)));
        for (idx_t j = 0; j < gallery.rows(); ++j) of_gallery.push_back(packed(gallery.row(j), bits));
        matrix<float> result(queries.rows(), gallery.rows());
        for (idx_t i = 0; i < queries.rows(); ++i)
            for (idx_t j = 0; j < gallery.rows(); ++j)
                result(i, j) = score(of_queries[std::size_t(i)], of_gallery[std::size_t(j)]);
        return result;
    }
};

template <class Storage>
constexpr int bits_of = std::is_same_v<Storage, std::int8_t> ? 8
                        : std::is_same_v<Storage, int4>      ? 4
                        : std::is_same_v<Storage, one_bit>   ? 1
                                                             : 16;

using integer_storages = std::tuple<std::int8_t, int4, one_bit>;
using storages_of_bytes = std::tuple<std::int8_t, int4, one_bit, fast_bfloat16>;

matrix<float> units_of(const matrix<float>& rows) {
    const auto units = normalize(rows);
    matrix<float> result(rows.rows(), rows.dim());
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < rows.dim(); ++k) result(i, k) = units(i, k);
    return result;
}

matrix<float> troubled_rows(idx_t count, idx_t dim, std::uint64_t seed) {
    auto rows = varied_rows<float>(count, dim, seed);
    generator random(seed + 1);
    if (count > 5)
        fill_row(rows.row(5), dim, row_kind::zero, random), fill_row(rows.row(2), dim, row_kind::nan, random);
    return rows;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("scores of compact integers are those of their description, bit for bit", "[compact]",
                        integer_storages) {
    const idx_t n = GENERATE(1, 16, 33, 130), dim = GENERATE(1, 5, 15, 16, 17, 64, 70, 100, 256);
    CAPTURE(n, dim);
    const auto rows = troubled_rows(n, dim, 21), queries = troubled_rows(37, dim, 22);
    const compact_gallery<TestType> gallery(rows);
    const oracle expected(units_of(rows));
    const auto scores = expected.scores(units_of(queries), units_of(rows), bits_of<TestType>);
    CHECK(first_difference(cosine_similarity(queries, gallery), scores) == "");
    CHECK(first_difference(cosine_similarity(part(queries, 7, 1), gallery), part(scores, 7, 1)) == "");
    const idx_t padded = (dim + 63) / 64 * 64, panels = (n + 15) / 16;
    CHECK(gallery.bytes() == panels * 16 * (padded * bits_of<TestType> / 8 + 8) + 8 * dim);
}

TEST_CASE("scores of fast_bfloat16 are those of their description, but for the roundings of a sum", "[compact]") {
    const idx_t n = GENERATE(1, 16, 130), dim = GENERATE(1, 5, 16, 31, 33, 70, 256, 1000);
    CAPTURE(n, dim);
    const auto rows = troubled_rows(n, dim, 21), queries = troubled_rows(37, dim, 22);
    const auto unit_rows = units_of(rows), unit_queries = units_of(queries);
    const compact_gallery<fast_bfloat16> gallery(rows);
    const oracle expected(unit_rows);
    const auto scores = expected.scores(unit_queries, unit_rows, 16), found = cosine_similarity(queries, gallery);
    for (idx_t i = 0; i < 37; ++i)
        for (idx_t j = 0; j < n; ++j) {
            const double most =
                expected.sum_error(expected.packed(unit_queries.row(i), 16), expected.packed(unit_rows.row(j), 16));
            const bool same = reference::is_nan(scores(i, j))
                                  ? reference::is_nan(found(i, j))
                                  : std::fabs(double(scores(i, j)) - double(found(i, j))) <= most;
            if (!same) FAIL("query " << i << ", row " << j << ": " << found(i, j) << ", not " << scores(i, j));
        }
    CHECK(first_difference(cosine_similarity(part(queries, 7, 1), gallery), part(found, 7, 1)) == "");
    const idx_t padded = (2 * dim + 63) / 64 * 64, panels = (n + 15) / 16;
    CHECK(gallery.bytes() == panels * 16 * (padded + 8) + 8 * dim);
}

TEST_CASE("scores of fast_bfloat16 are cosines, within the bound of their description", "[compact]") {
    const auto distance = [](const matrix<float>& rows, idx_t i, const std::vector<double>& mean) {
        double square = 0;
        for (idx_t k = 0; k < rows.dim(); ++k) square += std::pow(double(rows(i, k)) - mean[std::size_t(k)], 2);
        return std::sqrt(square);
    };
    for (const idx_t dim : {31, 512, 1017}) {
        matrix<float> rows = random_rows<float>(20, dim, 61);
        for (idx_t k = 0; k < dim; ++k) rows(7, k) = 1.0f;  // rotated back, each element is rounded alike
        std::vector<float> of_rotation(static_cast<std::size_t>(dim));
        kernel::find_rotation_signs(dim, of_rotation.data());
        kernel::rotate_back(rows.row(7), dim, of_rotation.data());
        const auto units = units_of(rows);
        for (const double element : {0.0, 0.5 / std::sqrt(double(dim))}) {
            const std::vector<double> mean(std::size_t(dim), element);
            compact_gallery_options options;
            options.mean = mean;
            const auto found = cosine_similarity(rows, compact_gallery<fast_bfloat16>(rows, {}, options));
            for (idx_t i = 0; i < 20; ++i)
                for (idx_t j = 0; j < 20; ++j) {
                    double exact = 0;
                    for (idx_t k = 0; k < dim; ++k) exact += double(units(i, k)) * double(units(j, k));
                    const double both = distance(units, i, mean) * distance(units, j, mean);
                    const double most = both * (0x1p-7 * (1 + 0x1p-9) + double(dim + 40) * 0x1p-24) + 0x1p-20;
                    if (!(std::fabs(double(found(i, j)) - exact) <= most))
                        FAIL("dim " << dim << ", " << i << " and " << j << ": " << found(i, j) << ", not " << exact);
                }
        }
    }
}

TEST_CASE("compact integers take the mean of the caller, and keep it", "[compact]") {
    const idx_t dim = 70;
    const auto rows = troubled_rows(60, dim, 31), queries = troubled_rows(9, dim, 32);
    oracle expected(units_of(rows));
    for (idx_t k = 0; k < dim; ++k) expected.mean[std::size_t(k)] = 0.01f * float(k % 11 - 3);
    compact_gallery_options options;
    options.mean = expected.mean;
    compact_gallery<std::int8_t> gallery(part(rows, 0, 21), {}, options);
    gallery.append(part(rows, 21, 39));
    CHECK(first_difference(cosine_similarity(queries, gallery),
                           expected.scores(units_of(queries), units_of(rows), 8)) == "");

    CHECK_THROWS_WITH(gallery.append(rows, {}, options),
                      Catch::Matchers::ContainsSubstring("a gallery that has 60 rows"));
    const auto refusal = [&](const std::vector<double>& mean) {
        options.mean = mean;
        return message_of<std::invalid_argument>([&] { compact_gallery<int4>(rows, {}, options); });
    };
    std::vector<double> mean(70, 0.1);
    CHECK(refusal(std::vector<double>(69, 0.0)) == "compact_gallery: the mean has dim 69, the rows have dim 70");
    CHECK(refusal(std::vector<double>(70, 0.25)) ==
          "compact_gallery: the mean has norm 2.09165007, it must be at most 1");
    mean[5] = std::numeric_limits<double>::quiet_NaN();
    CHECK(refusal(mean) == "compact_gallery: the mean is not finite at 5 of 70");
    CHECK_THROWS_WITH(compact_gallery<float16>(rows, {}, options),
                      Catch::Matchers::ContainsSubstring("a mean of dim 70"));
    CHECK(gallery.rows() == 60);
}

TEMPLATE_LIST_TEST_CASE("searches of compact rows are those of their scores", "[compact]", storages_of_bytes) {
    const auto rows = troubled_rows(500, 40, 23), queries = troubled_rows(45, 40, 24);
    const compact_gallery<TestType> gallery(rows);
    const auto scores = cosine_similarity(queries, gallery);
    const on_threads three{3};
    for (const execution& how : {execution(), execution(three), execution(in_reverse)}) {
        const neighbours found = top_k(queries, gallery, 9, how);
        CHECK(first_difference(cosine_similarity(queries, gallery, how), scores) == "");
        for (idx_t i = 0; i < queries.rows(); ++i) {
            std::vector<idx_t> order;
            for (idx_t j = 0; j < rows.rows(); ++j)
                if (!reference::is_nan(scores(i, j))) order.push_back(j);
            std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
            for (idx_t place = 0; place < 9; ++place) {
                const idx_t row = place < idx_t(order.size()) ? order[std::size_t(place)] : -1;
                if (found.indices(i, place) != row) FAIL("query " << i << ", place " << place);
                if (row >= 0) CHECK(found.scores(i, place) == scores(i, row));
            }
        }
        const range_result hits = range_search(queries, gallery, 0.1f, how);
        for (idx_t i = 0; i < queries.rows(); ++i) {
            std::vector<idx_t> order;
            for (idx_t j = 0; j < rows.rows(); ++j)
                if (scores(i, j) >= 0.1f) order.push_back(j);
            std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
            const auto row_hits = hits[i];
            std::vector<idx_t> found_rows;
            for (auto [row, score] : row_hits) found_rows.push_back(row);
            CHECK(found_rows == order);
        }
    }
    top_k_options rescored;
    rescored.rescore = true;
    CHECK_THROWS_AS(top_k(queries, gallery, 3, {}, rescored), value_error);
}

TEMPLATE_LIST_TEST_CASE("compact rows grow, around the mean of the first rows", "[compact]", storages_of_bytes) {
    const auto rows = troubled_rows(300, 96, 25), queries = random_rows<float>(5, 96, 26);
    compact_gallery<TestType> whole(part(rows, 0, 100)), grown(part(rows, 0, 100));
    whole.append(part(rows, 100, 200));
    for (idx_t first = 100, count = 1; first < 300; first += count, count = count * 5 % 37 + 1) {
        count = std::min<idx_t>(count, 300 - first);
        grown.append(part(rows, first, count));
    }
    CHECK(first_difference(cosine_similarity(queries, grown), cosine_similarity(queries, whole)) == "");
    CHECK(grown.report().zero_rows == 1);
    CHECK(grown.report().first_non_finite == 2);
    CHECK_THROWS_WITH(grown.append(random_rows<float>(2, 95, 1)),
                      Catch::Matchers::ContainsSubstring("dim 95") && Catch::Matchers::ContainsSubstring("dim 96"));
    CHECK(grown.rows() == 300);
    CHECK_THROWS_WITH(compact_gallery<TestType>(random_rows<float>(1, 65537, 1)),
                      Catch::Matchers::ContainsSubstring("65537"));

    const auto back = grown.unit_rows(10, 200);
    const auto units = normalize(part(rows, 10, 200));
    const double most = bits_of<TestType> == 16  ? 0.004
                        : bits_of<TestType> == 8 ? 0.02
                        : bits_of<TestType> == 4 ? 0.3
                                                 : 1.0;
    for (idx_t i = 0; i < 200; ++i) {
        double square = 0;
        for (idx_t k = 0; k < 96; ++k) square += std::pow(double(back(i, k)) - double(units(i, k)), 2);
        if (!(std::sqrt(square) < most)) FAIL("row " << i << " is off by " << std::sqrt(square));
    }
}

TEMPLATE_LIST_TEST_CASE("compact rows that were moved take rows anew", "[compact]", storages_of_bytes) {
    auto rows = random_rows<float>(40, 64, 29);
    const auto others = random_rows<float>(30, 100, 30);
    std::fill_n(rows.row(3), 64, 0.0f);
    compact_gallery<TestType> first(rows);
    const compact_gallery<TestType> taken(static_cast<compact_gallery<TestType>&&>(first));
    CHECK(first.rows() == 0);
    CHECK(first.report().zero_rows == 0);
    CHECK(taken.rows() == 40);
    CHECK(taken.report().first_zero == 3);
    first.append(others);
    CHECK(first.report().zero_rows == 0);
    const compact_gallery<TestType> again(others);
    CHECK(first_difference(cosine_similarity(others, first), cosine_similarity(others, again)) == "");
}

TEMPLATE_LIST_TEST_CASE("filtered searches of compact rows find among their scores alone", "[compact]",
                        storages_of_bytes) {
    const idx_t n = 300, q = 35, dim = GENERATE(1, 31, 33, 70, 512);
    const auto rows = troubled_rows(n, dim, 27), queries = troubled_rows(q, dim, 28);
    const compact_gallery<TestType> gallery(rows);
    const auto scores = cosine_similarity(queries, gallery);
    const row_mask some(n, [](idx_t i) { return i % 97 < 4; });
    matrix<idx_t> lists(q, 5);
    for (idx_t i = 0; i < q; ++i)
        for (idx_t k = 0; k < 5; ++k) lists(i, k) = (i * 31 + k * 61) % n;
    top_k_options masked, listed;
    masked.filter.mask = some, listed.filter.allowed = lists;
    for (const bool by_mask : {true, false}) {
        const neighbours found = top_k(queries, gallery, 5, {}, by_mask ? masked : listed);
        for (idx_t i = 0; i < q; ++i) {
            std::vector<idx_t> order;
            for (idx_t j = 0; j < n; ++j)
                if (!reference::is_nan(scores(i, j)) &&
                    (by_mask ? j % 97 < 4 : std::count(lists.row(i), lists.row(i) + 5, j) > 0))
                    order.push_back(j);
            std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
            for (idx_t place = 0; place < 5; ++place) {
                const idx_t row = place < idx_t(order.size()) ? order[std::size_t(place)] : -1;
                if (found.indices(i, place) != row) FAIL("query " << i << ", place " << place);
                if (row >= 0 && found.scores(i, place) != scores(i, row)) FAIL("query " << i << ", score " << place);
            }
        }
    }
}

}  // namespace tests
