/// The work of near_duplicates: groups of the rows whose cosines reach a threshold.
#pragma once

#include <cfloat>

#include "../data/search_results.hpp"
#include "../kernel/cosine_in_double.hpp"
#include "../kernel/select.hpp"
#include "range_hits.hpp"
#include "searched_side.hpp"
#include "sides.hpp"
#include "union_find.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

inline constexpr side_names near_duplicates_names{"near_duplicates", "rows", "rows have dim ", "row ", "rows",
                                                  "rows have dim ",  "row "};

/// Whether two rows are equal bit for bit; of a gallery, the rows that it holds.
template <class T>
bool are_equal(const matrix_view<const T>& rows, idx_t i, idx_t j) noexcept {
    return std::memcmp(rows.row(i), rows.row(j), std::size_t(rows.dim()) * sizeof(T)) == 0;
}
template <class T>
bool are_equal(const unit_view<T>& rows, idx_t i, idx_t j) noexcept {
    return are_equal(rows.values(), i, j);
}
template <class C>
bool are_equal(const engine::packed_view<C>& rows, idx_t i, idx_t j) noexcept {
    const auto column_of = [&](idx_t row) { return row % engine::panels<C>::columns; };
    const auto& packed = rows.packed;
    const idx_t first_i = i - column_of(i), first_j = j - column_of(j);
    const C *a = packed.panel(first_i) + column_of(i), *b = packed.panel(first_j) + column_of(j);
    for (idx_t k = 0; k < rows.dim(); ++k, a += packed.width_from(first_i), b += packed.width_from(first_j))
        if (std::memcmp(a, b, sizeof(C)) != 0) return false;
    return true;
}

/// The length of the shortest row, as it is used: raw rows are scaled.
template <class T>
double shortest_of(const matrix_view<const T>&) noexcept {
    return 1.0;
}
template <class T>
double shortest_of(const unit_view<T>& rows) noexcept {
    double shortest = 1.0;
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const kernel::row_length length = kernel::length_of(rows.row(i), rows.dim());
        if (length.kind() == kernel::row_kind::regular) shortest = kernel::minimum(shortest, length.norm());
    }
    return shortest;
}
template <class C>
double shortest_of(const engine::packed_view<C>& rows) noexcept {
    return 1.0 - rows.deviation;
}

/// What rows are called while they are grouped: their numbers, or the places of their ids in ascending order.
class row_numbers {
public:
    row_numbers(const id_table* table, idx_t rows)
        : rows_(table == nullptr ? rows : table->rows()), are_of_ids_(table != nullptr) {
        if (table == nullptr) return;
        ids_ = table->ascending();
        numbers_ = array<idx_t>::uninitialized(table->places());
        for (idx_t& number : numbers_) number = -1;
        for (idx_t n = 0; n < rows_; ++n) numbers_[table->row_of(ids_[n])] = n;
    }

    idx_t rows() const noexcept { return rows_; }
    bool are_of_ids() const noexcept { return are_of_ids_; }
    /// -1 of a hole.
    idx_t of_row(idx_t row) const noexcept { return numbers_.empty() ? row : numbers_[row]; }
    /// Numbers become ids, where there are any.
    void give_ids(idx_t* list, idx_t count) const noexcept {
        for (idx_t i = 0; !ids_.empty() && i < count; ++i) list[i] = ids_[list[i]];
    }

private:
    idx_t rows_;
    bool are_of_ids_;
    array<idx_t> ids_ = {}, numbers_ = {};
};

/// Consumer of the pairs that are alike: with a cosine of at least `threshold`, or equal and with the least score that
/// two equal ones may have, which rounding puts below 1. Rows and columns are the same rows: it asks only for scores
/// left of the diagonal, half of them.
template <class Rows>
struct alike_rows : engine::score_consumer {
    const Rows& rows;
    const row_numbers& numbers;
    float threshold, of_copies;

    alike_rows(const Rows& of, const row_numbers& called, float from) noexcept
        : rows(of), numbers(called), threshold(from), of_copies(from) {
        const double shortest = shortest_of(of),
                     least = (1.0 - kernel::rescoring_bound(of.dim())) * shortest * shortest;
        if (from <= 1.0f && double(from) > least)
            of_copies = kernel::maximum(float(least), FLT_MIN);  // a zero row scores 0 with its copies
    }

    bool wants(idx_t first_row, idx_t count, idx_t first_column, idx_t) const noexcept {
        return first_column < first_row + count - 1;
    }
    float reach(idx_t) const noexcept { return of_copies; }
    /// found(row, column, score) for those of a tile, by their numbers.
    template <class Found>
    void for_each_in(const engine::score_tile<>& tile, Found&& found) const {
        for (int r = 0; r < tile.rows; ++r) {
            const idx_t row = tile.first_row + r, before = row - tile.first_column;
            const int columns = int(before < 0 ? 0 : before < tile.columns ? before : tile.columns);
            const float* const scores = tile.scores + r * tile.pitch;
            if (columns == 0 || !kernel::any_reaches(scores, columns, of_copies)) continue;
            for (int c = 0; c < columns; ++c) {
                if (is_nan(scores[c]) || scores[c] < of_copies) continue;
                const idx_t column = tile.first_column + c;
                const idx_t a = numbers.of_row(row), b = numbers.of_row(column);
                if (a < 0 || b < 0) continue;
                if (scores[c] >= threshold || are_equal(rows, row, column)) found(a, b, scores[c]);
            }
        }
    }
};

/// Unites them. begin() comes when the memory of the call is there: a call that fails before leaves the output as it
/// was.
template <class Rows>
struct unite_alike : engine::consumer_pool {
    struct consumer : alike_rows<Rows> {
        idx_t* parent;

        void tile(const engine::score_tile<>& tile) const noexcept {
            union_find sets(parent);
            this->for_each_in(tile, [&](idx_t row, idx_t column, float) { sets.unite(row, column); });
        }
    } all;

    unite_alike(const alike_rows<Rows>& alike, idx_t* parent) noexcept : all{alike, parent} {}
    void begin() const noexcept { union_find(all.parent).make_sets(all.numbers.rows()); }
    const consumer& of(idx_t) const noexcept { return all; }
};

/// Collects them, each with both of its rows.
template <class Rows>
class collect_alike : public engine::consumer_pool {
public:
    explicit collect_alike(const alike_rows<Rows>& alike) noexcept : alike_(alike) {}

    void lay_out(engine::arena&, idx_t workers, idx_t) {
        workers_ = workers;
        buffers_.reset(new pair_buffer[std::size_t(workers)]);
    }
    struct consumer : alike_rows<Rows> {
        pair_buffer& pairs;

        void tile(const engine::score_tile<>& tile) const {
            this->for_each_in(tile, [&](idx_t row, idx_t column, float score) {
                if (pairs.size() + 2 > pairs.capacity()) pairs.grow();
                pairs.add({row, column, score});
                pairs.add({column, row, score});
            });
        }
    };
    consumer of(idx_t worker) const noexcept { return {alike_, buffers_[std::size_t(worker)]}; }
    /// Of each row the rows that are like it, the most alike first.
    range_result result(const execution& how) const {
        const idx_t n = alike_.numbers.rows();
        return hits_by_query(buffers_.get(), workers_, n, n, how);
    }

private:
    alike_rows<Rows> alike_;
    idx_t workers_ = 0;
    std::unique_ptr<pair_buffer[]> buffers_ = {};
};

/// Rows by how many are like them, most first, then the lower one: each that is free takes the free ones among those.
inline void group_around_centres(const range_result& alike, idx_t most, idx_t* centre_of) {
    const idx_t n = alike.queries();
    array<idx_t> rows(n);
    array<double> degrees(n);
    kernel::list_of_best<double> order{rows.data(), degrees.data(), n};
    for (idx_t i = 0; i < n; ++i) order.add(double(alike[i].size()), i), centre_of[i] = -1;
    order.sort();
    for (const idx_t centre : rows) {
        if (centre_of[centre] >= 0) continue;
        centre_of[centre] = centre;
        idx_t size = 1;
        for (const auto [row, score] : alike[centre])
            if (centre_of[row] < 0 && size < most) centre_of[row] = centre, ++size;
    }
}

/// Pairs by score, most alike first, then by the higher and the lower row: unites two groups that are not too large
/// together.
inline void unite_up_to(const range_result& alike, idx_t most, idx_t* parent) {
    const idx_t n = alike.queries(), pairs = idx_t(alike.indices.size());
    array<idx_t> numbers(pairs), row_of(pairs), sizes(n);
    array<float> scores(pairs);
    kernel::best_list order{numbers.data(), scores.data(), pairs};
    for (idx_t i = 0; i < n; ++i) {
        sizes[i] = 1;
        for (idx_t p = alike.offsets[i]; p < alike.offsets[i + 1]; ++p)
            if (row_of[p] = i; alike.indices[p] < i) order.add(alike.scores[p], p);
    }
    order.sort();
    union_find sets(parent);
    sets.make_sets(n);
    for (idx_t at = 0; at < pairs && numbers[at] >= 0; ++at) {
        const idx_t a = sets.find(row_of[numbers[at]]), b = sets.find(alike.indices[numbers[at]]);
        if (a == b || sizes[a] + sizes[b] > most) continue;
        sets.unite(a, b);
        sizes[a < b ? a : b] = sizes[a] + sizes[b];
    }
}

inline void require_groups(float threshold, idx_t max_group_size) {
    if (is_nan(threshold)) fail<value_error>("near_duplicates: the threshold is NaN");
    if (max_group_size < 1)
        fail<value_error>("near_duplicates: max_group_size is ", max_group_size, ", it must be at least 1");
}

/// `gallery`: the same rows as the other side of the question. Rows with ids are checked and counted by that.
template <class Rows, class Gallery, class Options>
void find_duplicates(const Rows& rows, const Gallery& gallery, const row_numbers& numbers, float threshold,
                     matrix_view<idx_t> representative, const execution& how, const Options& options) {
    idx_t* const parent = representative.data();
    const idx_t most = options.max_group_size;
    const alike_rows<Rows> alike(rows, numbers, threshold);
    const row_policy counted_once = checked(options.rows);
    const auto score = [&](auto&& consumers) {
        score_all<float, engine::tile_order::by_strips>(how, near_duplicates_names, rows, gallery,
                                                        numbers.are_of_ids() ? counted_once : options.rows,
                                                        numbers.are_of_ids() ? options.rows : counted_once, consumers);
    };
    if (!options.around_centres && most >= numbers.rows()) {
        score(unite_alike<Rows>(alike, parent));
    } else {
        collect_alike<Rows> pairs(alike);
        score(pairs);
        const range_result found = pairs.result(how);
        if (options.around_centres) return group_around_centres(found, most, parent);
        unite_up_to(found, most, parent);
    }
    union_find sets(parent);
    for (idx_t i = 0; i < numbers.rows(); ++i) parent[i] = sets.find(i);
}

/// Lists the groups of two and more by a counting sort of the rows by their representatives.
inline duplicate_groups groups_of(array<idx_t>&& representative) {
    const idx_t n = idx_t(representative.size());
    array<idx_t> sizes(n);
    for (const idx_t low : representative) ++sizes[low];
    idx_t groups = 0, members = 0;
    for (const idx_t size : sizes)
        if (size > 1) ++groups, members += size;
    duplicate_groups result{static_cast<array<idx_t>&&>(representative), array<idx_t>::uninitialized(members),
                            array<idx_t>(groups + 1)};
    array<idx_t>& next = sizes;  // once counted: where the next member of a group goes, -1 for a row that is alone
    idx_t group = 0, place = 0;
    for (idx_t& to : next) {
        const idx_t size = to;
        to = size > 1 ? place : -1;
        if (size <= 1) continue;
        place += size;
        result.first[++group] = place;
    }
    for (idx_t i = 0; i < n; ++i) {
        idx_t& to = next[result.representative[i]];
        if (to >= 0) result.members[to++] = i;
    }
    return result;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
