/// The consumer of max_sim: the largest score of each query row in each document, added over the rows of a query.
#pragma once

#include "../engine/consumer.hpp"
#include "../kernel/rank.hpp"
#include "../kernel/select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Where the sums of a query go: into a row of all documents, or, where there are indices, the k best of them.
struct sums_of_documents {
    matrix_view<float> scores;
    matrix_view<idx_t> indices = {};
    bool best_only = false;

    /// `row` has room for the scores of all documents.
    void write(idx_t query, const double* sums, idx_t documents, float* row) const noexcept {
        float* const to = best_only ? row : scores.row(query);
        for (idx_t d = 0; d < documents; ++d) to[d] = float(sums[d]);
        if (!best_only) return;
        for (idx_t d = 0; d < documents; ++d)
            if (is_negative_infinity(row[d])) row[d] = quiet_nan();  // without rows: never found
        kernel::select_best(row, documents, scores.columns(), indices.row(query), scores.row(query));
    }
};

/// Consumers with one table for all workers, [documents, query rows of a pass], of the keys of the largest scores so
/// far: a maximum does not depend on the order of its scores. Once a pass is done one worker adds its rows, in order;
/// the sums of a query that the next pass continues stay.
template <class QueryLabel, class DocumentLabel>
class sum_largest : public engine::consumer_pool {
public:
    sum_largest(const matrix_view<const QueryLabel>& query_of_row,
                const matrix_view<const DocumentLabel>& document_of_row, idx_t queries, idx_t documents,
                const sums_of_documents& to) noexcept
        : query_of_row_(query_of_row),
          document_of_row_(document_of_row),
          queries_(queries),
          documents_(documents),
          to_(to) {}

    /// A pass reads every document, which some hundred rows outweigh: the table has 64 MiB, or 2 KiB for each document.
    idx_t most_rows() const noexcept {
        return engine::maximum((idx_t(1) << 24) / kernel::lane_count / (sixteens() + 1), 512);
    }
    void lay_out(engine::arena& memory, idx_t workers, idx_t rows) {
        workers_ = workers;
        pitch_ = rows;
        memory.add(largest_, sixteens() + 1, kernel::lane_count * pitch_);
        memory.add(sums_, sixteens(), kernel::lane_count);
        memory.add(row_, to_.best_only ? documents_ : 0);
    }
    void begin() noexcept {
        for (idx_t d = 0; d < sixteens() * kernel::lane_count; ++d) sums_[d] = 0.0;
        if (query_of_row_.rows() == 0) finish_queries(queries_);  // there is no pass
    }
    void rows_begin(idx_t first, idx_t count) noexcept {
        first_ = first, end_ = first + count, left_ = count;
        const kernel::bits16 none = kernel::broadcast(kernel::rank_key(negative_infinity()));
        for (idx_t n = 0; n <= sixteens() * pitch_; ++n) kernel::store16(largest_ + n * kernel::lane_count, none);
    }

    struct consumer : engine::score_consumer {
        sum_largest& all;

        /// Runs of columns of one document, 16 rows at a time: columns are transposed, so that a lane is a row.
        void tile(const engine::score_tile<>& tile) const noexcept {
            alignas(64) float columns[2 * kernel::lane_count * kernel::lane_count];  // a tile has no more columns
            const int padded = (tile.columns + kernel::lane_count - 1) / kernel::lane_count * kernel::lane_count;
            for (int r = 0; r < tile.rows; r += kernel::lane_count) {
                const int rows = kernel::minimum(tile.rows - r, kernel::lane_count);
                kernel::transpose_tile(tile.scores + r * tile.pitch, tile.pitch, rows, padded, columns,
                                       kernel::lane_count);
                for (int c = 0; c < tile.columns;) {
                    const int first = c;
                    const idx_t document = all.document_of(tile.first_column + c);
                    while (++c < tile.columns && all.document_of(tile.first_column + c) == document) continue;
                    if (document >= 0)
                        all.raise(all.largest_of(document, tile.first_row + r),
                                  kernel::largest_keys(columns + first * kernel::lane_count, c - first), rows);
                }
            }
        }
        void rows_done(idx_t, idx_t count) const noexcept {
            if (__atomic_sub_fetch(&all.left_, count, __ATOMIC_ACQ_REL) == 0) all.add_rows();
        }
    };
    consumer of(idx_t) noexcept { return {{}, *this}; }

private:
    /// Documents by sixteens. 16 keys are read and raised at once: those behind a document's last row, which are the
    /// next document's or room for 16, stay.
    idx_t sixteens() const noexcept { return documents_ / kernel::lane_count + 1; }
    idx_t document_of(idx_t row) const noexcept { return idx_t(document_of_row_(row, 0)); }
    std::int32_t* largest_of(idx_t document, idx_t row) const noexcept {
        return largest_ + document * pitch_ + row - first_;
    }

    /// Several workers may have rows of one document.
    UNITSPHERE_INLINE void raise(std::int32_t* largest, const kernel::bits16& keys, int rows) const noexcept {
        if (workers_ == 1) return kernel::raise_keys(largest, keys, rows);
        std::int32_t others[kernel::lane_count];
        kernel::store16(others, keys);
        for (int r = 0; r < rows; ++r) {
            std::int32_t before = __atomic_load_n(largest + r, __ATOMIC_RELAXED);
            while (others[r] > before && !__atomic_compare_exchange_n(largest + r, &before, others[r], true,
                                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
                continue;
        }
    }
    void add_rows() noexcept {
        const auto query_of = [this](idx_t row) { return idx_t(query_of_row_(row, 0)); };
        for (idx_t row = first_; row < end_;) {
            const idx_t begin = row, query = query_of(row);
            while (++row < end_ && query_of(row) == query) continue;
            if (query < 0) continue;
            finish_queries(query);
            for (idx_t d = 0; d < documents_; d += kernel::lane_count) add_rows_of(d, begin, row);
        }
        if (end_ == query_of_row_.rows()) finish_queries(queries_);
    }
    /// Adds the rows of a query to the sums of 16 documents, in order. Keys are transposed: a lane is a document.
    void add_rows_of(idx_t document, idx_t row, idx_t end) noexcept {
        constexpr int lanes = kernel::lane_count;
        alignas(64) float scores[lanes * lanes], columns[lanes * lanes];
        kernel::lanes<double> sums = kernel::load16(sums_ + document);
        for (; row < end; row += lanes) {
            for (int d = 0; d < lanes; ++d)
                kernel::store16(scores + d * lanes,
                                kernel::scores_of_keys(kernel::load16(largest_of(document + d, row))));
            kernel::transpose_tile(scores, lanes, lanes, lanes, columns, lanes);
            for (int n = 0; n < engine::minimum(end - row, lanes); ++n)
                sums = sums + kernel::load16_widened(columns + n * lanes);
        }
        kernel::store16(sums_ + document, sums);
    }
    /// Writes the sums of the queries before `end`; those without rows have an empty sum.
    void finish_queries(idx_t end) noexcept {
        for (; query_ < end; ++query_) {
            to_.write(query_, sums_, documents_, row_);
            for (idx_t d = 0; d < documents_; ++d) sums_[d] = 0.0;
        }
    }

    matrix_view<const QueryLabel> query_of_row_;
    matrix_view<const DocumentLabel> document_of_row_;
    idx_t queries_, documents_;
    sums_of_documents to_;
    idx_t pitch_ = 0;
    idx_t workers_ = 0, first_ = 0, end_ = 0, left_ = 0, query_ = 0;
    std::int32_t* largest_ = nullptr;
    double* sums_ = nullptr;
    float* row_ = nullptr;
};

/// How many groups a list numbers: 1 + the largest number. -1 is no group. Refuses a list of another length than the
/// rows, lower numbers and, where groups have to be in order, a number that is less than one before it.
template <class Label>
idx_t count_groups(const char* function, const char* list, const char* side, const matrix_view<const Label>& group_of,
                   idx_t rows, bool in_order) {
    if (group_of.rows() != rows)
        fail<shape_error>(function, ": ", list, " has ", group_of.rows(), " entries, ", side, " have ", rows, " rows");
    idx_t count = 0;
    for (idx_t i = 0; i < rows; ++i) {
        const idx_t group = idx_t(group_of(i, 0));
        if (group < -1) fail<value_error>(function, ": entry ", i, " of ", list, " is ", group, ", the least is -1");
        if (group == PTRDIFF_MAX)
            fail<value_error>(function, ": entry ", i, " of ", list, " is ", group, ", the count of groups overflows");
        if (in_order && group >= 0 && group < count - 1)
            fail<value_error>(function, ": entry ", i, " of ", list, " is ", group, " after ", count - 1,
                              "; the rows of a query follow each other");
        count = group >= count ? group + 1 : count;
    }
    return count;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
