// Which rows of a file are nearest to each query, the file's rows being spread over the ranks of MPI?
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <unitsphere/interop/mpi.hpp>
#include <unitsphere/io/npy.hpp>

#include "support/command_line.hpp"
#include "support/made_up_rows.hpp"

namespace us = unitsphere;

namespace {

constexpr us::idx_t queries_shown = 10;

/// MPI, to the end of the program. Rank 0 speaks for all.
struct session {
    int rank = 0, size = 1;

    session(int& argc, char**& argv) {
        MPI_Init(&argc, &argv);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &size);
        if (rank > 0 &&
            (std::freopen("/dev/null", "w", stdout) == nullptr || std::freopen("/dev/null", "w", stderr) == nullptr))
            MPI_Abort(MPI_COMM_WORLD, 2);
    }
    ~session() { MPI_Finalize(); }

    us::idx_t first_row(us::idx_t rows) const { return rows / size * rank + std::min<us::idx_t>(rank, rows % size); }
    us::idx_t count(us::idx_t rows) const { return rows / size + (rank < rows % size ? 1 : 0); }
};

/// Rows first .. first + count - 1 of a file in C order: only these are read. Files end behind the last row.
template <class T>
us::matrix<T> read_rows(const std::string& file, const us::npy_info& info, us::idx_t first, us::idx_t count) {
    const us::idx_t row_bytes = info.dim * us::idx_t(sizeof(T));
    std::ifstream from(file, std::ios::binary);
    from.seekg(std::streamoff(us::idx_t(std::filesystem::file_size(file)) - (info.rows - first) * row_bytes));
    auto rows = us::matrix<T>::uninitialized(count, info.dim);
    if (count > 0 && !from.read(reinterpret_cast<char*>(rows.data()), std::streamsize(count * row_bytes)))
        throw us::file_error("mpi_search: " + file + ": cannot be read");
    return rows;
}

/// The gallery of this rank's rows of the file.
us::gallery load_shard(const std::string& file, const session& ranks) {
    const us::npy_info info = us::inspect_npy(file);
    const us::idx_t first = ranks.first_row(info.rows), count = ranks.count(info.rows);
    if (info.fortran_order || info.big_endian)
        throw us::file_error("mpi_search: " + file +
                             ": is in Fortran order or big-endian; save numpy.ascontiguousarray(x, '<f4')");
    switch (info.type) {
        case us::npy_type::f2:
            return us::gallery(read_rows<us::float16>(file, info, first, count));
        case us::npy_type::f4:
            return us::gallery(read_rows<float>(file, info, first, count));
        case us::npy_type::f8:
            return us::gallery(read_rows<double>(file, info, first, count));
        case us::npy_type::i1:
            return us::gallery(read_rows<std::int8_t>(file, info, first, count));
        default:
            throw us::file_error("mpi_search: " + file + ": holds no f2, f4, f8 or i1");
    }
}

us::matrix<float> made_up_queries(const us::matrix<float>& rows) {
    us::matrix<float> queries(3, rows.dim());
    for (us::idx_t i = 0; i < 3; ++i)
        for (us::idx_t k = 0; k < rows.dim(); ++k) queries(i, k) = 2 * rows(200 * i + 7, k) + rows(200 * i + 8, k);
    return queries;
}

void print(const us::neighbours& found, us::idx_t rows, us::idx_t ranks) {
    for (us::idx_t i = 0; i < std::min(found.queries(), queries_shown); ++i) {
        std::printf("query %lld:", static_cast<long long>(i));
        for (const auto [row, score] : found[i]) std::printf("  %lld %.4f", static_cast<long long>(row), double(score));
        std::printf("\n");
    }
    std::printf("queries %lld  rows %lld  ranks %lld\n", static_cast<long long>(found.queries()),
                static_cast<long long>(rows), static_cast<long long>(ranks));
}

}  // namespace

int main(int argc, char** argv) {
    const session ranks(argc, argv);
    return support::run_tool("mpi_search", [&] {
        std::string rows_file, query_file;
        us::idx_t k = 10;
        support::command_line line(
            "mpi_search",
            "The nearest rows of a file to each query, the file's rows spread over the ranks of\n"
            "MPI: mpirun -n 4 mpi_search ROWS.npy QUERIES.npy. Without arguments: made-up rows.");
        line.file("ROWS", rows_file, "rows to search, .npy, f2, f4, f8 or i1, in C order; each rank reads its part");
        line.file("QUERIES", query_file, "queries, .npy; every rank reads them");
        line.count("--k", k, "how many neighbours a query gets (default 10)");
        const bool given = line.parse(argc, argv);
        us::gallery shard;
        us::matrix<float> queries;
        us::idx_t rows = 0;
        us::mpi::together(MPI_COMM_WORLD, [&] {
            if (given) {
                shard = load_shard(rows_file, ranks), queries = us::load_npy(query_file);
                rows = us::inspect_npy(rows_file).rows;
            } else {
                const us::matrix<float> texts = support::make_captioned_images().texts;
                rows = texts.rows(), queries = made_up_queries(texts);
                shard = us::gallery(
                    us::matrix_view<const float>(texts.row(ranks.first_row(rows)), ranks.count(rows), texts.dim()));
            }
        });
        print(us::mpi::top_k(MPI_COMM_WORLD, queries, shard, k), rows, ranks.size);
    });
}
