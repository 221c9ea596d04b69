/// Who gets the scores: a tile of scores, the consumer of one worker, and the pool of consumers of a call.
#pragma once

#include "arena.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Scores of queries first_row .. first_row + rows - 1 against gallery rows first_column .. first_column + columns - 1.
template <class C = float>
struct score_tile {
    idx_t first_row, first_column;
    int rows, columns;
    const C* scores;  ///< behind `columns` of a row, up to the pitch: any numbers
    int pitch;

    /// Stores scale * scores, or scale * scores + bias (fused), in their places in the whole result.
    void store(C scale, const matrix_view<C>& out) const noexcept {
        C* const to = out.row(first_row) + first_column;
        kernel::scale_tile(scores, pitch, rows, columns, scale, to, out.stride());
    }
    void store(C scale, C bias, const matrix_view<C>& out) const noexcept {
        for (int r = 0; r < rows; ++r)
            kernel::scale_and_shift_row(scores + r * pitch, columns, scale, bias,
                                        out.row(first_row + r) + first_column);
    }
    /// Stores scale * scores of one row of the tile in their columns of a whole row of the result.
    void store_row(int r, C scale, C* whole_row) const noexcept {
        kernel::scale_tile(scores + r * pitch, pitch, 1, columns, scale, whole_row + first_column, 0);
    }
};

/// Prefetches, for writing, the lines of `out` that a tile will be stored in.
template <class C>
void expect_tile(const matrix_view<C>& out, idx_t first_row, int rows, idx_t first_column, int columns) noexcept {
    constexpr int line = 64 / int(sizeof(C));
    for (int r = 0; r < rows; ++r) {
        const C* const row = out.row(first_row + r) + first_column;
        for (int c = 0; c < columns; c += line) kernel::prefetch_to_write(row + c);
        kernel::prefetch_to_write(row + columns - 1);
    }
}

/// The base of every consumer: no-op hooks. A consumer defines tile(), and redefines (hides) the hooks that it needs.
///
/// | member                                   | called                                     | by                      |
/// |------------------------------------------|--------------------------------------------|-------------------------|
/// | tile(const score_tile<C>&)               | for each tile, while it is in L1           | the worker of the tile  |
/// | expect(row, rows, column, columns)       | before that tile is computed               | the same                |
/// | wants(row, rows, column, columns)        | before a rectangle is packed or multiplied:| the worker of the       |
/// |                                          | false lets a loop leave it out; columns    | rectangle               |
/// |                                          | may lie behind the gallery's last          |                         |
/// | reach(row)                               | filter_loop: scores of this query below it | the worker of the       |
/// |                                          | change nothing: they need not come         | rectangle               |
/// | limits(row), column_limits(column),      | filter_loop: of each score the consumer    | the same                |
/// | limit_width()                            | asks only whether it is before these       |                         |
/// | rows_done(first, count)                  | once every score of these queries has been | one worker, not always  |
/// |                                          | handed to some worker's tile()             | one that had their tiles|
/// | cell_begins(row, rows)                   | score_cells: before the strips of a cell   | the worker of the cell  |
/// | strip_begins(column, columns)            | score_cells: before the tiles of a strip   | the same                |
/// | strip_done()                             | score_cells: after them                    | the same                |
///
/// limits(row) are sorted, the best first; column_limits(column) are those of 16 columns; `no_limit` is none. A score
/// that is certainly farther from all of them than limit_width() may come as any float on its side of them. One that
/// is not comes as it is, that of a row which is not finite as -1; first it may come as NaN, which is to count as
/// nothing.
/// run_rows gives the columns of a row to one worker in ascending order, then calls rows_done. strip_loop and run_few
/// give tiles of the same rows to several workers, in no order; run_few does not call expect(), and no loop calls it
/// for rows that are not packed.
/// score_cells gives the rows of a strip in ascending order, and calls neither wants() nor rows_done().
struct score_consumer {
    /// Whether the consumer has a matrix `out` of the scores: where its stores_in_place() says so, whole register tiles
    /// are multiplied into that, instead of a tile() that would only copy them (3 to 6 % of a large matrix of cosines).
    static constexpr bool has_matrix = false;

    void expect(idx_t, int, idx_t, int) const noexcept {}
    bool wants(idx_t, idx_t, idx_t, idx_t) const noexcept { return true; }
    void rows_done(idx_t, idx_t) const noexcept {}
    void cell_begins(idx_t, idx_t) const noexcept {}
    void strip_begins(idx_t, idx_t) const noexcept {}
    void strip_done() const noexcept {}
};

/// The base of a pool: the consumers of a call, one for each worker, and their memory. A pool defines of(worker).
///
/// | member                          | called                                                        | by             |
/// |---------------------------------|---------------------------------------------------------------|----------------|
/// | lay_out(arena&, workers, rows)  | first: adds arrays for that many workers, and for the queries | the caller     |
/// |                                 | between two rows_done (a pass, or a group in run_rows)        |                |
/// | most_rows()                     | strip_loop: how many queries a pass may have, where their     | the plan       |
/// |                                 | arrays would be too large; 128 and more                       |                |
/// | begin()                         | when the arrays have memory                                   | the caller     |
/// | rows_begin(first, count)        | strip_loop, run_few: before a pass over these queries         | the caller     |
/// | of(worker)                      | before a task: the worker's consumer, by value or reference   | the worker     |
struct consumer_pool {
    void lay_out(arena&, idx_t, idx_t) const noexcept {}
    idx_t most_rows() const noexcept { return PTRDIFF_MAX; }
    void begin() const noexcept {}
    void rows_begin(idx_t, idx_t) const noexcept {}
};

/// One consumer for all workers: a question without memory of its own.
template <class Consumer>
struct shared_by_workers : consumer_pool {
    Consumer consumer;

    shared_by_workers(const Consumer& one) : consumer(one) {}
    const Consumer& of(idx_t) const noexcept { return consumer; }
};
template <class Consumer>
shared_by_workers(Consumer) -> shared_by_workers<Consumer>;

template <class Consumer, class C, class = void>
inline constexpr bool takes_tiles = false;
template <class Consumer, class C>
inline constexpr bool takes_tiles<
    Consumer, C, std::void_t<decltype(std::declval<Consumer&>().tile(std::declval<const score_tile<C>&>()))>> = true;

/// Whether a consumer says which scores it needs. (nvcc writes idx_t() as "signed long()" here, hence declval.)
template <class Consumer, class = void>
inline constexpr bool has_reach = false;
template <class Consumer>
inline constexpr bool
    has_reach<Consumer, std::void_t<decltype(std::declval<Consumer&>().reach(std::declval<idx_t>()))>> = true;

/// The limits of a row's scores, and one that no score reaches.
struct sorted_limits {
    const float* scores;
    idx_t count;
};
inline constexpr float no_limit = 1e30f;

/// Whether a consumer asks only on which side of its limits a score is.
template <class Consumer, class = void>
inline constexpr bool has_limits = false;
template <class Consumer>
inline constexpr bool
    has_limits<Consumer, std::void_t<decltype(std::declval<Consumer&>().limits(std::declval<idx_t>()))>> = true;

/// What a pool gives a worker.
template <class Pool>
using pool_consumer = std::decay_t<decltype(std::declval<Pool&>().of(std::declval<idx_t>()))>;
template <class Pool, class = void>
inline constexpr bool has_consumers = false;
template <class Pool>
inline constexpr bool has_consumers<Pool, std::void_t<pool_consumer<Pool>>> = true;

/// Names what a consumer lacks, where the compiler would name a place in a loop.
template <class Consumer, class C>
constexpr void require_consumer() {
    static_assert(
        std::is_base_of_v<score_consumer, Consumer>,
        "unitsphere: a consumer derives from engine::score_consumer, for the members that it does not define");
    static_assert(takes_tiles<Consumer, C>,
                  "unitsphere: this consumer lacks the member tile(const engine::score_tile<C>&)");
}
template <class Pool, class C>
constexpr void require_pool() {
    static_assert(has_consumers<Pool>, "unitsphere: these consumers lack the member of(worker)");
    if constexpr (has_consumers<Pool>) require_consumer<pool_consumer<Pool>, C>();
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
