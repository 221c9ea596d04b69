/// Late interaction: queries and documents of several vectors each.
#pragma once

#include "data/column.hpp"
#include "data/search_results.hpp"
#include "detail/late_interaction.hpp"
#include "detail/sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct max_sim_options {
    row_policy queries = {}, documents = {};
};
struct max_sim_top_k_options {
    row_policy queries = {}, documents = {};
};

namespace detail {

constexpr side_names of_queries_and_documents(const char* function) {
    return {function,        "queries", "queries have dim ", "queries row ", "documents", "documents have dim ",
            "documents row "};
}
inline constexpr side_names max_sim_names = of_queries_and_documents("max_sim");
inline constexpr side_names max_sim_top_k_names = of_queries_and_documents("max_sim_top_k");

/// The two sides of max_sim: rows and the lists that group them, checked.
template <class Queries, class QueryLabel, class Documents, class DocumentLabel>
struct grouped_sides {
    const side_names& names;
    const Queries& queries;
    matrix_view<const QueryLabel> query_of_row;
    const Documents& documents;
    matrix_view<const DocumentLabel> document_of_row;
    idx_t query_count = 0, document_count = 0;

    void check() {
        require_same_dim(names, queries, documents);
        query_count = count_groups(names.function, "query_of_row", names.queries, query_of_row, queries.rows(), true);
        document_count =
            count_groups(names.function, "document_of_row", names.gallery, document_of_row, documents.rows(), false);
    }
    template <class T>
    void require_apart_from_all(const char* name, const matrix_view<T>& out) const {
        require_output(names, name, out, out.rows(), out.columns(), queries, documents);
        require_apart(names.function, name, out, "query_of_row", query_of_row);
        require_apart(names.function, name, out, "document_of_row", document_of_row);
    }
    template <class Options>
    void sum(const sums_of_documents& to, idx_t documents_of_sums, const execution& how, const Options& options) const {
        score_all<float, engine::tile_order::by_strips>(
            how, names, queries, documents, options.queries, options.documents,
            sum_largest(query_of_row, document_of_row, to.scores.rows(), documents_of_sums, to));
    }
};
template <class Queries, class QueryLabel, class Documents, class DocumentLabel>
auto grouped(const side_names& names, const Queries& queries, const matrix_view<const QueryLabel>& query_of_row,
             const Documents& documents, const matrix_view<const DocumentLabel>& document_of_row) {
    grouped_sides<Queries, QueryLabel, Documents, DocumentLabel> sides{names, queries, query_of_row, documents,
                                                                       document_of_row};
    sides.check();
    return sides;
}

}  // namespace detail

/// The score of every query with every document, each a set of rows, in the caller's memory.
///
///   scores[q][d] = sum over the rows i of query q of  max over the rows j of document d of
///                  cosine(queries[i], documents[j])
///
/// The maxima are the cosines' floats, added in double in the order of the query's rows, then rounded once. The maximum
/// over no row is -Inf: a document without rows is behind all others. The sum over no row is 0.
///
/// Shapes   queries [m, dim], documents [n, dim], each rows or a `gallery`; query_of_row: m integers, the query of each
///          row, in ascending order; document_of_row: n integers, the document of each row, in any order; -1: the row
///          is in none -> scores [queries, documents], at least 1 + the largest number of each list.
/// Units    a sum of cosines: at most the number of the query's rows; the mean is that divided by it.
/// Errors   shape_error if dims or lengths disagree, or the output has too few rows or columns or overlaps; value_error
///          for a number below -1, a query whose rows do not follow each other, and for rows where the options say so.
///          A row with NaN or Inf makes the scores of its query, or document, NaN: broken rows are not hidden. A zero
///          row has cosine 0 with every row.
/// Threads  `how` splits the documents; every split gives the same bits.
/// Memory   from the workspace of `how` some MiB of packed rows, and the maxima of some hundred query rows: up to
///          64 MiB, or 2 KiB for each document where that is more; never the matrix of cosines.
/// Source   Khattab and Zaharia 2020, arXiv:2004.12832, section 3.3 (ColBERT).
template <class Queries, class QueryOfRow, class Documents, class DocumentOfRow, class Scores,
          detail::if_rows_or_gallery<Queries, Documents> = 0, detail::if_list<QueryOfRow> = 0,
          detail::if_list<DocumentOfRow> = 0>
void max_sim_into(const Queries& queries, const QueryOfRow& query_of_row, const Documents& documents,
                  const DocumentOfRow& document_of_row, Scores&& scores, const execution& how = {},
                  const max_sim_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto document_view = engine::side_of(documents);
    const auto out = detail::output_of<Scores, float>(scores);
    const auto sides = detail::grouped(detail::max_sim_names, query_view, detail::labels_of(query_of_row, "max_sim"),
                                       document_view, detail::labels_of(document_of_row, "max_sim"));
    if (out.rows() < sides.query_count || out.columns() < sides.document_count)
        detail::fail<shape_error>("max_sim: scores is ", out.rows(), " x ", out.columns(), ", there are ",
                                  sides.query_count, " queries and ", sides.document_count, " documents");
    sides.require_apart_from_all("scores", out);
    sides.sum({out}, out.columns(), how, options);
}
/// The same as a new matrix, [1 + the largest number of query_of_row, 1 + that of document_of_row].
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Queries, class QueryOfRow, class Documents, class DocumentOfRow,
          detail::if_rows_or_gallery<Queries, Documents> = 0, detail::if_list<QueryOfRow> = 0,
          detail::if_list<DocumentOfRow> = 0>
matrix<float> max_sim(const Queries& queries, const QueryOfRow& query_of_row, const Documents& documents,
                      const DocumentOfRow& document_of_row, const execution& how = {},
                      const max_sim_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto document_view = engine::side_of(documents);
    const auto sides = detail::grouped(detail::max_sim_names, query_view, detail::labels_of(query_of_row, "max_sim"),
                                       document_view, detail::labels_of(document_of_row, "max_sim"));
    auto scores = matrix<float>::uninitialized(sides.query_count, sides.document_count);
    sides.sum({scores.view()}, sides.document_count, how, options);
    return scores;
}
UNITSPHERE_REFUSE_ROWS(max_sim, unless_queries);
UNITSPHERE_REFUSE_ROWS(max_sim_into, unless_queries);

/// The k best documents of every query, in the caller's memory.
///
///   indices[q] = the k documents d with the largest max_sim score, best first
///
/// The order is that of top_k: score descending, then document ascending; a NaN and a document without rows are never
/// found.
///
/// Shapes   as max_sim -> indices [queries, k] of idx_t, scores [queries, k], k <= documents. Unfilled places have the
///          index -1 and -Inf.
/// Units    scores with the bits of max_sim; indices are numbers of document_of_row.
/// Errors   as max_sim; shape_error if k exceeds the documents.
/// Threads, Source   as max_sim.   Memory  as max_sim; never the matrix of its scores.
template <class Queries, class QueryOfRow, class Documents, class DocumentOfRow, class Indices, class Scores,
          detail::if_rows_or_gallery<Queries, Documents> = 0, detail::if_list<QueryOfRow> = 0,
          detail::if_list<DocumentOfRow> = 0>
void max_sim_top_k_into(const Queries& queries, const QueryOfRow& query_of_row, const Documents& documents,
                        const DocumentOfRow& document_of_row, Indices&& indices, Scores&& scores,
                        const execution& how = {}, const max_sim_top_k_options& options = {}) {
    constexpr const char* function = detail::max_sim_top_k_names.function;
    const auto query_view = engine::queries_of(queries);
    const auto document_view = engine::side_of(documents);
    const auto found = detail::output_of<Indices, idx_t>(indices);
    const auto out = detail::output_of<Scores, float>(scores);
    const auto sides =
        detail::grouped(detail::max_sim_top_k_names, query_view, detail::labels_of(query_of_row, function),
                        document_view, detail::labels_of(document_of_row, function));
    if (out.columns() > sides.document_count)
        detail::fail<shape_error>(function, ": ", out.columns(), " of ", sides.document_count, " documents");
    detail::require_shape(function, "scores", out, sides.query_count, out.columns());
    detail::require_shape(function, "indices", found, out.rows(), out.columns());
    sides.require_apart_from_all("scores", out);
    sides.require_apart_from_all("indices", found);
    detail::require_apart(function, "scores", out, "indices", found);
    sides.sum({out, found, true}, sides.document_count, how, options);
}
/// The same as new matrices of min(k, documents) columns: for (auto [document, score] : hits[q]).
///
/// Shapes, Units, Threads, Source   as above.   Errors  as above; value_error for a negative k.
/// Memory   the results too.
template <class Queries, class QueryOfRow, class Documents, class DocumentOfRow,
          detail::if_rows_or_gallery<Queries, Documents> = 0, detail::if_list<QueryOfRow> = 0,
          detail::if_list<DocumentOfRow> = 0>
neighbours max_sim_top_k(const Queries& queries, const QueryOfRow& query_of_row, const Documents& documents,
                         const DocumentOfRow& document_of_row, required<idx_t> k, const execution& how = {},
                         const max_sim_top_k_options& options = {}) {
    constexpr const char* function = detail::max_sim_top_k_names.function;
    if (k < 0) detail::fail<value_error>(function, ": k is ", idx_t(k), ", it must not be negative");
    const auto query_view = engine::queries_of(queries);
    const auto document_view = engine::side_of(documents);
    const auto sides =
        detail::grouped(detail::max_sim_top_k_names, query_view, detail::labels_of(query_of_row, function),
                        document_view, detail::labels_of(document_of_row, function));
    const idx_t q = sides.query_count, columns = engine::minimum(idx_t(k), sides.document_count);
    neighbours found{matrix<idx_t>::uninitialized(q, columns), matrix<float>::uninitialized(q, columns)};
    sides.sum({found.scores.view(), found.indices.view(), true}, sides.document_count, how, options);
    return found;
}
UNITSPHERE_REFUSE_ROWS(max_sim_top_k, unless_queries);
UNITSPHERE_REFUSE_ROWS(max_sim_top_k_into, unless_queries);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
