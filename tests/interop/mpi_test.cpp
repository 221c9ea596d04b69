// Runs on any number of ranks. Every rank asks the same questions, and holds the answer of one machine beside it.
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include <unitsphere/interop/mpi.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// MPI, from the first test to the end of the program.
struct session {
    int rank = 0, size = 1;

    session() {
        MPI_Init(nullptr, nullptr);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &size);
    }
    ~session() { MPI_Finalize(); }
};
const session& ranks() {
    static const session opened;
    return opened;
}

/// The first row of each rank's part of `rows` rows, and the end: equal parts, all rows on the last rank, and uneven
/// parts of which some are empty.
std::vector<idx_t> cut(idx_t rows, int way) {
    std::vector<idx_t> first(std::size_t(ranks().size + 1));
    generator random(std::uint64_t(40 + way));
    for (int r = 1; r < ranks().size; ++r)
        first[std::size_t(r)] = way == 0 ? rows * r / ranks().size : way == 1 ? 0 : random.below(rows + 1);
    first.back() = rows;
    std::sort(first.begin(), first.end());
    return first;
}
template <class T>
matrix_view<const T> part_of_rank(const matrix<T>& rows, const std::vector<idx_t>& first) {
    const std::size_t rank = std::size_t(ranks().rank);
    return part(rows, first[rank], first[rank + 1] - first[rank]);
}

void check_same(const range_result& a, const range_result& b) {
    CHECK(first_difference(a.indices, b.indices) == "");
    CHECK(first_difference(a.scores, b.scores) == "");
    CHECK(first_difference(a.offsets, b.offsets) == "");
}

/// Whether a right call still works: no rank is an exchange behind the others.
void check_in_step() {
    const auto rows = random_rows<float>(7, 5, 91);
    const neighbours found = mpi::top_k(MPI_COMM_WORLD, rows, part_of_rank(rows, cut(7, 0)), 1);
    for (idx_t i = 0; i < 7; ++i) CHECK(found.indices(i, 0) == i);
}

bool is_last() { return ranks().rank == ranks().size - 1; }
std::string last() { return "rank " + std::to_string(ranks().size - 1) + ": "; }

}  // namespace

TEST_CASE("top_k of shards is top_k of one machine, on every rank", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const idx_t k = GENERATE(0, 1, 16, 305), g = GENERATE(3, 300);
    CAPTURE(way, k, g);
    const auto queries = rows_with_ties<float>(70, 17, 601), rows = rows_with_ties<float>(g, 17, 602);
    const auto shard = part_of_rank(rows, cut(g, way));
    const neighbours whole = top_k(queries, rows, k), raw = mpi::top_k(MPI_COMM_WORLD, queries, shard, k),
                     packed = mpi::top_k(MPI_COMM_WORLD, queries, gallery(shard), k);
    CHECK(first_difference(raw.indices, whole.indices) == "");
    CHECK(first_difference(raw.scores, whole.scores) == "");
    CHECK(first_difference(packed.indices, whole.indices) == "");
    CHECK(first_difference(packed.scores, whole.scores) == "");
}

TEST_CASE("range_search of shards is range_search of one machine, on every rank", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const idx_t most = GENERATE(idx_t(3), PTRDIFF_MAX);
    const auto queries = rows_with_ties<std::int8_t>(40, 33, 603), rows = rows_with_ties<std::int8_t>(200, 33, 604);
    const auto shard = part_of_rank(rows, cut(200, way));
    const range_result whole = range_search(queries, rows, 0.1f, {}, {{}, {}, 0.9f, most});
    check_same(mpi::range_search(MPI_COMM_WORLD, queries, shard, 0.1f, {}, {{}, {}, 0.9f, most}), whole);
    CHECK_FALSE(whole.indices.empty());
}

TEST_CASE("what one rank refuses all ranks refuse, and the next call works", "[mpi]") {
    const auto rows = random_rows<float>(40, 16, 605), wide = random_rows<float>(40, 17, 605);
    const auto shape = [](auto&& call) { return message_of<shape_error>(call); };
    const auto value = [](auto&& call) { return message_of<value_error>(call); };
    const auto& wrong = is_last() ? wide : rows;
    const std::string rank = std::to_string(ranks().size - 1);
    CHECK(shape([&] { mpi::top_k(MPI_COMM_WORLD, rows, wrong, 2); }) ==
          last() + "top_k: queries have dim 16, gallery has dim 17");
    check_in_step();
    if (ranks().size > 1) {
        CHECK(shape([&] { mpi::top_k(MPI_COMM_WORLD, wrong, wrong, 2); }) ==
              "mpi::top_k: rank 0 has queries of dim 16, rank " + rank + " has 17");
        CHECK(shape([&] { mpi::top_k(MPI_COMM_WORLD, rows, rows, is_last() ? 3 : 2); }) ==
              "mpi::top_k: rank 0 has k 2, rank " + rank + " has 3");
        CHECK(value([&] { mpi::range_search(MPI_COMM_WORLD, rows, rows, is_last() ? 0.5f : 0.25f); }) ==
              "mpi::range_search: rank 0 has threshold 0.25, rank " + rank + " has 0.5");
        const auto other = random_rows<float>(40, 16, is_last() ? 606 : 605);
        CHECK(value([&] { mpi::top_k(MPI_COMM_WORLD, other, rows, 2); }) ==
              "mpi::top_k: rank " + rank + " has other queries than rank 0");
        check_in_step();
    }
    CHECK(value([&] { mpi::top_k(MPI_COMM_WORLD, rows, rows, -1); }) ==
          "rank 0: top_k: k is -1, it must not be negative");
    auto broken = random_rows<float>(40, 16, 605);
    if (is_last()) broken(7, 3) = std::numeric_limits<float>::quiet_NaN();
    CHECK(value([&] {
              mpi::top_k(MPI_COMM_WORLD, rows, broken, 2, {}, {{}, {on_row::keep, on_row::error}});
          }) == last() + "top_k: gallery row 7 is not finite");
    const auto executor = [&](idx_t count, const auto& body) {
        if (is_last()) throw std::logic_error("no threads");
        for (idx_t i = 0; i < count; ++i) body(i);
    };
    CHECK(message_of<mpi::error>([&] { mpi::top_k(MPI_COMM_WORLD, rows, rows, 2, executor); }) ==
          last() + "no threads");
    check_in_step();
}

// With mpirun alone: the whole job ends.
TEST_CASE("a rank that dies ends the others", "[.dies]") {
    check_in_step();
    if (ranks().rank == 1) {
        std::puts("rank 1 dies now");
        std::fflush(stdout);
        std::raise(SIGKILL);
    }
    check_in_step();
}

}  // namespace tests
