/// What tests of shadow galleries share.
#pragma once

#include <unitsphere/shadow_gallery.hpp>

#include "random_rows.hpp"

namespace tests {

/// A shadow whose bytes are read by every search, whatever this machine multiplies fastest.
struct always_filtered {
    const unitsphere::shadow_gallery& rows;

    unitsphere::engine::shadow_view packed() const {
        unitsphere::engine::shadow_view view = rows.packed();
        if (view.bytes.bytes != nullptr) view.most_queries = PTRDIFF_MAX;
        return view;
    }
};

/// Rows as an image encoder's: a common direction, some clusters, one large element.
inline matrix<float> rows_in_a_cone(idx_t count, idx_t dim, std::uint64_t seed) {
    auto rows = random_rows<float>(count, dim, seed);
    const auto centres = random_rows<float>(7, dim, 5);
    for (idx_t i = 0; i < count; ++i) {
        for (idx_t j = 0; j < dim; ++j) rows(i, j) = 0.5f * rows(i, j) + centres(0, j) + 0.7f * centres(1 + i % 6, j);
        rows(i, dim / 3) += 9.0f;
    }
    return rows;
}

}  // namespace tests
