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
        : size(size_of(ranks)), rank(rank_of(ranks)), chunks_(chunks), counts_(array<int>::uninitialized(4 * size)) {
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
        require(MPI_Irecv(to, int(bytes), MPI_BYTE, behind_, waiting_, ranks_, requests_ + waiting_), "MPI_Irecv");
        require(MPI_Isend(from, int(bytes), MPI_BYTE, before_, waiting_, ranks_, requests_ + waiting_ + 1),
                "MPI_Isend");
        waiting_ += 2;
    }
    void finish() {
        require(MPI_Waitall(waiting_, requests_, MPI_STATUSES_IGNORE), "MPI_Waitall");
        waiting_ = 0;
    }
    /// Runs work() on one rank after the other, which adds to `numbers`: the last one has the sums of all.
    template <class Work>
    void chain(double* numbers, idx_t count, Work&& work) {
        for (idx_t done = 0; rank > 0 && done < count; done += most_bytes)
            require(MPI_Recv(numbers + done, int(kernel::minimum(count - done, most_bytes)), MPI_DOUBLE, int(rank) - 1,
                             0, ranks_, MPI_STATUS_IGNORE),
                    "MPI_Recv");
        work();
        for (idx_t done = 0; rank + 1 < size && done < count; done += most_bytes)
            require(MPI_Send(numbers + done, int(kernel::minimum(count - done, most_bytes)), MPI_DOUBLE, int(rank) + 1,
                             0, ranks_),
                    "MPI_Send");
    }
    /// The same, and all ranks have them.
    template <class Work>
    void chain_to_all(double* numbers, idx_t count, Work&& work) {
        chain(numbers, count, work);
        broadcast(ranks_, numbers, count * idx_t(sizeof(double)), size - 1);
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
    MPI_Request requests_[8];  ///< four arrays at most
    int waiting_ = 0;
    array<int> counts_;
};

/// Rows of this rank, measured: refused rows have thrown, the others are counted.
template <class T>
class measured_side {
public:
    template <class View>
    measured_side(const View& rows, const row_policy& policy, const char* function, const char* row,
                  const execution& how)
        : source_(rows, policy, function, row),
          factors_(array<factors_type>::uninitialized(rows.rows())),
          measured_(source_, factors_.data()),
          is_finite_(measured_.measure(how)) {}
    measured_side(const measured_side&) = delete;
    measured_side& operator=(const measured_side&) = delete;

    idx_t rows() const noexcept { return source_.rows(); }
    idx_t dim() const noexcept { return source_.dim(); }
    bool is_finite() const noexcept { return is_finite_; }
    const row_report& seen() const noexcept { return source_.seen(); }
    void report() const noexcept { source_.report(); }

    /// Elements first .. first + count - 1 of row i at unit length.
    void unit_part(idx_t i, idx_t first, idx_t count, float* to) const noexcept {
        kernel::scale_row(source_.row(i) + first, count, factors_[i], to);
    }
    double inverse_length(idx_t i) const noexcept { return measured_.inverse_length(i); }

private:
    using factors_type = typename engine::row_source<T>::factors_type;
    engine::row_source<T> source_;
    array<factors_type> factors_;
    engine::measured_rows<T> measured_;
    bool is_finite_;
};

/// One side of the batch as this rank was given it, and at unit length.
template <class T>
struct home_side : measured_side<T> {
    matrix<float> unit;

    template <class View>
    home_side(const View& rows, const row_policy& policy, const char* function, const char* row, const execution& how)
        : measured_side<T>(rows, policy, function, row, how),
          unit(matrix<float>::uninitialized(rows.rows(), rows.dim())) {
        engine::for_each_rows(how, unit.rows(), unit.dim(), [&](idx_t first, idx_t end) {
            for (idx_t i = first; i < end; ++i) this->unit_part(i, 0, unit.dim(), unit.row(i));
        });
    }
    /// Gradients by unit rows to those by the given ones.
    void finish(const execution& how, double factor, matrix<float>& gradients) const {
        engine::for_each_rows(how, unit.rows(), unit.dim(), [&](idx_t first, idx_t end) {
            for (idx_t i = first; i < end; ++i)
                kernel::normalize_backward(unit.row(i), unit.dim(), factor * this->inverse_length(i), gradients.row(i));
        });
    }
};

}  // namespace mpi_detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
