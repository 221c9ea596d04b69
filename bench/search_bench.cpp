// The ten best rows of a gallery, beside FAISS' flat index, which gets rows at unit length.
#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shadow_gallery.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512, k = 10;

us::matrix<float>& scores_of(us::idx_t q) { return bench::output(q, k); }

double error_of(us::idx_t q, us::idx_t g) {
    return bench::top_error(bench::raw(use::queries, q, dim), bench::raw(use::gallery, g, dim), scores_of(q));
}

const us::gallery& packed(us::idx_t g) {
    return bench::made_once(use::gallery, g, dim, [=] { return us::gallery(bench::raw(use::gallery, g, dim)); });
}

/// The cosines of what a compact gallery holds, in double.
template <class Storage>
double error_of(us::idx_t q, us::idx_t g, const us::compact_gallery<Storage>& compact) {
    const auto stored = compact.unit_rows();
    us::matrix<float> rows(g, dim);
    std::copy(stored.data(), stored.data() + g * dim, rows.data());
    return bench::top_error(bench::raw(use::queries, q, dim), rows, scores_of(q));
}

/// A compact gallery beside one of float.
template <class Storage>
void add_compact(const char* goal, const char* type, us::idx_t q, us::idx_t g, double element = 2) {
    const auto add = [=](const char* who, auto gallery_of, auto error) {
        bench::add({goal, who, bench::shape(q, g, dim), type}, bench::cosine_work(q, g, dim, element), [=] {
            const auto& queries = bench::raw(use::queries, q, dim);
            const auto& gallery = gallery_of(g);
            const auto indices = std::make_shared<us::matrix<us::idx_t>>(q, k);
            const auto space = std::make_shared<us::workspace>();
            auto& scores = scores_of(q);
            return bench::task{[&, indices, space] { us::top_k_into(queries, gallery, *indices, scores, *space); },
                               [=, &gallery] { return error(gallery); }};
        });
    };
    const auto compact = [](us::idx_t rows) -> const us::compact_gallery<Storage>& {
        return bench::made_once(use::gallery, rows, dim, [=] {
            return us::compact_gallery<Storage>(bench::raw(use::gallery, rows, dim));
        });
    };
    add("unitsphere", compact, [=](const auto& gallery) { return error_of(q, g, gallery); });
    add("gallery", packed, [=](const auto&) { return error_of(q, g); });
}

template <class Gallery>
void add_search(const char* goal, const char* who, us::idx_t q, us::idx_t g, Gallery gallery_of) {
    bench::add({goal, who, bench::shape(q, g, dim)}, bench::cosine_work(q, g, dim), [=] {
        const auto& queries = bench::raw(use::queries, q, dim);
        const auto& gallery = gallery_of(g);
        const auto indices = std::make_shared<us::matrix<us::idx_t>>(q, k);
        const auto space = std::make_shared<us::workspace>();
        auto& scores = scores_of(q);
        return bench::task{[&, indices, space] { us::top_k_into(queries, gallery, *indices, scores, *space); },
                           [=] { return error_of(q, g); }};
    });
}

void add_packed(const char* goal, us::idx_t q, us::idx_t g, const char* who = "unitsphere") {
    add_search(goal, who, q, g, [](us::idx_t rows) -> const us::gallery& { return packed(rows); });
}
void add_shadow(const char* goal, us::idx_t q, us::idx_t g) {
    add_search(goal, "unitsphere", q, g, [](us::idx_t rows) -> const us::shadow_gallery& {
        return bench::made_once(use::gallery, rows, dim,
                                [=] { return us::shadow_gallery(bench::raw(use::gallery, rows, dim)); });
    });
}
void add_raw(const char* goal, us::idx_t q, us::idx_t g) {
    add_search(goal, "unitsphere", q, g,
               [](us::idx_t rows) -> const us::matrix<float>& { return bench::raw(use::gallery, rows, dim); });
}

void add_peers(const char* goal, us::idx_t q, us::idx_t g) {
    for (const auto& peer : bench::peer::searches())
        bench::add({goal, peer.who, bench::shape(q, g, dim)}, bench::cosine_work(q, g, dim), [=] {
            return bench::task{
                peer.prepare(bench::unit(use::queries, q, dim), bench::unit(use::gallery, g, dim), k, scores_of(q)),
                [=] { return error_of(q, g); }};
        });
}

}  // namespace

void bench::register_rows() {
    constexpr us::idx_t rows = 200000;
    add_packed("top10_1", 1, rows);
    add_peers("top10_1", 1, rows);
    add_raw("top10_1_raw", 1, rows);
    add_peers("top10_1_raw", 1, rows);
    for (const us::idx_t q : {32, 1024}) {
        add_packed("top10_many", q, rows);
        add_peers("top10_many", q, rows);
    }
    for (const us::idx_t q : {1, 32, 1024}) {
        add_compact<us::float16>("top10_compact", "f16", q, rows);
        add_compact<us::bfloat16>("top10_compact", "bf16", q, rows);
        add_compact<std::int8_t>("top10_compact", "i8", q, rows, 1);
        add_compact<us::int4>("top10_compact", "i4", q, rows, 0.5);
        add_compact<us::one_bit>("top10_compact", "i1", q, rows, 0.125);
        add_shadow("top10_exact_int8", q, rows);
        add_packed("top10_exact_int8", q, rows, "gallery");
        add_peers("top10_exact_int8", q, rows);
    }
    add_raw("top10_many_raw", 32, rows);
    add_packed("top10_many_raw", 32, rows, "gallery");
    add_peers("top10_many_raw", 32, rows);
    for (const us::idx_t g : {1000, 3000, 10000, 30000, 100000, 200000}) {  // a curve, not a goal
        add_packed("top10_sizes", 1, g);
        add_raw("top10_sizes_raw", 1, g);
        add_peers("top10_sizes", 1, g);
    }
}
