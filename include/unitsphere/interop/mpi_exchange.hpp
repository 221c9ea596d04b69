/// What the questions of mpi.hpp share: agreement of all ranks before data moves, and the exchanges themselves.
///
/// A call goes on only where every rank has come so far. Each exchange of data follows a gather of one small record of
/// each rank; a rank that failed says so there, and then all ranks throw its error together. Memory is allocated before
/// that, so nothing can throw between two exchanges: no rank waits for one that has left.
#pragma once

#if !__has_include(<mpi.h>)
#error "unitsphere/interop/mpi.hpp needs MPI (Debian: libopenmpi-dev or libmpich-dev); link unitsphere::mpi"
#endif
#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#error "unitsphere/interop/mpi.hpp needs exceptions: an error of one rank reaches all ranks as one"
#endif

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1  // C++ bindings, which MPI 3 has removed
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <exception>
#include <optional>
#include <vector>

#include "../shards.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace mpi {

/// MPI failed, or a rank threw what is neither a shape_error nor a value_error: the text says which and what.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace mpi

namespace mpi_detail {

using detail::fail;

/// Throws where MPI returns an error: only with an error handler that is not MPI's default, which ends all ranks.
inline void require(int code, const char* call) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING + 1] = {};
    int size = 0;
    MPI_Error_string(code, text, &size);
    fail<mpi::error>("unitsphere::mpi: ", call, ": ", text);
}

inline idx_t rank_of(MPI_Comm ranks) {
    int rank = 0;
    require(MPI_Comm_rank(ranks, &rank), "MPI_Comm_rank");
    return rank;
}
inline idx_t size_of(MPI_Comm ranks) {
    int size = 0;
    require(MPI_Comm_size(ranks, &size), "MPI_Comm_size");
    return size;
}

/// Counts of MPI are int: larger messages go in parts of so many bytes.
inline constexpr idx_t most_bytes = idx_t(1) << 30;

/// The same bytes on all ranks: those of `root`.
inline void broadcast(MPI_Comm ranks, void* bytes, idx_t count, idx_t root) {
    for (idx_t done = 0; done < count; done += most_bytes)
        require(MPI_Bcast(static_cast<char*>(bytes) + done, int(kernel::minimum(count - done, most_bytes)), MPI_BYTE,
                          int(root), ranks),
                "MPI_Bcast");
}

/// How a rank has left its part of the call.
struct outcome {
    enum kinds : int { done, shape, value, other };

    int kind = done;
    char text[1020] = {};

    void set(kinds what, const char* why) noexcept {
        kind = what;
        for (std::size_t i = 0; i + 1 < sizeof text && why[i] != 0; ++i) text[i] = why[i];
    }
};

/// Throws on all ranks the error of rank `first`.
[[noreturn]] inline void raise_error_of(MPI_Comm ranks, idx_t first, const outcome& mine) {
    outcome theirs = mine;
    broadcast(ranks, &theirs, idx_t(sizeof theirs), first);
    if (theirs.kind == outcome::shape) fail<shape_error>("rank ", first, ": ", theirs.text);
    if (theirs.kind == outcome::value) fail<value_error>("rank ", first, ": ", theirs.text);
    fail<mpi::error>("rank ", first, ": ", theirs.text);
}

template <class Work>
outcome outcome_of(Work&& work) {
    outcome mine;
    try {
        work();
    } catch (const shape_error& e) {
        mine.set(outcome::shape, e.what());
    } catch (const value_error& e) {
        mine.set(outcome::value, e.what());
    } catch (const std::exception& e) {
        mine.set(outcome::other, e.what());
    } catch (...) {
        mine.set(outcome::other, "an exception that is no std::exception");
    }
    return mine;
}

/// [ranks, columns + 1] of what each rank's work(record) has written into its record of `columns` numbers. Throws on
/// all ranks what one rank's work throws.
template <class Work>
matrix<idx_t> gather_records(MPI_Comm ranks, idx_t columns, Work&& work) {
    const idx_t size = size_of(ranks);
    array<idx_t> mine(columns + 1);  // the last one: whether the rank has failed
    matrix<idx_t> all(size, columns + 1);
    const outcome found = outcome_of([&] { work(mine.data()); });
    mine[columns] = found.kind != outcome::done ? 1 : 0;
    require(MPI_Allgather(mine.data(), int(columns + 1), MPI_INT64_T, all.data(), int(columns + 1), MPI_INT64_T, ranks),
            "MPI_Allgather");
    for (idx_t rank = 0; rank < size; ++rank)
        if (all(rank, columns) != 0) raise_error_of(ranks, rank, found);
    return all;
}
static_assert(sizeof(idx_t) == 8);

/// Refuses another value on some rank than on rank 0.
inline void require_same(const char* function, const char* what, const matrix<idx_t>& records, idx_t column) {
    for (idx_t rank = 1; rank < records.rows(); ++rank)
        if (records(rank, column) != records(0, column))
            fail<shape_error>(function, ": rank 0 has ", what, " ", records(0, column), ", rank ", rank, " has ",
                              records(rank, column));
}

/// The bits of a number, for a record.
inline idx_t bits_of(float number) noexcept {
    std::int32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return bits;
}
inline void require_same_number(const char* function, const char* what, const matrix<idx_t>& records, idx_t column) {
    const auto number = [&](idx_t rank) {
        const std::int32_t bits = std::int32_t(records(rank, column));
        float value = 0.0f;
        std::memcpy(&value, &bits, sizeof value);
        return double(value);
    };
    for (idx_t rank = 1; rank < records.rows(); ++rank)
        if (records(rank, column) != records(0, column))
            fail<value_error>(function, ": rank 0 has ", what, " ", number(0), ", rank ", rank, " has ", number(rank));
}

/// A hash of the elements of rows, by words of 64 bits: whether two ranks have the same.
template <class T>
idx_t hash_of(const matrix_view<const T>& rows) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const char* const bytes = reinterpret_cast<const char*>(rows.row(i));
        const idx_t count = rows.dim() * idx_t(sizeof(T));
        for (idx_t at = 0; at < count; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + at, std::size_t(kernel::minimum(count - at, 8)));
            hash = (hash ^ word) * 0x100000001b3u;
            hash ^= hash >> 32;
        }
    }
    return idx_t(hash >> 1);
}

/// Refuses rows of another hash on some rank than on rank 0.
inline void require_same_rows(const char* function, const char* rows, const matrix<idx_t>& records, idx_t column) {
    for (idx_t rank = 1; rank < records.rows(); ++rank)
        if (records(rank, column) != records(0, column))
            fail<value_error>(function, ": rank ", rank, " has other ", rows, " than rank 0");
}

/// The first row of each rank's shard in the whole gallery, and behind the last one how many rows there are.
inline array<idx_t> first_rows_of(const char* function, const matrix<idx_t>& records, idx_t column) {
    array<idx_t> first(records.rows() + 1);
    for (idx_t rank = 0; rank < records.rows(); ++rank) {
        if (records(rank, column) > PTRDIFF_MAX - first[rank])
            fail<shape_error>(function, ": ", records(rank, column), " rows of rank ", rank, " behind ", first[rank],
                              " exceed 2^63 - 1");
        first[rank + 1] = first[rank] + records(rank, column);
    }
    return first;
}

/// Lists of the k best as one message: for each query how many there are, k, k rows and k scores. They are heaps, the
/// worst on top, so that a message merges into another one in place. Scores are float, or double where they are
/// rescored.
template <class Score>
class hit_lists {
public:
    hit_lists(idx_t queries, idx_t k) : blocks_(matrix<idx_t>::uninitialized(queries, elements(k))), k_(k) {
        if (blocks_.columns() > most_bytes / 8)
            fail<value_error>("unitsphere::mpi: ", k, " neighbours of a query exceed a message of 2^30 bytes");
        for (idx_t i = 0; i < queries; ++i) blocks_(i, 0) = 0, blocks_(i, 1) = k;
    }

    /// Hits of query i, best first, with the scores score_of(hit).
    template <class ScoreOf>
    void set(idx_t i, const hit_list& hits, idx_t first_row, ScoreOf&& score_of) noexcept {
        const idx_t count = blocks_(i, 0) = hits.size();
        const list_type list = list_of(blocks_.row(i));
        for (idx_t n = 0; n < count; ++n) {
            list.indices[n] = hits[count - 1 - n].row + first_row;
            list.scores[n] = score_of(hits[count - 1 - n]);
        }
    }
    /// The k best of the lists of all ranks, on all ranks.
    void merge_all(MPI_Comm ranks) {
        MPI_Datatype block;
        MPI_Op best;
        require(MPI_Type_contiguous(int(blocks_.columns()), MPI_INT64_T, &block), "MPI_Type_contiguous");
        require(MPI_Type_commit(&block), "MPI_Type_commit");
        require(MPI_Op_create(&merge, 1, &best), "MPI_Op_create");
        const idx_t part = kernel::maximum(most_bytes / 8 / blocks_.columns(), 1);
        for (idx_t i = 0; i < blocks_.rows(); i += part)
            require(MPI_Allreduce(MPI_IN_PLACE, blocks_.row(i), int(kernel::minimum(blocks_.rows() - i, part)), block,
                                  best, ranks),
                    "MPI_Allreduce");
        MPI_Op_free(&best);
        MPI_Type_free(&block);
    }
    void sort_into(neighbours& found) noexcept {
        for (idx_t i = 0; i < blocks_.rows(); ++i) {
            list_type list = list_of(blocks_.row(i));
            list.sort();
            for (idx_t n = 0; n < k_; ++n)
                found.indices(i, n) = list.indices[n], found.scores(i, n) = float(list.scores[n]);
        }
    }

private:
    using list_type = kernel::list_of_best<Score>;

    static idx_t elements(idx_t k) noexcept { return 2 + k + (k * idx_t(sizeof(Score)) + 7) / 8; }
    static list_type list_of(idx_t* block) noexcept {
        return {block + 2, reinterpret_cast<Score*>(block + 2 + block[1]), block[1], block[0]};
    }
    /// MPI_User_function: `into` = the k best of both, for each of *count queries.
    static void merge(void* from, void* into, int* count, MPI_Datatype*) {
        idx_t *theirs = static_cast<idx_t*>(from), *ours = static_cast<idx_t*>(into);
        const idx_t size = *count > 0 ? elements(ours[1]) : 0;
        for (int i = 0; i < *count; ++i, theirs += size, ours += size) {
            list_type best = list_of(ours);
            best.add(list_of(theirs));
            ours[0] = best.filled;
        }
    }

    matrix<idx_t> blocks_;
    idx_t k_;
};

}  // namespace mpi_detail

namespace mpi {

/// Runs work() on every rank, and throws on all ranks where it throws on one: what a rank does alone, such as reading
/// its part of a file, fails on all of them, so that none waits for it in the next call.
///
/// Shapes   work: a callable without arguments, which makes no call of MPI.
/// Units    none.
/// Errors   the first failing rank's, with "rank 2: " before its text: shape_error and value_error as such, others as
///          mpi::error.
/// Threads  the caller's.   Memory  8 bytes for each rank.
/// Source   MPI 3.1, section 5.7: one MPI_Allgather.
template <class Work>
void together(MPI_Comm ranks, Work&& work) {
    mpi_detail::gather_records(ranks, 0, [&](idx_t*) { work(); });
}

}  // namespace mpi
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
