/// How a batch moves over the ranks of MPI: to the ranks that have its chunks and back, and round the ring.
#pragma once

#include "mpi_batch.hpp"
#include "mpi_exchange.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace mpi_detail {

/// The ranks that have chunks, each beside those with the chunks before and behind; messages of a communicator of its
/// own.
class ring {
public:
    ring(MPI_Comm ranks, idx_t chunks)
        : size(size_of(ranks)), rank(rank_of(ranks)), chunks_(chunks), requests_(), counts_(std::size_t(4 * size)) {
        requests_.reserve(8);
        require(MPI_Comm_dup(ranks, &ranks_), "MPI_Comm_dup");
        before_ = neighbour(size - 1), behind_ = neighbour(1);
    }
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() { MPI_Comm_free(&ranks_); }

    const idx_t size, rank;

    /// Starts to send to the rank before, and to receive from the one behind. A chunk fits a message.
    void begin(const void* from, void* to, idx_t bytes) {
        if (before_ == int(rank)) return void(std::memcpy(to, from, std::size_t(bytes)));
        requests_.resize(requests_.size() + 2);
        const int tag = int(requests_.size());  // of one array, whatever the others do
        require(MPI_Irecv(to, int(bytes), MPI_BYTE, behind_, tag, ranks_, &requests_[requests_.size() - 2]),
                "MPI_Irecv");
        require(MPI_Isend(from, int(bytes), MPI_BYTE, before_, tag, ranks_, &requests_.back()), "MPI_Isend");
    }
    void finish() {
        require(MPI_Waitall(int(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
        requests_.clear();
    }
    /// Runs work() on one rank after the other, which adds to `numbers`; all ranks have the sums of the last one.
    template <class Work>
    void chain(double* numbers, int count, Work&& work) {
        if (rank > 0)
            require(MPI_Recv(numbers, count, MPI_DOUBLE, int(rank) - 1, 0, ranks_, MPI_STATUS_IGNORE), "MPI_Recv");
        work();
        if (rank + 1 < size) require(MPI_Send(numbers, count, MPI_DOUBLE, int(rank) + 1, 0, ranks_), "MPI_Send");
        require(MPI_Bcast(numbers, count, MPI_DOUBLE, int(size) - 1, ranks_), "MPI_Bcast");
    }
    /// Rows of `dim` floats from ranks that have rows from[rank] .. from[rank + 1] - 1 to those that have to[rank] ..
    void move_rows(const float* rows, const array<idx_t>& from, float* into, const array<idx_t>& to, idx_t dim) {
        if (dim == 0) return;
        int *sent = counts_.data(), *sent_at = sent + size, *taken = sent_at + size, *taken_at = taken + size;
        for (idx_t r = 0; r < size; ++r) {
            common(from, rank, to, r, sent[r], sent_at[r]);
            common(to, rank, from, r, taken[r], taken_at[r]);
        }
        MPI_Datatype row;
        require(MPI_Type_contiguous(int(dim), MPI_FLOAT, &row), "MPI_Type_contiguous");
        require(MPI_Type_commit(&row), "MPI_Type_commit");
        require(MPI_Alltoallv(rows, sent, sent_at, row, into, taken, taken_at, row, ranks_), "MPI_Alltoallv");
        MPI_Type_free(&row);
    }

private:
    /// The next rank that has a chunk, `step` at a time.
    int neighbour(idx_t step) const noexcept {
        idx_t r = (rank + step) % size;
        while (r != rank &&
               chunk_share::first_chunk(chunks_, r, size) == chunk_share::first_chunk(chunks_, r + 1, size))
            r = (r + step) % size;
        return int(r);
    }
    /// The rows that rank a has of one division and rank b of another: how many, and where they begin among a's.
    static void common(const array<idx_t>& of_a, idx_t a, const array<idx_t>& of_b, idx_t b, int& count, int& at) {
        const idx_t first = kernel::maximum(of_a[a], of_b[b]), end = kernel::minimum(of_a[a + 1], of_b[b + 1]);
        count = end > first ? int(end - first) : 0;
        at = end > first ? int(first - of_a[a]) : 0;
    }

    idx_t chunks_;
    MPI_Comm ranks_ = MPI_COMM_NULL;
    int before_ = 0, behind_ = 0;
    std::vector<MPI_Request> requests_;
    std::vector<int> counts_;
};

/// One side of the batch as this rank was given it.
template <class T>
class home_side {
public:
    template <class View>
    home_side(const View& rows, const row_policy& policy, const char* function, const char* row, const execution& how)
        : source_(rows, policy, function, row),
          factors_(array<factors_type>::uninitialized(rows.rows())),
          measured_(source_, factors_.data()),
          finite(measured_.measure(how)),
          unit(matrix<float>::uninitialized(rows.rows(), rows.dim())) {
        engine::for_each_rows(how, rows.rows(), rows.dim(), [&](idx_t first, idx_t end) {
            for (idx_t i = first; i < end; ++i) measured_.unit_row(i, unit.row(i));
        });
    }
    home_side(const home_side&) = delete;
    home_side& operator=(const home_side&) = delete;

private:
    using factors_type = typename engine::row_source<T>::factors_type;
    engine::row_source<T> source_;
    array<factors_type> factors_;
    engine::measured_rows<T> measured_;

public:
    const bool finite;
    matrix<float> unit;

    void report() const noexcept { source_.report(); }
    /// Gradients by unit rows to those by the given ones.
    void finish(const execution& how, double factor, matrix<float>& gradients) {
        engine::for_each_rows(how, unit.rows(), unit.dim(), [&](idx_t first, idx_t end) {
            for (idx_t i = first; i < end; ++i)
                kernel::normalize_backward(unit.row(i), unit.dim(), factor * measured_.inverse_length(i),
                                           gradients.row(i));
        });
    }
};

}  // namespace mpi_detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
