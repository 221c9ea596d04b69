/// A group of packed queries against panels of the gallery, tile by tile; and the memory of a tile loop.
#pragma once

#include "consumer.hpp"
#include "tile_plan.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Queries of a whole group of packed ones, and of the largest group.
template <class C = float>
inline constexpr int group_rows = cache_model::blocks_of_group* kernel::block<C>::rows;
template <class C = float>
inline constexpr int most_group_rows = maximum(group_rows<C>, cache_model::unpacked_groups_of_task* kernel::lane_count);

/// How many elements `count` rows need as packed blocks.
template <class C>
idx_t size_of_blocks(idx_t count, idx_t dim) {
    return register_tile::of<C>().block_elements(count, dim);
}

/// Packed rows of a tile loop, and the consumers' arrays, in the workspace of the call.
template <class C>
class tile_memory {
public:
    template <class Pool>
    tile_memory(const execution& how, const char* function, const tile_plan& plan, Pool& pool)
        : memory_(how, function) {
        const idx_t rows = plan.loop == tile_loop::rows ? plan.group_rows : plan.pass_rows;
        memory_.add(shared_, plan.shared_elements);
        memory_.add(of_workers_, plan.workers, plan.worker_elements);
        pool.lay_out(memory_, plan.workers, rows);
        memory_.reserve();
        pool.begin();
    }

    C* shared() const noexcept { return shared_; }
    C* of_worker(idx_t worker) const noexcept { return of_workers_.of(worker); }

private:
    arena memory_;
    C* shared_ = nullptr;
    worker_arrays<C> of_workers_;
};

/// What goes into L2 while a group is multiplied: the packed rows of the next group first, as long a time as one panel
/// takes but at most half, then the rest. From a slow L3 a group that is not prefetched costs a tenth of the time.
struct group_prefetch {
    prefetch_range rows, rest;
    idx_t panels_behind = 0;  ///< how far behind these panels the next wanted one is looked for, where `rest` is panels

    /// Part `turn` of `turns`, of which each panel has `of_panel`.
    kernel::prefetch_steps steps(idx_t turn, idx_t turns, idx_t of_panel, idx_t dim) const noexcept {
        const idx_t of_rows = rows.bytes > 0 ? minimum(of_panel, ceil_div(turns, 2)) : 0;
        return turn < of_rows ? rows.steps(turn, of_rows, dim) : rest.steps(turn - of_rows, turns - of_rows, dim);
    }
};

/// The packed rows of a group, to be prefetched, or nothing where L2 has no room for them.
template <class C>
prefetch_range next_group(const C* group, idx_t count, idx_t dim) {
    const idx_t bytes = size_of_blocks<C>(count, dim) * idx_t(sizeof(C));
    return {group, bytes <= caches().next_group_bytes ? bytes : 0};
}

/// What a consumer wants of a panel: both halves, or the columns of one, from `first` on. Where a mask allows one row
/// in a hundred, most panels have one such row.
struct panel_part {
    int first, columns;
};
template <int Columns, class Wants>
panel_part wanted_part(idx_t column, int columns, Wants&& wants) noexcept {
    constexpr int half = Columns / 2;
    if (columns > half) {
        if (!wants(column + half, columns - half)) return {0, half};
        if (!wants(column, half)) return {half, columns - half};
    }
    return {0, columns};
}

/// One register tile, whose scores are those of rows from `row` on and `columns` columns from `column` on: by way of
/// the memory of the operands, or into the consumer's matrix.
template <class C, class S, class Consumer>
UNITSPHERE_INLINE void multiply_tile(kernel::multiply_operands<C, S> x, idx_t row, idx_t column, int columns,
                                     Consumer& consumer) {
    using block = kernel::block<C>;
    consumer.expect(row, x.rows, column, columns);
    if constexpr (std::decay_t<Consumer>::has_matrix)
        if (consumer.stores_in_place() && x.rows == block::rows && columns == block::columns) {
            x.out = consumer.out.row(row) + column, x.pitch = consumer.out.stride();
            return kernel::multiply<C, S>(x);
        }
    kernel::multiply<C, S>(x);
    consumer.tile(score_tile<C>{row, column, x.rows, columns, x.out, int(x.pitch)});
}

/// Multiplies the packed blocks of one group, rows first_row .. first_row + count - 1, with all panels of `gallery`,
/// whose first column has the number first_column.
template <class C, class S, class Consumer>
void multiply_group(const C* group, idx_t first_row, idx_t count, const panels<S>& gallery, idx_t first_column,
                    const group_prefetch& next, Consumer& consumer) {
    using block = kernel::block<C>;
    constexpr int lanes = int(kernel::vector<C>::size), read = (block::rows + lanes - 1) / lanes * lanes;
    alignas(64) C scores[read * block::columns] = {};  // by transpose_tile, and of whole rows by some consumers
    const idx_t block_size = kernel::packed_block_size<C>(gallery.dim);
    const idx_t panels_in_all = ceil_div(gallery.rows, block::columns);
    const idx_t blocks = ceil_div(count, block::rows), whole = maximum(count / block::rows, 1);  // only those prefetch
    const idx_t searched = panels_in_all + next.panels_behind;
    const auto wants = [&](idx_t column, int columns) UNITSPHERE_LAMBDA {
        return consumer.wants(first_row, count, first_column + column, columns);
    };
    const auto next_wanted = [&](idx_t panel) UNITSPHERE_LAMBDA {
        while (panel < searched && !wants(panel * block::columns, block::columns)) ++panel;
        return panel;
    };
    for (idx_t panel = next_wanted(0), after; panel < panels_in_all; panel = after) {
        after = next_wanted(panel + 1);
        const idx_t column = panel * block::columns, turn = (after - 1) * whole;
        const bool prefetches = after < searched || wants(after * block::columns, block::columns);
        const int columns = gallery.columns_from(column);
        const panel_part part =
            kernel::computes_parts<C> ? wanted_part<block::columns>(column, columns, wants) : panel_part{0, columns};
        for (idx_t b = 0; b < blocks; ++b) {
            const idx_t done = b * block::rows;
            const int rows = int(minimum(count - done, block::rows));
            multiply_tile<C, S>(
                {group + b * block_size, gallery.panel(column), rows, gallery.width_from(column), gallery.dim, scores,
                 block::columns,
                 prefetches ? next.steps(turn + minimum(b, whole - 1), panels_in_all * whole, whole, gallery.dim)
                            : kernel::prefetch_steps{nullptr, 0},
                 false, part.first, part.columns},
                first_row + done, first_column + column + part.first, part.columns, consumer);
        }
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
