#include <algorithm>
#include <limits>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/max_sim.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The formula, from the matrix of cosines; a NaN among the rows of a document is its maximum.
matrix<float> summed(const matrix<float>& cosines, const std::vector<int>& query_of_row,
                     const std::vector<int>& document_of_row, idx_t queries, idx_t documents) {
    matrix<double> sums(queries, documents);
    for (idx_t i = 0; i < cosines.rows(); ++i) {
        if (query_of_row[std::size_t(i)] < 0) continue;
        std::vector<double> largest(std::size_t(documents), -std::numeric_limits<double>::infinity());
        for (idx_t j = 0; j < cosines.dim(); ++j) {
            if (document_of_row[std::size_t(j)] < 0) continue;
            double& most = largest[std::size_t(document_of_row[std::size_t(j)])];
            if (!(double(cosines(i, j)) <= most) && !reference::is_nan(most)) most = double(cosines(i, j));
        }
        for (idx_t d = 0; d < documents; ++d) sums(query_of_row[std::size_t(i)], d) += largest[std::size_t(d)];
    }
    matrix<float> result(queries, documents);
    for (idx_t n = 0; n < queries * documents; ++n) result.data()[n] = float(sums.data()[n]);
    return result;
}

/// Groups of 0 to `most` rows, in order.
std::vector<int> groups_in_order(idx_t rows, int most, std::uint64_t seed) {
    generator random(seed);
    std::vector<int> list;
    for (int group = 0; idx_t(list.size()) < rows; ++group)
        for (idx_t n = random.below(most + 1); n > 0 && idx_t(list.size()) < rows; --n)
            list.push_back(random.below(9) == 0 ? -1 : group);
    return list;
}
idx_t count_of(const std::vector<int>& list) {
    return list.empty() ? 0 : 1 + std::max(-1, *std::max_element(list.begin(), list.end()));
}

struct late_case {
    idx_t query_rows, document_rows, dim;
    int of_query, of_document;
};

}  // namespace

TEST_CASE("max_sim adds the largest cosine of each query row in each document", "[max_sim]") {
    // One query, a few that stay unpacked, strips, passes that cut a query, many short documents.
    const late_case c = GENERATE(late_case{0, 40, 8, 3, 3}, late_case{5, 0, 8, 3, 3}, late_case{3, 200, 20, 4, 40},
                                 late_case{32, 900, 33, 50, 90}, late_case{120, 700, 20, 30, 5},
                                 late_case{1300, 150, 17, 400, 2}, late_case{700, 300, 4096, 90, 90});
    CAPTURE(c.query_rows, c.document_rows, c.dim);
    auto queries = random_rows<float>(c.query_rows, c.dim, 861), rows = random_rows<float>(c.document_rows, c.dim, 862);
    if (c.query_rows > 60) queries(50, 1) = infinity, std::fill(queries.row(2), queries.row(3), 0.0f);
    if (c.document_rows > 60) rows(50, 1) = std::numeric_limits<float>::quiet_NaN();
    const std::vector<int> of_query = groups_in_order(c.query_rows, c.of_query, 863);
    std::vector<int> of_document = groups_in_order(c.document_rows, c.of_document, 864);
    if (c.dim == 20) std::reverse(of_document.begin(), of_document.end());
    const matrix<float> cosines = cosine_similarity(queries, rows);
    const idx_t q = count_of(of_query), d = count_of(of_document);
    const matrix<float> expected = summed(cosines, of_query, of_document, q, d);
    team threads(4);
    CHECK(first_difference(max_sim(queries, of_query, rows, of_document), expected) == "");
    CHECK(first_difference(max_sim(queries, of_query, rows, of_document, threads), expected) == "");
    CHECK(first_difference(max_sim(normalize(queries), of_query, gallery(rows), of_document, in_reverse), expected) ==
          "");
    matrix<float> wide(q + 2, d + 3);  // queries and documents without rows
    max_sim_into(queries, of_query, rows, of_document, wide, threads);
    CHECK(first_difference(wide, summed(cosines, of_query, of_document, q + 2, d + 3)) == "");

    const neighbours found = max_sim_top_k(queries, of_query, rows, of_document, 7, threads);
    idx_t wrong = 0;
    for (idx_t i = 0; i < q; ++i) {
        std::vector<float> scores = row_of(expected, i);
        for (float& score : scores)
            if (score == -infinity) score = std::numeric_limits<float>::quiet_NaN();
        for (idx_t n = 0; n < found.indices.columns(); ++n) {
            const idx_t document = found.indices(i, n);
            if (document >= 0)
                wrong += place_in(scores, document) != n + 1 || found.scores(i, n) != expected(i, document);
            else
                wrong += found.scores(i, n) != -infinity ||
                         n < std::count_if(
                                 scores.begin(), scores.end(), [](float s) { return !reference::is_nan(s); });
        }
    }
    CHECK(wrong == 0);
    CHECK(found.indices.columns() == std::min<idx_t>(7, d));
}

TEMPLATE_LIST_TEST_CASE("max_sim takes rows of every type", "[max_sim]", element_types) {
    const auto queries = random_rows<TestType>(8, 20, 865), rows = random_rows<TestType>(50, 20, 866);
    const std::vector<int> of_query(8, 0), of_document = groups_in_order(50, 9, 867);
    CHECK(first_difference(max_sim(queries, of_query, rows, of_document),
                           summed(cosine_similarity(queries, rows), of_query, of_document, 1, count_of(of_document))) ==
          "");
}

TEST_CASE("max_sim counts each row without a direction once", "[max_sim]") {
    auto queries = random_rows<float>(1100, 8, 868), rows = random_rows<float>(300, 8, 869);
    for (const idx_t i : {70, 700}) std::fill(queries.row(i), queries.row(i) + 8, 0.0f), rows(i / 10, 0) = infinity;
    row_report of_queries, of_documents;
    max_sim_options options;
    options.queries.report = &of_queries, options.documents.report = &of_documents;
    std::vector<int> alone(300);  // 300 documents, so a pass has not all rows
    for (int j = 0; j < 300; ++j) alone[std::size_t(j)] = j * 200;
    max_sim(queries, std::vector<int>(1100, 0), rows, alone, {}, options);
    CHECK((of_queries.zero_rows == 2 && of_queries.first_zero == 70 && of_queries.non_finite_rows == 0));
    CHECK((of_documents.non_finite_rows == 2 && of_documents.first_non_finite == 7 && of_documents.zero_rows == 0));
}

TEST_CASE("max_sim refuses what does not fit, and writes nothing", "[max_sim]") {
    const auto queries = random_rows<float>(3, 8, 871), rows = random_rows<float>(4, 8, 872);
    matrix<float> scores(2, 3), small(1, 3);
    matrix<idx_t> indices(2, 2);
    const std::vector<int> of_query{0, 0, 1}, of_document{0, 2, -1, 2}, back{1, 0, 1}, few{0}, low{0, 0, -2};
    const auto text = [&](auto&& error, const auto& list, const auto& of, auto& out) {
        return message_of<std::decay_t<decltype(error)>>([&] { max_sim_into(queries, list, rows, of, out); });
    };
    CHECK(text(shape_error(""), few, of_document, scores) ==
          "max_sim: query_of_row has 1 entries, queries have 3 rows");
    CHECK(text(shape_error(""), of_query, few, scores) ==
          "max_sim: document_of_row has 1 entries, documents have 4 rows");
    CHECK(text(value_error(""), low, of_document, scores) == "max_sim: entry 2 of query_of_row is -2, the least is -1");
    CHECK(text(value_error(""), back, of_document, scores) ==
          "max_sim: entry 1 of query_of_row is 0 after 1; the rows of a query follow each other");
    CHECK(text(shape_error(""), of_query, of_document, small) ==
          "max_sim: scores is 1 x 3, there are 2 queries and 3 documents");
    CHECK(message_of<shape_error>([&] { max_sim(queries, of_query, random_rows<float>(4, 9, 1), of_document); }) ==
          "max_sim: queries have dim 8, documents have dim 9");
    matrix<float> both(3, 8);
    CHECK(message_of<shape_error>([&] { max_sim_into(both, of_query, rows, of_document, both); }) ==
          "max_sim: scores overlaps queries");
    matrix<float> four(2, 4), two(2, 2);
    CHECK(message_of<shape_error>([&] { max_sim_top_k_into(queries, of_query, rows, of_document, indices, four); }) ==
          "max_sim_top_k: 4 of 3 documents");
    matrix<idx_t> one(1, 2);
    CHECK(message_of<shape_error>([&] { max_sim_top_k_into(queries, of_query, rows, of_document, one, two); }) ==
          "max_sim_top_k: indices is 1 x 2, it must be 2 x 2");
    const matrix_view<float> inside(reinterpret_cast<float*>(indices.data()), 2, 2);
    CHECK(message_of<shape_error>([&] { max_sim_top_k_into(queries, of_query, rows, of_document, indices, inside); }) ==
          "max_sim_top_k: scores overlaps indices");
    CHECK_THROWS_AS(max_sim_top_k(queries, of_query, rows, of_document, -1), value_error);
    const std::vector<idx_t> last_query{0, 0, PTRDIFF_MAX}, last_document{PTRDIFF_MAX, 0, 0, 0};
    CHECK(text(value_error(""), last_query, of_document, scores) ==
          "max_sim: entry 2 of query_of_row is 9223372036854775807, the count of groups overflows");
    CHECK(text(value_error(""), of_query, last_document, scores) ==
          "max_sim: entry 0 of document_of_row is 9223372036854775807, the count of groups overflows");
    const std::vector<idx_t> far_document{0, PTRDIFF_MAX - 1, 1, 0};
    CHECK_THROWS_AS(max_sim_top_k(queries, of_query, rows, far_document, 2), std::length_error);
    CHECK(std::count(scores.data(), scores.data() + 6, 0.0f) == 6);
    CHECK(std::count(indices.data(), indices.data() + 4, idx_t(0)) == 4);
}

}  // namespace tests
