// The cosine matrix from rows of other types than float, and pairs of rows.
#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/similarity.hpp>

#include "exact.hpp"
#include "peers.hpp"
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

/// What is measured of a compact gallery: the goal, its storage, and the bytes of an element.
struct compact_goal {
    const char *name, *type;
    double element;
};

/// A compact gallery, which is packed before the clock runs, or one of float.
template <class Gallery, class Error>
void add_compact(const compact_goal& goal, const char* who, us::idx_t q, us::idx_t g, Error error) {
    const us::idx_t dim = 512;
    bench::add({goal.name, who, bench::shape(q, g, dim), goal.type}, bench::cosine_work(q, g, dim, goal.element), [=] {
        const auto& queries = bench::raw(use::queries, q, dim);
        const auto gallery = std::make_shared<Gallery>(bench::raw(use::gallery, g, dim));
        auto& scores = bench::output(q, g);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, gallery, space] { us::cosine_similarity_into(queries, *gallery, scores, *space); },
                           [&, gallery, error] { return error(queries, *gallery, scores); }};
    });
}

/// The largest difference from the products of rows, in some of them. Without VNNI oneDNN's of int8 is large where
/// elements need more than 7 bits: sums of two products saturate at 16.
template <class T, class Product>
double product_error(const us::matrix<T>& queries, const us::matrix<T>& gallery, const us::matrix<Product>& products) {
    const us::idx_t count = bench::checked(queries);
    const bench::exact_matrix exact =
        bench::in_double(queries, count) * bench::in_double(gallery, gallery.rows()).transpose();
    return (us::as_eigen(products).topRows(count).template cast<double>() - exact).cwiseAbs().maxCoeff();
}
/// Scores of a compact gallery, beside those of float, and beside a product of such rows alone.
template <class Storage, class Product, class T, class Peers>
void add_compact(const compact_goal& goal, us::idx_t q, us::idx_t g, const Peers& peers) {
    using compact = us::compact_gallery<Storage>;
    using matrix = us::matrix<float>;
    const us::idx_t dim = 512;
    const auto compact_error = [](const matrix& queries, const compact& gallery, const matrix& scores) {
        const auto stored = gallery.unit_rows();
        matrix rows(gallery.rows(), gallery.dim());
        std::copy_n(stored.data(), rows.rows() * rows.dim(), rows.data());
        return bench::cosine_error(queries, rows, scores);
    };
    const auto float_error = [=](const matrix& queries, const us::gallery&, const matrix& scores) {
        return bench::cosine_error(queries, bench::raw(use::gallery, g, dim), scores);
    };
    add_compact<compact>(goal, "unitsphere", q, g, compact_error);
    add_compact<us::gallery>({goal.name, goal.type, 4}, "gallery", q, g, float_error);
    for (const auto& peer : peers)
        bench::add({goal.name, peer.who, bench::shape(q, g, dim), goal.type},
                   bench::cosine_work(q, g, dim, goal.element), [=] {
                       const auto &queries = bench::raw<T>(use::queries, q, dim),
                                  &gallery = bench::raw<T>(use::gallery, g, dim);
                       const auto products = std::make_shared<us::matrix<Product>>(q, g);
                       return bench::task{[run = peer.prepare(queries, gallery, *products), products] { run(); },
                                          [&, products] { return product_error(queries, gallery, *products); }};
                   });
}

double pairs_error(const us::matrix<float>& a, const us::matrix<float>& b, const us::matrix<float>& cosines) {
    const us::idx_t some = bench::checked(a);
    const bench::exact_matrix products = bench::unit_in_double(a, some).cwiseProduct(bench::unit_in_double(b, some));
    const Eigen::VectorXd exact = products.rowwise().sum();
    return (us::as_eigen(cosines).row(0).head(some).transpose().cast<double>() - exact).cwiseAbs().maxCoeff();
}
/// A pair of rows is three products: their own and those of the norms.
template <class Prepare>
void add_pairs(const char* who, us::idx_t n, const char* type, Prepare prepare) {
    const us::idx_t dim = 512;
    const bench::work w{6.0 * double(n * dim), 8.0 * double(n * dim), 4.0 * double(n)};
    bench::add({"pairs", who, bench::shape(n, dim), type}, w, [=] {
        const auto &a = bench::raw(use::queries, n, dim), &b = bench::raw(use::gallery, n, dim);
        auto& cosines = bench::output(1, n);
        return bench::task{prepare(a, b, cosines), [&] { return pairs_error(a, b, cosines); }};
    });
}
void add_pairs(us::idx_t n, bool in_double) {
    const char* const type = in_double ? "f32 in double" : "f32";
    const auto ours = [=](const us::matrix<float>& a, const us::matrix<float>& b, us::matrix<float>& cosines) {
        us::pairwise_cosine_options options;
        options.in_double = in_double;
        return [&, options] { us::pairwise_cosine_into(a, b, cosines[0], {}, options); };
    };
    add_pairs("unitsphere", n, type, ours);
    for (const auto& peer : bench::peer::pairwise_cosines()) add_pairs(peer.who, n, type, peer.prepare);
}

}  // namespace

BENCHMARK_TEMPLATE(cosine_of_type, std::int8_t)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(cosine_of_type, double)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(cosine_of_type, double, double)->Args({1000, 1000})->Unit(benchmark::kMillisecond);
BENCHMARK(cosine_double_eigen)->Args({1000, 1000})->Unit(benchmark::kMillisecond);

void bench::register_rows() {
    for (const auto& [q, g] : {std::pair<us::idx_t, us::idx_t>{1000, 1000}, {100000, 10}}) {
        add_half<us::float16>("f16", q, g);
        add_half<us::bfloat16>("bf16", q, g);
    }
    for (const auto& [q, g] : {std::pair<us::idx_t, us::idx_t>{1000, 1000}, {32, 200000}}) {
        add_compact<std::int8_t, std::int32_t, std::int8_t>({"compact_int8", "i8", 1}, q, g,
                                                            bench::peer::byte_products());
        add_compact<us::fast_bfloat16, float, us::bfloat16>({"compact_bfloat16", "fast bf16", 2}, q, g,
                                                            bench::peer::bfloat16_products());
    }
    for (const us::idx_t n : {1000, 20000})
        for (const bool in_double : {false, true}) add_pairs(n, in_double);
}
