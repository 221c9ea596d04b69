// The compute-bound questions on several threads, beside ourselves on one.
#include "exact.hpp"
#include "rows.hpp"

#if defined(_OPENMP)
#include <array>
#include <cstdlib>

#include <unitsphere/engine/openmp.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>
#include <unitsphere/zero_shot.hpp>

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512;

/// One row with the executor, one without.
template <class Make>
void add_both(const std::string& what, const bench::work& w, int threads, Make make) {
    bench::add({"threads", "unitsphere", what, "f32", threads, true}, w, [=] { return make(us::openmp{threads}); });
    bench::add({"threads", "one_thread", what, "f32", 1, true}, w, [=] { return make(us::sequential{}); });
}

void add_cosine(us::idx_t q, us::idx_t g, us::idx_t d, int threads) {
    add_both("cosine " + bench::shape(q, g, d), bench::cosine_work(q, g, d), threads, [=](auto executor) {
        const auto &queries = bench::raw(use::queries, q, d), &gallery = bench::raw(use::gallery, g, d);
        auto& scores = bench::output(q, g);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, executor, space] {
                               us::cosine_similarity_into(queries, gallery, scores, {executor, *space});
                           },
                           [&] { return bench::cosine_error(queries, gallery, scores); }};
    });
}

void add_zero_shot(us::idx_t n, us::idx_t classes, int threads) {
    const auto w = bench::zero_shot_work(n, classes, dim);
    add_both("zero-shot " + bench::shape(n, classes, dim), w, threads, [=](auto executor) {
        const auto &images = bench::raw(use::queries, n, dim), &rows = bench::raw(use::gallery, classes, dim);
        const auto classifier =
            std::make_shared<us::zero_shot_classifier>(rows, us::logit_scale::from_multiplier(100.0f));
        auto& out = bench::output(n, classes);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, executor, space, classifier] {
                               classifier->predict_proba_into(images, out, {executor, *space});
                           },
                           [&] { return bench::zero_shot_error(images, rows, out); }};
    });
}

void add_search(us::idx_t q, us::idx_t g, int threads) {
    add_both("top-10 " + bench::shape(q, g, dim), bench::cosine_work(q, g, dim), threads, [=](auto executor) {
        const auto &queries = bench::raw(use::queries, q, dim), &rows = bench::raw(use::gallery, g, dim);
        const us::gallery& gallery = bench::made_once(use::gallery, g, dim, [&] { return us::gallery(rows); });
        const auto indices = std::make_shared<us::matrix<us::idx_t>>(q, 10);
        const auto space = std::make_shared<us::workspace>();
        auto& scores = bench::output(q, 10);
        return bench::task{[&, executor, indices, space] {
                               us::top_k_into(queries, gallery, *indices, scores, {executor, *space});
                           },
                           [&] { return bench::top_error(queries, rows, scores); }};
    });
}

}  // namespace

void bench::register_rows() {
    const char* asked = std::getenv("BENCH_THREADS");
    const int threads = asked != nullptr ? std::atoi(asked) : 2;
    if (threads < 2) return;
    for (const auto& [q, g, d] : {std::array<us::idx_t, 3>{32, 1000, 512},
                                  {1000, 1000, 512},
                                  {4096, 4096, 512},
                                  {10000, 1000, 512},
                                  {1000, 1000, 768}})
        add_cosine(q, g, d, threads);
    for (const auto& [n, classes] : {std::pair<us::idx_t, us::idx_t>{256, 1000}, {10000, 1000}, {4096, 4096}})
        add_zero_shot(n, classes, threads);
    add_search(1024, 200000, threads);
}
#else
void bench::register_rows() {}  // no executor in this build
#endif
