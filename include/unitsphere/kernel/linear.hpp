/// Decision function of linear heads: dot products of weights with a unit row, in double.
///
///   out[h] = sum_k weights[h][k] * unit[k]        unit as in norm.hpp, rounded to float in registers
///
/// Lane k mod 16 adds element k by one chain of fused multiply-adds, and one tree adds the lanes: the bits depend on
/// the row and the head's weights alone, not on the number of rows or heads.
#pragma once

#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Heads per pass over a row. 16 lanes of double are two AVX-512 registers or four of AVX2: 8 independent chains feed
/// two FMA pipes, and fit into the registers beside the row.
inline constexpr int heads_at_once = vector_registers >= 32 ? 4 : 2;

UNITSPHERE_INLINE lanes<double> as_unit_floats(const lanes<float>& unit) noexcept { return widen(unit); }
/// Rows of double are rounded to float, as normalize() does.
UNITSPHERE_INLINE lanes<double> as_unit_floats(const lanes<double>& unit) noexcept { return widen(narrow(unit)); }

/// out[h] for h < Heads; head h's weights are at weights + h * stride.
template <int Heads, class T, class F>
inline void decide(const T* x, idx_t dim, row_factors<F> factors, const double* weights, idx_t stride,
                   double* out) noexcept {
    const vector<F> power(factors.power), inverse(factors.inverse);
    lanes<double> sum[Heads];
    unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { sum[h] = broadcast(0.0); });
    const auto unit = [&](const auto& raw)
                          UNITSPHERE_LAMBDA { return as_unit_floats(product(product(raw, power), inverse)); };
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) {
        const lanes<double> value = unit(load16(x + k));
        unroll<Heads>([&](auto h)
                          UNITSPHERE_LAMBDA { sum[h] = fma<double>(value, load16(weights + h * stride + k), sum[h]); });
    }
    if (k < dim) {
        const int left = int(dim - k);
        const lanes<double> value = unit(load16_first(x + k, left));
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA {
            sum[h] = fma<double>(value, load16_first(weights + h * stride + k, left), sum[h]);
        });
    }
    unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { out[h] = sum_of_lanes(sum[h]); });
}

/// A matrix of doubles in memory: element (i, k) at data + i * stride + k.
template <class T>
struct strided {
    T* data;
    idx_t stride;
};

/// to[r][k] += sum_j w[j][r] * x[j][k] for r < Rows and `left` <= 16 columns k, in registers. 16 columns of x are
/// readable.
template <int Rows>
UNITSPHERE_INLINE void add_products_of_tile(strided<const double> w, strided<const double> x, idx_t count, int left,
                                            strided<double> to) noexcept {
    const bool whole = left == lane_count;
    lanes<double> sum[Rows];
    unroll<Rows>([&](auto r) UNITSPHERE_LAMBDA {
        sum[r] = whole ? load16(to.data + r * to.stride) : load16_first(to.data + r * to.stride, left);
    });
    for (idx_t j = 0; j < count; ++j) {
        const lanes<double> value = fp_barrier(load16(x.data + j * x.stride));  // or gcc loads it for each row
        unroll<Rows>([&](auto r) UNITSPHERE_LAMBDA {
            sum[r] = fma<double>(value, vector<double>(w.data[j * w.stride + r]), sum[r]);
        });
    }
    unroll<Rows>([&](auto r) UNITSPHERE_LAMBDA {
        whole ? store16(to.data + r * to.stride, sum[r]) : store16_first(to.data + r * to.stride, sum[r], left);
    });
}

/// The same for all r < rows and k < dim. 32 rows pass 16 columns of x while both are in L1; with half of the registers
/// for sums the rest holds x.
template <int Rows = maximum(vector_registers / 2 / lanes<double>::parts, 1)>
inline void add_products(strided<const double> w, strided<const double> x, idx_t count, idx_t rows, idx_t dim,
                         strided<double> to) noexcept {
    for (idx_t first = 0; first < rows; first += 32)
        for (idx_t k = 0; k < dim; k += lane_count) {
            const int left = int(minimum(dim - k, lane_count));
            const strided<const double> columns{x.data + k, x.stride};
            const idx_t end = minimum(rows, first + 32);
            idx_t r = first;
            const auto add = [&](auto tile_rows) {
                for (; r + tile_rows.value <= end; r += tile_rows.value)
                    add_products_of_tile<tile_rows.value>({w.data + r, w.stride}, columns, count, left,
                                                          {to.data + r * to.stride + k, to.stride});
            };
            add(std::integral_constant<int, Rows>());
            if constexpr (Rows > 2) add(std::integral_constant<int, 2>());
            if constexpr (Rows > 1) add(std::integral_constant<int, 1>());
        }
}

/// z[j][h] = sum_k x[j][k] * w[h][k] for 4 rows x and Heads rows w, in registers; dim is a multiple of 16.
template <int Heads>
UNITSPHERE_INLINE void dots_of_tile(strided<const double> x, strided<const double> w, idx_t dim,
                                    strided<double> z) noexcept {
    vector<double> sum[4][Heads];
    unroll<4>([&](auto j) UNITSPHERE_LAMBDA {
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { sum[j][h] = vector<double>(0.0); });
    });
    for (idx_t k = 0; k < dim; k += idx_t(vector<double>::size)) {
        vector<double> weight[Heads];
        unroll<Heads>([&](auto h)
                          UNITSPHERE_LAMBDA { weight[h] = vector<double>::load_unaligned(w.data + h * w.stride + k); });
        unroll<4>([&](auto j) UNITSPHERE_LAMBDA {
            const auto value = vector<double>::load_unaligned(x.data + j * x.stride + k);
            unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { sum[j][h] = fma(value, weight[h], sum[j][h]); });
        });
    }
    unroll<4>([&](auto j) UNITSPHERE_LAMBDA {
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { z.data[j * z.stride + h] = sum_of_halves(sum[j][h]); });
    });
}

/// The same for all rows j < count, a multiple of 4, and all h < heads.
inline void find_dots(strided<const double> x, strided<const double> w, idx_t count, idx_t heads, idx_t dim,
                      strided<double> z) noexcept {
    for (idx_t j = 0; j < count; j += 4) {
        const strided<const double> rows{x.data + j * x.stride, x.stride};
        idx_t h = 0;
        const auto find = [&](auto tile_heads) {
            for (; h + tile_heads.value <= heads; h += tile_heads.value)
                dots_of_tile<tile_heads.value>(rows, {w.data + h * w.stride, w.stride}, dim,
                                               {z.data + j * z.stride + h, z.stride});
        };
        find(std::integral_constant<int, heads_at_once>());
        find(std::integral_constant<int, 1>());
    }
}

/// 1 / (1 + exp(-z)); exp never overflows, so tiny results are accurate too.
inline double sigmoid_of(double z) noexcept {
    const double tail = std::exp(z < 0.0 ? z : -z);
    return z < 0.0 ? tail / (1.0 + tail) : 1.0 / (1.0 + tail);
}

/// Softmax in place: z[c] = exp(z[c] - max z) / sum, summed in column order.
inline void softmax_of(double* z, idx_t classes) noexcept {
    double max = z[0], sum = 0.0;
    for (idx_t c = 1; c < classes; ++c) max = maximum(max, z[c]);
    for (idx_t c = 0; c < classes; ++c) sum += z[c] = std::exp(z[c] - max);
    for (idx_t c = 0; c < classes; ++c) z[c] /= sum;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
