/// Questions to rows that are spread over the ranks of MPI: the answers of one machine, bit for bit, for any number of
/// ranks. Opt-in: needs MPI 3 (target unitsphere::mpi).
///
///   mpi::top_k(MPI_COMM_WORLD, queries, shard, 10)
///
/// All ranks of the communicator make the same call, with their own shard: rank 0 has the first rows of the gallery,
/// rank 1 those behind them; a shard may have any number of rows, also none. Row numbers of answers count over all
/// shards. Every rank gets the whole answer.
///
/// Errors   a wrong call throws on all ranks the same error, which names the first rank that has one: another dim or
///          another k on some rank, rows that a policy refuses, memory that is not there. No rank waits for another
///          that has thrown. A rank that dies ends the others: MPI's default error handler and mpirun see to that. With
///          MPI_ERRORS_RETURN an error of MPI is an mpi::error, and what other ranks do then is MPI's matter.
/// Threads  MPI is called by the calling thread alone (MPI_THREAD_FUNNELED); `how` splits the rank's own work.
/// Memory   the rank's own: nothing here gathers a shard. Messages are of plain bytes: all ranks have one byte order.
///          For one answer, all run instruction sets with fused multiply-add, or all run one without.
#pragma once

#include <optional>

#include "../gallery.hpp"
#include "../search.hpp"
#include "mpi_directions.hpp"
#include "mpi_exchange.hpp"
#include "mpi_losses.hpp"
#include "mpi_retrieval.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace mpi {

/// The reports count the rows of this rank's shard, by their numbers there.
struct top_k_options {
    row_policy queries = {}, shard = {};
    bool rescore = false;  ///< order by the cosines in double
};
struct range_search_options {
    row_policy queries = {}, shard = {};
    float upper_bound = FLT_MAX;        ///< left out from here on; a cosine is at most 1
    idx_t max_per_query = PTRDIFF_MAX;  ///< how many rows a query keeps: the best ones
};

}  // namespace mpi

namespace mpi_detail {

/// What every rank must have alike, and how many rows each of them has.
struct search_record {
    static constexpr idx_t queries = 0, dim = 1, hash = 2, decides = 3, upper = 4, most = 5, rows = 6, rescore = 7,
                           count = 8;
};

template <class Queries, class Shard>
void describe(const Queries& queries, const Shard& shard, idx_t* record) {
    record[search_record::queries] = queries.rows();
    record[search_record::dim] = queries.dim();
    record[search_record::hash] = hash_of(engine::values_of(queries));
    record[search_record::rows] = shard.rows();
}
inline void require_same_queries(const char* function, const matrix<idx_t>& records) {
    require_same(function, "queries", records, search_record::queries);
    require_same(function, "queries of dim", records, search_record::dim);
    require_same_rows(function, "queries", records, search_record::hash);
}

/// The k best of what each rank finds, on all ranks. search(take) calls take(neighbours, score_of); they are merged by
/// score_of(query, hit).
template <class Score, class Search>
neighbours merge_best(MPI_Comm ranks, idx_t queries, idx_t k, idx_t first_row, Search&& search) {
    neighbours found;
    std::optional<hit_lists<Score>> lists;
    mpi::together(ranks, [&] {
        found = {matrix<idx_t>::uninitialized(queries, k), matrix<float>::uninitialized(queries, k)};
        lists.emplace(queries, k);
        search([&](const neighbours& mine, auto&& score_of) {
            for (idx_t i = 0; i < queries; ++i)
                lists->set(i, mine[i], first_row, [&](const hit& one) { return Score(score_of(i, one)); });
        });
    });
    lists->merge_all(ranks);
    lists->sort_into(found);
    return found;
}
/// The cosine in double that top_k has rescored a hit by.
template <class Queries, class Shard>
double cosine_of(const Queries& queries, idx_t i, const Shard& shard, const hit& one) noexcept {
    using detail::row_in_double;  // and those of views that are declared later
    if constexpr (engine::has_elements<Shard>)
        return kernel::sums_in_double(row_in_double(queries, i), row_in_double(shard, one.row), queries.dim()).cosine();
    else
        return (void)queries, (void)i, (void)shard, double(one.score);
}

/// The hits of all ranks' shards, on all ranks. `mine` has numbers of the shard.
inline range_result gather_hits(MPI_Comm ranks, const range_result& mine, const array<idx_t>& first_rows,
                                const execution& how, idx_t most) {
    const idx_t size = size_of(ranks), rank = rank_of(ranks), q = mine.queries();
    const matrix<idx_t> hits = gather_records(ranks, 1, [&](idx_t* record) { *record = idx_t(mine.indices.size()); });
    std::vector<range_result> lists;
    array<idx_t> starts;
    mpi::together(ranks, [&] {
        starts = array<idx_t>::uninitialized(size);
        lists.resize(std::size_t(size));
        for (idx_t r = 0; r < size; ++r) {
            starts[r] = first_rows[r];
            lists[std::size_t(r)].indices = array<idx_t>::uninitialized(hits(r, 0));
            lists[std::size_t(r)].scores = array<float>::uninitialized(hits(r, 0));
            lists[std::size_t(r)].offsets = array<idx_t>::uninitialized(q + 1);
        }
        lists[std::size_t(rank)] = mine;
    });
    for (idx_t r = 0; r < size; ++r) {
        range_result& list = lists[std::size_t(r)];
        broadcast(ranks, list.offsets.data(), (q + 1) * idx_t(sizeof(idx_t)), r);
        broadcast(ranks, list.indices.data(), hits(r, 0) * idx_t(sizeof(idx_t)), r);
        broadcast(ranks, list.scores.data(), hits(r, 0) * idx_t(sizeof(float)), r);
    }
    range_result found;
    mpi::together(ranks, [&] { found = merge_range_results(lists, starts, how, {most}); });
    return found;
}

}  // namespace mpi_detail

namespace mpi {

/// The k nearest rows, of the shards of all ranks, of every query.
///
///   top_k(ranks, queries, shard, k) = us::top_k(queries, the shards one behind the other, k)      on every rank
///
/// Each rank searches its shard; the lists of k merge pairwise, by MPI_Allreduce. options.rescore is that of us::top_k:
/// the order of the cosines in double over all shards.
///
/// Shapes   queries [q, dim], the same on every rank (broadcast them first where one rank has them); shard [g, dim] or
///          a `gallery`, each rank's own -> indices of all shards and scores, [q, min(k, rows of all shards)].
/// Units    as us::top_k.
/// Errors   shape_error if ranks disagree in the number or dim of queries, in k or in rescore, or where a shard has
///          another dim; value_error for a negative k, other queries on some rank, and for rows as in us::top_k. On all
///          ranks.
/// Threads  `how` splits the rank's shard; every split gives the same result.
/// Memory   the result, three times q k hits, and what us::top_k takes. A rank sends and receives about 2 log2(ranks)
///          times 12 q k bytes, rescored 16.
/// Source   as us::top_k; MPI 3.1, section 5.9.5: user-defined reductions.
template <class Queries, class Shard, unitsphere::detail::if_sides<Queries, Shard> = 0>
neighbours top_k(MPI_Comm ranks, const Queries& queries, const Shard& shard, required<idx_t> k,
                 const execution& how = {}, const top_k_options& options = {}) {
    using namespace mpi_detail;
    const matrix<idx_t> records = gather_records(ranks, search_record::count, [&](idx_t* record) {
        describe(engine::view_of(queries), engine::side_of(shard), record);
        record[search_record::decides] = k;
        record[search_record::rescore] = options.rescore ? 1 : 0;
    });
    require_same_queries("mpi::top_k", records);
    require_same("mpi::top_k", "k", records, search_record::decides);
    require_same("mpi::top_k", "rescore", records, search_record::rescore);
    const array<idx_t> first = first_rows_of("mpi::top_k", records, search_record::rows);
    const idx_t rank = rank_of(ranks), q = records(0, search_record::queries), all = first[records.rows()];
    const idx_t columns = k < 0 ? 0 : k < all ? idx_t(k) : all;
    const auto find = [&] {
        return unitsphere::top_k(queries, shard, k, how, {options.queries, options.shard, options.rescore});
    };
    if (!options.rescore)
        return merge_best<float>(ranks, q, columns, first[rank],
                                 [&](auto&& take) { take(find(), [](idx_t, const hit& one) { return one.score; }); });
    return merge_best<double>(ranks, q, columns, first[rank], [&](auto&& take) {
        const auto query_view = engine::view_of(queries);  // a copy may lack memory: with all ranks
        const auto shard_view = engine::side_of(shard);
        take(find(), [&](idx_t i, const hit& one) { return cosine_of(query_view, i, shard_view, one); });
    });
}

/// All rows in range, of the shards of all ranks, of every query.
///
/// Shapes   queries and shard as mpi::top_k -> all hits of every query, on every rank.
/// Units    as us::range_search.
/// Errors   as mpi::top_k; value_error if ranks disagree in the threshold or an option, and as us::range_search.
/// Threads  `how` splits the rank's shard and the merge; every split gives the same result.
/// Memory   twice the result. A rank receives 12 bytes for each hit and 8 (q + 1) for each rank.
/// Source   as us::range_search.
template <class Queries, class Shard, unitsphere::detail::if_sides<Queries, Shard> = 0>
range_result range_search(MPI_Comm ranks, const Queries& queries, const Shard& shard, required<float> threshold,
                          const execution& how = {}, const range_search_options& options = {}) {
    using namespace mpi_detail;
    const char* const function = "mpi::range_search";
    const matrix<idx_t> records = gather_records(ranks, search_record::count, [&](idx_t* record) {
        describe(engine::view_of(queries), engine::side_of(shard), record);
        record[search_record::decides] = bits_of(threshold);
        record[search_record::upper] = bits_of(options.upper_bound);
        record[search_record::most] = options.max_per_query;
    });
    require_same_queries(function, records);
    require_same_number(function, "threshold", records, search_record::decides);
    require_same_number(function, "upper_bound", records, search_record::upper);
    require_same(function, "max_per_query", records, search_record::most);
    const array<idx_t> first = first_rows_of(function, records, search_record::rows);
    range_result mine;
    mpi::together(ranks, [&] {
        mine = unitsphere::range_search(queries, shard, threshold, how,
                                        {options.queries, options.shard, options.upper_bound, options.max_per_query});
    });
    return gather_hits(ranks, mine, first, how, options.max_per_query);
}

}  // namespace mpi
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
