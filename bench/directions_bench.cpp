// Means, centering and interpolation of raw rows, beside Eigen.
#include <unitsphere/directions.hpp>
#include <unitsphere/interop/eigen.hpp>

#include "rows.hpp"

namespace {

namespace us = unitsphere;
using rows = us::eigen_map<float>::PlainObject;

constexpr us::idx_t count = 1000, dim = 512;

void mean_direction_unitsphere(benchmark::State& state) {
    const auto raw = bench::random_rows(count, dim, 1);
    for (auto _ : state) benchmark::DoNotOptimize(us::mean_direction(raw).data());
    state.SetLabel(us::instruction_set());
    bench::count_bytes(state, 4.0 * double(count * dim));
}

void mean_direction_eigen(benchmark::State& state) {
    const auto raw = bench::random_rows(count, dim, 1);
    for (auto _ : state) {
        const rows unit = us::as_eigen(raw).rowwise().normalized();
        const Eigen::RowVectorXf mean = unit.colwise().sum().normalized();
        benchmark::DoNotOptimize(mean.data());
    }
    bench::count_bytes(state, 4.0 * double(count * dim));
}

void center_unitsphere(benchmark::State& state) {
    const auto raw = bench::random_rows(count, dim, 1);
    const auto mean = us::centroid(raw);
    for (auto _ : state) benchmark::DoNotOptimize(us::center(raw, mean).data());
    bench::count_bytes(state, 8.0 * double(count * dim));
}

void center_eigen(benchmark::State& state) {
    const auto raw = bench::random_rows(count, dim, 1);
    const us::matrix<float> mean = us::centroid(raw);
    for (auto _ : state) {
        rows centered = us::as_eigen(raw).rowwise().normalized();
        centered.rowwise() -= us::as_eigen(mean).row(0);
        benchmark::DoNotOptimize(centered.data());
    }
    bench::count_bytes(state, 8.0 * double(count * dim));
}

void spherical_interpolation_unitsphere(benchmark::State& state) {
    const auto a = bench::random_rows(count, dim, 1), b = bench::random_rows(count, dim, 2);
    for (auto _ : state) benchmark::DoNotOptimize(us::slerp(a, b, 0.25).data());
    bench::count_bytes(state, 12.0 * double(count * dim));
}

void spherical_interpolation_eigen(benchmark::State& state) {
    const auto a = bench::random_rows(count, dim, 1), b = bench::random_rows(count, dim, 2);
    for (auto _ : state) {
        const rows unit_a = us::as_eigen(a).rowwise().normalized(), unit_b = us::as_eigen(b).rowwise().normalized();
        const Eigen::ArrayXf theta = (unit_a.array() * unit_b.array()).rowwise().sum().acos();
        rows between = ((0.75f * theta).sin() / theta.sin()).matrix().asDiagonal() * unit_a;
        between += ((0.25f * theta).sin() / theta.sin()).matrix().asDiagonal() * unit_b;
        benchmark::DoNotOptimize(between.data());
    }
    bench::count_bytes(state, 12.0 * double(count * dim));
}

}  // namespace

BENCHMARK(mean_direction_unitsphere)->Unit(benchmark::kMicrosecond);
BENCHMARK(mean_direction_eigen)->Unit(benchmark::kMicrosecond);
BENCHMARK(center_unitsphere)->Unit(benchmark::kMicrosecond);
BENCHMARK(center_eigen)->Unit(benchmark::kMicrosecond);
BENCHMARK(spherical_interpolation_unitsphere)->Unit(benchmark::kMicrosecond);
BENCHMARK(spherical_interpolation_eigen)->Unit(benchmark::kMicrosecond);

void bench::register_rows() {}  // none of the goals
