/// The tile loop over the bytes of a gallery: rows whose bound reaches what the consumer asks are scored in float.
///
///   for each pass of queries
///     take_queries                          all workers: unit rows, their bytes and numbers
///     filter                                a task: one strip of panels against all queries of the pass
///       for each 32 queries, 6 panels         multiply_bytes -> sums, in L1 -> bounds -> candidates of each query
///       a query's list is full                refine: the best bounds first, 16 rows at a time -> consumer.tile(..)
///     finish                                what is left in the lists; consumer.rows_done(first, count)
///
/// The scores that a consumer sees are those of the other loops, bit for bit; it sees all that reach its reach(row),
/// and some others.
#pragma once

#include "../kernel/cosine_in_double.hpp"
#include "../kernel/multiply_unpacked.hpp"
#include "../kernel/select.hpp"
#include "byte_pass.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Rows that stay where they are, beside their bytes: what a question about a `shadow_gallery` reads.
struct shadow_view {
    using value_type = float;

    unit_view<float> rows_of_float;
    byte_panels bytes;
    kernel::byte_space space;
    row_report seen;     ///< counted when the gallery took the rows
    double deviation;    ///< of the norms of rows that were unit before
    idx_t most_queries;  ///< for which searches read the bytes

    idx_t rows() const noexcept { return rows_of_float.rows(); }
    idx_t dim() const noexcept { return rows_of_float.dim(); }
};

template <>
inline constexpr bool is_packed_view<shadow_view> = true;

template <class Queries, class Pool>
class filter_loop {
public:
    filter_loop(const execution& how, Queries& queries, const shadow_view& gallery, Pool& pool)
        : how_(how),
          queries_(queries),
          gallery_(gallery),
          pool_(pool),
          memory_(how, queries.function()),
          pass_(queries, gallery.space, minimum(most_pass_rows, pool.most_rows())),
          strip_panels_(panels_of_strip(gallery.bytes.panel_bytes(), gallery.bytes.panels(), how.workers(),
                                        pass::panels_at_once)),
          strips_(ceil_div(gallery.bytes.panels(), strip_panels_)),
          workers_(clamped(maximum(strips_, pass_.pass_rows() / pass::rows_at_once), 1, how.workers())) {
        const idx_t rows = pass_.pass_rows();
        pass_.lay_out(memory_, workers_);
        memory_.add(constants_, rows);
        memory_.add(gathered_, workers_, kernel::lane_count * gallery.dim());
        memory_.add(filled_, workers_, rows);
        memory_.add(bounds_, workers_, rows * list_length);
        memory_.add(candidates_, workers_, rows * list_length);
        pool.lay_out(memory_, workers_, rows);
        memory_.reserve();
        pool.begin();
    }

    void run() {
        for (idx_t first = 0; first < queries_.rows(); first += pass_.pass_rows()) {
            pass_.begin(first);
            pool_.rows_begin(first, pass_.rows());
            take_queries();
            filter();
            finish();
        }
    }

private:
    using pass = byte_pass<Queries>;
    static constexpr idx_t most_pass_rows = 1024;
    static constexpr idx_t list_length = 64;  ///< candidates of a query, before they are refined

    void take_queries() {
        for_each_task(how_, pass_.tasks(), [&](idx_t worker, idx_t task) { pass_.take(worker, task); });
        const double longest = 1.0 + 1e-6 + gallery_.deviation;
        for (idx_t i = 0; i < pass_.rows(); ++i) {
            const kernel::byte_query& query = pass_.query(i);
            constants_[i] =
                float(double(query.offset) +
                      kernel::constant_of_bound(gallery_.dim(), query.length, longest, gallery_.space.mean_square));
        }
        for (idx_t worker = 0; worker < workers_; ++worker)
            for (idx_t i = 0; i < pass_.rows(); ++i) filled_.of(worker)[i] = 0;
    }

    void filter() {
        for_each_task(how_, strips_, [&](idx_t worker, idx_t strip) {
            const kernel::amx::configured_tiles tiles(pass_.wants_tiles());
            const idx_t first = strip * strip_panels_, end = minimum(first + strip_panels_, gallery_.bytes.panels());
            auto&& consumer = pool_.of(worker);
            for (idx_t panel = first; panel < end; panel += pass::panels_at_once) {
                const idx_t panels = minimum(end - panel, pass::panels_at_once);
                for (idx_t task = 0; task < pass_.tasks(); ++task)
                    if (consumer.wants(pass_.first() + task * pass::rows_at_once, pass_.rows_of_task(task),
                                       panel * kernel::byte_columns, panels * kernel::byte_columns))
                        look(worker, task, panel, panels, bool(tiles), consumer);
            }
            const idx_t rows = minimum(end * kernel::byte_columns, gallery_.rows()) - first * kernel::byte_columns;
            how_.report_progress(pass_.rows() * rows, queries_.rows() * gallery_.rows());
        });
    }
    /// The products of a task's queries with some panels: which of the rows may reach what is asked?
    template <class Consumer>
    void look(idx_t worker, idx_t task, idx_t panel, idx_t panels, bool tiles, Consumer& consumer) {
        const byte_panels& bytes = gallery_.bytes;
        const std::int32_t* sums =
            pass_.multiply(worker, task, bytes.bytes + panel * bytes.panel_bytes(), panels, tiles);
        const idx_t row = task * pass::rows_at_once, end = row + pass_.rows_of_task(task);
        for (idx_t i = row; i < end; ++i, sums += pass::columns_at_once) {
            const kernel::byte_query& query = pass_.query(i);
            if (query.kind == kernel::row_kind::non_finite) continue;
            float reach = reach_of(consumer, i);
            for (idx_t p = 0; p < panels; ++p)
                if (kernel::any_may_reach(sums + p * kernel::byte_columns, bytes.numbers[panel + p], query,
                                          reach - constants_[i])) {
                    collect(worker, i, panel + p, sums + p * kernel::byte_columns, reach, consumer);
                    reach = reach_of(consumer, i);
                }
        }
    }
    /// Clamped scores are no less than -1: whoever asks for so little gets all.
    template <class Consumer>
    float reach_of(const Consumer& consumer, idx_t i) const noexcept {
        const float reach = consumer.reach(pass_.first() + i);
        return reach > -1.0f ? reach : -1e5f;
    }
    /// The rows of a panel that may reach `reach` join the list of query i.
    template <class Consumer>
    void collect(idx_t worker, idx_t i, idx_t panel, const std::int32_t* sums, float reach, Consumer& consumer) {
        const kernel::panel_numbers& numbers = gallery_.bytes.numbers[panel];
        const int columns = int(minimum(gallery_.rows() - panel * kernel::byte_columns, kernel::byte_columns));
        idx_t& filled = filled_.of(worker)[i];
        for (int j = 0; j < columns; ++j) {
            const float bound = kernel::bound_of_score(sums[j], numbers, j, pass_.query(i), constants_[i]);
            if (!(bound >= reach) || numbers.from_mean[j] <= kernel::never_found) continue;
            bounds_.of(worker)[i * list_length + filled] = bound;
            candidates_.of(worker)[i * list_length + filled] = panel * kernel::byte_columns + j;
            if (++filled == list_length) {
                refine(worker, worker, i, consumer);
                reach = reach_of(consumer, i);
            }
        }
    }

    /// Scores the candidates of query i in a worker's list in float, the best bounds first, until no other can reach
    /// what is asked. `scratch`: the worker that does it.
    template <class Consumer>
    void refine(idx_t worker, idx_t scratch, idx_t i, Consumer& consumer) {
        idx_t& filled = filled_.of(worker)[i];
        kernel::best_list list{candidates_.of(worker) + i * list_length, bounds_.of(worker) + i * list_length, filled};
        for (idx_t n = 0; n < filled; ++n) list.add(list.scores[n], list.indices[n]);
        list.sort();
        for (idx_t done = 0; done < filled; done += kernel::lane_count) {
            const float reach = reach_of(consumer, i);
            int count = 0;
            while (count < minimum(filled - done, kernel::lane_count) && list.scores[done + count] >= reach) ++count;
            if (count == 0) break;
            score(scratch, i, list.indices + done, count, consumer);
        }
        filled = 0;
    }
    /// The canonical scores of query i and up to 16 rows, to the consumer.
    template <class Consumer>
    void score(idx_t worker, idx_t i, const idx_t* rows, int count, Consumer& consumer) {
        const idx_t dim = gallery_.dim();
        float* const gathered = gathered_.of(worker);
        for (int n = 0; n < kernel::lane_count; ++n)  // whole squares: the last row fills them up
            std::memcpy(gathered + n * dim, gallery_.rows_of_float.row(rows[minimum(n, count - 1)]),
                        std::size_t(dim) * sizeof(float));
        kernel::row_factors<float> factors[kernel::lane_count];
        for (auto& factor : factors) factor = {1, 1};
        alignas(64) float scores[kernel::lane_count] = {};
        kernel::multiply_row(pass_.unit(i), kernel::unpacked_rows<float>{gathered, dim, kernel::lane_count, factors},
                             dim, scores);
        for (int n = 0; n < count; ++n)
            consumer.tile(score_tile<float>{pass_.first() + i, rows[n], 1, 1, scores + n, kernel::lane_count});
    }

    /// Each worker's lists belong to its consumer: one task empties them.
    void finish() {
        for_each_task(how_, workers_, [&](idx_t worker, idx_t lists) {
            auto&& consumer = pool_.of(lists);
            for (idx_t i = 0; i < pass_.rows(); ++i) refine(lists, worker, i, consumer);
        });
        for_each_task(how_, pass_.tasks(), [&](idx_t worker, idx_t task) {
            pool_.of(worker).rows_done(pass_.first() + task * pass::rows_at_once, pass_.rows_of_task(task));
        });
    }

    const execution& how_;
    Queries& queries_;
    const shadow_view& gallery_;
    Pool& pool_;
    arena memory_;
    pass pass_;
    idx_t strip_panels_, strips_, workers_;
    float* constants_ = nullptr;
    worker_arrays<float> gathered_, bounds_;
    worker_arrays<idx_t> filled_, candidates_;
};

/// The side of a gallery with a shadow: loops that need every score pack its rows as unit rows of the caller.
class shadow_side : public raw_side<float>, public rows_of_gallery {
public:
    static constexpr bool has_loop = true;
    using rows_of_gallery::count_rows, rows_of_gallery::report, rows_of_gallery::scale_unit_rows;

    shadow_side(const shadow_view& view, const row_policy& options, const char* function, const char* side)
        : raw_side(view.rows_of_float, {}, function, side),
          rows_of_gallery(view.seen, options, function),
          view_(view) {}

    /// Whether the consumer says which scores it needs, and the bytes are worth reading: then filter_loop has run.
    template <tile_order Order, class Queries, class Pool>
    bool score(const execution& how, Queries& queries, Pool& pool) const {
        using consumer = std::decay_t<decltype(pool.of(idx_t()))>;
        if constexpr (Order == tile_order::by_strips && has_reach<consumer>)
            if (queries.rows() <= view_.most_queries) {
                filter_loop<Queries, Pool>(how, queries, view_, pool).run();
                return true;
            }
        return false;
    }

private:
    shadow_view view_;
};
inline shadow_side side_type_of(const shadow_view& rows) { return {rows, {}, "", ""}; }
inline unit_view<float> as_queries(const shadow_view& rows) noexcept { return rows.rows_of_float; }

inline matrix_view<const float> values_of(const shadow_view& rows) noexcept { return rows.rows_of_float.values(); }
inline kernel::row_in_double<float> row_in_double(const shadow_view& rows, idx_t i) noexcept {
    return {rows.rows_of_float.row(i), rows.dim()};
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
