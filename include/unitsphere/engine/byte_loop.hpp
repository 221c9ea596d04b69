/// The tile loop over a gallery of 16, 8, 4 or 1 bits an element: products of bytes, then scores, to the consumer.
///
///   for each pass of queries
///     take                                  all workers: unit rows, their bytes and numbers
///     multiply                              a task: one strip of panels against all queries of the pass
///       6 panels, widened to bytes unless they are; for each 32 queries
///         multiply_bytes -> sums, in L1 -> scores -> consumer.tile(tile), a register tile of float at a time
///     rows_done                             for each 32 queries
#pragma once

#include "../kernel/compact_bytes.hpp"
#include "byte_pass.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// The view of a compact gallery of `Bits` bits an element.
template <int Bits>
struct byte_view {
    using value_type = float;  ///< of scores

    const std::uint8_t* bytes;
    const kernel::compact_numbers* numbers;
    idx_t rows_, dim_;
    kernel::byte_space space;
    row_report seen;   ///< counted when the gallery took the rows
    double deviation;  ///< of the norms of rows that were unit before

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    idx_t panels() const noexcept { return ceil_div(rows_, kernel::byte_columns); }
    idx_t panel_bytes() const noexcept {
        return kernel::compact_panel_bytes<Bits>(kernel::padded_row_bytes<Bits>(dim_));
    }
};
template <int Bits>
inline constexpr bool is_packed_view<byte_view<Bits>> = true;
template <int Bits>
inline constexpr bool has_elements<byte_view<Bits>> = false;

/// 16 scores; of a query without a direction 0 or NaN.
template <int Bits>
inline kernel::lanes<float> scores_of(const kernel::byte_query& query, const std::int32_t* sums,
                                      const kernel::compact_numbers& panel) noexcept {
    if (query.kind == kernel::row_kind::regular) return kernel::compact_scores<Bits>(sums, panel, query);
    const bool zero = query.kind == kernel::row_kind::zero;
    kernel::lanes<float> scores = kernel::broadcast(zero ? 0.0f : unitsphere::detail::quiet_nan());
    if (zero)  // with a row that is not finite: NaN
        scores = kernel::nan_where_nan(scores, kernel::load16(panel.from_mean));
    return scores;
}

template <int Bits, class Pool>
class byte_loop {
public:
    byte_loop(const execution& how, row_packer<float>& queries, const byte_view<Bits>& gallery, Pool& pool)
        : how_(how),
          queries_(queries),
          gallery_(gallery),
          pool_(pool),
          memory_(how, queries.function()),
          pass_(queries, gallery.space, minimum(1024, pool.most_rows())),
          strip_panels_(panels_of_strip(widened_panel_bytes(), gallery.panels(), how.workers(), pass::panels_at_once)),
          workers_(clamped(maximum(ceil_div(gallery.panels(), strip_panels_), pass_.pass_rows() / pass::rows_at_once),
                           1, how.workers())) {
        pass_.lay_out(memory_, workers_);
        memory_.add(widened_, workers_, Bits >= 8 ? 0 : pass::panels_at_once * widened_panel_bytes());
        // Consumers read whole registers of rows.
        memory_.add(scores_, workers_, (pass::rows_at_once + kernel::lane_count) * pass::columns_at_once);
        pool.lay_out(memory_, workers_, pass_.pass_rows());
        memory_.reserve();
        pool.begin();
    }

    void run() {
        for (idx_t first = 0; first < queries_.rows(); first += pass_.pass_rows()) {
            pass_.begin(first);
            pool_.rows_begin(first, pass_.rows());
            for_each_task(how_, pass_.tasks(), [&](idx_t worker, idx_t task) { pass_.take(worker, task); });
            for_each_range(how_, gallery_.panels(), strip_panels_,
                           [&](idx_t worker, idx_t begin, idx_t end) { multiply(worker, begin, end); });
            for_each_task(how_, pass_.tasks(), [&](idx_t worker, idx_t task) {
                pool_.of(worker).rows_done(first + task * pass::rows_at_once, pass_.rows_of_task(task));
            });
        }
    }

private:
    using pass = byte_pass<Bits == 16 ? 16 : 8>;

    idx_t widened_panel_bytes() const noexcept {
        return kernel::padded_row_bytes<Bits>(gallery_.dim()) * kernel::byte_columns;
    }

    /// The scores of all queries of the pass with some panels.
    void multiply(idx_t worker, idx_t panel, idx_t end_panel) {
        const kernel::amx::configured_tiles tiles(pass_.wants_tiles());
        auto&& consumer = pool_.of(worker);
        const idx_t first = panel * kernel::byte_columns;
        const idx_t columns = minimum(end_panel * kernel::byte_columns, gallery_.rows()) - first;
        for (; panel < end_panel; panel += pass::panels_at_once) {
            const idx_t panels = minimum(end_panel - panel, pass::panels_at_once);
            if (!consumer.wants(pass_.first(), pass_.rows(), panel * kernel::byte_columns,
                                panels * kernel::byte_columns))
                continue;
            if constexpr (Bits < 8 && kernel::multiplies_few_bits)
                if (pass_.is_few()) {
                    const std::uint8_t* const at = gallery_.bytes + panel * gallery_.panel_bytes();
                    score(worker, 0, panel, pass_.template multiply_compact<Bits>(worker, at, panels), consumer);
                    continue;
                }
            const std::int8_t* const bytes = bytes_of(worker, panel, panels);
            for (idx_t task = 0; task < pass_.tasks(); ++task)
                score(worker, task, panel, pass_.template multiply<Bits>(worker, task, bytes, panels, bool(tiles)),
                      consumer);
        }
        how_.report_progress(pass_.rows() * columns, queries_.rows() * gallery_.rows());
    }
    const std::int8_t* bytes_of(idx_t worker, idx_t panel, idx_t panels) noexcept {
        const std::uint8_t* const at = gallery_.bytes + panel * gallery_.panel_bytes();
        if constexpr (Bits >= 8) {
            return reinterpret_cast<const std::int8_t*>(at);
        } else {
            std::int8_t* const to = widened_.of(worker);
            for (idx_t p = 0; p < panels; ++p)
                kernel::widen_compact_panel<Bits>(at + p * gallery_.panel_bytes(), kernel::padded_bytes(gallery_.dim()),
                                                  to + p * widened_panel_bytes());
            return to;
        }
    }
    /// Sums become scores, which the consumer gets by register tiles of float: it may have room for one.
    template <class Consumer>
    void score(idx_t worker, idx_t task, idx_t panel, const std::int32_t* sums, Consumer& consumer) {
        using block = kernel::block<float>;
        const idx_t rows = pass_.rows_of_task(task), first_row = task * pass::rows_at_once;
        const idx_t first = panel * kernel::byte_columns;
        const idx_t columns = minimum(gallery_.rows() - first, pass::columns_at_once);
        float* const scores = scores_.of(worker);
        for (idx_t r = 0; r < rows; ++r)
            for (idx_t c = 0; c < columns; c += kernel::byte_columns)
                kernel::store16(scores + r * pass::columns_at_once + c,
                                scores_of<Bits>(pass_.query(first_row + r), sums + r * pass::columns_at_once + c,
                                                gallery_.numbers[panel + c / kernel::byte_columns]));
        for (idx_t r = 0; r < rows; r += block::rows)
            for (idx_t c = 0; c < columns; c += block::columns)
                consumer.tile(score_tile<float>{pass_.first() + first_row + r, first + c,
                                                int(minimum(rows - r, block::rows)),
                                                int(minimum(columns - c, block::columns)),
                                                scores + r * pass::columns_at_once + c, int(pass::columns_at_once)});
    }
    const execution& how_;
    row_packer<float>& queries_;
    const byte_view<Bits>& gallery_;
    Pool& pool_;
    arena memory_;
    pass pass_;
    idx_t strip_panels_, workers_;
    worker_arrays<std::int8_t> widened_;
    worker_arrays<float> scores_;
};

/// The side of such a gallery.
template <int Bits>
class byte_side : public rows_of_gallery {
public:
    static constexpr bool has_loop = true, has_panels = false;

    byte_side(const byte_view<Bits>& view, const row_policy& options, const char* function, const char*)
        : rows_of_gallery(view.seen, options, function), view_(view) {}

    idx_t rows() const noexcept { return view_.rows(); }
    /// The score of row i with a row of queries, in room_elements() of memory.
    template <class Row>
    float score_with(const Row& row, idx_t i, float* room) const noexcept {
        const idx_t dim = view_.dim(), panel = i / kernel::byte_columns;
        const int column = int(i % kernel::byte_columns);
        auto* const bytes = reinterpret_cast<std::int8_t*>(room + 2 * dim);
        const byte_scratch scratch = {room + dim, bytes};
        row.copy(0, dim, room);
        kernel::byte_query query;
        std::int32_t sums[sums_of_one];
        if constexpr (Bits == 16) {  // rounded as in a search
            std::int8_t* const block = bytes + row_bytes();
            const kernel::amx::configured_tiles tiles(kernel::takes_tiles<16>(1));
            std::int32_t unused;
            query = pack_byte_row<16>(room, dim, view_.space, scratch, 0, block, unused);
            kernel::multiply_bytes<16>({block, &unused, reinterpret_cast<const std::int8_t*>(panel_at(panel)), 1, 1,
                                        row_bytes(), sums, kernel::byte_columns},
                                       bool(tiles));
        } else {
            query = take_byte_query<8>(room, dim, view_.space, scratch);
            std::memset(sums, 0, sizeof sums);
            for (idx_t k = 0; k < dim; ++k)
                sums[column] += bytes[k] * kernel::compact_byte<Bits>(panel_at(panel), column, k);
        }
        float scores[kernel::lane_count];
        kernel::store16(scores, scores_of<Bits>(query, sums, view_.numbers[panel]));
        return scores[column];
    }
    /// Two rows of floats, and one of bytes; of 16 bits also its block.
    idx_t room_elements() const noexcept {
        return 2 * view_.dim() + row_bytes() / 4 * (Bits == 16 ? 1 + kernel::byte_rows : 1);
    }
    template <tile_order Order, class Pool>
    bool score(const execution& how, row_packer<float>& queries, Pool& pool) const {
        static_assert(Order != tile_order::whole_rows, "unitsphere: rows of bytes come by strips");
        byte_loop<Bits, Pool>(how, queries, view_, pool).run();
        return true;
    }

private:
    /// Tiles write those of all rows of a block.
    static constexpr int sums_of_one = kernel::byte_columns * (Bits == 16 ? kernel::byte_rows : 1);

    idx_t row_bytes() const noexcept { return kernel::padded_row_bytes<Bits>(view_.dim()); }
    const std::uint8_t* panel_at(idx_t panel) const noexcept { return view_.bytes + panel * view_.panel_bytes(); }

    byte_view<Bits> view_;
};
template <int Bits>
byte_side<Bits> side_type_of(const byte_view<Bits>&);

/// Empty: the gallery owns its memory, so that no output can overlap it.
template <int Bits>
matrix_view<const float> values_of(const byte_view<Bits>&) noexcept {
    return {};
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
