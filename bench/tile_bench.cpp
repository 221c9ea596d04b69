// The register tile alone: what a block of rows times a panel of columns reaches of the multiply-add peak, for shapes,
// packings and unrollings beside kernel::multiply's own. Rows are named tile/<rows>x<registers>/<packing of the
// rows>/<steps a turn>/<prefetch>/<level that holds the panels>; of_peak says what they reach.
#include <algorithm>
#include <string>

#include <unitsphere/data/matrix.hpp>

#include "motion.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::unroll;
using bench::vector;
using us::idx_t;

constexpr int chain = 128, width = int(bench::width);

/// How the rows of a block are packed: by_row is [dim / 128][rows][128], as for kernel::multiply; by_step [dim][rows].
enum class packing { by_row, by_step };

template <int Rows, int Vectors, packing Packing, int Turn, bool Prefetch>
UNITSPHERE_NOINLINE void multiply_tile(const float* a, const float* b, idx_t dim, float* out) {
    for (idx_t first = 0; first < dim; first += chain, a += chain * Rows) {
        vector<float> sum[Rows][Vectors];
        unroll<Rows * Vectors>([&](int i) UNITSPHERE_LAMBDA { sum[i / Vectors][i % Vectors] = vector<float>(0.0f); });
        for (int k = 0; k < chain; k += Turn)
            unroll<Turn>([&](int t) UNITSPHERE_LAMBDA {
                vector<float> column[Vectors];
                unroll<Vectors>([&](int v) UNITSPHERE_LAMBDA {
                    column[v] = us::kernel::fp_barrier(vector<float>::load_aligned(b + v * width));
                    if (Prefetch) __builtin_prefetch(b + (v + 16 * Vectors) * width, 0, 2);
                });
                b += Vectors * width;
                unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
                    const vector<float> row(Packing == packing::by_step ? a[(k + t) * Rows + r] : a[r * chain + k + t]);
                    unroll<Vectors>([&](int v)
                                        UNITSPHERE_LAMBDA { sum[r][v] = us::kernel::fma(row, column[v], sum[r][v]); });
                });
            });
        unroll<Rows * Vectors>([&](int i) UNITSPHERE_LAMBDA {
            float* const at = out + i * width;
            vector<float> total = sum[i / Vectors][i % Vectors];
            if (first > 0) total = vector<float>::load_aligned(at) + total;
            total.store_aligned(at);
        });
    }
}

/// Four blocks of rows against all panels of a footprint, a panel after the other, as in the loops of the library.
template <class Multiply>
void run(benchmark::State& state, int rows, int vectors, idx_t dim, double footprint, Multiply&& multiply) {
    constexpr int blocks = 4;
    const idx_t panel = dim * vectors * width, block = dim * rows;
    const idx_t panels = std::max<idx_t>(1, idx_t(footprint / 4.0) / panel);
    us::matrix<float> a(blocks, us::kernel::ceil_div(block, 16) * 16), b(panels + 1, panel),
        out(1, rows * vectors * width);
    std::fill(a.data(), a.data() + blocks * a.dim(), 0.01f);
    std::fill(b.data(), b.data() + panels * panel, 0.01f);
    for (auto _ : state)
        for (idx_t p = 0; p < panels; ++p)
            for (int i = 0; i < blocks; ++i) multiply(a.row(i), b.row(p), dim, out.data());
    bench::count_flops(state, 2.0 * double(panels * blocks * rows) * double(panel));
}

template <int Rows, int Vectors, packing Packing, int Turn, bool Prefetch>
void add_tile() {
    const bench::cache_sizes cache = bench::caches();
    const std::string name = "tile/" + std::to_string(Rows) + "x" + std::to_string(Vectors) + "/" +
                             (Packing == packing::by_step ? "by_step/" : "by_row/") + std::to_string(Turn) + "/" +
                             (Prefetch ? "prefetch/" : "plain/");
    const auto add = [&](const char* level, idx_t dim, double footprint) {
        benchmark::RegisterBenchmark((name + level).c_str(), [=](benchmark::State& state) {
            run(state, Rows, Vectors, dim, footprint, multiply_tile<Rows, Vectors, Packing, Turn, Prefetch>);
        });
    };
    add("L1", chain, double(cache.l1 / 3));
    add("L2", 512, double(cache.l2 / 4));
    add("L3", 512, double(cache.l3 / 8 < 4 * cache.l2 ? cache.l3 / 8 : 4 * cache.l2));
}

template <int Rows, int Vectors>
void add_shape() {
    if constexpr (Rows >= 1) {
        add_tile<Rows, Vectors, packing::by_row, 1, false>();
        add_tile<Rows, Vectors, packing::by_row, 1, true>();
        add_tile<Rows, Vectors, packing::by_step, 1, false>();
        add_tile<Rows, Vectors, packing::by_step, 2, false>();
        add_tile<Rows, Vectors, packing::by_step, 2, true>();
    }
}

/// The most rows for which sums, columns and one broadcast fit the registers.
template <int Vectors>
constexpr int fitting_rows = (us::kernel::vector_registers - Vectors - 1) / Vectors;

}  // namespace

void bench::register_rows() {
    add_shape<fitting_rows<2>, 2>();
    add_shape<fitting_rows<2> - 2, 2>();
    add_shape<fitting_rows<3>, 3>();
    add_shape<fitting_rows<4>, 4>();
}
