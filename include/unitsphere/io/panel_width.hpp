/// Panels of 16 columns as panels of 32, and back: files hold those of the build that wrote them.
#pragma once

#include <cstring>

#include "../detail/packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Turns panels of `rows` rows into panels of the other width than `width`, in place. 32 rows take the same bytes in
/// both, as a panel of 32 columns or as two of 16 behind each other; so do at most 16 rows at the end, which are alike.
template <class S>
void change_panel_width(S* panels, idx_t rows, idx_t dim, idx_t width) {
    constexpr idx_t half = 16, factors = half * kernel::factor_elements<S>;
    const idx_t of_half = half * engine::panels<S>::row_elements(dim);
    auto room = matrix<S>::uninitialized(2, of_half);
    for (idx_t first = 0; first + half < rows; first += 2 * half, panels += 2 * of_half) {
        std::memcpy(static_cast<void*>(room.data()), panels, std::size_t(2 * of_half) * sizeof(S));
        const auto copy = [&](idx_t narrow, idx_t wide, idx_t count) {
            S* const to = panels + (width == half ? wide : narrow);
            const S* const from = room.data() + (width == half ? narrow : wide);
            std::memcpy(static_cast<void*>(to), from, std::size_t(count) * sizeof(S));
        };
        for (idx_t h = 0; h < 2; ++h) {
            copy(h * of_half, h * factors, factors);
            for (idx_t k = 0; k < dim; ++k)
                copy(h * of_half + factors + k * half, 2 * factors + (2 * k + h) * half, half);
        }
    }
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
