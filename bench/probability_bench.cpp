// Softmax beside other libraries'; log-softmax and sigmoid beside Eigen row by row. There, rel_error is the largest
// relative error in the first row, against long double.
// There is no evaluation_bench.cpp: counting labels is one pass over a few integers per image.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/probability.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

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

/// Runs function(logits, out) and says how far off one row is.
template <class Function, class Exact>
void run(benchmark::State& state, const char* label, Function&& function, Exact&& exact) {
    const auto logits = random_logits(state);
    us::matrix<float> out(logits.rows(), logits.dim());
    for (auto _ : state) {
        function(logits, out);
        benchmark::ClobberMemory();
    }
    state.SetLabel(label);
    count(state, logits);
    const std::vector<long double> expected = exact(logits.row(0), logits.dim());
    long double worst = 0;
    for (us::idx_t j = 0; j < logits.dim(); ++j) {
        const long double truth = expected[std::size_t(j)];
        const long double error = std::fabs((out(0, j) - truth) / truth);
        worst = error > worst ? error : worst;
    }
    state.counters["rel_error"] = double(worst);
}

/// The sum of exp(l - largest), without the largest itself.
std::pair<long double, long double> largest_and_rest(const float* logits, us::idx_t columns) {
    const float* place = std::max_element(logits, logits + columns);
    long double rest = 0;
    for (us::idx_t j = 0; j < columns; ++j)
        if (logits + j != place) rest += std::exp((long double)(logits[j]) - (long double)(*place));
    return {*place, rest};
}

std::vector<long double> exact_log_softmax(const float* logits, us::idx_t columns) {
    const auto [largest, rest] = largest_and_rest(logits, columns);
    std::vector<long double> result;
    for (us::idx_t j = 0; j < columns; ++j) result.push_back((logits[j] - largest) - std::log1p(rest));
    return result;
}

std::vector<long double> exact_sigmoid(const float* logits, us::idx_t columns) {
    std::vector<long double> result;
    for (us::idx_t j = 0; j < columns; ++j) result.push_back(1 / (1 + std::exp(-(long double)(logits[j]))));
    return result;
}

void log_softmax_unitsphere(benchmark::State& state) {
    run(
        state, us::instruction_set(), [](const auto& logits, auto& out) { us::log_softmax_into(logits, out); },
        exact_log_softmax);
}

void log_softmax_eigen(benchmark::State& state) {
    const auto log_softmax = [](const auto& logits, auto& out) {
        const auto from = us::as_eigen(logits);
        auto to = us::as_eigen(out);
        for (us::idx_t i = 0; i < logits.rows(); ++i) {
            const float largest = from.row(i).maxCoeff();
            const float log_sum = std::log((from.row(i).array() - largest).exp().sum());
            to.row(i) = from.row(i).array() - largest - log_sum;
        }
    };
    run(state, "Eigen", log_softmax, exact_log_softmax);
}

void sigmoid_unitsphere(benchmark::State& state) {
    run(
        state, us::instruction_set(), [](const auto& logits, auto& out) { us::sigmoid_into(logits, out); },
        exact_sigmoid);
}

void sigmoid_eigen(benchmark::State& state) {
    run(
        state, "Eigen",
        [](const auto& logits, auto& out) { us::as_eigen(out) = us::as_eigen(logits).array().logistic(); },
        exact_sigmoid);
}

template <class Prepare>
void add_softmax(const char* who, us::idx_t n, us::idx_t columns, Prepare prepare) {
    const double elements = double(n) * double(columns);
    const bench::work w{2.0 * bench::exp_operations * elements, 4.0 * elements, 4.0 * elements};
    bench::add({"softmax", who, bench::shape(n, columns)}, w, [=] {
        const auto& logits = bench::logits(n, columns);
        auto& out = bench::output(n, columns);
        return bench::task{prepare(logits, out), [&] { return bench::softmax_error(logits, out); }};
    });
}

void shapes(benchmark::internal::Benchmark* row) {
    row->Args({1, 1000})->Args({256, 1000})->Args({10000, 1000})->Args({8, 1000000});
}

}  // namespace

BENCHMARK(log_softmax_unitsphere)->Apply(shapes);
BENCHMARK(log_softmax_eigen)->Apply(shapes);
BENCHMARK(sigmoid_unitsphere)->Apply(shapes);
BENCHMARK(sigmoid_eigen)->Apply(shapes);

void bench::register_rows() {
    using shape = std::pair<us::idx_t, us::idx_t>;
    for (const auto& [n, columns] : {shape{1, 1000}, {256, 1000}, {10000, 1000}, {8, 1000000}}) {
        add_softmax("unitsphere", n, columns, [](const us::matrix<float>& logits, us::matrix<float>& out) {
            return [&] { us::softmax_into(logits, out); };
        });
        for (const auto& peer : bench::peer::softmaxes()) add_softmax(peer.who, n, columns, peer.prepare);
    }
}
