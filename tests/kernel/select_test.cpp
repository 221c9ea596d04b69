#include <algorithm>
#include <numeric>
#include <vector>

#include <unitsphere/kernel/select.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

TEST_CASE("select_best agrees with a stable sort of the row", "[select]") {
    const idx_t count = GENERATE(0, 1, 2, 16, 17, 100);
    const idx_t k = GENERATE(0, 1, 2, 5, 100, 120);
    const idx_t different = GENERATE(1, 3, 1000);  // few different scores: many ties
    generator random(41);
    std::vector<float> row(static_cast<std::size_t>(count));
    for (auto& x : row) x = float(random.below(different)) - 1.0f;
    for (std::size_t i = 0; i < row.size(); i += 7) row[i] = i % 2 ? 0.0f : -0.0f;
    for (std::size_t i = 3; i < row.size(); i += 11) row[i] = reference::float_from_bits(0x7fc00000u);

    std::vector<idx_t> order;
    for (idx_t j = 0; j < count; ++j)
        if (!reference::is_nan(row[std::size_t(j)])) order.push_back(j);
    std::stable_sort(order.begin(), order.end(),
                     [&](idx_t a, idx_t b) { return row[std::size_t(a)] > row[std::size_t(b)]; });

    std::vector<idx_t> indices(std::size_t(k) + 1, 99);
    std::vector<float> scores(std::size_t(k) + 1, 99.0f);
    kernel::select_best(row.data(), count, k, indices.data(), scores.data());
    for (std::size_t i = 0; i < std::size_t(k); ++i) {
        const bool filled = i < order.size();
        CHECK(indices[i] == (filled ? order[i] : -1));
        CHECK(scores[i] == (filled ? row[std::size_t(order[i])] : -INFINITY));
    }
    CHECK(indices.back() == 99);
    CHECK(scores.back() == 99.0f);
}

TEST_CASE("best lists of the parts of a row merge to that of the row, in any order", "[select]") {
    const idx_t k = GENERATE(1, 2, 5, 40), parts = GENERATE(2, 3, 7);
    generator random(43);
    std::vector<float> row(100);
    for (auto& x : row) x = float(random.below(6)) - 2.0f;
    for (std::size_t i = 3; i < row.size(); i += 11) row[i] = reference::float_from_bits(0xffc00000u);
    const std::size_t places = std::size_t(k), all_places = std::size_t(k * parts);
    std::vector<idx_t> expected(places), indices(all_places);
    std::vector<float> best(places), scores(all_places);
    kernel::select_best(row.data(), 100, k, expected.data(), best.data());
    std::vector<kernel::best_list> lists;
    for (idx_t p = 0; p < parts; ++p) {
        lists.push_back({indices.data() + p * k, scores.data() + p * k, k});
        for (idx_t j = 0; j < 100; ++j)
            if (j % parts == p) lists.back().add(row[std::size_t(j)], j);
    }
    for (idx_t p = 0; p + 1 < parts; ++p) lists[std::size_t(parts) - 1].add(lists[std::size_t(p)]);
    lists.back().sort();
    CHECK(std::equal(expected.begin(), expected.end(), lists.back().indices));
    CHECK(std::equal(best.begin(), best.end(), lists.back().scores));
}

}  // namespace tests
