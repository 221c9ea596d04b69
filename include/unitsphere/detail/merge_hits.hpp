/// The work of merging what shards have found: the best of several lists, in the total order of hits.
#pragma once

#include "../data/output.hpp"
#include "../data/required.hpp"
#include "../data/search_results.hpp"
#include "../engine/execution.hpp"
#include "../kernel/select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The results of all shards, and the first row of each in the whole gallery.
template <class Result>
struct shard_list {
    const Result* results;
    array<idx_t> first_rows;
    idx_t count;
    const char* function;

    const Result& operator[](idx_t s) const noexcept { return results[s]; }
    idx_t queries() const noexcept { return results[0].queries(); }
    /// The row of the whole gallery; -1 where there is none. A number that no idx_t holds was refused before.
    idx_t row(idx_t s, idx_t index) const noexcept { return index < 0 ? -1 : index + first_rows[s]; }
};

/// Refuses a row number beyond the largest idx_t.
inline void require_row_numbers(const char* function, idx_t shard, idx_t first, const idx_t* indices, idx_t count) {
    for (idx_t n = 0; n < count; ++n)
        if (indices[n] > PTRDIFF_MAX - first)
            fail<value_error>(function, ": row ", indices[n], " of shard ", shard, " behind ", first,
                              " rows exceeds 2^63 - 1");
}
inline void require_list(const char* function, idx_t shard, idx_t first, const neighbours& list) {
    require_shape(function, "a list's scores", list.scores.view(), list.indices.rows(), list.indices.columns());
    require_row_numbers(function, shard, first, list.indices.data(), list.indices.rows() * list.indices.columns());
}
inline void require_list(const char* function, idx_t shard, idx_t first, const range_result& list) {
    require_row_numbers(function, shard, first, list.indices.data(), idx_t(list.indices.size()));
}

template <class Result, class Lists, class Label>
shard_list<Result> shards_of(const char* function, const Lists& lists, const matrix_view<const Label>& first_rows) {
    const idx_t count = idx_t(std::size(lists));
    if (count == 0) fail<shape_error>(function, ": there are 0 lists to merge");
    if (first_rows.rows() != count)
        fail<shape_error>(function, ": ", count, " lists, first_rows has ", first_rows.rows(), " entries");
    shard_list<Result> shards{std::data(lists), array<idx_t>::uninitialized(count), count, function};
    for (idx_t s = 0; s < count; ++s) {
        const idx_t first = shards.first_rows[s] = idx_t(first_rows(s, 0));
        if (first < 0) fail<value_error>(function, ": first row ", s, " is ", first, ", it must not be negative");
        if (shards[s].queries() != shards.queries())
            fail<shape_error>(function, ": list 0 has ", shards.queries(), " queries, list ", s, " has ",
                              shards[s].queries());
        require_list(function, s, first, shards[s]);
    }
    return shards;
}

/// Calls work(i) for each query, some of them a task.
template <class Work>
void for_each_query(const execution& how, idx_t queries, Work&& work) {
    engine::for_each_range(how, queries, 64, [&](idx_t, idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) work(i);
    });
}

/// The k best of each query, or as many as all lists have.
inline neighbours merge_best(const shard_list<neighbours>& shards, idx_t k, const execution& how) {
    const idx_t q = shards.queries();
    idx_t columns = 0;
    for (idx_t s = 0; s < shards.count; ++s)
        columns = shards[s].indices.columns() < k - columns ? columns + shards[s].indices.columns() : k;
    neighbours found{matrix<idx_t>::uninitialized(q, columns), matrix<float>::uninitialized(q, columns)};
    for_each_query(how, q, [&](idx_t i) {
        kernel::best_list best{found.indices.row(i), found.scores.row(i), columns};
        for (idx_t s = 0; s < shards.count; ++s)
            for (idx_t n = 0; n < shards[s].indices.columns(); ++n)
                if (shards[s].indices(i, n) >= 0)
                    best.add(shards[s].scores(i, n), shards.row(s, shards[s].indices(i, n)));
        best.sort();
    });
    return found;
}

/// All hits of each query, or the best `most`.
inline range_result merge_in_range(const shard_list<range_result>& shards, idx_t most, const execution& how) {
    const idx_t q = shards.queries();
    range_result found;
    found.offsets = array<idx_t>(q + 1);
    for (idx_t i = 0; i < q; ++i) {
        idx_t hits = 0;
        for (idx_t s = 0; s < shards.count; ++s) hits += shards[s].offsets[i + 1] - shards[s].offsets[i];
        found.offsets[i + 1] = found.offsets[i] + (hits < most ? hits : most);
    }
    found.indices = array<idx_t>::uninitialized(found.offsets[q]);
    found.scores = array<float>::uninitialized(found.offsets[q]);
    for_each_query(how, q, [&](idx_t i) {
        const idx_t first = found.offsets[i];
        kernel::best_list best{found.indices.data() + first, found.scores.data() + first, found.offsets[i + 1] - first};
        for (idx_t s = 0; s < shards.count; ++s)
            for (const auto [row, score] : shards[s][i]) best.add(score, shards.row(s, row));
        best.sort();
    });
    return found;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
