/// Who holds the rows of a task: our storages and those of others.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shadow_gallery.hpp>

#include "peers.hpp"
#include "recall_tasks.hpp"

namespace recall {

using us::matrix;

/// Some queries of a task. `self` has their numbers among the rows, or nothing.
struct question {
    us::unit_view<float> queries;
    std::vector<idx_t> self;

    us::row_filter filter() const {
        us::row_filter result;
        if (self.empty()) return result;
        result.exclude_self = true;
        result.query_rows = {self.data(), 1, idx_t(self.size())};
        return result;
    }
};

/// A way to hold the rows, and to find the nearest k of them: of factor * k candidates, scored again with the rows. A
/// graph has its `ef` in place of factors.
struct contestant {
    std::string who, storage;
    double bytes;    // a row
    double seconds;  // that it took to build
    std::vector<idx_t> factors;
    std::function<matrix<idx_t>(const question&, idx_t k, idx_t factor)> search;
    bool is_graph = false;
};

template <class Gallery>
matrix<idx_t> best(const question& of, const Gallery& gallery, idx_t k, us::workspace& space) {
    us::top_k_options options;
    options.filter = of.filter();
    return us::top_k(of.queries, gallery, k, space, options).indices;
}
inline matrix<idx_t> best_of_candidates(const question& of, const us::unit_view<float>& rows,
                                        const matrix<idx_t>& candidates, idx_t k, us::workspace& space) {
    us::top_k_options options;
    options.filter.allowed = candidates;
    return us::top_k(of.queries, rows, k, space, options).indices;
}

/// A gallery, and how long make() took for it.
template <class Make>
auto built(Make make) {
    std::shared_ptr<decltype(make())> gallery;
    const double seconds = bench::peer::cpu_seconds([&] { gallery = std::make_shared<decltype(make())>(make()); });
    return std::pair(gallery, seconds);
}

/// `shared` bytes of the rows themselves are not among those of the gallery.
template <class Make>
contestant exact(const char* storage, double shared, Make make) {
    const auto [gallery, seconds] = built(make);
    return {"unitsphere",
            storage,
            shared + double(gallery->bytes()) / double(gallery->rows()),
            seconds,
            {1},
            [gallery = gallery, space = std::make_shared<us::workspace>()](const question& of, idx_t k, idx_t) {
                return best(of, *gallery, k, *space);
            }};
}

template <class Storage>
contestant compact(const char* storage, const task& of) {
    const auto [gallery, seconds] = built([&] { return us::compact_gallery<Storage>(of.rows); });
    const us::unit_view<float> rows = of.rows;
    return {"unitsphere",
            storage,
            double(gallery->bytes()) / double(gallery->rows()),
            seconds,
            {1, 2, 4},
            [rows, gallery = gallery, space = std::make_shared<us::workspace>()](const question& asked, idx_t k,
                                                                                 idx_t factor) {
                if (factor == 1) return best(asked, *gallery, k, *space);
                if (asked.self.empty())
                    return us::top_k_rescored(asked.queries, *gallery, rows, k, factor, *space).indices;
                return best_of_candidates(asked, rows, best(asked, *gallery, k * factor, *space), k, *space);
            }};
}

/// What others find; a row that finds itself asks for one more.
inline matrix<idx_t> found_by(const bench::peer::storage& other, const question& asked, idx_t wanted, idx_t ef) {
    const idx_t q = asked.queries.rows();
    matrix<idx_t> found(q, wanted);
    if (asked.self.empty()) {
        other.search(asked.queries.values(), found.view(), ef);
        return found;
    }
    matrix<idx_t> more(q, wanted + 1);
    other.search(asked.queries.values(), more.view(), ef);
    for (idx_t i = 0; i < q; ++i) {
        idx_t* const end = std::remove(more.row(i), more.row(i) + wanted + 1, asked.self[std::size_t(i)]);
        std::copy_n(more.row(i), std::min<idx_t>(end - more.row(i), wanted), found.row(i));
    }
    return found;
}
/// A graph's answers are taken as they are; other candidates are scored again by our loop.
inline contestant peer(const bench::peer::storage& other, const task& of) {
    if (!other.efs.empty())
        return {other.who,   other.name,
                other.bytes, other.seconds,
                other.efs,   [=](const question& asked, idx_t k, idx_t ef) { return found_by(other, asked, k, ef); },
                true};
    const us::unit_view<float> rows = of.rows;
    const bool is_exact = other.bytes >= 4.0 * double(rows.dim());
    return {other.who,
            other.name,
            other.bytes,
            other.seconds,
            is_exact ? std::vector<idx_t>{1} : std::vector<idx_t>{1, 2, 4},
            [=, space = std::make_shared<us::workspace>()](const question& asked, idx_t k, idx_t factor) {
                const matrix<idx_t> found = found_by(other, asked, std::min(k * factor, rows.rows()), 0);
                return factor == 1 ? found : best_of_candidates(asked, rows, found, k, *space);
            }};
}

inline std::vector<contestant> contestants(const task& of) {
    std::vector<contestant> all;
    all.push_back(exact("float", 0, [&] { return us::gallery(of.rows); }));
    all.push_back(
        exact("exact by bytes", 4.0 * double(of.rows.dim()), [&] { return us::shadow_gallery::over(of.rows); }));
    all.push_back(compact<us::float16>("float16", of));
    all.push_back(compact<us::bfloat16>("bfloat16", of));
    all.push_back(compact<us::fast_bfloat16>("fast_bfloat16", of));
    all.push_back(compact<std::int8_t>("int8", of));
    all.push_back(compact<us::int4>("int4", of));
    all.push_back(compact<us::one_bit>("one_bit", of));
    for (const auto& other : bench::peer::storages(of.rows.values())) all.push_back(peer(other, of));
    return all;
}

}  // namespace recall
