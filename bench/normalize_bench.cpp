// Rows to unit length, out of place, beside Eigen's rowwise().normalized().
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/normalize.hpp>

#include "machine.hpp"

namespace {

namespace us = unitsphere;

void normalize_unitsphere(benchmark::State& state) {
    const auto rows = bench::random_rows(state.range(0), state.range(1), 1);
    us::matrix<float> out(rows.rows(), rows.dim());
    for (auto _ : state) {
        us::normalize_into(rows, out);
        benchmark::ClobberMemory();
    }
    state.SetLabel(us::instruction_set());
    bench::count_bytes(state, 8.0 * double(rows.rows() * rows.dim()));
}

void normalize_eigen(benchmark::State& state) {
    const auto rows = bench::random_rows(state.range(0), state.range(1), 1);
    us::matrix<float> out(rows.rows(), rows.dim());
    for (auto _ : state) {
        us::as_eigen(out) = us::as_eigen(rows).rowwise().normalized();
        benchmark::ClobberMemory();
    }
    bench::count_bytes(state, 8.0 * double(rows.rows() * rows.dim()));
}

}  // namespace

BENCHMARK(normalize_unitsphere)->Args({1, 512})->Args({1000, 512})->Args({100000, 512});
BENCHMARK(normalize_eigen)->Args({1, 512})->Args({1000, 512})->Args({100000, 512});
