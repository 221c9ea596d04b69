// The cosine matrix from raw rows, and of one query with a packed gallery, beside the matrix products of other
// libraries. Those get rows at unit length and only multiply.
#include <unitsphere/gallery.hpp>
#include <unitsphere/similarity.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

struct size {
    us::idx_t q, g, dim;
};

void add_unitsphere(const char* goal, size s) {
    bench::add({goal, "unitsphere", bench::shape(s.q, s.g, s.dim)}, bench::cosine_work(s.q, s.g, s.dim), [=] {
        const auto &queries = bench::raw(use::queries, s.q, s.dim), &gallery = bench::raw(use::gallery, s.g, s.dim);
        auto& scores = bench::output(s.q, s.g);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, space] { us::cosine_similarity_into(queries, gallery, scores, *space); },
                           [&] { return bench::cosine_error(queries, gallery, scores); }};
    });
}

/// The gallery is packed before the clock runs.
void add_packed(const char* goal, size s) {
    bench::add({goal, "unitsphere", bench::shape(s.q, s.g, s.dim)}, bench::cosine_work(s.q, s.g, s.dim), [=] {
        const auto &queries = bench::raw(use::queries, s.q, s.dim), &rows = bench::raw(use::gallery, s.g, s.dim);
        auto& scores = bench::output(s.q, s.g);
        const auto gallery = std::make_shared<us::gallery>(rows);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, gallery, space] { us::cosine_similarity_into(queries, *gallery, scores, *space); },
                           [&] { return bench::cosine_error(queries, rows, scores); }};
    });
}

void add_product(const char* goal, size s, const bench::peer::product& peer) {
    bench::add({goal, peer.who, bench::shape(s.q, s.g, s.dim)}, bench::cosine_work(s.q, s.g, s.dim), [=] {
        const auto &queries = bench::unit(use::queries, s.q, s.dim), &gallery = bench::unit(use::gallery, s.g, s.dim);
        auto& scores = bench::output(s.q, s.g);
        return bench::task{peer.prepare(queries, gallery, scores), [&, s] {
                               return bench::cosine_error(bench::raw(use::queries, s.q, s.dim),
                                                          bench::raw(use::gallery, s.g, s.dim), scores);
                           }};
    });
}

void add_goal(const char* goal, size s) {
    add_unitsphere(goal, s);
    for (const auto& peer : bench::peer::products()) add_product(goal, s, peer);
}

}  // namespace

void bench::register_rows() {
    for (const size& s :
         {size{1000, 1000, 512}, {4096, 4096, 512}, {10000, 1000, 512}, {1000, 1000, 768}, {1000, 1000, 1152}})
        add_goal("cosine_large", s);
    for (const size& s : {size{256, 1000, 512}, {256, 365, 768}}) add_goal("cosine_mid", s);
    add_goal("cosine_32", {32, 1000, 512});
    for (const auto& peer : bench::peer::products_in_double()) {
        add_product("cosine_large", {1000, 1000, 512}, peer);
        add_product("cosine_32", {32, 1000, 512}, peer);
    }
    const size one{1, 1000, 512};
    add_packed("cosine_1", one);
    for (const auto& peer : bench::peer::vector_products()) add_product("cosine_1", one, peer);
}
