#include <vector>

#include <unitsphere/engine/score_tiles.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// Counts how often each score comes, and whether a row's columns come in order and before rows_done.
struct record {
    matrix<index> seen;
    std::vector<index> next_column;
    index rows_finished = 0;
    bool in_order = true;

    record(index q, index g) : seen(q, g), next_column(std::size_t(q), 0) {}
    void tile(const engine::score_tile<>& tile) {
        for (index r = tile.first_row; r < tile.first_row + tile.rows; ++r) {
            in_order = in_order && next_column[std::size_t(r)] == tile.first_column;
            next_column[std::size_t(r)] += tile.columns;
            for (index c = 0; c < tile.columns; ++c) ++seen(r, tile.first_column + c);
        }
    }
    void rows_done(index first, index count) {
        in_order = in_order && first == rows_finished;
        rows_finished += count;
        for (index r = first; r < first + count; ++r) in_order = in_order && next_column[std::size_t(r)] == seen.dim();
    }
};

}  // namespace

TEST_CASE("every score comes once, columns in order, rows done when whole", "[score_tiles]") {
    const index q = GENERATE(0, 1, 2, 13, 14, 15, 57), g = GENERATE(0, 1, 15, 16, 17, 31, 32, 33, 49);
    const auto queries = random_rows<float>(q, 20, 51), gallery = random_rows<float>(g, 20, 52);
    engine::row_source query_source(queries.view(), {}, "test", "queries row ");
    engine::row_source gallery_source(gallery.view(), {}, "test", "gallery row ");
    const engine::packed_rows<> packed(gallery_source);
    record seen(q, g);
    engine::score_tiles(query_source, packed, seen);
    CHECK(seen.in_order);
    CHECK(seen.rows_finished == q);
    CHECK(std::all_of(seen.seen.data(), seen.seen.data() + q * g, [](index n) { return n == 1; }));
}

}  // namespace tests
