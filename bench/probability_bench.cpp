// Softmax of rows of logits, beside Eigen row by row.
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/probability.hpp>

#include "machine.hpp"

namespace {

namespace us = unitsphere;

us::matrix<float> random_logits(const benchmark::State& state) {
    auto logits = bench::random_rows(state.range(0), state.range(1), 1);
    us::as_eigen(logits) *= 10.0f;
    return logits;
}

void count(benchmark::State& state, const us::matrix<float>& logits) {
    state.SetItemsProcessed(state.iterations() * logits.rows() * logits.dim());
    bench::count_bytes(state, 8.0 * double(logits.rows() * logits.dim()));
}

void softmax_unitsphere(benchmark::State& state) {
    const auto logits = random_logits(state);
    us::matrix<float> out(logits.rows(), logits.dim());
    for (auto _ : state) {
        us::softmax(logits, out);
        benchmark::ClobberMemory();
    }
    state.SetLabel(us::instruction_set());
    count(state, logits);
}

void softmax_eigen(benchmark::State& state) {
    const auto logits = random_logits(state);
    us::matrix<float> out(logits.rows(), logits.dim());
    const auto from = us::as_eigen(logits);
    auto to = us::as_eigen(out);
    for (auto _ : state) {
        for (us::index i = 0; i < logits.rows(); ++i) {
            to.row(i) = (from.row(i).array() - from.row(i).maxCoeff()).exp();
            to.row(i) /= to.row(i).sum();
        }
        benchmark::ClobberMemory();
    }
    count(state, logits);
}

}  // namespace

BENCHMARK(softmax_unitsphere)->Args({1, 1000})->Args({256, 1000})->Args({10000, 1000})->Args({8, 1000000});
BENCHMARK(softmax_eigen)->Args({1, 1000})->Args({256, 1000})->Args({10000, 1000})->Args({8, 1000000});
