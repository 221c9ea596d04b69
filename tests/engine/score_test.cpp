#include <vector>

#include <unitsphere/engine/score.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// Counts how often each score comes, and whether a row's columns come in order and before rows_done.
struct record : engine::score_consumer {
    matrix<idx_t> seen;
    std::vector<idx_t> next_column;
    idx_t rows_finished = 0;
    bool in_order = true, whole = true;

    record(idx_t q, idx_t g) : seen(q, g), next_column(std::size_t(q), 0) {}
    void tile(const engine::score_tile<>& tile) {
        for (idx_t r = tile.first_row; r < tile.first_row + tile.rows; ++r) {
            in_order = in_order && next_column[std::size_t(r)] == tile.first_column;
            next_column[std::size_t(r)] += tile.columns;
            for (idx_t c = 0; c < tile.columns; ++c) ++seen(r, tile.first_column + c);
        }
    }
    void rows_done(idx_t first, idx_t count) {
        whole = whole && first == rows_finished;
        rows_finished += count;
        for (idx_t r = first; r < first + count; ++r) whole = whole && next_column[std::size_t(r)] == seen.dim();
    }
    bool complete() const {
        return whole && rows_finished == seen.rows() &&
               std::all_of(seen.data(), seen.data() + seen.rows() * seen.dim(), [](idx_t n) { return n == 1; });
    }
};

/// The record of one worker, who is the only one.
struct recording : engine::consumer_pool {
    record& by;

    explicit recording(record& one) : by(one) {}
    record& of(idx_t) const { return by; }
};

template <class Loop>
record recorded(idx_t q, idx_t g, Loop&& loop) {
    const auto queries = random_rows<float>(q, 20, 51), gallery = random_rows<float>(g, 20, 52);
    engine::row_source query_source(queries.view(), {}, "test", "queries row ");
    engine::raw_side<float> gallery_side(gallery.view(), row_policy(), "test", "gallery row ");
    record seen(q, g);
    loop(query_source, gallery_side, recording{seen});
    return seen;
}

}  // namespace

TEST_CASE("each score comes once, by whole_rows in column order, and rows_done after them", "[score]") {
    const idx_t q = GENERATE(0, 1, 2, 13, 14, 15, 57, 200), g = GENERATE(0, 1, 15, 16, 17, 31, 32, 33, 49, 1100);
    CAPTURE(q, g);
    const record by_rows = recorded(q, g, [](auto& queries, auto& gallery, const recording& consumers) {
        engine::score<float, engine::tile_order::whole_rows>(sequential{}, queries, gallery, consumers);
    });
    CHECK(by_rows.complete());
    CHECK(by_rows.in_order);
    const record by_strips = recorded(q, g, [](auto& queries, auto& gallery, const recording& consumers) {
        engine::score<float, engine::tile_order::by_strips>(sequential{}, queries, gallery, consumers);
    });
    CHECK(by_strips.complete());
}

}  // namespace tests
