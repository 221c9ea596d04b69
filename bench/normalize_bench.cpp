// Rows to unit length, out of place and in place, beside copying and scaling as many bytes.
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/normalize.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512;

bench::work work_of(us::idx_t n, bool in_place) {
    const double elements = double(n * dim);
    return {4.0 * elements, 4.0 * elements, 4.0 * elements, in_place};  // a square that is added, and a product
}

/// In place, the first call leaves unit rows; normalizing those again is the same work.
template <class Normalize>
void add_row(const char* who, us::idx_t n, bool in_place, Normalize normalize) {
    const std::string type = in_place ? "f32 in place" : "f32";
    bench::add({"normalize", who, bench::shape(n, dim), type}, work_of(n, in_place), [=] {
        auto& out = bench::output(n, dim);
        const auto& rows = bench::raw(use::queries, n, dim);
        if (in_place) out = rows;
        const us::matrix<float>& from = in_place ? out : rows;
        return bench::task{normalize(from, out), [&] { return bench::unit_error(rows, out); }};
    });
}

void add_goal(us::idx_t n, bool in_place) {
    add_row("unitsphere", n, in_place, [](const us::matrix<float>& from, us::matrix<float>& out) {
        return [&] { us::normalize_into(from, out); };
    });
    for (const auto& peer : bench::peer::normalizes()) add_row(peer.who, n, in_place, peer.prepare);
}

template <class T>
void normalize_of_type(benchmark::State& state) {
    const auto& rows = bench::raw<T>(use::queries, state.range(0), state.range(1));
    us::matrix<float> out(rows.rows(), rows.dim());
    for (auto _ : state) {
        us::normalize_into(rows, out);
        benchmark::ClobberMemory();
    }
    bench::count_bytes(state, double(sizeof(T) + sizeof(float)) * double(rows.rows() * rows.dim()));
}

}  // namespace

BENCHMARK_TEMPLATE(normalize_of_type, us::float16)->Args({1000, 512});
BENCHMARK_TEMPLATE(normalize_of_type, us::bfloat16)->Args({1000, 512});
BENCHMARK_TEMPLATE(normalize_of_type, std::int8_t)->Args({1000, 512});
BENCHMARK_TEMPLATE(normalize_of_type, double)->Args({1000, 512});

void bench::register_rows() {
    for (const us::idx_t n : {1, 512, 1000, 100000})
        for (const bool in_place : {false, true}) add_goal(n, in_place);
}
