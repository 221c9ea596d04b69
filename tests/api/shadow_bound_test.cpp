// What the bytes of a shadow gallery say of a score for certain, and the ranks that are counted by it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/retrieval.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"
#include "shadow.hpp"

namespace tests {

using namespace unitsphere;

// Rows along what a quantized row loses: nothing comes nearer to the bound.
TEST_CASE("no score exceeds the bound of its bytes", "[shadow]") {
    const idx_t dim = GENERATE(5, 16, 64, 100, 200, 256);
    CAPTURE(dim);
    const auto rows = normalize(rows_in_a_cone(64, dim, 93));
    const shadow_gallery first(rows);
    const engine::shadow_view view = first.packed();
    const float* const mean = view.space.mean;
    std::vector<float> g(std::size_t(dim), 0.0f);
    std::vector<std::int8_t> bytes(std::size_t(kernel::padded_bytes(dim)), 0);
    matrix<float> others(128, dim);
    for (idx_t i = 0; i < 64; ++i) {
        const auto numbers = kernel::quantize_unit_row<true>(rows.row(i), dim, view.space, g.data(), bytes.data());
        matrix<float> lost(1, dim);
        for (idx_t k = 0; k < dim; ++k)
            lost(0, k) = float(double(g.data()[k]) - double(numbers.scale) * bytes[std::size_t(k)]);
        kernel::rotate_back(lost.data(), dim, view.space.signs);
        for (const int sign : {1, -1}) {  // mean + t * lost, of length 1
            double a = 0, b = 0, c = -1;
            for (idx_t k = 0; k < dim; ++k) {
                const double m = mean[k], x = sign * double(lost(0, k));
                a += x * x, b += 2 * m * x, c += m * m;
            }
            const double t = (-b + std::sqrt(b * b - 4 * a * c)) / (2 * a);
            for (idx_t k = 0; k < dim; ++k)
                others(2 * i + (sign < 0), k) = float(mean[k] + t * sign * double(lost(0, k)));
        }
    }
    const auto units = normalize(others);
    double closest = 1.0, loosest = 0.0;
    const auto check_bounds = [&](const auto& queries, const auto& gallery_rows) {
        kernel::panel_numbers numbers;
        matrix<float> rotated(1, dim);
        matrix<std::int8_t> of_row(1, kernel::padded_bytes(dim)), panel(1, 16 * kernel::padded_bytes(dim));
        matrix<std::int8_t> block(1, 16 * kernel::padded_bytes(dim));
        const engine::byte_scratch scratch{rotated.data(), of_row.data()};
        const auto scores = cosine_similarity(queries, gallery_rows);
        for (idx_t j = 0; j < gallery_rows.rows(); ++j) {
            engine::clear_numbers(numbers);
            engine::pack_byte_column(gallery_rows.row(j), dim, view.space, scratch, 3, panel.data(), numbers);
            for (idx_t i = 0; i < queries.rows(); ++i) {
                std::int32_t sum = 0, product = 0;
                const auto query =
                    engine::pack_byte_row<8, true>(queries.row(i), dim, view.space, scratch, 2, block.data(), sum);
                const float constant = float(
                    double(query.offset) +
                    kernel::constant_of_bound(dim, query.length, 1.0 + 1e-6 + view.deviation, view.space.mean_square));
                for (idx_t k = 0; k < dim; ++k)
                    product += block.data()[kernel::byte_of_block(2, k)] * panel.data()[kernel::byte_of_panel(3, k)];
                const float bound = kernel::bound_of_score(product, numbers, 3, query, constant);
                if (!(bound >= scores(i, j)))
                    FAIL("query " << i << ", row " << j << ": " << bound << " < " << scores(i, j));
                closest =
                    std::min(closest, (double(bound) - double(scores(i, j))) / double(query.norm * numbers.error[3]));
                const std::int32_t sums[16] = {0, 0, 0, product};
                const float slack = float(
                    kernel::constant_of_bound(dim, query.length, 1.0 + 1e-6 + view.deviation, view.space.mean_square));
                const kernel::bounded_scores bounded = kernel::bound_scores(sums, numbers, query, slack);
                float estimates[16], off[16];
                kernel::store16(estimates, bounded.estimate), kernel::store16(off, bounded.off);
                if (!(std::fabs(estimates[3] - scores(i, j)) <= off[3]))
                    FAIL("query " << i << ", row " << j << ": " << estimates[3] << " +- " << off[3]);
                loosest = std::max(loosest, std::fabs(double(estimates[3]) - double(scores(i, j))) / double(off[3]));
                if (!kernel::any_may_reach(sums, numbers, query, scores(i, j) - constant))
                    FAIL("query " << i << ", row " << j << " is passed over");
            }
        }
    };
    check_bounds(units, rows);
    check_bounds(rows, units);
    CHECK(loosest > 0.5);
    CHECK(closest < 0.5);  // else the rows above are not what they should be
}

namespace {

/// Texts in their own cone, text j near image j % images; every sixth is of none, every ninth of another image.
struct captioned_images {
    matrix<float> images, texts;
    std::vector<idx_t> image_of;

    captioned_images(idx_t q, idx_t g, idx_t dim, float noise)
        : images(rows_in_a_cone(q, dim, 111)), texts(random_rows<float>(g, dim, 112)) {
        const auto about = random_rows<float>(1, dim, 113);
        for (idx_t j = 0; j < g; ++j) {
            for (idx_t k = 0; k < dim; ++k)
                texts(j, k) = noise * (texts(j, k) + about(0, k)) + images(j % q, k) - (k == dim / 3 ? 9.0f : 0.0f);
            image_of.push_back(j % 6 == 5 ? -1 : j % 9 == 8 ? j * 7 % q : j % q);
        }
    }
};

void check_ranks(const captioned_images& pairs, const shadow_gallery& shadow, const gallery& plain,
                 const execution& how = {}) {
    const always_filtered filtered{shadow};
    for (const bool rescore : {false, true}) {
        pair_ranks_options options;
        options.rescore = rescore;
        const ranks_of_pairs found = pair_ranks(pairs.images, filtered, pairs.image_of, how, options),
                             expected = pair_ranks(pairs.images, plain, pairs.image_of, {}, options);
        CHECK(first_difference(found.text_ranks, expected.text_ranks) == "");
        CHECK(first_difference(found.image_ranks, expected.image_ranks) == "");
    }
}

}  // namespace

TEST_CASE("ranks by bytes are the ranks of float", "[shadow]") {
    const idx_t q = GENERATE(1, 17, 70), g = GENERATE(1, 15, 16, 17, 97, 700), dim = GENERATE(1, 17, 64, 130);
    const float noise = GENERATE(0.3f, 3.0f);
    CAPTURE(q, g, dim, noise);
    const captioned_images pairs(q, g, dim, noise);
    check_ranks(pairs, shadow_gallery(pairs.texts), gallery(pairs.texts));
}

TEST_CASE("ranks by bytes of equal rows, ties at the label, zero rows and rows that are not finite", "[shadow]") {
    const idx_t q = GENERATE(11, 70), g = GENERATE(12, 300);
    const bool from_twins = GENERATE(false, true);
    CAPTURE(q, g, from_twins);
    captioned_images pairs(q, g, 65, 1.0f);
    pairs.images = from_twins ? near_twins<float>(q, 65, 114) : rows_with_ties<float>(q, 65, 114);
    pairs.texts = from_twins ? near_twins<float>(g, 65, 114) : rows_with_ties<float>(g, 65, 115);
    for (idx_t j = 0; j < g; j += 7) std::copy_n(pairs.images.row(j % q), 65, pairs.texts.row(j));
    for (idx_t k = 0; k < 65; ++k) pairs.texts(g - 1, k) = -pairs.images(1, k);  // the clamp at -1
    pairs.texts(5, 8) = std::numeric_limits<float>::infinity();
    check_ranks(pairs, shadow_gallery(pairs.texts), gallery(pairs.texts));
    check_ranks(pairs, shadow_gallery(pairs.texts), gallery(pairs.texts), on_threads{3});
}

TEST_CASE("no split changes ranks by bytes, nor do passes, nor rows that are adopted with other lengths", "[shadow]") {
    const captioned_images pairs(2100, 400, 48, GENERATE(1.0f, 4.0f));
    const on_threads three{3};
    workspace space;
    const shadow_gallery shadow(pairs.texts);
    for (const execution& how : {execution(three), execution(in_reverse), execution(three, space)})
        check_ranks(pairs, shadow, gallery(pairs.texts), how);
    const unit_embeddings<float> longer = normalize(pairs.texts);
    matrix<float> adopted(400, 48);
    for (idx_t j = 0; j < 400; ++j)
        for (idx_t k = 0; k < 48; ++k) adopted(j, k) = longer(j, k) * (1.0f + 1e-3f * float(j % 90 - 30));
    const unit_view<float> rows = adopt_unit(adopted, {0.1});
    check_ranks(pairs, shadow_gallery::over(rows), gallery(rows));
}

TEST_CASE("a shadow gallery keeps the mean that it was given, and its answers", "[shadow]") {
    const captioned_images pairs(30, 200, 40, 0.5f);
    std::vector<double> mean(40, 0.1);
    shadow_gallery_options options;
    options.mean = mean;
    shadow_gallery grown(part(pairs.texts, 0, 50), {}, options);
    grown.append(part(pairs.texts, 50, 150));
    check_ranks(pairs, grown, gallery(pairs.texts));
    const unit_embeddings<float> units = normalize(pairs.texts);
    const shadow_gallery over = shadow_gallery::over(units, {}, {mean});
    check_ranks(pairs, over, gallery(pairs.texts));
    for (idx_t k = 0; k < 40; ++k)
        if (grown.packed().space.mean[k] != 0.1f || over.packed().space.mean[k] != 0.1f) FAIL("mean of " << k);
    CHECK_THROWS_WITH(grown.append(pairs.texts, {}, options),
                      Catch::Matchers::ContainsSubstring("a gallery that has 200 rows"));
    mean[3] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH(shadow_gallery::over(units, {}, {mean}),
                      Catch::Matchers::ContainsSubstring("not finite at 3 of 40"));
    CHECK_THROWS_AS(shadow_gallery(random_rows<float>(3, 41, 1), {}, options), shape_error);
}

TEST_CASE("ranks do not read the rows of float that the bytes put on one side of every label", "[shadow]") {
    const idx_t q = 60, g = 4000, dim = 64;
    captioned_images pairs(q, g, dim, 0.3f);
    for (idx_t j = 0; j < g; ++j) pairs.image_of[std::size_t(j)] = j < q ? j : -1;
    for (idx_t j = 1; j < q; j += 2)  // every second label is the last one
        for (idx_t k = 0; k < dim; ++k) pairs.texts(j, k) = -pairs.images(j, k);
    auto units = normalize(pairs.texts);
    const shadow_gallery shadow = shadow_gallery::over(units);
    const ranks_of_pairs expected = pair_ranks(pairs.images, units, pairs.image_of);
    const auto scores = cosine_similarity(pairs.images, units);
    idx_t spoilt = 0, before = 0;
    for (idx_t j = q; j < g; ++j) {  // far from all labels: twice what 64 elements of 8 bits may be off by
        float nearest = 1.0f;
        for (idx_t i = 0; i < q; ++i) nearest = std::min(nearest, std::fabs(scores(i, j) - scores(i, i)));
        if (nearest < 0.05f) continue;
        ++spoilt;
        for (idx_t i = 0; i < q; ++i) before += scores(i, j) > scores(i, i);
        // Read, the row would come before all labels.
        for (idx_t k = 0; k < dim; ++k) const_cast<float*>(units.row(j))[k] = pairs.images(0, k) * 100.0f;
    }
    CHECK(spoilt > 100);
    CHECK(before > 100);  // some of them come before a label for certain
    const ranks_of_pairs found = pair_ranks(pairs.images, always_filtered{shadow}, pairs.image_of);
    CHECK(first_difference(found.text_ranks, expected.text_ranks) == "");
    CHECK(first_difference(found.image_ranks, expected.image_ranks) == "");
}

}  // namespace tests
