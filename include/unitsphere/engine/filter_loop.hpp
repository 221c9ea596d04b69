/// The tile loop over the bytes of a gallery: rows whose bound reaches what the consumer asks are scored in float.
///
///   for each pass of queries
///     take_queries                          all workers: unit rows, their bytes and numbers
///     filter                                a task: one strip of panels against all queries of the pass
///       for each 32 queries, 6 panels         multiply_bytes -> sums, in L1 -> bounds -> candidates of each query
///                                             or, where a consumer has limits: scores by bytes -> consumer.tile(..)
///       a query's list is full                refine: the best bounds first, 16 rows at a time -> consumer.tile(..)
///     finish                                what is left in the lists; consumer.rows_done(first, count)
///
/// The scores that a consumer sees are those of the other loops, bit for bit; it sees all that reach its reach(row),
/// and some others. One with limits sees, of scores that are certainly on one side of them, what the bytes say.
#pragma once

#include "../kernel/multiply_unpacked.hpp"
#include "../kernel/select.hpp"
#include "limit_sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

template <class Pool>
class filter_loop {
public:
    filter_loop(const execution& how, row_packer<float>& queries, const shadow_view& gallery, Pool& pool)
        : how_(how),
          queries_(queries),
          gallery_(gallery),
          pool_(pool),
          memory_(how, queries.function()),
          pass_(queries, gallery.space, minimum(most_pass_rows, pool.most_rows())),
          sides_(queries, gallery, pass_),
          strip_panels_(panels_of_strip(gallery.bytes.panel_bytes(), gallery.bytes.panels(), how.workers(),
                                        pass::panels_at_once)),
          strips_(ceil_div(gallery.bytes.panels(), strip_panels_)),
          workers_(clamped(maximum(strips_, pass_.pass_rows() / pass::rows_at_once), 1, how.workers())) {
        const idx_t rows = pass_.pass_rows();
        pass_.lay_out(memory_, workers_);
        if constexpr (has_limits<consumer_type>) sides_.lay_out(memory_, workers_);
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
    using pass = byte_pass<8, true>;
    using consumer_type = pool_consumer<Pool>;
    static constexpr idx_t most_pass_rows = 1024;
    static constexpr idx_t list_length = 64;  ///< candidates of a query, before they are refined

    void take_queries() {
        for_each_task(how_, pass_.tasks(), [&](idx_t worker, idx_t task) {
            pass_.take(worker, task);
            if constexpr (has_limits<consumer_type>) sides_.take_queries(task);
        });
        const double longest = 1.0 + 1e-6 + gallery_.deviation;
        for (idx_t i = 0; i < pass_.rows(); ++i) {
            const kernel::byte_query& query = pass_.query(i);
            const double slack =
                kernel::constant_of_bound(gallery_.dim(), query.length, longest, gallery_.space.mean_square);
            if constexpr (has_limits<consumer_type>)
                constants_[i] = float(slack + pool_.of(0).limit_width());
            else
                constants_[i] = float(double(query.offset) + slack);
        }
        for (idx_t worker = 0; worker < workers_; ++worker) {
            for (idx_t i = 0; i < pass_.rows(); ++i) filled_.of(worker)[i] = 0;
            if constexpr (has_limits<consumer_type>) sides_.begin_pass(worker);
        }
    }

    void filter() {
        for_each_task(how_, strips_, [&](idx_t worker, idx_t strip) {
            const kernel::amx::configured_tiles tiles(pass_.wants_tiles());
            const idx_t first = strip * strip_panels_, end = minimum(first + strip_panels_, gallery_.bytes.panels());
            auto&& consumer = pool_.of(worker);
            for (idx_t panel = first; panel < end; panel += pass::panels_at_once) {
                const idx_t panels = minimum(end - panel, pass::panels_at_once);
                if constexpr (has_limits<consumer_type>) sides_.begin_panels(worker);
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
        if constexpr (has_limits<Consumer>)
            if (sides_.passes_over_bytes(worker, task, panel, panels, consumer)) return;
        const byte_panels& bytes = gallery_.bytes;
        const std::int32_t* sums =
            pass_.template multiply<8>(worker, task, bytes.bytes + panel * bytes.panel_bytes(), panels, tiles);
        if constexpr (has_limits<Consumer>)
            return sides_.take(worker, task, panel, panels, sums, constants_, consumer,
                               [&](idx_t i, idx_t row) { add(worker, i, row, 0.0f, consumer); });
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
        float reach = -1.0f;
        if constexpr (!has_limits<Consumer>) reach = consumer.reach(pass_.first() + i);
        return reach > -1.0f ? reach : -1e5f;
    }
    /// The rows of a panel that may reach `reach` join the list of query i.
    template <class Consumer>
    void collect(idx_t worker, idx_t i, idx_t panel, const std::int32_t* sums, float reach, Consumer& consumer) {
        const kernel::panel_numbers& numbers = gallery_.bytes.numbers[panel];
        const int columns = int(minimum(gallery_.rows() - panel * kernel::byte_columns, kernel::byte_columns));
        for (int j = 0; j < columns; ++j) {
            const float bound = kernel::bound_of_score(sums[j], numbers, j, pass_.query(i), constants_[i]);
            if (!(bound >= reach) || numbers.from_mean[j] <= kernel::never_found) continue;
            if (add(worker, i, panel * kernel::byte_columns + j, bound, consumer)) reach = reach_of(consumer, i);
        }
    }
    /// A candidate of query i. Whether that filled the list, which then was refined.
    template <class Consumer>
    bool add(idx_t worker, idx_t i, idx_t row, float bound, Consumer& consumer) {
        idx_t& filled = filled_.of(worker)[i];
        bounds_.of(worker)[i * list_length + filled] = bound;
        candidates_.of(worker)[i * list_length + filled] = row;
        if (++filled < list_length) return false;
        refine(worker, worker, i, consumer);
        return true;
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
    row_packer<float>& queries_;
    const shadow_view& gallery_;
    Pool& pool_;
    arena memory_;
    pass pass_;
    sides_of_limits sides_;
    idx_t strip_panels_, strips_, workers_;
    float* constants_ = nullptr;
    worker_arrays<float> gathered_, bounds_;
    worker_arrays<idx_t> filled_, candidates_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
