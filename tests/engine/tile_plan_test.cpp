#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <unitsphere/engine/multiply_group.hpp>

#include "catch.hpp"

namespace tests {

using namespace unitsphere::engine;
using unitsphere::idx_t;

namespace {

constexpr register_tile avx512{14, 32, 4, 16, 12}, avx2{6, 16, 4, 8, 8}, sse2{2, 16, 4, 4, 8},
    double_avx512{14, 16, 8, 16, 12};

/// How often a plan computes each score, from the rectangles that its groups are.
class coverage {
public:
    explicit coverage(const tile_plan& plan)
        : times_(std::size_t(plan.queries * plan.gallery_rows), 0), rows_(plan.queries), columns_(plan.gallery_rows) {
        for (idx_t p = 0; p < plan.passes(); ++p) {
            const tile_range pass = plan.pass(p);
            for (idx_t t = 0; t < plan.tasks(); ++t) {
                const tile_range task = plan.task(pass, t);
                for (idx_t g = 0; g < plan.groups(task); ++g) add(plan.group(task, g));
            }
        }
    }
    bool once() const {
        return inside_ && std::all_of(times_.begin(), times_.end(), [](int n) { return n == 1; });
    }

private:
    void add(const tile_range& range) {
        inside_ = inside_ && range.rows > 0 && range.first_row >= 0 && range.first_row + range.rows <= rows_ &&
                  range.first_column >= 0 && range.first_column + range.columns <= columns_;
        if (!inside_) return;
        for (idx_t r = range.first_row; r < range.first_row + range.rows; ++r)
            for (idx_t c = range.first_column; c < range.first_column + range.columns; ++c)
                ++times_[std::size_t(r * columns_ + c)];
    }

    std::vector<int> times_;
    idx_t rows_, columns_;
    bool inside_ = true;
};

/// A cache model so small that a few hundred rows need several passes, strips and shares.
cache_model small_caches() {
    cache_model model;
    model.packed_queries_bytes = 20000, model.packed_gallery_bytes = 8000, model.strip_bytes = 6000;
    return model;
}

/// What a plan may take at most: packed rows end at a whole register tile and a whole chain.
idx_t most_shared_bytes(const tile_plan& plan, const tile_shape& shape, const cache_model& model) {
    const idx_t row_bytes = round_up(maximum(shape.dim, 1), 128) * shape.tile.element_bytes;
    if (plan.loop == tile_loop::few || plan.unpacked) return model.few_queries_bytes;
    if (plan.loop == tile_loop::rows) return model.packed_gallery_bytes + 15 * row_bytes;
    const idx_t chain_padding = ceil_div(row_bytes, maximum(shape.dim, 1) * shape.tile.element_bytes);
    return maximum(model.packed_queries_bytes * chain_padding, model.blocks_of_group * shape.tile.rows * row_bytes);
}

}  // namespace

TEST_CASE("a plan's tasks cover every score exactly once", "[tile_plan]") {
    const auto order = GENERATE(tile_order::any, tile_order::whole_rows, tile_order::by_strips);
    const register_tile tile = GENERATE(avx512, avx2, sse2, double_avx512);
    for (const cache_model& model : {caches(), small_caches()})
        for (const idx_t queries : {0, 1, 9, 10, 57, 131, 300})
            for (const idx_t rows : {0, 1, 16, 33, 257})
                for (const idx_t dim : {0, 1, 40, 513})
                    for (const idx_t workers : {1, 2, 8})
                        for (const bool packed : {false, true}) {
                            CAPTURE(queries, rows, dim, workers, packed, tile.rows);
                            const tile_plan plan =
                                plan_tiles({queries, rows, dim, workers, packed, tile}, order, model);
                            REQUIRE(coverage(plan).once());
                        }
}

TEST_CASE("tasks of a plan are whole panels and blocks, so that no register tile is computed twice", "[tile_plan]") {
    for (const register_tile& tile : {avx512, avx2, sse2, double_avx512})
        for (const idx_t queries : {1, 8, 10, 57, 300, 5000})
            for (const idx_t workers : {1, 2, 8}) {
                const tile_plan plan =
                    plan_tiles({queries, 5000, 64, workers, false, tile}, tile_order::any, cache_model());
                CAPTURE(queries, workers, tile.rows);
                CHECK(plan.group_rows % tile.rows == 0);
                const idx_t step = plan.unpacked                 ? 16
                                   : plan.loop == tile_loop::few ? tile.rows_in_lanes()
                                                                 : tile.columns;
                if (plan.loop != tile_loop::rows) CHECK(plan.strip_columns % step == 0);
            }
}

TEST_CASE("a plan's memory is within the cache model", "[tile_plan]") {
    const register_tile tile = GENERATE(avx512, avx2, sse2, double_avx512);
    const bool packed = GENERATE(false, true);
    for (const cache_model& model : {caches(), small_caches()})
        for (const idx_t queries : {0, 1, 14, 32, 128, 1000, 100000})
            for (const idx_t rows : {1, 10, 1000, 200000})
                for (const idx_t dim : {1, 128, 512, 768, 4096, 32768})
                    for (const idx_t workers : {1, 2, 8}) {
                        CAPTURE(queries, rows, dim, workers, tile.rows);
                        const tile_shape shape{queries, rows, dim, workers, packed, tile};
                        const tile_plan plan = plan_tiles(shape, tile_order::any, model);
                        const idx_t row_bytes = round_up(dim, 128) * tile.element_bytes;
                        const idx_t shared = plan.shared_elements * tile.element_bytes;
                        const idx_t each = plan.worker_elements * tile.element_bytes;
                        CHECK(shared <= most_shared_bytes(plan, shape, model));
                        const idx_t group = model.blocks_of_group * tile.rows * row_bytes;
                        const idx_t strip = maximum(model.strip_bytes, tile.columns * dim * tile.element_bytes);
                        const idx_t few = tile.rows_in_lanes() * row_bytes;
                        CHECK(each <= (plan.loop == tile_loop::strips ? strip
                                       : plan.loop == tile_loop::few  ? few
                                                                      : group));
                        if (plan.loop == tile_loop::rows) CHECK((shared > 0) == !packed);
                        if (plan.loop == tile_loop::strips) CHECK((each > 0) == !packed);
                        CHECK((plan.workers >= 1 && plan.workers <= workers));
                    }
}

TEST_CASE("a cache model takes shares of small caches and is bounded on large ones", "[tile_plan]") {
    constexpr idx_t kib = cache_model::kibibyte, mib = cache_model::mebibyte;
    const cache_model large(cache_sizes{48 * mib, 300 * mib}), best, small(cache_sizes{256 * kib, 2 * mib});
    CHECK(large.strip_bytes == best.strip_bytes);
    CHECK(large.few_queries_bytes == best.few_queries_bytes);
    CHECK(large.packed_queries_bytes == best.packed_queries_bytes);
    CHECK(large.last_level_bytes == best.last_level_bytes);
    CHECK(small.strip_bytes == 128 * kib);
    CHECK(small.resident_panels_bytes == 64 * kib);
    CHECK(small.few_queries_bytes == 128 * kib);
    CHECK(small.packed_queries_bytes == 512 * kib);
    CHECK(small.packed_gallery_bytes == 1 * mib);
    CHECK(small.last_level_bytes == 1 * mib);
    CHECK(small.next_group_bytes == 64 * kib);
}

#if defined(__unix__)
TEST_CASE("environment variables override the sizes of the caches, unless they are none", "[tile_plan]") {
    const char* const before = std::getenv("UNITSPHERE_L2_KIB");
    const std::string kept = before != nullptr ? before : "";
    const auto l2_of = [](const char* text) {
        ::setenv("UNITSPHERE_L2_KIB", text, 1);
        return cache_sizes::of_machine().l2;
    };
    CHECK(l2_of("100") == 100 * 1024);
    CHECK(cache_sizes::of_machine().last_level >= 100 * 1024);
    const idx_t own = l2_of("");
    for (const char* const text : {"1", "-7", "many", "99999999999999999999"}) CHECK(l2_of(text) == own);
    if (before != nullptr)
        ::setenv("UNITSPHERE_L2_KIB", kept.c_str(), 1);
    else
        ::unsetenv("UNITSPHERE_L2_KIB");
}
#endif

TEST_CASE("the rows of the next group, then the rest, are prefetched whole while a group is multiplied",
          "[tile_plan]") {
    constexpr idx_t dim = 7;
    const std::vector<char> rows(5600), rest(9000);
    const idx_t of_panel = GENERATE(range(1, 5)), panels = GENERATE(range(1, 5)), turns = of_panel * panels;
    for (const bool with_rows : {false, true}) {
        CAPTURE(of_panel, panels, with_rows);
        const group_prefetch next{{rows.data(), with_rows ? idx_t(rows.size()) : 0}, {rest.data(), idx_t(rest.size())}};
        idx_t of_rows = 0, of_rest = 0;
        for (idx_t turn = 0; turn < turns; ++turn) {
            const unitsphere::kernel::prefetch_steps steps = next.steps(turn, turns, of_panel, dim);
            const bool is_rows = with_rows && turn < minimum(of_panel, (turns + 1) / 2);
            idx_t& done = is_rows ? of_rows : of_rest;
            CHECK(steps.at <= (is_rows ? rows.data() : rest.data()) + done);  // no gap
            done = steps.at - (is_rows ? rows.data() : rest.data()) + dim * steps.bytes;
        }
        if (with_rows) CHECK(of_rows >= idx_t(rows.size()) - turns);
        if (!with_rows || turns > 1) CHECK(of_rest >= idx_t(rest.size()) - turns);
    }
}

TEST_CASE("each worker gets about four tasks where the rows are enough", "[tile_plan]") {
    for (const idx_t workers : {2, 8})
        for (const auto order : {tile_order::whole_rows, tile_order::by_strips}) {
            CAPTURE(workers);
            const tile_plan plan = plan_tiles({5000, 5000, 512, workers, true, avx512}, order, cache_model());
            CHECK(plan.tasks() >= 4 * workers);
            // one panel and many queries: several workers share it
            const tile_plan shared = plan_tiles({5000, 32, 512, workers, true, avx512}, order, cache_model());
            CHECK(shared.tasks() >= 4 * workers);
        }
}

TEST_CASE("known shapes have the plans that were measured", "[tile_plan]") {
    struct known {
        idx_t queries, rows, dim, workers;
        bool packed;
        tile_order order;
        tile_loop loop;
        idx_t pass_rows, group_rows, strip_columns, strips, shares, used_workers;
    };
    constexpr auto any = tile_order::any;
    constexpr auto rows = tile_loop::rows, strips = tile_loop::strips, few = tile_loop::few;
    const known all[] = {
        {1, 1000, 512, 1, false, any, few, 1, 56, 64, 16, 1, 1},
        {1, 1000, 512, 2, false, any, few, 1, 56, 64, 16, 1, 2},
        {1, 1000, 512, 8, false, any, few, 1, 56, 16, 63, 1, 8},
        {1, 1000, 512, 1, true, any, strips, 1, 56, 128, 8, 1, 1},
        {8, 31, 512, 1, false, any, strips, 8, 56, 128, 1, 1, 1},
        {9, 1000, 512, 1, false, any, few, 9, 56, 64, 16, 1, 1},
        {13, 1000, 512, 1, false, any, few, 13, 56, 56, 18, 1, 1},
        {32, 1000, 512, 1, false, any, few, 32, 56, 56, 18, 1, 1},
        {32, 1000, 512, 2, false, any, few, 32, 56, 56, 18, 1, 2},
        {32, 1000, 512, 8, false, any, few, 32, 56, 56, 18, 1, 8},
        {32, 1000, 512, 1, true, any, strips, 32, 56, 128, 8, 1, 1},
        {32, 1000, 512, 8, true, any, strips, 32, 56, 32, 32, 1, 8},
        {1000, 1000, 512, 1, false, any, strips, 1000, 56, 128, 8, 1, 1},
        {1000, 1000, 512, 2, false, any, strips, 1000, 56, 96, 11, 1, 2},
        {1000, 1000, 512, 8, false, any, strips, 1000, 56, 32, 32, 1, 8},
        {1000, 1000, 768, 1, false, any, strips, 1000, 56, 64, 16, 1, 1},
        {1000, 1000, 768, 2, false, any, strips, 1000, 56, 64, 16, 1, 2},
        {1000, 1000, 768, 8, false, any, strips, 1000, 56, 32, 32, 1, 8},
        {1000, 10, 512, 2, false, any, rows, 1000, 64, 10, 1, 16, 2},
        {1000, 14, 512, 2, false, any, strips, 1000, 56, 32, 1, 8, 2},
        {10000, 10, 512, 1, false, any, rows, 10000, 64, 10, 1, 157, 1},
        {10000, 14, 512, 1, false, any, rows, 10000, 56, 14, 1, 179, 1},
        {10000, 10, 512, 2, false, any, rows, 10000, 64, 10, 1, 157, 2},
        {10000, 10, 512, 8, true, any, rows, 10000, 64, 10, 1, 157, 8},
        {10000, 10, 512, 8, true, tile_order::by_strips, strips, 2016, 56, 32, 1, 32, 8},
        {10000, 8, 512, 1, false, any, rows, 10000, 64, 8, 1, 157, 1},
        {1000, 8, 512, 2, true, any, rows, 1000, 64, 8, 1, 16, 2},
        {1000, 8, 512, 1, false, tile_order::by_strips, strips, 1000, 56, 128, 1, 1, 1},
        {100, 8, 512, 8, true, tile_order::whole_rows, rows, 100, 16, 8, 1, 7, 7},
        {100, 10, 512, 1, true, tile_order::whole_rows, rows, 100, 64, 10, 1, 2, 1},
        {100, 10, 512, 8, true, tile_order::whole_rows, rows, 100, 16, 10, 1, 7, 7},
        {100, 14, 512, 8, true, tile_order::whole_rows, rows, 100, 14, 14, 1, 8, 8},
        {1, 200000, 512, 1, false, any, few, 1, 56, 64, 3125, 1, 1},
        {32, 200000, 512, 2, false, any, few, 32, 56, 56, 3572, 1, 2},
        {32, 200000, 512, 2, true, any, strips, 32, 56, 128, 1563, 1, 2},
        {1024, 200000, 512, 1, true, any, strips, 1024, 56, 128, 1563, 1, 1},
        {1024, 200000, 512, 8, false, any, strips, 1024, 56, 128, 1563, 1, 8},
        {10000, 200000, 512, 8, false, any, strips, 2016, 56, 128, 1563, 1, 8},
    };
    for (const known& k : all) {
        CAPTURE(k.queries, k.rows, k.dim, k.workers, k.packed);
        const tile_plan plan =
            plan_tiles({k.queries, k.rows, k.dim, k.workers, k.packed, avx512}, k.order, cache_model());
        CHECK(plan.loop == k.loop);
        CHECK(plan.pass_rows == k.pass_rows);
        CHECK(plan.group_rows == k.group_rows);
        CHECK(plan.strip_columns == k.strip_columns);
        CHECK(plan.strips == k.strips);
        CHECK(plan.shares == k.shares);
        CHECK(plan.workers == k.used_workers);
    }
}

TEST_CASE("few raw queries meet unpacked rows; up to 128 that fill over half of a register become packed columns",
          "[tile_plan]") {
    const register_tile tile = GENERATE(avx512, avx2, sse2, double_avx512);
    const idx_t most_padding = tile.part == 16 ? 7 : tile.part == 8 ? 3 : 1;
    for (idx_t queries = 0; queries < 200; ++queries) {
        CAPTURE(queries);
        const bool unpacked = queries >= 1 && queries <= tile.most_unpacked;
        const bool expected = queries > tile.most_unpacked && queries <= 128 &&
                              (queries + tile.part - 1) / tile.part * tile.part - queries <= most_padding;
        const auto plan_of = [&](bool packed, idx_t dim) {
            return plan_tiles({queries, 5000, dim, 1, packed, tile}, tile_order::any, cache_model());
        };
        CHECK((plan_of(false, 512).loop == tile_loop::few) == (unpacked || expected));
        CHECK(plan_of(false, 512).unpacked == unpacked);
        CHECK(plan_of(true, 512).loop != tile_loop::few);
        if (queries > 64) CHECK(plan_of(false, 2048).loop != tile_loop::few);  // over 512 KiB of packed queries
    }
}

TEST_CASE("rows that are not packed need no memory of a worker", "[tile_plan]") {
    for (const idx_t workers : {1, 2, 8})
        for (const idx_t few : {1, 8})
            for (const auto& shape : {tile_shape{few, 5000, 513, workers, false, avx512},
                                      tile_shape{5000, few, 513, workers, false, avx512}}) {
                const tile_plan plan = plan_tiles(shape, tile_order::any, cache_model());
                CHECK(plan.unpacked);
                CHECK(plan.worker_elements == 0);
                CHECK(plan.shared_elements == 16 * 513);
            }
}

TEST_CASE("of a panel the halves that are wanted are multiplied", "[multiply_group]") {
    struct known {
        int columns;
        idx_t first_wanted, last_wanted;
        panel_part part;
    };
    const auto check = [](const known& k, const panel_part& part) {
        CAPTURE(k.columns, k.first_wanted, k.last_wanted);
        CHECK(part.first == k.part.first);
        CHECK(part.columns == k.part.columns);
    };
    const auto wants = [](const known& k) {
        return [&k](idx_t column, int columns) {
            return column <= k.last_wanted && k.first_wanted < column + columns && column + columns <= 64 + k.columns;
        };
    };
    for (const known& k : {known{32, 70, 70, {0, 16}}, known{32, 80, 80, {16, 16}}, known{32, 79, 79, {0, 16}},
                           known{32, 79, 80, {0, 32}}, known{20, 81, 81, {16, 4}}, known{16, 70, 70, {0, 16}}})
        check(k, wanted_part<32>(64, k.columns, wants(k)));
    for (const known& k : {known{16, 70, 71, {0, 8}}, known{16, 72, 72, {8, 8}}, known{16, 71, 72, {0, 16}},
                           known{11, 74, 74, {8, 3}}, known{8, 66, 66, {0, 8}}, known{5, 66, 66, {0, 5}}})
        check(k, wanted_part<16>(64, k.columns, wants(k)));
}

}  // namespace tests
