// The cosine matrix from rows of other types than float, and pairs of rows.
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/similarity.hpp>

#include "exact.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

template <class T>
us::matrix<float> widened(const us::matrix<T>& rows) {
    us::matrix<float> wide(rows.rows(), rows.dim());
    for (us::idx_t i = 0; i < rows.rows() * rows.dim(); ++i) wide.data()[i] = float(rows.data()[i]);
    return wide;
}

/// Raw rows of 16 bits, and the same rows as floats.
template <class T>
void add_half(const char* type, us::idx_t q, us::idx_t g) {
    const us::idx_t dim = 512;
    const auto make = [=](auto&& of_type) {
        return [=] {
            const auto queries = std::make_shared<decltype(of_type(bench::raw<T>(use::queries, q, dim)))>(
                of_type(bench::raw<T>(use::queries, q, dim)));
            const auto gallery = std::make_shared<decltype(of_type(bench::raw<T>(use::gallery, g, dim)))>(
                of_type(bench::raw<T>(use::gallery, g, dim)));
            auto& scores = bench::output(q, g);
            const auto space = std::make_shared<us::workspace>();
            return bench::task{[=, &scores] { us::cosine_similarity_into(*queries, *gallery, scores, *space); },
                               [=, &scores] { return bench::cosine_error(*queries, *gallery, scores); }};
        };
    };
    bench::add({"half_input", "unitsphere", bench::shape(q, g, dim), type}, bench::cosine_work(q, g, dim, 2),
               make([](const us::matrix<T>& rows) { return rows; }));
    bench::add({"half_input", "float", bench::shape(q, g, dim), type}, bench::cosine_work(q, g, dim),
               make([](const us::matrix<T>& rows) { return widened(rows); }));
}

template <class T, class Result = float>
void cosine_of_type(benchmark::State& state) {
    const auto& queries = bench::raw<T>(use::queries, state.range(0), 512);
    const auto& gallery = bench::raw<T>(use::gallery, state.range(1), 512);
    us::matrix<Result> scores(queries.rows(), gallery.rows());
    for (auto _ : state) {
        us::cosine_similarity_into(queries, gallery, scores);
        benchmark::ClobberMemory();
    }
    bench::count_flops(state, 2.0 * double(queries.rows() * gallery.rows() * gallery.dim()));
}

void cosine_double_eigen(benchmark::State& state) {
    const auto& queries = bench::raw<double>(use::queries, state.range(0), 512);
    const auto& gallery = bench::raw<double>(use::gallery, state.range(1), 512);
    us::matrix<double> scores(queries.rows(), gallery.rows());
    for (auto _ : state) {
        const us::eigen_map<double>::PlainObject q = us::as_eigen(queries).rowwise().normalized();
        const us::eigen_map<double>::PlainObject g = us::as_eigen(gallery).rowwise().normalized();
        us::as_eigen(scores).noalias() = q * g.transpose();
        benchmark::ClobberMemory();
    }
    bench::count_flops(state, 2.0 * double(queries.rows() * gallery.rows() * gallery.dim()));
}

void pairwise_unitsphere(benchmark::State& state) {
    const auto &a = bench::raw(use::queries, state.range(0), 512), &b = bench::raw(use::gallery, state.range(0), 512);
    us::array<float> scores(a.rows());
    for (auto _ : state) {
        us::pairwise_cosine_into(a, b, scores);
        benchmark::ClobberMemory();
    }
    bench::count_bytes(state, 8.0 * 512.0 * double(a.rows()));
}

void pairwise_eigen(benchmark::State& state) {
    const auto &a = bench::raw(use::queries, state.range(0), 512), &b = bench::raw(use::gallery, state.range(0), 512);
    Eigen::ArrayXf scores(a.rows());
    for (auto _ : state) {
        scores = (us::as_eigen(a).array() * us::as_eigen(b).array()).rowwise().sum() /
                 (us::as_eigen(a).rowwise().norm().array() * us::as_eigen(b).rowwise().norm().array());
        benchmark::ClobberMemory();
    }
    bench::count_bytes(state, 8.0 * 512.0 * double(a.rows()));
}

}  // namespace

BENCHMARK_TEMPLATE(cosine_of_type, std::int8_t)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(cosine_of_type, double)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(cosine_of_type, double, double)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK(cosine_double_eigen)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK(pairwise_unitsphere)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(pairwise_eigen)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);

void bench::register_rows() {
    for (const auto& [q, g] : {std::pair<us::idx_t, us::idx_t>{1000, 1000}, {100000, 10}}) {
        add_half<us::float16>("f16", q, g);
        add_half<us::bfloat16>("bf16", q, g);
    }
}
