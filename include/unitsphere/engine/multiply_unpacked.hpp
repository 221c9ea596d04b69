/// Many rows against few packed ones, for questions with few queries or few classes: nothing of the many is copied.
///
///   for each 16 rows       prefetched, then measured while others are multiplied
///     multiply_unpacked    squares of them x the packed panel -> [few, 16], in L1
#pragma once

#include "../kernel/multiply_unpacked.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// tile(first, count, scores) for each 16 rows of first .. end - 1, which are counted: scores[n][i] =
/// <row n of `few`, row first + i>, in 16 x 16 elements of memory.
template <class C, class T, class Tile>
void multiply_unpacked(row_source<T>& source, idx_t first, idx_t end, const panels<C>& few, Tile&& tile) {
    constexpr int group = kernel::lane_count;
    const idx_t dim = source.dim(), stride = source.stride();
    const bool measures_ahead = !std::is_same_v<T, double> && dim > 0 && dim % group == 0 && !source.used_unscaled();
    typename row_source<T>::factors_type factors[group];
    double sums[group];
    alignas(64) C scores[group * group] = {};
    row_report seen;
    bool measured = false;
    for (idx_t row = first; row < end; row += group) {
        const int count = int(minimum(end - row, group));
        for (int i = 0; i < count; ++i)
            factors[i] = measured ? source.factors(row + i, {sums[i], 1.0}, seen) : source.factors(row + i, seen);
        measured = measures_ahead && row + 2 * group <= end;
        kernel::running_lengths<T> lengths(source.row(measured ? row + group : row), stride, dim, sums);
        const auto* const later =
            reinterpret_cast<const char*>(source.row(minimum(row + 2 * group, source.rows() - 1)));
        kernel::multiply_unpacked(int(few.rows), few.data,
                                  kernel::unpacked_rows<T>{source.row(row), stride, count, factors}, dim, scores,
                                  kernel::unpacked_next<T>{measured ? &lengths : nullptr, later});
        tile(row, count, scores);
    }
    source.count(seen);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
