/// The rows of one side as the loops over tiles see them: packed, whatever their elements are. So a loop is compiled
/// once for a consumer, not once for each pair of element types.
#pragma once

#include "multiply_unpacked.hpp"
#include "packed_source.hpp"
#include "pair_scores.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Rows that are packed in C when a worker needs them. `is_packed` is for loops that take it as the gallery's side.
template <class C>
class row_packer {
public:
    static constexpr bool is_packed = false, is_compact = false;

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    /// The public function that reads the rows.
    const char* function() const noexcept { return function_; }
    /// Whether they are the rows of a gallery, which nothing multiplies from where they lie.
    bool are_of_gallery() const noexcept { return are_of_gallery_; }

    /// The memory that is read for some rows, to be prefetched.
    virtual prefetch_range memory_of(idx_t first, idx_t count) const noexcept = 0;
    /// Rows first .. first + count - 1 as blocks and as panels, in `to`. `counts`: those without a direction are added
    /// to the report.
    virtual void pack_blocks(idx_t first, idx_t count, C* to, bool counts) noexcept = 0;
    virtual void pack_panels(idx_t first, idx_t count, C* to, bool counts) noexcept = 0;
    /// Row i at unit length, in `to`; counted.
    virtual void unit_row(idx_t i, C* to) noexcept = 0;
    /// All rows as panels, packed by all workers.
    virtual panels<C> pack_all(const execution& how, C* to) = 0;
    /// The scores of rows first .. end - 1, from where they lie; see engine::multiply_unpacked(). `tile` may throw.
    virtual void multiply_unpacked(idx_t first, idx_t end, const panels<C>& few,
                                   const callable_ref<idx_t, int, const C*>& tile) = 0;
    /// Counts all rows, for a call that has no scores to compute.
    virtual void count_rows() noexcept = 0;

    /// Rows first .. first + count - 1 as panels, in the worker's memory.
    panels<C> strip(idx_t first, idx_t count, C* memory, bool counts) noexcept {
        pack_panels(first, count, memory, counts);
        return {memory, count, dim_};
    }

protected:
    row_packer(idx_t rows, idx_t dim, const char* function, bool are_of_gallery) noexcept
        : rows_(rows), dim_(dim), function_(function), are_of_gallery_(are_of_gallery) {}
    ~row_packer() = default;

private:
    idx_t rows_, dim_;
    const char* function_;
    bool are_of_gallery_;
};

/// That of a row_source or packed_source.
template <class C, class Source>
class packer_of final : public row_packer<C> {
public:
    explicit packer_of(Source& source) noexcept
        : row_packer<C>(source.rows(), source.dim(), source.function(), Source::is_packed), source_(source) {}

    prefetch_range memory_of(idx_t first, idx_t count) const noexcept override {
        return source_.memory_of(first, count);
    }
    void pack_blocks(idx_t first, idx_t count, C* to, bool counts) noexcept override {
        row_report seen;
        engine::pack_blocks(source_, first, count, to, seen);
        if (counts) source_.count(seen);
    }
    void pack_panels(idx_t first, idx_t count, C* to, bool counts) noexcept override {
        row_report seen;
        engine::pack_panels(source_, first, count, to, seen);
        if (counts) source_.count(seen);
    }
    void unit_row(idx_t i, C* to) noexcept override {
        row_report seen;
        engine::unit_row(source_, i, seen).copy(0, this->dim(), to);
        source_.count(seen);
    }
    panels<C> pack_all(const execution& how, C* to) override {
        pack_all_panels(how, source_, 0, to);
        return {to, this->rows(), this->dim()};
    }
    void multiply_unpacked(idx_t first, idx_t end, const panels<C>& few,
                           const callable_ref<idx_t, int, const C*>& tile) override {
        if constexpr (!Source::is_packed) engine::multiply_unpacked(source_, first, end, few, tile);
    }
    void count_rows() noexcept override { source_.count_rows(); }

private:
    Source& source_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
