// The cosine matrix from raw rows, beside Eigen: as a user writes it, and its matrix product alone on unit rows.
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "machine.hpp"

namespace {

namespace us = unitsphere;

struct problem {
    us::matrix<float> queries, gallery, scores;

    explicit problem(const benchmark::State& state)
        : queries(bench::random_rows(state.range(0), state.range(2), 1)),
          gallery(bench::random_rows(state.range(1), state.range(2), 2)),
          scores(queries.rows(), gallery.rows()) {}

    /// The largest difference from the product of unit rows in double.
    double error() const {
        const auto exact = [](const us::matrix<float>& rows) {
            const Eigen::MatrixXd wide = us::as_eigen(rows).cast<double>();
            return Eigen::MatrixXd(wide.rowwise().normalized());
        };
        const us::index some = queries.rows() < 256 ? queries.rows() : 256;
        const Eigen::MatrixXd expected = exact(queries).topRows(some) * exact(gallery).transpose();
        return (us::as_eigen(scores).topRows(some).cast<double>() - expected).cwiseAbs().maxCoeff();
    }
    void report(benchmark::State& state) const {
        bench::count_flops(state, 2.0 * double(queries.rows() * gallery.rows() * gallery.dim()));
        state.counters["error"] = error();
    }
};

void cosine_unitsphere(benchmark::State& state) {
    problem p(state);
    for (auto _ : state) {
        us::cosine_similarity(p.queries, p.gallery, p.scores);
        benchmark::ClobberMemory();
    }
    state.SetLabel(us::instruction_set());
    p.report(state);
}

void cosine_eigen(benchmark::State& state) {
    problem p(state);
    for (auto _ : state) {
        const us::eigen_map<float>::PlainObject queries = us::as_eigen(p.queries).rowwise().normalized();
        const us::eigen_map<float>::PlainObject gallery = us::as_eigen(p.gallery).rowwise().normalized();
        us::as_eigen(p.scores).noalias() = queries * gallery.transpose();
        benchmark::ClobberMemory();
    }
    p.report(state);
}

void product_alone_eigen(benchmark::State& state) {
    problem p(state);
    us::normalize_in_place(p.queries);
    us::normalize_in_place(p.gallery);
    for (auto _ : state) {
        us::as_eigen(p.scores).noalias() = us::as_eigen(p.queries) * us::as_eigen(p.gallery).transpose();
        benchmark::ClobberMemory();
    }
    p.report(state);
}

/// The same matrix from raw rows of another type.
template <class T>
void cosine_of_type(benchmark::State& state) {
    const auto queries = bench::random_rows_of<T>(state.range(0), state.range(2), 1);
    const auto gallery = bench::random_rows_of<T>(state.range(1), state.range(2), 2);
    us::matrix<float> scores(queries.rows(), gallery.rows());
    for (auto _ : state) {
        us::cosine_similarity(queries, gallery, scores);
        benchmark::ClobberMemory();
    }
    bench::count_flops(state, 2.0 * double(queries.rows() * gallery.rows() * gallery.dim()));
}

void cosine_double_unitsphere(benchmark::State& state) {
    const auto queries = bench::random_rows_of<double>(state.range(0), state.range(2), 1);
    const auto gallery = bench::random_rows_of<double>(state.range(1), state.range(2), 2);
    us::matrix<double> scores(queries.rows(), gallery.rows());
    for (auto _ : state) {
        us::cosine_similarity(queries, gallery, scores);
        benchmark::ClobberMemory();
    }
    bench::count_flops(state, 2.0 * double(queries.rows() * gallery.rows() * gallery.dim()));
}

void cosine_double_eigen(benchmark::State& state) {
    const auto queries = bench::random_rows_of<double>(state.range(0), state.range(2), 1);
    const auto gallery = bench::random_rows_of<double>(state.range(1), state.range(2), 2);
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
    const auto a = bench::random_rows(state.range(0), 512, 1), b = bench::random_rows(state.range(0), 512, 2);
    std::vector<float> scores(std::size_t(a.rows()));
    for (auto _ : state) {
        us::pairwise_cosine(a, b, scores);
        benchmark::ClobberMemory();
    }
    bench::count_bytes(state, 8.0 * 512.0 * double(a.rows()));
}

void pairwise_eigen(benchmark::State& state) {
    const auto a = bench::random_rows(state.range(0), 512, 1), b = bench::random_rows(state.range(0), 512, 2);
    Eigen::ArrayXf scores(a.rows());
    for (auto _ : state) {
        scores = (us::as_eigen(a).array() * us::as_eigen(b).array()).rowwise().sum() /
                 (us::as_eigen(a).rowwise().norm().array() * us::as_eigen(b).rowwise().norm().array());
        benchmark::ClobberMemory();
    }
    bench::count_bytes(state, 8.0 * 512.0 * double(a.rows()));
}

void one_shape(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"queries", "gallery", "dim"})->Unit(benchmark::kMillisecond)->Args({1000, 1000, 512});
}

void shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"queries", "gallery", "dim"})->Unit(benchmark::kMillisecond);
    for (const auto& [q, g] : {std::pair{1, 1000}, {32, 1000}, {256, 1000}, {1000, 1000}, {4096, 4096}})
        bench->Args({q, g, 512});
    bench->Args({1000, 1000, 768});
}

}  // namespace

BENCHMARK(cosine_unitsphere)->Apply(shapes);
BENCHMARK(cosine_eigen)->Apply(shapes);
BENCHMARK(product_alone_eigen)->Apply(shapes);
BENCHMARK_TEMPLATE(cosine_of_type, us::float16)->Apply(one_shape);
BENCHMARK_TEMPLATE(cosine_of_type, us::bfloat16)->Apply(one_shape);
BENCHMARK_TEMPLATE(cosine_of_type, std::int8_t)->Apply(one_shape);
BENCHMARK_TEMPLATE(cosine_of_type, double)->Apply(one_shape);
BENCHMARK(cosine_double_unitsphere)->Apply(one_shape);
BENCHMARK(cosine_double_eigen)->Apply(one_shape);
BENCHMARK(pairwise_unitsphere)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(pairwise_eigen)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);
