/// The consumers of range searches: pairs with a score in [threshold, upper_bound), collected or passed to a callback.
#pragma once

#include <memory>

#include "../data/search_results.hpp"
#include "../engine/consumer.hpp"
#include "../kernel/select.hpp"
#include "tile_filter.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Scores from the threshold on, up to but without the upper bound, of rows that may be found. A NaN is never in range.
struct score_range {
    float threshold, upper_bound;
    tile_filter filter;

    /// found(query, row, score) for the scores of a tile that are in range.
    template <class Found>
    void for_each_in(const engine::score_tile<>& tile, Found&& found) const {
        float room[tile_filter::most_columns];
        for (int r = 0; r < tile.rows; ++r) {
            if (!kernel::any_reaches(tile.scores + r * tile.pitch, tile.columns, threshold)) continue;
            const float* const row = filter.scores_of(tile, r, room);
            for (int c = 0; c < tile.columns; ++c)
                if (!is_nan(row[c]) && row[c] >= threshold && row[c] < upper_bound)
                    found(tile.first_row + r, filter.id_of(tile.first_column + c), row[c]);
        }
    }
};

/// Consumer: calls the caller's found(query, row, score) for each pair in range.
template <class Found>
struct pass_to_callback : engine::score_consumer {
    score_range range;
    Found& found;

    bool wants(idx_t, idx_t, idx_t first_column, idx_t columns) const noexcept {
        return range.filter.wants(first_column, columns);
    }
    void tile(const engine::score_tile<>& tile) const { range.for_each_in(tile, found); }
    float reach(idx_t) const noexcept { return range.threshold; }
};

struct found_pair {
    idx_t query, row;
    float score;
};

/// The pairs that one worker has found; on cache lines of its own.
class alignas(64) pair_buffer {
public:
    const found_pair* begin() const noexcept { return pairs_.data(); }
    const found_pair* end() const noexcept { return pairs_.data() + size_; }
    idx_t size() const noexcept { return size_; }
    idx_t capacity() const noexcept { return idx_t(pairs_.size()); }

    /// Where there is room.
    void add(const found_pair& pair) noexcept { pairs_[size_++] = pair; }
    void clear() noexcept { size_ = 0; }
    void grow() {
        auto larger = array<found_pair>::uninitialized(capacity() < 1024 ? 1024 : 2 * capacity());
        for (idx_t n = 0; n < size_; ++n) larger[n] = pairs_[n];
        pairs_ = static_cast<array<found_pair>&&>(larger);
    }

private:
    array<found_pair> pairs_ = {};
    idx_t size_ = 0;
};

/// The pairs of some buffers by query: up to `most` of each, best first. The order is total, so the result does not
/// depend on which worker found what, nor when.
inline range_result hits_by_query(const pair_buffer* buffers, idx_t count, idx_t queries, idx_t most,
                                  const execution& how) {
    range_result found;
    found.offsets = array<idx_t>(queries + 1);
    for (idx_t b = 0; b < count; ++b)
        for (const found_pair& pair : buffers[b]) ++found.offsets[pair.query + 1];
    for (idx_t i = 1; i <= queries; ++i) {
        const idx_t hits = found.offsets[i];
        found.offsets[i] = found.offsets[i - 1] + (hits < most ? hits : most);
    }
    found.indices = array<idx_t>::uninitialized(found.offsets[queries]);
    found.scores = array<float>::uninitialized(found.offsets[queries]);
    array<idx_t> filled(queries);
    const auto list_of = [&](idx_t i) {
        const idx_t first = found.offsets[i];
        return kernel::best_list{found.indices.data() + first, found.scores.data() + first,
                                 found.offsets[i + 1] - first, filled[i]};
    };
    for (idx_t b = 0; b < count; ++b)
        for (const found_pair& pair : buffers[b]) {
            kernel::best_list list = list_of(pair.query);
            list.add(pair.score, pair.row);
            filled[pair.query] = list.filled;
        }
    engine::for_each_range(how, queries, 64, [&](idx_t, idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) list_of(i).sort();
    });
    return found;
}

/// Consumers that collect pairs, a buffer for each worker. Where each query keeps only `most` pairs, a full buffer
/// drops what can no longer be among them, so that memory grows with the result.
class collect_in_range : public engine::consumer_pool {
public:
    collect_in_range(const score_range& range, idx_t queries, idx_t gallery_rows, idx_t most)
        : range_(range), queries_(queries), most_(most), is_limited_(most < gallery_rows) {}

    void lay_out(engine::arena&, idx_t workers, idx_t) {
        workers_ = workers;
        buffers_.reset(new pair_buffer[std::size_t(workers)]);
    }

    /// One worker's buffer.
    struct consumer : engine::score_consumer {
        const collect_in_range& all;
        pair_buffer& pairs;

        bool wants(idx_t, idx_t, idx_t first_column, idx_t columns) const noexcept {
            return all.range_.filter.wants(first_column, columns);
        }
        void tile(const engine::score_tile<>& tile) const {
            all.range_.for_each_in(tile, [this](idx_t query, idx_t row, float score) {
                if (pairs.size() == pairs.capacity()) all.make_room(pairs);
                pairs.add({query, row, score});
            });
        }
        float reach(idx_t) const noexcept { return all.range_.threshold; }
    };
    consumer of(idx_t worker) const noexcept { return {{}, *this, buffers_[std::size_t(worker)]}; }

    range_result result(const execution& how) const {
        return hits_by_query(buffers_.get(), workers_, queries_, most_, how);
    }

private:
    /// Dropping takes time and memory of O(queries): not before as many pairs are there.
    void make_room(pair_buffer& pairs) const {
        if (is_limited_ && pairs.size() >= queries_) {
            const range_result kept = hits_by_query(&pairs, 1, queries_, most_, {});
            pairs.clear();
            for (idx_t i = 0; i < queries_; ++i)
                for (const auto [row, score] : kept[i]) pairs.add({i, row, score});
        }
        if (2 * pairs.size() >= pairs.capacity()) pairs.grow();
    }

    score_range range_;
    idx_t queries_, most_;
    bool is_limited_;
    idx_t workers_ = 0;
    std::unique_ptr<pair_buffer[]> buffers_ = {};
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
