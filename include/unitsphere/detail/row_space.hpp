/// Where rows of bytes are seen from: the mean, and the signs of the rotation.
#pragma once

#include "../data/column.hpp"
#include "../engine/byte_loop.hpp"
#include "packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The mean that rows are seen from, that of the first ones, and the signs of their rotation.
class row_space {
public:
    idx_t dim() const noexcept { return idx_t(mean_.size()); }
    idx_t bytes() const noexcept { return idx_t((mean_.size() + signs_.size()) * sizeof(float)); }
    kernel::byte_space view() const noexcept { return {mean_.data(), signs_.data(), mean_square_}; }

    /// From `given`, or without it from the first rows among unit_row(i), i < count.
    template <class UnitRow>
    void find(idx_t count, idx_t dim, const number_list& given, UnitRow&& unit_row) {
        array<double> sum(dim);
        array<float> mean(dim);
        idx_t regular = 0;
        for (idx_t k = 0; k < given.count(); ++k) regular = 1, sum[k] = given[k];
        for (idx_t i = 0; !given.is_given() && i < engine::minimum(count, rows_of_mean); ++i) {
            const float* const row = unit_row(i);
            if (kernel::length_of(row, dim).kind() != kernel::row_kind::regular) continue;
            for (idx_t k = 0; k < dim; ++k) sum[k] += double(row[k]);
            ++regular;
        }
        for (idx_t k = 0; k < dim; ++k) mean[k] = regular > 0 ? float(sum[k] / double(regular)) : 0.0f;
        set_mean(static_cast<array<float>&&>(mean));
    }
    /// Of a mean that is known.
    void set_mean(array<float>&& mean) {
        const idx_t dim = idx_t(mean.size());
        array<float> signs(dim);
        kernel::find_rotation_signs(dim, signs.data());
        mean_square_ = kernel::product_in_double(mean.data(), mean.data(), dim);
        mean_ = static_cast<array<float>&&>(mean), signs_ = static_cast<array<float>&&>(signs);
    }

private:
    static constexpr idx_t rows_of_mean = 4096;

    array<float> mean_ = {}, signs_ = {};
    double mean_square_ = 0.0;
};

/// Refuses a mean of another dim, one that is no mean of unit rows, and one for a gallery that has rows.
inline void require_mean(const number_list& mean, idx_t dim, idx_t rows, const char* function) {
    if (!mean.is_given()) return;
    const idx_t size = mean.count();
    if (rows > 0) fail<value_error>(function, ": a mean was given for a gallery that has ", rows, " rows");
    if (size != dim) fail<shape_error>(function, ": the mean has dim ", size, ", the rows have dim ", dim);
    double square = 0.0;
    for (idx_t k = 0; k < size; ++k) {
        if (!is_finite(mean[k])) fail<value_error>(function, ": the mean is not finite at ", k, " of ", size);
        square += mean[k] * mean[k];
    }
    if (square > 1.01) fail<value_error>(function, ": the mean has norm ", std::sqrt(square), ", it must be at most 1");
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
