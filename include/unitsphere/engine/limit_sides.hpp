/// On which side of a consumer's limits are the scores of some queries with some panels? By their bytes, where these
/// tell; what is left is scored in float: all of it together where it is much.
#pragma once

#include "byte_pass.hpp"
#include "consumer.hpp"
#include "shadow_view.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

class sides_of_limits {
public:
    using pass = byte_pass<8, true>;

    sides_of_limits(row_packer<float>& queries, const shadow_view& gallery, const pass& some)
        : queries_(queries), gallery_(gallery), pass_(some), rows_(gallery.rows_of_float, {}, queries.function(), "") {}

    void lay_out(arena& memory, idx_t workers) {
        memory.add(blocks_, pass_.pass_rows() / pass::rows_at_once, block_elements());
        memory.add(panels_, workers, pass::columns_at_once * queries_.dim());
        memory.add(states_, workers, 1);
        memory.add(estimates_, workers, pass::rows_at_once * pass::columns_at_once);
    }
    /// Packs the rows of a task.
    void take_queries(idx_t task) noexcept {
        constexpr bool counts = false;
        queries_.pack_blocks(first_row(task), pass_.rows_of_task(task), blocks_.of(task), counts);
    }
    /// Before all panels of a pass, and before the first task of the next ones.
    void begin_pass(idx_t worker) noexcept { *states_.of(worker) = {}; }
    void begin_panels(idx_t worker) noexcept { states_.of(worker)->is_packed = false; }
    /// Where the bytes told too little again and again, the next tasks do without them.
    template <class Consumer>
    bool passes_over_bytes(idx_t worker, idx_t task, idx_t panel, idx_t panels, Consumer& consumer) {
        if (states_.of(worker)->left_out == 0) return false;
        --states_.of(worker)->left_out;
        score_all(worker, task, panel, panels, consumer);
        return true;
    }

    /// Gives the consumer the scores of a task's rows with some panels. Where the bytes do not tell the side of one,
    /// open(i, row) is called, or all come as they are.
    template <class Consumer, class Open>
    void take(idx_t worker, idx_t task, idx_t panel, idx_t panels, const std::int32_t* sums, const float* slacks,
              Consumer& consumer, Open&& open) {
        const idx_t first = task * pass::rows_at_once, rows = pass_.rows_of_task(task);
        const idx_t column = panel * kernel::byte_columns;
        const idx_t columns = minimum(gallery_.rows() - column, panels * kernel::byte_columns);
        tile_sides sides[pass::rows_at_once * pass::panels_at_once];
        float* const estimates = estimates_.of(worker);
        idx_t count = 0, in_all = 0;
        for (idx_t r = 0; r < rows; ++r) {
            if (pass_.query(first + r).kind == kernel::row_kind::non_finite) continue;
            const sorted_limits limits = consumer.limits(pass_.first() + first + r);
            const float least = limits.count > 0 ? limits.scores[limits.count - 1] : no_limit;
            for (idx_t p = 0; p < panels; ++p) {
                const kernel::byte_query& query = pass_.query(first + r);
                const kernel::panel_numbers& numbers = gallery_.bytes.numbers[panel + p];
                const std::int32_t* const of_panel = sums + r * pass::columns_at_once + p * kernel::byte_columns;
                const float* const of_columns = consumer.column_limits(column + p * kernel::byte_columns);
                if (!kernel::any_may_reach(of_panel, numbers, query, slacks[first + r], least, of_columns)) continue;
                const unsigned is_open =
                    kernel::take_sides(kernel::bound_scores(of_panel, numbers, query, slacks[first + r]), of_columns,
                                       limits.scores, limits.count, estimates + count * kernel::byte_columns);
                in_all += __builtin_popcount(is_open);
                sides[count++] = {int(r), int(p), is_open};
            }
            if (in_all > rows * columns / most_open) {
                worker_state& state = *states_.of(worker);
                state.left_out = state.more = minimum(2 * state.more + 1, 31);
                return score_all(worker, task, panel, panels, consumer);
            }
        }
        states_.of(worker)->more = 0;
        for (idx_t n = 0; n < count; ++n) {
            const idx_t i = first + sides[n].row, from = column + sides[n].panel * kernel::byte_columns;
            const int width = int(minimum(gallery_.rows() - from, kernel::byte_columns));
            consumer.tile(score_tile<float>{pass_.first() + i, from, 1, width, estimates + n * kernel::byte_columns,
                                            kernel::byte_columns});
            for (int j = 0; j < width; ++j)
                if ((sides[n].open >> j & 1) != 0) open(i, from + j);
        }
    }

private:
    struct tile_sides {
        int row, panel;
        unsigned open;  ///< a bit for each column
    };
    struct worker_state {
        int left_out, more;  ///< how many of the next tasks do without bytes; how many did at last
        bool is_packed;      ///< the panels' rows of float
        int unused;          ///< fills 16 bytes
    };
    /// If more than one score of so many is left open, all of them together in float take less time: retrieval of
    /// 4000 x 4000 pairs of mean rank 1 to 1300 was fastest so, of 16, 24, 40 and 64.
    static constexpr idx_t most_open = 64;

    idx_t block_elements() const noexcept { return size_of_blocks<float>(pass::rows_at_once, queries_.dim()); }
    idx_t first_row(idx_t task) const noexcept { return pass_.first() + task * pass::rows_at_once; }

    /// The canonical scores, by tiles. The panels' rows of float are packed when the first task asks for them.
    template <class Consumer>
    void score_all(idx_t worker, idx_t task, idx_t panel, idx_t count, Consumer& consumer) {
        const idx_t column = panel * kernel::byte_columns;
        const idx_t columns = minimum(gallery_.rows() - column, count * kernel::byte_columns);
        if (!states_.of(worker)->is_packed) {
            row_report counted_before;
            pack_panels(rows_, column, columns, panels_.of(worker), counted_before);
            states_.of(worker)->is_packed = true;
        }
        multiply_group(static_cast<const float*>(blocks_.of(task)), first_row(task), pass_.rows_of_task(task),
                       panels<float>{panels_.of(worker), columns, queries_.dim()}, column,
                       group_prefetch{{nullptr, 0}, {nullptr, 0}}, consumer);
    }

    row_packer<float>& queries_;
    const shadow_view& gallery_;
    const pass& pass_;
    row_source<float> rows_;
    worker_arrays<float> blocks_ = {}, panels_ = {}, estimates_ = {};
    worker_arrays<worker_state> states_ = {};
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
