// Raw image features to probabilities over fixed classes, beside Eigen as a user writes it.
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/zero_shot.hpp>

#include "machine.hpp"

namespace {

namespace us = unitsphere;

void count(benchmark::State& state) {
    bench::count_flops(state, 2.0 * 512.0 * double(state.range(0) * state.range(1)));
}

void zero_shot_unitsphere(benchmark::State& state) {
    const auto images = bench::random_rows(state.range(0), 512, 1),
               classes = bench::random_rows(state.range(1), 512, 2);
    const us::zero_shot_classifier classifier(classes, us::logit_scale::from_multiplier(100.0f));
    us::matrix<float> probabilities(images.rows(), classes.rows());
    for (auto _ : state) {
        classifier.probabilities(images, probabilities);
        benchmark::ClobberMemory();
    }
    state.SetLabel(us::instruction_set());
    count(state);
}

void zero_shot_eigen(benchmark::State& state) {
    using rows = us::eigen_map<float>::PlainObject;
    const auto images = bench::random_rows(state.range(0), 512, 1),
               classes = bench::random_rows(state.range(1), 512, 2);
    const rows unit_classes = us::as_eigen(classes).rowwise().normalized();
    us::matrix<float> out(images.rows(), classes.rows());
    auto probabilities = us::as_eigen(out);
    for (auto _ : state) {
        const rows unit_images = us::as_eigen(images).rowwise().normalized();
        probabilities.noalias() = 100.0f * unit_images * unit_classes.transpose();
        for (us::index i = 0; i < images.rows(); ++i) {
            auto row = probabilities.row(i);
            row = (row.array() - row.maxCoeff()).exp();
            row /= row.sum();
        }
        benchmark::ClobberMemory();
    }
    count(state);
}

void shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"images", "classes"})->Unit(benchmark::kMillisecond);
    for (const auto& [n, classes] : {std::pair{1, 10}, {1, 1000}, {256, 1000}, {10000, 1000}, {100000, 10}})
        bench->Args({n, classes});
}

}  // namespace

BENCHMARK(zero_shot_unitsphere)->Apply(shapes);
BENCHMARK(zero_shot_eigen)->Apply(shapes);
