// Rows to unit length, out of place, beside Eigen's rowwise().normalized().
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/normalize.hpp>

#include "machine.hpp"

namespace {

namespace us = unitsphere;

template <class T>
void normalize_unitsphere(benchmark::State& state) {
    const auto rows = bench::random_rows_of<T>(state.range(0), state.range(1), 1);
    us::matrix<float> out(rows.rows(), rows.dim());
    for (auto _ : state) {
        us::normalize_into(rows, out);
        benchmark::ClobberMemory();
    }
    state.SetLabel(us::instruction_set());
    bench::count_bytes(state, double(sizeof(T) + sizeof(float)) * double(rows.rows() * rows.dim()));
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

BENCHMARK_TEMPLATE(normalize_unitsphere, float)->Args({1, 512})->Args({1000, 512})->Args({100000, 512});
BENCHMARK_TEMPLATE(normalize_unitsphere, us::float16)->Args({1000, 512});
BENCHMARK_TEMPLATE(normalize_unitsphere, us::bfloat16)->Args({1000, 512});
BENCHMARK_TEMPLATE(normalize_unitsphere, std::int8_t)->Args({1000, 512});
BENCHMARK_TEMPLATE(normalize_unitsphere, double)->Args({1000, 512});
BENCHMARK(normalize_eigen)->Args({1, 512})->Args({1000, 512})->Args({100000, 512});
