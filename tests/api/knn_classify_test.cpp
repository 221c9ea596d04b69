#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/keyed_gallery.hpp>
#include <unitsphere/knn_classify.hpp>
#include <unitsphere/metrics.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

struct share_of_vote {
    idx_t label;
    long double vote;
};

/// The vote by its formula: all rows sorted by their cosines, the first k in a map. Without NaN. A negative label has
/// no vote.
std::vector<share_of_vote> shares_of(const std::vector<double>& cosines, const std::vector<int>& labels, idx_t k,
                                     long double temperature) {
    std::vector<idx_t> order;
    for (idx_t j = 0; j < idx_t(cosines.size()); ++j)
        if (!reference::is_nan(cosines[std::size_t(j)])) order.push_back(j);
    std::stable_sort(order.begin(), order.end(),
                     [&](idx_t a, idx_t b) { return cosines[std::size_t(a)] > cosines[std::size_t(b)]; });
    order.resize(std::size_t(std::min(k, idx_t(order.size()))));
    std::map<idx_t, long double> votes;
    long double all = 0;
    for (const idx_t j : order) {
        if (labels[std::size_t(j)] < 0) continue;
        const long double vote =
            std::exp((long double)(cosines[std::size_t(j)] - cosines[std::size_t(order[0])]) / temperature);
        votes[labels[std::size_t(j)]] += vote, all += vote;
    }
    std::vector<share_of_vote> shares;
    for (const auto& [label, vote] : votes) shares.push_back({label, vote / all});
    std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.vote > b.vote; });
    return shares;
}

/// The places of one query that are not what the shares say.
idx_t wrong_places(const top_labels& found, idx_t i, const std::vector<share_of_vote>& shares, double relative) {
    idx_t wrong = 0;
    for (idx_t n = 0; n < found.labels.columns(); ++n) {
        const bool filled = n < idx_t(shares.size());
        const share_of_vote expected = filled ? shares[std::size_t(n)] : share_of_vote{-1, -infinity};
        const long double off = filled ? std::fabs(found.probabilities(i, n) - expected.vote) : 0;
        wrong += found.labels(i, n) != expected.label || (filled && off > relative * expected.vote + 1e-45L);
        wrong += !filled && found.probabilities(i, n) != -infinity;
    }
    return wrong;
}

std::vector<int> labels_for(idx_t rows, int classes) {
    std::vector<int> labels;
    for (idx_t j = 0; j < rows; ++j) labels.push_back(int(j * j % classes) * 1000003);  // far apart
    return labels;
}

struct knn_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(knn_classify(arguments...));
};

}  // namespace

TEST_CASE("knn_classify gives the votes of the k nearest, by vote, then by label", "[knn_classify]") {
    const idx_t g = GENERATE(1, 40, 700), k = GENERATE(1, 5, 33);
    const float temperature = GENERATE(0.07f, 1.0f, largest_float, 1e-3f);
    CAPTURE(g, k, temperature);
    const auto queries = random_rows<float>(23, 20, 851), rows = rows_with_ties<float>(g, 20, 852);
    const std::vector<int> labels = labels_for(g, 7);
    knn_classify_options options;
    options.temperature = temperature, options.rescore = true;  // scores are the cosines, rounded to float
    const top_labels found = knn_classify(queries, rows, labels, k, {}, options);
    REQUIRE(found.labels.columns() == std::min(k, g));
    const matrix<double> cosines = exact_cosines(queries, rows);
    // Two roundings of a cosine to float, 2^-25 each, divided by the temperature; and of the result.
    const double relative = 0x1p-24 + 0x1p-23 / double(temperature);
    idx_t wrong = 0, undecided = 0;
    for (idx_t i = 0; i < 23; ++i) {
        const std::vector<share_of_vote> shares = shares_of(row_of(cosines, i), labels, k, temperature);
        bool tied = false;  // within the bound, though not equal
        for (std::size_t n = 1; n < shares.size(); ++n)
            tied = tied || (temperature < 2 && shares[n - 1].vote - shares[n].vote < 3 * relative * shares[n - 1].vote);
        undecided += tied;
        wrong += tied ? 0 : wrong_places(found, i, shares, relative);
    }
    CHECK(wrong == 0);
    CHECK(undecided < 12);
}

TEST_CASE("a tied vote goes to the smallest label", "[knn_classify]") {
    matrix<float> rows(6, 2), query(1, 2);
    query(0, 0) = 1;
    for (idx_t j = 0; j < 6; ++j) rows(j, 0) = 1, rows(j, 1) = float(j);  // ever farther from the query
    const std::vector<std::int64_t> labels{9, 4, 9, 4, 7, 7};
    const top_labels six = knn_classify(query, rows, labels, 6);
    const std::vector<idx_t> in_order{4, 7, 9, -1, -1, -1};
    CHECK(std::equal(in_order.begin(), in_order.end(), six.labels.row(0)));
    for (const auto [label, probability] : six[0]) CHECK(probability == float(1.0 / 3.0));
    CHECK(knn_classify(query, rows, labels, 3).labels(0, 0) == 9);
    CHECK(knn_classify(query, rows, labels, 3).probabilities(0, 1) == float(1.0 / 3.0));
    knn_classify_options sharp;
    sharp.temperature = 0.01f;
    CHECK(knn_classify(query, rows, labels, 6, {}, sharp).labels(0, 0) == 9);  // the nearest counts most
    CHECK(accuracy_at(six.labels, std::vector<int>{9}, 3).value() == 1.0);
    sharp.temperature = 1e-4f;  // the best that has a label votes with 1, however far below the best
    const top_labels far = knn_classify(
        query, rows, [](idx_t row) { return row < 4 ? -1 : row; }, 6, {}, sharp);
    CHECK((far.labels(0, 0) == 4 && far.probabilities(0, 0) == 1.0f));
}

TEST_CASE("knn_classify has the same bits from raw rows, unit rows, a gallery and any executor", "[knn_classify]") {
    const auto queries = rows_with_ties<float>(41, 70, 853), rows = rows_with_ties<float>(500, 70, 854);
    const std::vector<int> labels = labels_for(500, 11);
    knn_classify_options options;
    options.temperature = 0.07f;
    const top_labels expected = knn_classify(queries, rows, labels, 20, {}, options);
    const auto check = [&](const top_labels& found) {
        CHECK(first_difference(found.labels, expected.labels) == "");
        CHECK(first_difference(found.probabilities, expected.probabilities) == "");
    };
    team threads(4);
    check(knn_classify(queries, normalize(rows), labels, 20, threads, options));
    check(knn_classify(queries, gallery(rows), labels, 20, in_reverse, options));
    check(knn_classify(normalize(queries), rows, labels, 20, on_threads{3}, options));
    CHECK(expected.labels(9, 0) == -1);  // a query with NaN
    CHECK(expected[9].size() == 0);
}

TEST_CASE("knn_classify refuses what does not fit, and writes nothing", "[knn_classify]") {
    const auto queries = random_rows<float>(2, 8, 855), rows = random_rows<float>(5, 8, 856);
    matrix<idx_t> found(2, 3), wide(2, 6);
    matrix<float> shares(2, 3), wide_shares(2, 6);
    const std::vector<int> labels{0, 1, 2, 1, 0}, few{0, 1}, negative{0, 1, -4, 1, 0};
    CHECK(message_of<shape_error>([&] { knn_classify_into(queries, rows, few, found, shares); }) ==
          "knn_classify: gallery_labels has 2 entries, gallery has 5 rows");
    CHECK(message_of<value_error>([&] { knn_classify_into(queries, rows, negative, found, shares); }) ==
          "knn_classify: gallery row 2 has the negative label -4");
    CHECK(message_of<shape_error>([&] { knn_classify_into(queries, rows, labels, wide, wide_shares); }) ==
          "knn_classify: 6 neighbours of 5 gallery rows");
    CHECK(message_of<shape_error>([&] { knn_classify_into(queries, rows, labels, wide, shares); }) ==
          "knn_classify: labels is 2 x 6, it must be 2 x 3");
    CHECK(message_of<shape_error>([&] {
              knn_classify_into(queries, random_rows<float>(5, 9, 1), labels, found, shares);
          }) == "knn_classify: queries have dim 8, gallery has dim 9");
    const array<idx_t> inside(5);
    const matrix_view<idx_t> over(const_cast<idx_t*>(inside.data()), 1, 3);
    matrix<float> one(1, 3);
    CHECK(message_of<shape_error>([&] {
              knn_classify_into(matrix_view<const float>(queries.data(), 1, 8), rows, inside, over, one);
          }) == "knn_classify: labels overlaps gallery_labels");
    knn_classify_options filtered;
    filtered.filter.allowed = found;
    CHECK(message_of<shape_error>([&] { knn_classify_into(queries, rows, labels, found, shares, {}, filtered); }) ==
          "knn_classify: labels overlaps allowed");
    filtered = {};
    filtered.filter.mask = {reinterpret_cast<const std::uint8_t*>(shares.data()), 5};
    CHECK(message_of<shape_error>([&] { knn_classify_into(queries, rows, labels, found, shares, {}, filtered); }) ==
          "knn_classify: probabilities overlaps the mask");
    CHECK(message_of<value_error>([&] { knn_classify(queries, rows, labels, 0); }) ==
          "knn_classify: k is 0, it must be at least 1");
    for (const float temperature : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
        knn_classify_options options;
        options.temperature = temperature;
        CHECK_THROWS_AS(knn_classify_into(queries, rows, labels, found, shares, {}, options), value_error);
    }
    CHECK(std::count(found.data(), found.data() + 6, idx_t(0)) == 6);
    CHECK(std::count(shares.data(), shares.data() + 6, 0.0f) == 6);
    CHECK(knn_classify(matrix<float>(0, 8), rows, labels, 3).images() == 0);
    CHECK(knn_classify(queries, matrix<float>(0, 8), std::vector<int>(), 3).labels.columns() == 0);
}

TEST_CASE("rows are classified by one another, without themselves", "[knn_classify]") {
    const auto rows = random_rows<float>(40, 12, 871);
    const std::vector<int> labels = labels_for(40, 7);
    knn_classify_options options;
    options.filter.exclude_self = true;
    const top_labels found = knn_classify(rows, rows, labels, 3, {}, options);
    const matrix<float> scores = cosine_similarity(rows, rows);
    for (idx_t i = 0; i < 40; ++i) {
        std::vector<double> others(scores.row(i), scores.row(i) + 40);
        others[std::size_t(i)] = -2;
        CHECK(wrong_places(found, i, shares_of(others, labels, 3, 1e30L), 1e-6) == 0);
    }
}

TEST_CASE("a function gives the labels of a keyed gallery, by id, and of any other, by row", "[knn_classify]") {
    const auto rows = random_rows<float>(90, 12, 872), queries = random_rows<float>(21, 12, 873);
    const float temperature = GENERATE(0.1f, largest_float);
    std::vector<int> ids, removed, labels = labels_for(90, 7);
    for (int i = 0; i < 90; ++i) ids.push_back(5000 - 31 * i);
    for (std::size_t i = 0; i < 90; i += 4) labels[i] = -1;  // without a label
    const auto label_of = [&](idx_t id) { return labels[std::size_t((5000 - id) / 31)]; };
    keyed_gallery keyed(ids, rows);
    for (std::size_t i = 0; i < 90; i += 5) removed.push_back(ids[i]);
    keyed.remove(removed);
    knn_classify_options options;
    options.temperature = temperature, options.rescore = true;
    const top_labels by_id = knn_classify(queries, keyed, label_of, 9, on_threads{3}, options),
                     by_row = knn_classify(
                         queries, rows, [&](idx_t row) { return labels[std::size_t(row)]; }, 9, {}, options);
    const matrix<double> cosines = exact_cosines(queries, rows);
    const double relative = 0x1p-24 + 0x1p-23 / double(temperature);
    idx_t wrong = 0;
    for (idx_t i = 0; i < 21; ++i) {
        std::vector<double> all = row_of(cosines, i), there = all;
        for (std::size_t j = 0; j < 90; j += 5) there[j] = std::numeric_limits<double>::quiet_NaN();
        wrong += wrong_places(by_id, i, shares_of(there, labels, 9, temperature), relative);
        wrong += wrong_places(by_row, i, shares_of(all, labels, 9, temperature), relative);
    }
    CHECK(wrong == 0);
    const auto throws = [](idx_t) -> int { throw std::range_error("no label"); };
    CHECK_THROWS_AS(knn_classify(queries, keyed, throws, 3), std::range_error);
    CHECK(knn_classify(
              queries, keyed, [](idx_t) { return -1; }, 3)
              .labels(0, 0) == -1);
    CHECK(knn_classify(queries, keyed, label_of, 100).labels.columns() == keyed.rows());
    STATIC_REQUIRE(std::is_invocable_v<knn_call, matrix<float>, keyed_gallery, idx_t (*)(idx_t), int>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<knn_call, matrix<float>, keyed_gallery, std::vector<int>, int>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<knn_call, matrix<float>, matrix<float>, matrix<float>, int>);
}

}  // namespace tests
