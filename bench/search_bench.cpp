// The ten best rows of a gallery, and the vote of the 20 best, beside FAISS, USearch and hnswlib, which get rows
// at unit length.
#include <numeric>
#include <random>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/keyed_gallery.hpp>
#include <unitsphere/knn_classify.hpp>
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

/// The ten best of gallery_of(g), and error_of_search(gallery) afterwards.
template <class Gallery, class Error>
void add_search(const bench::row_name& name, us::idx_t q, us::idx_t g, double element, Gallery gallery_of,
                Error error_of_search) {
    bench::add(name, bench::cosine_work(q, g, dim, element), [=] {
        const auto& queries = bench::raw(use::queries, q, dim);
        const auto& gallery = gallery_of(g);
        const auto indices = std::make_shared<us::matrix<us::idx_t>>(q, k);
        const auto space = std::make_shared<us::workspace>();
        auto& scores = scores_of(q);
        return bench::task{[&, indices, space] { us::top_k_into(queries, gallery, *indices, scores, *space); },
                           [=, &gallery] { return error_of_search(gallery); }};
    });
}
template <class Gallery>
void add_search(const char* goal, const char* who, us::idx_t q, us::idx_t g, Gallery gallery_of) {
    add_search({goal, who, bench::shape(q, g, dim)}, q, g, 4, gallery_of, [=](const auto&) { return error_of(q, g); });
}

/// A compact gallery beside one of float.
template <class Storage>
void add_compact(const char* goal, const char* type, us::idx_t q, us::idx_t g, double element = 2) {
    const auto compact = [](us::idx_t rows) -> const us::compact_gallery<Storage>& {
        return bench::made_once(use::gallery, rows, dim,
                                [=] { return us::compact_gallery<Storage>(bench::raw(use::gallery, rows, dim)); });
    };
    const std::string shape = bench::shape(q, g, dim);
    add_search({goal, "unitsphere", shape, type}, q, g, element, compact,
               [=](const auto& gallery) { return error_of(q, g, gallery); });
    add_search({goal, "gallery", shape, type}, q, g, element, packed, [=](const auto&) { return error_of(q, g); });
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
    for (const auto& peer : bench::peer::searches()) {
        if (q > peer.most_queries) continue;
        bench::add({goal, peer.who, bench::shape(q, g, dim)}, bench::cosine_work(q, g, dim), [=] {
            return bench::task{
                peer.prepare(bench::unit(use::queries, q, dim), bench::unit(use::gallery, g, dim), k, scores_of(q)),
                [=] { return error_of(q, g); }};
        });
    }
}

/// 1 % of the rows: some that lie together, or random ones.
us::row_mask one_percent(us::idx_t g, bool clustered) {
    us::row_mask mask(g);
    std::mt19937_64 random(1);
    for (us::idx_t n = 0; n < g / 100; ++n) mask.set(clustered ? g / 3 + n : us::idx_t(random() % std::uint64_t(g)));
    return mask;
}

void add_filtered(us::idx_t q, us::idx_t g, bool clustered) {
    const char* const goal = clustered ? "filtered_clustered" : "filtered_scattered";
    add_packed(goal, q, g, "unfiltered");
    bench::add({goal, "unitsphere", bench::shape(q, g, dim)}, bench::cosine_work(q, g / 100, dim), [=] {
        const auto& queries = bench::raw(use::queries, q, dim);
        const auto indices = std::make_shared<us::matrix<us::idx_t>>(q, k);
        const auto scores = std::make_shared<us::matrix<float>>(q, k);
        const auto mask = std::make_shared<us::row_mask>(one_percent(g, clustered));
        const auto space = std::make_shared<us::workspace>();
        const auto run = [&queries, indices, scores, mask, space, g] {
            us::top_k_options options;
            options.filter.mask = *mask;
            us::top_k_into(queries, packed(g), *indices, *scores, *space, options);
        };
        return bench::task{run, [=] {  // a row that the mask leaves out is an error of 1
                               double error = 0;
                               for (us::idx_t n = 0; n < q * k; ++n) error += (*mask)[indices->data()[n]] ? 0 : 1;
                               return error;
                           }};
    });
}

/// How many of the first queries get another label than the smallest of those with the most votes in double.
double vote_error(us::idx_t q, us::idx_t g, us::idx_t neighbours, const std::vector<int>& labels,
                  const std::vector<int>& found) {
    const bench::exact_matrix exact =
        bench::exact_cosines(bench::raw(use::queries, q, dim), bench::raw(use::gallery, g, dim));
    double wrong = 0;
    for (us::idx_t i = 0; i < exact.rows(); ++i) {
        std::vector<us::idx_t> order(static_cast<std::size_t>(g));
        std::iota(order.begin(), order.end(), us::idx_t(0));
        std::partial_sort(order.begin(), order.begin() + neighbours, order.end(),
                          [&](us::idx_t a, us::idx_t b) { return exact(i, a) > exact(i, b); });
        std::vector<int> counts;
        wrong += bench::peer::vote_of(order.data(), neighbours, labels, counts) != found[std::size_t(i)];
    }
    return wrong;
}
/// Labels of 100 classes by the vote of 20 neighbours.
void add_votes(const char* goal, us::idx_t q, us::idx_t g) {
    constexpr us::idx_t neighbours = 20;
    const auto labels = std::make_shared<std::vector<int>>();
    for (us::idx_t j = 0; j < g; ++j) labels->push_back(int(j * j % 100));
    const auto found = std::make_shared<std::vector<int>>(std::size_t(q));
    const auto error = [=] { return vote_error(q, g, neighbours, *labels, *found); };
    bench::add({goal, "unitsphere", bench::shape(q, g, dim)}, bench::cosine_work(q, g, dim), [=] {
        const auto& queries = bench::raw(use::queries, q, dim);
        const auto& gallery = packed(g);
        const auto best = std::make_shared<us::top_labels>(
            us::top_labels{us::matrix<us::idx_t>(q, neighbours), us::matrix<float>(q, neighbours)});
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, labels, best, space, found] {
                               us::knn_classify_into(queries, gallery, *labels, best->labels, best->probabilities,
                                                     *space);
                               for (us::idx_t i = 0; i < best->labels.rows(); ++i)
                                   (*found)[std::size_t(i)] = int(best->labels(i, 0));
                           },
                           error};
    });
    for (const auto& peer : bench::peer::votes())
        bench::add({goal, peer.who, bench::shape(q, g, dim)}, bench::cosine_work(q, g, dim), [=] {
            return bench::task{peer.prepare(bench::unit(use::queries, q, dim), bench::unit(use::gallery, g, dim),
                                            *labels, neighbours, *found),
                               error};
        });
}

/// Look-ups, and removals that are followed by adding the same rows again, of 1000 ids of a keyed gallery.
void add_churn(us::idx_t g) {
    constexpr us::idx_t some = 1000;
    struct churn {
        std::vector<us::idx_t> ids, chosen;
        us::keyed_gallery keyed;
        us::matrix<float> rows;
        us::idx_t found = 0;
    };
    const auto make = [=] {
        const auto state = std::make_shared<churn>();
        for (us::idx_t i = 0; i < g; ++i) state->ids.push_back(13 + 977 * i);
        state->keyed.add(state->ids, bench::raw(use::gallery, g, dim));
        for (us::idx_t n = 0; n < some; ++n) state->chosen.push_back(13 + 977 * (7919 * n % g));
        state->rows = bench::raw(use::gallery, some, dim);
        return state;
    };
    const std::string shape = bench::shape(some, g, dim);
    bench::add({"churn_lookup", "unitsphere", shape}, bench::cosine_work(0, 0, dim), [=] {
        const auto state = make();
        return bench::task{[=] {
                               for (const us::idx_t id : state->chosen) state->found += state->keyed.contains(id);
                           },
                           [=] { return state->found % some == 0 ? 0.0 : 1.0; }};
    });
    bench::add({"churn_remove_add", "unitsphere", shape}, bench::cosine_work(0, some, dim), [=] {
        const auto state = make();
        return bench::task{[=] {
                               for (const us::idx_t id : state->chosen) state->keyed.remove(id);
                               state->keyed.add(state->chosen, state->rows);
                           },
                           [=] { return state->keyed.rows() == g ? 0.0 : 1.0; }};
    });
}

}  // namespace

void bench::register_rows() {
    constexpr us::idx_t rows = 200000;
    for (const us::idx_t q : {1, 32})
        for (const bool clustered : {true, false}) add_filtered(q, rows, clustered);
    add_churn(rows);
    for (const us::idx_t q : {32, 1024}) add_votes("knn_classify", q, rows);
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
        add_compact<us::fast_bfloat16>("top10_compact", "fast bf16", q, rows);
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
