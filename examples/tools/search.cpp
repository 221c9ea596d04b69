// Which rows of a gallery file are nearest to each query?
#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include <unitsphere/io/inspect_gallery.hpp>
#include <unitsphere/io/npy.hpp>

#include "support/command_line.hpp"
#include "support/made_up_rows.hpp"
#include "support/progress.hpp"
#include "support/row_files.hpp"
#include "support/storages.hpp"

namespace us = unitsphere;

namespace {

constexpr us::idx_t queries_shown = 10;

struct arguments {
    std::string gallery, queries, rows, indices, scores;
    us::idx_t k = 10, factor = 2;
};

void print(const us::neighbours& found, us::idx_t rows, const std::string& storage) {
    for (us::idx_t i = 0; i < std::min(found.queries(), queries_shown); ++i) {
        std::printf("query %lld:", static_cast<long long>(i));
        for (const auto [row, score] : found[i]) std::printf("  %lld %.4f", static_cast<long long>(row), double(score));
        std::printf("\n");
    }
    std::printf("queries %lld  rows %lld  storage %s\n", static_cast<long long>(found.queries()),
                static_cast<long long>(rows), storage.c_str());
}

template <class Gallery>
constexpr bool has_ids = false;
template <class Gallery>
constexpr bool has_ids<us::keyed<Gallery>> = true;

/// The k nearest; with `rows`, which go by their numbers, of factor * k candidates scored again with these.
template <class Gallery>
us::neighbours find(us::matrix_view<const float> queries, const Gallery& gallery, us::matrix_view<const float> rows,
                    const arguments& of) {
    support::progress show("searching");
    us::execution how;
    how.on_progress(show);
    if constexpr (!has_ids<Gallery>)
        if (rows.data() != nullptr) return us::top_k_rescored(queries, gallery, rows, of.k, of.factor, how);
    return us::top_k(queries, gallery, of.k, how);
}

template <class Gallery>
void search_in(Gallery gallery, const std::string& storage, const arguments& of) {
    support::load(of.gallery, gallery);
    support::row_file queries(of.queries);
    us::matrix_view<const float> rows;
    std::unique_ptr<support::row_file> row_file;
    if (!of.rows.empty()) {
        row_file = std::make_unique<support::row_file>(of.rows);
        rows = row_file->all();
    }
    const us::neighbours found = find(queries.all(), gallery, rows, of);
    if (!of.indices.empty()) us::save_npy(of.indices, found.indices);
    if (!of.scores.empty()) us::save_npy(of.scores, found.scores);
    print(found, gallery.rows(), storage);
}

void search(const arguments& of) {
    const us::gallery_info file = us::inspect_gallery(of.gallery);
    if (file.has_ids && !of.rows.empty())
        throw std::runtime_error(of.gallery + ": its rows have ids, --rescore goes by row numbers");
    const std::string storage(file.storage);
    support::with_storage(storage, [&](auto gallery) {
        if (file.has_ids)
            search_in(us::keyed<decltype(gallery)>(), storage + ", with ids", of);
        else
            search_in(gallery, storage, of);
    });
}

void search_made_up_rows() {
    std::printf("No files given, so these are 1000 made-up texts as int8, and the first three of them.\n");
    const us::matrix<float> texts = support::make_captioned_images().texts;
    const us::matrix_view<const float> queries(texts.data(), 3, texts.dim());
    print(us::top_k_rescored(queries, us::compact_gallery<std::int8_t>(texts), texts, 5, 2), texts.rows(), "int8");
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("search", [&] {
        arguments of;
        support::command_line line("search",
                                   "Which rows of a gallery file are nearest to each query?\n"
                                   "Without arguments: made-up texts.");
        line.file("GALLERY", of.gallery, "what the tool compress, or save_gallery, wrote");
        line.file("QUERIES", of.queries, "queries, .npy (f2, f4, f8 or i1) or .safetensors of one tensor");
        line.count("--k", of.k, "how many neighbours a query gets");
        line.optional_file("--rescore", of.rows, "the rows that the gallery was made of: scores come from them");
        line.count("--factor", of.factor, "how many times k candidates --rescore looks at");
        line.output("--indices", of.indices, "where to write the row numbers or ids, .npy, int64");
        line.output("--scores", of.scores, "where to write the cosines, .npy, float32");
        line.parse(argc, argv) ? search(of) : search_made_up_rows();
    });
}
