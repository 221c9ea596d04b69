// Ranks of all pairs both ways, beside our own matrix of cosines, which goes to memory that is there; near duplicates,
// beside FAISS' range search, which gets rows at unit length; late interaction, beside Eigen's product and maxima.
#include <unitsphere/gallery.hpp>
#include <unitsphere/max_sim.hpp>
#include <unitsphere/retrieval.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shadow_gallery.hpp>
#include <unitsphere/similarity.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512;

struct places {
    us::array<us::idx_t> image_of_text, text_ranks, image_ranks;

    places(us::idx_t images, us::idx_t texts) : image_of_text(texts), text_ranks(texts), image_ranks(texts) {
        for (us::idx_t j = 0; j < texts; ++j) image_of_text[j] = j % images;
    }
};

/// How far a rank from 1 on is from what scores in double allow; those nearer than a rounding may stand either way.
double rank_error(const bench::exact_matrix& scores, us::idx_t query, us::idx_t own, us::idx_t rank) {
    constexpr double rounding = 1e-6;
    const auto row = scores.row(query).array();
    const double before = double((row > row(own) + rounding).count());
    const double at_most = double((row > row(own) - rounding).count()) - 1;
    return std::max({0.0, before - double(rank - 1), double(rank - 1) - at_most});
}

/// Of the first images and texts.
double ranks_error(us::idx_t q, us::idx_t g, const places& found) {
    const auto &images = bench::raw(use::queries, q, dim), &texts = bench::raw(use::gallery, g, dim);
    const bench::exact_matrix of_images = bench::exact_cosines(images, texts),
                              of_texts = bench::exact_cosines(texts, images);
    double worst = 0;
    for (us::idx_t j = 0; j < of_texts.rows(); ++j) {
        const us::idx_t image = found.image_of_text[j];
        worst = std::max(worst, rank_error(of_texts, j, image, found.image_ranks[j]));
        if (image < of_images.rows()) worst = std::max(worst, rank_error(of_images, image, j, found.text_ranks[j]));
    }
    return worst;
}

/// Raw rows, or a gallery of them that is made once.
struct as_rows {
    const us::matrix<float>& operator()(use role, us::idx_t rows) const { return bench::raw(role, rows, dim); }
};
template <class Gallery>
struct as {
    const Gallery& operator()(use role, us::idx_t rows) const {
        return bench::made_once(role, rows, dim, [=] { return Gallery(bench::raw(role, rows, dim)); });
    }
};

bench::work ranks_work(us::idx_t q, us::idx_t g) {
    bench::work counts = bench::cosine_work(q, g, dim);
    counts.bytes_written = 16.0 * double(g);
    return counts;
}

template <class Side>
void add_ranks_of(const bench::row_name& name, us::idx_t q, us::idx_t g, Side side) {
    bench::add(name, ranks_work(q, g), [=] {
        const auto &images = side(use::queries, q), &texts = side(use::gallery, g);
        const auto found = std::make_shared<places>(q, g);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, found, space] {
                               us::pair_ranks_into(images, texts, found->image_of_text, found->text_ranks,
                                                   found->image_ranks, *space);
                           },
                           [=] { return ranks_error(q, g, *found); }};
    });
}

void add_ranks(const char* goal, us::idx_t q, us::idx_t g) {
    const bench::work counts = ranks_work(q, g);
    add_ranks_of({goal, "unitsphere", bench::shape(q, g, dim)}, q, g, as_rows());
    bench::add({goal, "cosine_similarity", bench::shape(q, g, dim)}, counts, [=] {
        const auto &images = bench::raw(use::queries, q, dim), &texts = bench::raw(use::gallery, g, dim);
        auto& scores = bench::output(q, g);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, space] { us::cosine_similarity_into(images, texts, scores, *space); },
                           [&] { return bench::cosine_error(images, texts, scores); }};
    });
}

bench::work half_of_pairs(us::idx_t n) {
    bench::work half = bench::cosine_work(n, n, dim);  // each pair once
    half.flops /= 2, half.bytes_read /= 2, half.bytes_written = 8.0 * double(n);
    return half;
}

/// Random rows are far from each other: each is alone.
template <class Side>
void add_near_duplicates_of(const bench::row_name& name, us::idx_t n, Side side) {
    bench::add(name, half_of_pairs(n), [=] {
        const auto& rows = side(use::queries, n);
        const auto found = std::make_shared<us::array<us::idx_t>>(n);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, found, space] { us::near_duplicates_into(rows, 0.94f, *found, *space); },
                           [=] {
                               double wrong = 0;
                               for (us::idx_t i = 0; i < n; ++i) wrong += (*found)[i] != i;
                               return wrong;
                           }};
    });
}

void add_near_duplicates(const char* goal, us::idx_t n) {
    const bench::work half = half_of_pairs(n);
    add_near_duplicates_of({goal, "unitsphere", bench::shape(n, dim)}, n, as_rows());
    for (const auto& peer : bench::peer::range_searches())
        bench::add({goal, peer.who, bench::shape(n, dim)}, half, [=] {
            const auto found = std::make_shared<us::idx_t>(0);
            return bench::task{peer.prepare(bench::unit(use::queries, n, dim), 0.94f, *found),
                               [=] { return std::fabs(double(*found - n)); }};  // each with itself
        });
}

/// A query of `q` rows and documents of `rows` rows each, `g` in all; dim 128 as in ColBERT.
void add_max_sim(const char* goal, us::idx_t q, us::idx_t g, us::idx_t rows) {
    constexpr us::idx_t short_dim = 128;
    const us::idx_t documents = g / rows;
    bench::work counts = bench::cosine_work(q, g, short_dim);
    counts.bytes_written = 4.0 * double(documents);
    const auto error = [=](const us::matrix<float>& sums) {
        const bench::exact_matrix exact =
            bench::exact_cosines(bench::raw(use::queries, q, short_dim), bench::raw(use::gallery, g, short_dim));
        double worst = 0;
        for (us::idx_t d = 0; d < documents; ++d)
            worst = std::max(
                worst, std::fabs(double(sums(0, d)) - exact.middleCols(d * rows, rows).rowwise().maxCoeff().sum()));
        return worst;
    };
    const std::string shape = bench::shape(q, g, short_dim);
    const auto packed = [=]() -> const us::gallery& {
        return bench::made_once(use::gallery, g, short_dim,
                                [=] { return us::gallery(bench::raw(use::gallery, g, short_dim)); });
    };
    bench::add({goal, "unitsphere", shape}, counts, [=] {
        const auto& queries = bench::raw(use::queries, q, short_dim);
        const auto& gallery = packed();
        const auto query_of_row = std::make_shared<std::vector<int>>(std::size_t(q)),
                   document_of_row = std::make_shared<std::vector<int>>();
        for (us::idx_t j = 0; j < g; ++j) document_of_row->push_back(int(j / rows));
        const auto space = std::make_shared<us::workspace>();
        auto& sums = bench::output(1, documents);
        return bench::task{[&, query_of_row, document_of_row, space] {
                               us::max_sim_into(queries, *query_of_row, gallery, *document_of_row, sums, *space);
                           },
                           [=, &sums] { return error(sums); }};
    });
    bench::add({goal, "cosine_similarity", shape}, counts, [=] {
        const auto& queries = bench::raw(use::queries, q, short_dim);
        const auto& gallery = packed();
        const auto space = std::make_shared<us::workspace>();
        auto& scores = bench::output(q, g);
        return bench::task{[&, space] { us::cosine_similarity_into(queries, gallery, scores, *space); },
                           [] { return 0.0; }};
    });
    for (const auto& peer : bench::peer::late_interactions())
        bench::add({goal, peer.who, shape}, counts, [=] {
            auto& sums = bench::output(1, documents);
            return bench::task{peer.prepare(bench::unit(use::queries, q, short_dim),
                                            bench::unit(use::gallery, g, short_dim), rows, sums),
                               [=, &sums] { return error(sums); }};
        });
}

}  // namespace

void bench::register_rows() {
    add_ranks("retrieval", 20000, 20000);
    add_near_duplicates("near_duplicates", 20000);
    add_max_sim("max_sim_short", 32, 160000, 4);
    add_max_sim("max_sim", 32, 160000, 160);
    const std::string pairs = bench::shape(20000, 20000, dim), rows = bench::shape(20000, dim);
    add_ranks_of({"retrieval_exact_int8", "unitsphere", pairs}, 20000, 20000, as<us::shadow_gallery>());
    add_ranks_of({"retrieval_exact_int8", "gallery", pairs}, 20000, 20000, as<us::gallery>());
    add_near_duplicates_of({"duplicates_exact_int8", "unitsphere", rows}, 20000, as<us::shadow_gallery>());
    add_near_duplicates_of({"duplicates_exact_int8", "gallery", rows}, 20000, as<us::gallery>());
    for (const auto& [q, g] : {std::pair<us::idx_t, us::idx_t>{1000, 1000}, {1000, 5000}, {5000, 5000}, {5000, 25000}})
        add_ranks("retrieval_sizes", q, g);  // with several texts an image; not a goal
}
