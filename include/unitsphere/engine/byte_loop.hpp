/// The tile loop over a gallery of 16, 8, 4 or 1 bits an element: products of bytes, then scores, to the consumer.
///
///   for each pass of queries
///     take                                  all workers: unit rows, their bytes and numbers
///     multiply                              a task: one strip of panels against all queries of the pass
///       6 panels, widened to bytes unless they are; for each 32 queries
///         multiply_bytes -> sums, in L1 -> scores -> consumer.tile(tile), a register tile of float at a time
///     rows_done                             for each 32 queries
#pragma once

#include "byte_scores.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

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
    using pass = byte_pass<Bits == 16 ? 16 : 8, false>;

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
    /// The scores of single rows with a row of queries, in room_elements() of memory.
    template <class Row>
    byte_scorer<Bits> scores_with(const Row& query, float* room) const noexcept {
        return {query, view_, room};
    }
    idx_t room_elements() const noexcept { return byte_scorer<Bits>::room_elements(view_); }
    template <tile_order Order, class Pool>
    bool score(const execution& how, row_packer<float>& queries, Pool& pool) const {
        static_assert(Order != tile_order::whole_rows, "unitsphere: rows of bytes come by strips");
        byte_loop<Bits, Pool>(how, queries, view_, pool).run();
        return true;
    }

private:
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
