/// Decision function of linear heads, dot products of weights with a unit row, and the sums of their fits; in double.
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

/// A matrix in memory: element (i, k) at data + i * stride + k.
template <class T>
struct strided {
    T* data;
    idx_t stride;
};

/// The other side of a register tile with Heads heads: rows in find_dots, groups of 16 columns in add_products. A power
/// of two, such that the sums of the tile take at most 20 of 32 registers, or 8 of 16; 0: none fit.
template <int Heads>
constexpr int beside_heads() noexcept {
    constexpr int most = (vector_registers >= 32 ? 20 : 8) / (Heads * lanes<double>::parts);
    return most >= 4 ? 4 : most >= 2 ? 2 : Heads == 1 ? 1 : most;
}

/// tile(heads of the tile, the first of them), as an integral_constant and a number, until all heads are done.
template <class Tile>
UNITSPHERE_INLINE void for_tiles_of_heads(idx_t heads, Tile&& tile) noexcept {
    idx_t h = 0;
    const auto take = [&](auto some) UNITSPHERE_LAMBDA {
        if constexpr (beside_heads<some.value>() > 0)
            for (; h + some.value <= heads; h += some.value) tile(some, h);
    };
    take(std::integral_constant<int, 5>());
    take(std::integral_constant<int, 2>());
    take(std::integral_constant<int, 1>());
}

/// step(k, elements of x from column k on, as doubles) for dim columns, 16 at a time; elements after the last are 0.
template <class Step>
UNITSPHERE_INLINE void for_each_16_columns(idx_t dim, Step&& step) noexcept {
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count)
        step(k, [](const float* x) UNITSPHERE_LAMBDA { return load16_widened(x); });
    if (k < dim) {
        const int left = int(dim - k);
        step(k, [left](const float* x) UNITSPHERE_LAMBDA { return widen(load16_first(x, left)); });
    }
}

/// z[j][h] = sum_k x[j][k] * w[h][k] for Rows rows x and Heads heads w, in registers: the order of decide().
template <int Rows, int Heads>
inline void dots_of_tile(strided<const float> x, strided<const double> w, idx_t dim, strided<double> z) noexcept {
    lanes<double> sum[Rows][Heads];
    unroll<Rows>([&](auto j) UNITSPHERE_LAMBDA {
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { sum[j][h] = broadcast(0.0); });
    });
    for_each_16_columns(dim, [&](idx_t k, const auto& load) UNITSPHERE_LAMBDA {
        lanes<double> value[Rows];
        unroll<Rows>([&](auto j) UNITSPHERE_LAMBDA {
            prefetch(x.data + (j + Rows) * x.stride + k);  // the next tile: 10000 x 512 x 5 in 1.8 ms instead of 2.4
            value[j] = load(x.data + j * x.stride + k);
        });
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA {
            const lanes<double> weight = fp_barrier(load16(w.data + h * w.stride + k));  // or gcc loads it for each row
            unroll<Rows>([&](auto j) UNITSPHERE_LAMBDA { sum[j][h] = fma<double>(value[j], weight, sum[j][h]); });
        });
    });
    unroll<Rows>([&](auto j) UNITSPHERE_LAMBDA {
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { z.data[j * z.stride + h] = sum_of_lanes(sum[j][h]); });
    });
}

/// The same for all rows j < rows and heads h < heads. Rows of w are filled up with zeros to a multiple of 16.
inline void find_dots(strided<const float> x, strided<const double> w, idx_t rows, idx_t heads, idx_t dim,
                      strided<double> z) noexcept {
    constexpr idx_t together = 4;  // rows in L1 that meet all heads: a multiple of every tile's rows
    for (idx_t first = 0; first < rows; first += together)
        for_tiles_of_heads(heads, [&](auto some, idx_t h) UNITSPHERE_LAMBDA {
            constexpr int tile_rows = beside_heads<some.value>();
            const idx_t end = minimum(rows, first + together);
            idx_t j = first;
            const auto find = [&](auto count) UNITSPHERE_LAMBDA {
                for (; j + count.value <= end; j += count.value)
                    dots_of_tile<count.value, some.value>({x.data + j * x.stride, x.stride},
                                                          {w.data + h * w.stride, w.stride}, dim,
                                                          {z.data + j * z.stride + h, z.stride});
            };
            find(std::integral_constant<int, tile_rows>());
            if constexpr (tile_rows > 1) find(std::integral_constant<int, 1>());
        });
}

/// to[h][k] += sum_j w[j][h] * x[j][k] for Heads heads and 16 * Groups columns k, in registers: one chain over j.
template <int Heads, int Groups, class Load>
inline void products_of_tile(strided<const double> w, strided<const float> x, idx_t rows, strided<double> to,
                             const Load& load) noexcept {
    lanes<double> sum[Heads][Groups];
    const auto each = [](auto&& f) UNITSPHERE_LAMBDA {
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { unroll<Groups>([&](auto g) UNITSPHERE_LAMBDA { f(h, g); }); });
    };
    each([&](auto h, auto g) UNITSPHERE_LAMBDA { sum[h][g] = load16(to.data + h * to.stride + g * lane_count); });
    for (idx_t j = 0; j < rows; ++j) {
        lanes<double> value[Groups];
        unroll<Groups>([&](auto g) UNITSPHERE_LAMBDA {
            value[g] = fp_barrier(load(x.data + j * x.stride + g * lane_count));  // or gcc loads it for each head
        });
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA {
            const vector<double> weight(w.data[j * w.stride + h]);
            unroll<Groups>([&](auto g) UNITSPHERE_LAMBDA { sum[h][g] = fma<double>(value[g], weight, sum[h][g]); });
        });
    }
    each([&](auto h, auto g) UNITSPHERE_LAMBDA { store16(to.data + h * to.stride + g * lane_count, sum[h][g]); });
}

/// The same for all h < heads and k < dim. Rows of `to` are filled up to a multiple of 16.
inline void add_products(strided<const double> w, strided<const float> x, idx_t rows, idx_t heads, idx_t dim,
                         strided<double> to) noexcept {
    for_tiles_of_heads(heads, [&](auto some, idx_t h) UNITSPHERE_LAMBDA {
        constexpr int groups = beside_heads<some.value>(), columns = groups * lane_count;
        const strided<const double> weights{w.data + h, w.stride};
        const auto to_column = [&](idx_t k) { return strided<double>{to.data + h * to.stride + k, to.stride}; };
        idx_t first = 0;
        for (; first + columns <= dim; first += columns)
            products_of_tile<some.value, groups>(weights, {x.data + first, x.stride}, rows, to_column(first),
                                                 [](const float* from)
                                                     UNITSPHERE_LAMBDA { return load16_widened(from); });
        for_each_16_columns(dim - first, [&](idx_t k, const auto& load) UNITSPHERE_LAMBDA {
            products_of_tile<some.value, 1>(weights, {x.data + first + k, x.stride}, rows, to_column(first + k), load);
        });
    });
}

/// sums[k] += w x[k], squares[k] += w x[k]^2. The lists of doubles are filled up to a multiple of 16.
inline void add_moments(double w, const float* x, idx_t dim, double* sums, double* squares) noexcept {
    for_each_16_columns(dim, [&](idx_t k, const auto& load) UNITSPHERE_LAMBDA {
        const lanes<double> value = load(x + k), weighted = product(value, vector<double>(w));
        store16(sums + k, load16(sums + k) + weighted);
        store16(squares + k, fma<double>(weighted, value, load16(squares + k)));
    });
}

/// sum_k a[k] * b[k], n a multiple of 16: element k in lane k mod 16, one tree.
inline double dot(const double* a, const double* b, idx_t n) noexcept {
    lanes<double> sum = broadcast(0.0);
    for (idx_t k = 0; k < n; k += lane_count) sum = fma<double>(load16(a + k), load16(b + k), sum);
    return sum_of_lanes(sum);
}

/// out[k] = a * x[k] + y[k], n a multiple of 16; out may be x or y.
inline void axpy(double a, const double* x, const double* y, idx_t n, double* out) noexcept {
    const vector<double> factor(a);
    for (idx_t k = 0; k < n; k += lane_count) store16(out + k, fma<double>(load16(x + k), factor, load16(y + k)));
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
