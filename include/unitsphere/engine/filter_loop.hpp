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
#include "byte_panels.hpp"
#include "gallery_side.hpp"
#include "multiply_group.hpp"

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

/// Writes a unit row as row r of a block of queries; the query's numbers, and the sum of its bytes.
inline kernel::byte_query pack_byte_row(const float* row, const shadow_view& gallery, const byte_scratch& scratch,
                                        int r, std::int8_t* block, std::int32_t& sum) noexcept {
    const idx_t dim = gallery.dim(), padded = gallery.bytes.dim;
    const double length = kernel::length_of(row, dim).norm();
    kernel::byte_query query = {1.0f, 1.0f, 0.0f, 0.0f, 0.0f, unitsphere::detail::is_finite(length)};
    std::memset(scratch.bytes, 0, std::size_t(padded));
    if (query.is_finite) {
        const kernel::int8_numbers numbers =
            kernel::quantize_unit_row(row, dim, gallery.space, scratch.rotated, scratch.bytes);
        query.scale = numbers.scale, query.inverse_scale = 1.0f / numbers.scale;
        query.norm = numbers.norm, query.error = kernel::rounded_up(double(numbers.error));
        query.constant = kernel::rounded_up(
            double(numbers.from_mean) - gallery.space.mean_square +
            kernel::constant_of_bound(dim, length, 1.0 + 1e-6 + gallery.deviation, gallery.space.mean_square));
    }
    sum = 0;
    for (idx_t k = 0; k < padded; ++k) sum += scratch.bytes[k];
    for (idx_t k = 0; k < padded; k += kernel::byte_step)
        std::memcpy(block + kernel::byte_of_block(r, k), scratch.bytes + k, kernel::byte_step);
    return query;
}

template <class T, class Pool>
class filter_loop {
public:
    filter_loop(const execution& how, row_source<T>& queries, const shadow_view& gallery, Pool& pool)
        : how_(how),
          queries_(queries),
          gallery_(gallery),
          pool_(pool),
          memory_(how, queries.function()),
          pass_rows_(minimum(round_up(queries.rows(), rows_at_once), most_pass_rows)),
          strip_panels_(panels_of_strip()),
          strips_(ceil_div(gallery.bytes.panels(), strip_panels_)),
          workers_(clamped(maximum(strips_, pass_rows_ / rows_at_once), 1, how.workers())) {
        const idx_t dim = gallery.dim(), padded = gallery.bytes.dim;
        memory_.add(units_, pass_rows_, dim);
        memory_.add(blocks_, pass_rows_, padded);
        memory_.add(row_sums_, pass_rows_);
        memory_.add(numbers_, pass_rows_);
        memory_.add(rotated_, workers_, dim);
        memory_.add(bytes_, workers_, padded);
        memory_.add(sums_, workers_, rows_at_once * columns_at_once);
        memory_.add(gathered_, workers_, kernel::lane_count * dim);
        memory_.add(filled_, workers_, pass_rows_);
        memory_.add(bounds_, workers_, pass_rows_ * list_length);
        memory_.add(candidates_, workers_, pass_rows_ * list_length);
        pool.lay_out(memory_, workers_, pass_rows_);
        memory_.reserve();
        pool.begin();
    }

    void run() {
        for (idx_t first = 0; first < queries_.rows(); first += pass_rows_) {
            first_ = first, rows_ = minimum(pass_rows_, queries_.rows() - first);
            pool_.rows_begin(first_, rows_);
            take_queries();
            filter();
            finish();
        }
    }

private:
    static constexpr idx_t rows_at_once = 2 * kernel::byte_rows, panels_at_once = 6, most_pass_rows = 1024;
    static constexpr idx_t columns_at_once = panels_at_once * kernel::byte_columns;
    static constexpr idx_t list_length = 64;  ///< candidates of a query, before they are refined

    idx_t panels_of_strip() const noexcept {
        const idx_t fitting = caches().strip_bytes / maximum(gallery_.bytes.panel_bytes(), 1);
        const idx_t share = ceil_div(gallery_.bytes.panels(), 4 * how_.workers());
        return ceil_div(clamped(minimum(fitting, share), 1, 32 * panels_at_once), panels_at_once) * panels_at_once;
    }
    byte_scratch scratch(idx_t worker) const noexcept { return {rotated_.of(worker), bytes_.of(worker)}; }

    void take_queries() {
        const idx_t dim = gallery_.dim(), padded = gallery_.bytes.dim;
        for_each_task(how_, ceil_div(rows_, rows_at_once), [&](idx_t worker, idx_t task) {
            row_report seen;
            for (idx_t i = task * rows_at_once; i < minimum((task + 1) * rows_at_once, rows_); ++i) {
                float* const unit = units_ + i * dim;
                kernel::scale_row(queries_.row(first_ + i), dim, queries_.factors(first_ + i, seen), unit);
                numbers_[i] =
                    pack_byte_row(unit, gallery_, scratch(worker), int(i % kernel::byte_rows),
                                  blocks_ + i / kernel::byte_rows * (padded * kernel::byte_rows), row_sums_[i]);
            }
            queries_.count(seen);
        });
        for (idx_t worker = 0; worker < workers_; ++worker)
            for (idx_t i = 0; i < rows_; ++i) filled_.of(worker)[i] = 0;
    }

    void filter() {
        for_each_task(how_, strips_, [&](idx_t worker, idx_t strip) {
            const kernel::amx::configured_tiles tiles(rows_ > kernel::most_vector_rows);
            const idx_t first = strip * strip_panels_, end = minimum(first + strip_panels_, gallery_.bytes.panels());
            auto&& consumer = pool_.of(worker);
            for (idx_t row = 0; row < rows_; row += rows_at_once)
                for (idx_t panel = first; panel < end; panel += panels_at_once)
                    multiply(worker, row, panel, minimum(end - panel, panels_at_once), bool(tiles), consumer);
            how_.report_progress(
                rows_ * (minimum(end * kernel::byte_columns, gallery_.rows()) - first * kernel::byte_columns),
                queries_.rows() * gallery_.rows());
        });
    }
    template <class Consumer>
    void multiply(idx_t worker, idx_t row, idx_t panel, idx_t panels, bool tiles, Consumer& consumer) {
        const byte_panels& bytes = gallery_.bytes;
        const idx_t rows = minimum(rows_at_once, rows_ - row);
        std::int32_t* const sums = sums_.of(worker);
        kernel::multiply_bytes({blocks_ + row * bytes.dim, row_sums_ + row, bytes.bytes + panel * bytes.panel_bytes(),
                                int(rows), int(panels), bytes.dim, sums, columns_at_once},
                               tiles);
        for (idx_t i = row; i < row + rows; ++i) {
            const kernel::byte_query& query = numbers_[i];
            if (!query.is_finite) continue;
            const std::int32_t* of_row = sums + (i - row) * columns_at_once;
            float reach = reach_of(consumer, i);
            for (idx_t p = panel; p < panel + panels; ++p, of_row += kernel::byte_columns)
                if (kernel::any_may_reach(of_row, bytes.numbers[p], query, reach - query.constant)) {
                    collect(worker, i, p, of_row, reach, consumer);
                    reach = reach_of(consumer, i);
                }
        }
    }
    /// Clamped scores are no less than -1: whoever asks for so little gets all.
    template <class Consumer>
    float reach_of(const Consumer& consumer, idx_t i) const noexcept {
        const float reach = consumer.reach(first_ + i);
        return reach > -1.0f ? reach : -1e5f;
    }
    /// The rows of a panel that may reach `reach` join the list of query i.
    template <class Consumer>
    void collect(idx_t worker, idx_t i, idx_t panel, const std::int32_t* sums, float reach, Consumer& consumer) {
        const kernel::panel_numbers& numbers = gallery_.bytes.numbers[panel];
        const int columns = int(minimum(gallery_.rows() - panel * kernel::byte_columns, kernel::byte_columns));
        idx_t& filled = filled_.of(worker)[i];
        for (int j = 0; j < columns; ++j) {
            const float bound = kernel::bound_of_score(sums[j], numbers, j, numbers_[i]);
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
        kernel::multiply_row(units_ + i * dim, kernel::unpacked_rows<float>{gathered, dim, kernel::lane_count, factors},
                             dim, scores);
        for (int n = 0; n < count; ++n)
            consumer.tile(score_tile<float>{first_ + i, rows[n], 1, 1, scores + n, kernel::lane_count});
    }

    /// Each worker's lists belong to its consumer: one task empties them.
    void finish() {
        for_each_task(how_, workers_, [&](idx_t worker, idx_t lists) {
            auto&& consumer = pool_.of(lists);
            for (idx_t i = 0; i < rows_; ++i) refine(lists, worker, i, consumer);
        });
        for_each_task(how_, ceil_div(rows_, rows_at_once), [&](idx_t worker, idx_t task) {
            const idx_t first = task * rows_at_once;
            pool_.of(worker).rows_done(first_ + first, minimum(rows_at_once, rows_ - first));
        });
    }

    const execution& how_;
    row_source<T>& queries_;
    const shadow_view& gallery_;
    Pool& pool_;
    arena memory_;
    idx_t pass_rows_, strip_panels_, strips_, workers_;
    idx_t first_ = 0, rows_ = 0;  ///< of the pass
    float* units_ = nullptr;
    std::int8_t* blocks_ = nullptr;
    std::int32_t* row_sums_ = nullptr;
    kernel::byte_query* numbers_ = nullptr;
    worker_arrays<float> rotated_, gathered_, bounds_;
    worker_arrays<std::int8_t> bytes_;
    worker_arrays<std::int32_t> sums_;
    worker_arrays<idx_t> filled_, candidates_;
};

/// The side of a gallery with a shadow: loops that need every score pack its rows as unit rows of the caller.
class shadow_side : public raw_side<float>, public rows_of_gallery {
public:
    static constexpr bool has_loop = true;
    using rows_of_gallery::count_rows, rows_of_gallery::report, rows_of_gallery::scale_unit_rows;

    shadow_side(const shadow_view& view, const row_policy& options, const char* function, const char* side)
        : raw_side(view.rows_of_float, {}, function, side), rows_of_gallery(view.seen, options, function), view_(view) {}

    /// Whether the consumer says which scores it needs, and the bytes are worth reading: then filter_loop has run.
    template <tile_order Order, class T, class Pool>
    bool score(const execution& how, row_source<T>& queries, Pool& pool) const {
        using consumer = std::decay_t<decltype(pool.of(idx_t()))>;
        if constexpr (Order == tile_order::by_strips && has_reach<consumer>)
            if (queries.rows() <= view_.most_queries) {
                filter_loop<T, Pool>(how, queries, view_, pool).run();
                return true;
            }
        return false;
    }

private:
    shadow_view view_;
};
inline shadow_side side_type_of(const shadow_view&);

inline matrix_view<const float> values_of(const shadow_view& rows) noexcept { return rows.rows_of_float.values(); }
inline kernel::row_in_double<float> row_in_double(const shadow_view& rows, idx_t i) noexcept {
    return {rows.rows_of_float.row(i), rows.dim()};
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
