/// Who multiplies what, in which order: the decisions of the tile loops, as a value that is made before any work.
///
/// The scores are a matrix [queries, gallery rows]. A plan cuts it into rectangles; run_rows, run_few and strip_loop
/// execute them and decide nothing.
///
///   pass        pass_rows queries, which are packed together; all gallery rows go by once for each pass
///   strip       strip_columns gallery rows
///   group       group_rows queries, which meet a panel of the strip one block after the other
///   task        one strip against one share of the pass's groups
///
/// | loop   | chosen                                    | packed for all    | packed by a worker     | a task         |
/// |--------|-------------------------------------------|-------------------|------------------------|----------------|
/// | rows   | for whole_rows; for any, if there are     | a raw gallery     | a group of queries,    | a group x all  |
/// |        | more queries than packed_queries_bytes    | (else <= 8 MiB    | 4 blocks               | gallery rows   |
/// |        | and the gallery is within                 | by the condition) |                        |                |
/// |        | packed_gallery_bytes                      |                   |                        |                |
/// | few    | else, for a raw gallery and up to 128     | all queries,      | 12 to 16 gallery rows, | all queries x  |
/// |        | queries that fill over half of the last   | <= 512 KiB        | whole blocks           | 4 times that   |
/// |        | register of columns                       |                   |                        |                |
/// | strips | else                                      | a pass of queries,| a strip of a raw       | a share of the |
/// |        |                                           | <= 4 MiB          | gallery, <= 256 KiB    | groups x strip |
///
/// Up to 8 rows of one side (with AVX-512 12) against 32 or more raw ones of the other: those are not packed by
/// anybody, in the loop few (queries are the few) or rows (gallery rows are), and a task has up to 64 of them.
///
/// With several workers, groups and strips shrink and strips are shared until each worker gets about four tasks: at the
/// end little is left to wait for. A group has at least one block and a strip one panel, however long the rows are;
/// only then the bytes are exceeded. All numbers are members of cache_model.
#pragma once

#include "../kernel/multiply_unpacked.hpp"
#include "arithmetic.hpp"
#include "cache_model.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// What a question needs of the order of its tiles.
enum class tile_order {
    any,         ///< nothing
    whole_rows,  ///< the columns of a row in ascending order, from one worker
    by_strips    ///< rectangles that the consumer does not want may be left out: a strip that it wants nothing of is
                 ///< not packed, nor are its rows counted in the row_report
};

/// The register tile of kernel::multiply in C (float or double).
struct register_tile {
    idx_t rows, columns, element_bytes;
    idx_t part;           ///< columns are computed in multiples of it
    idx_t most_unpacked;  ///< rows of one side against which those of the other need not be packed

    template <class C>
    static constexpr register_tile of() noexcept {
        return {kernel::block<C>::rows, kernel::block<C>::columns, idx_t(sizeof(C)),
                kernel::computes_parts<C> ? idx_t(kernel::vector<C>::size) : kernel::lane_count,
                kernel::most_unpacked_columns};
    }
    /// Rows of as many blocks as 16 lanes hold.
    constexpr idx_t rows_in_lanes() const noexcept { return kernel::lane_count / rows * rows; }
    /// Elements of `count` rows as packed blocks (rows side of multiply), and as panels (its columns side).
    idx_t block_elements(idx_t count, idx_t dim) const {
        return round_up(count, rows) * round_up(maximum(dim, 1), kernel::chain_length);
    }
    static idx_t panel_elements(idx_t count, idx_t dim) { return round_up(count, kernel::lane_count) * dim; }
};

/// The shape of a question.
struct tile_shape {
    idx_t queries, gallery_rows, dim;
    idx_t workers;
    bool packed_gallery;
    register_tile tile;
    bool compact_gallery = false;  ///< packed, in fewer bytes than `tile` has
    bool packed_queries = false;

    /// Queries of a group, and how many tasks are enough for all workers to end together.
    idx_t whole_group() const noexcept { return cache_model::blocks_of_group * tile.rows; }
    idx_t wanted_tasks() const noexcept { return workers > 1 ? 4 * workers : 1; }
    /// How many packed rows so many bytes hold.
    idx_t rows_in(idx_t bytes) const noexcept { return bytes / tile.element_bytes / maximum(dim, 1); }
};

/// Scores of queries first_row .. first_row + rows - 1 against gallery rows first_column .. first_column + columns - 1.
struct tile_range {
    idx_t first_row, rows, first_column, columns;
};

enum class tile_loop { rows, strips, few };

struct tile_plan {
    tile_loop loop;
    bool unpacked;  ///< few rows of one side are packed, and none of the other
    idx_t queries, gallery_rows;
    idx_t pass_rows;                      ///< 0 where there are no queries
    idx_t group_rows;                     ///< whole blocks; unpacked: 16 rows, some times
    idx_t strip_columns = 0, strips = 1;  ///< whole panels, blocks or 16 rows; in the loop over rows the gallery
    idx_t shares = 1;                     ///< tasks that share a strip
    idx_t workers = 1;                    ///< that need memory of their own
    idx_t shared_elements = 0, worker_elements = 0;  ///< of packed rows: for all workers, and for each

    /// Tasks of a pass.
    idx_t tasks() const noexcept { return strips * shares; }
    idx_t passes() const noexcept { return parts(queries, pass_rows); }
    /// The queries of one pass, against all gallery rows.
    tile_range pass(idx_t p) const noexcept {
        return {p * pass_rows, minimum(pass_rows, queries - p * pass_rows), 0, gallery_rows};
    }
    idx_t groups(const tile_range& range) const noexcept { return parts(range.rows, group_rows); }
    /// Group g of a pass or of a task.
    tile_range group(const tile_range& range, idx_t g) const noexcept {
        const idx_t done = g * group_rows;
        return {range.first_row + done, minimum(group_rows, range.rows - done), range.first_column, range.columns};
    }
    /// Task t of a pass. It has no rows where a short last pass has fewer groups than there are shares.
    tile_range task(const tile_range& pass, idx_t t) const noexcept {
        if (shares == 1) {
            const idx_t column = t * strip_columns;
            return {pass.first_row, pass.rows, column, minimum(strip_columns, gallery_rows - column)};
        }
        const idx_t column = t / shares * strip_columns, share = t % shares, all = groups(pass);
        const idx_t begin = minimum(all * share / shares * group_rows, pass.rows);
        const idx_t end = minimum(all * (share + 1) / shares * group_rows, pass.rows);
        return {pass.first_row + begin, end - begin, column, minimum(strip_columns, gallery_rows - column)};
    }

private:
    /// ceil_div without a division for a single part: tiny questions are nothing but such arithmetic.
    static idx_t parts(idx_t rows, idx_t size) noexcept { return rows > size ? ceil_div(rows, size) : rows > 0; }
};

/// Whether copying the gallery's rows, and padding the queries to whole registers, costs less than transposing the
/// gallery.
inline bool are_few(const tile_shape& shape, const cache_model& model) noexcept {
    if (shape.packed_gallery || shape.queries < cache_model::least_few_queries ||
        shape.queries > cache_model::most_few_queries)
        return false;
    return 2 * (round_up(shape.queries, shape.tile.part) - shape.queries) < shape.tile.part &&
           shape.tile.panel_elements(shape.queries, shape.dim) * shape.tile.element_bytes <= model.few_queries_bytes;
}

/// Whether few rows of one side, which stay in L2, meet many of the other.
inline bool is_unpacked(const tile_shape& shape, idx_t few, idx_t many, const cache_model& model) noexcept {
    return few > 0 && few <= shape.tile.most_unpacked && many >= cache_model::least_unpacked_rows &&
           shape.tile.panel_elements(few, shape.dim) * shape.tile.element_bytes <= model.few_queries_bytes;
}

/// Rows that are not packed and make one task.
inline idx_t unpacked_rows_of_task(const tile_shape& shape, idx_t rows) noexcept {
    const idx_t share = shape.workers > 1 ? rows / shape.wanted_tasks() : rows;
    return clamped(share / kernel::lane_count, 1, cache_model::unpacked_groups_of_task) * kernel::lane_count;
}

UNITSPHERE_INLINE tile_plan plan_rows(const tile_shape& shape, bool unpacked) {
    const register_tile& tile = shape.tile;
    tile_plan plan{tile_loop::rows, unpacked, shape.queries, shape.gallery_rows, shape.queries, shape.whole_group()};
    if (unpacked)
        plan.group_rows = unpacked_rows_of_task(shape, shape.queries);
    else if (shape.workers > 1)
        plan.group_rows =
            clamped(shape.queries / (shape.wanted_tasks() * tile.rows), 1, cache_model::blocks_of_group) * tile.rows;
    plan.strip_columns = shape.gallery_rows, plan.shares = ceil_div(shape.queries, plan.group_rows);
    plan.workers = clamped(plan.shares, 1, shape.workers);
    plan.shared_elements = shape.packed_gallery ? 0 : tile.panel_elements(shape.gallery_rows, shape.dim);
    plan.worker_elements = unpacked ? 0 : tile.block_elements(minimum(shape.queries, plan.group_rows), shape.dim);
    return plan;
}

UNITSPHERE_INLINE tile_plan plan_few(const tile_shape& shape, bool unpacked) {
    const register_tile& tile = shape.tile;
    tile_plan plan{tile_loop::few, unpacked, shape.queries, shape.gallery_rows, shape.queries, shape.whole_group()};
    plan.strip_columns = unpacked ? unpacked_rows_of_task(shape, shape.gallery_rows)
                                  : cache_model::few_steps_of_task * tile.rows_in_lanes();
    plan.strips = ceil_div(shape.gallery_rows, plan.strip_columns);
    plan.workers = clamped(plan.strips, 1, shape.workers);
    plan.shared_elements = tile.panel_elements(shape.queries, shape.dim);
    plan.worker_elements = unpacked ? 0 : tile.block_elements(tile.rows_in_lanes(), shape.dim);
    return plan;
}

UNITSPHERE_INLINE tile_plan plan_strips(const tile_shape& shape, idx_t pass_rows, const cache_model& model) {
    const register_tile& tile = shape.tile;
    tile_plan plan{tile_loop::strips, false, shape.queries, shape.gallery_rows, pass_rows, shape.whole_group()};
    const idx_t fitting = shape.rows_in(model.strip_bytes) / tile.columns;
    const idx_t share = shape.workers > 1 ? shape.gallery_rows / (shape.wanted_tasks() * tile.columns) : fitting;
    plan.strip_columns = clamped(minimum(fitting, share), 1, cache_model::strip_panels) * tile.columns;
    plan.strips = ceil_div(shape.gallery_rows, plan.strip_columns);
    const idx_t groups = ceil_div(plan.pass_rows, plan.group_rows);
    if (shape.workers > 1 && plan.strips > 0)
        plan.shares = clamped(ceil_div(shape.wanted_tasks(), plan.strips), 1, maximum(groups, 1));
    plan.workers = clamped(maximum(plan.tasks(), groups), 1, shape.workers);
    plan.shared_elements = tile.block_elements(plan.pass_rows, shape.dim);
    // Up to a block of queries read a compact gallery where it lies, and widen it in registers; for more it is widened
    // once (Xeon, 100000 x 512: 14 queries .78 of the float gallery's time in place, .95 widened; 28 are level).
    const bool in_place = shape.packed_gallery && !(shape.compact_gallery && shape.queries > tile.rows);
    plan.worker_elements =
        in_place ? 0 : tile.panel_elements(minimum(shape.gallery_rows, plan.strip_columns), shape.dim);
    return plan;
}

/// The plan of a question, by the table above; a pass of the loop over strips has up to `most_rows` queries.
/// Inlined: with constant tile and order most divisions are shifts or gone.
UNITSPHERE_INLINE tile_plan plan_tiles(const tile_shape& shape, tile_order order, const cache_model& model = caches(),
                                       idx_t most_rows = PTRDIFF_MAX) {
    const idx_t fitting = minimum(shape.rows_in(model.packed_queries_bytes), most_rows);
    const idx_t at_once = maximum(fitting / shape.whole_group(), 1) * shape.whole_group();
    const bool is_kept = !shape.compact_gallery && shape.queries > at_once &&
                         shape.gallery_rows <= shape.rows_in(model.packed_gallery_bytes);
    const bool few_columns =
        !shape.packed_queries && !shape.compact_gallery && is_unpacked(shape, shape.gallery_rows, shape.queries, model);
    if (order == tile_order::whole_rows || (order == tile_order::any && (is_kept || few_columns)))
        return plan_rows(shape, few_columns);
    const bool few_rows = !shape.packed_gallery && is_unpacked(shape, shape.queries, shape.gallery_rows, model);
    if (few_rows || are_few(shape, model)) return plan_few(shape, few_rows);
    return plan_strips(shape, minimum(shape.queries, at_once), model);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
