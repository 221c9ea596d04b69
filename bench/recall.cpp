// What does compact storage find of the ten nearest rows, and how fast? One line of JSON for each task, storage and
// rescoring factor. recall.py makes the table and the plot of it.
//
//   recall [ROUNDS [SYNTHETIC_ROWS [DATA_FOLDER]]]      rows 0: none; without a folder no real embeddings
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
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

/// A way to hold the rows, and to find the nearest k of them: of factor * k candidates, scored again with the rows.
struct contestant {
    std::string who, storage;
    double bytes;  // a row
    std::vector<idx_t> factors;
    std::function<matrix<idx_t>(const question&, idx_t k, idx_t factor)> search;
};

template <class Gallery>
matrix<idx_t> best(const question& of, const Gallery& gallery, idx_t k, us::workspace& space) {
    us::top_k_options options;
    options.filter = of.filter();
    return us::top_k(of.queries, gallery, k, space, options).indices;
}
matrix<idx_t> best_of_candidates(const question& of, const us::unit_view<float>& rows, const matrix<idx_t>& candidates,
                                 idx_t k, us::workspace& space) {
    us::top_k_options options;
    options.filter.allowed = candidates;
    return us::top_k(of.queries, rows, k, space, options).indices;
}

template <class Gallery>
contestant exact(const char* storage, Gallery made, double bytes) {
    const auto gallery = std::make_shared<Gallery>(std::move(made));
    return {"unitsphere",
            storage,
            bytes,
            {1},
            [=, space = std::make_shared<us::workspace>()](const question& of, idx_t k, idx_t) {
                return best(of, *gallery, k, *space);
            }};
}

template <class Storage>
contestant compact(const char* storage, const task& of) {
    const auto gallery = std::make_shared<us::compact_gallery<Storage>>(of.rows);
    const us::unit_view<float> rows = of.rows;
    return {"unitsphere",
            storage,
            double(gallery->bytes()) / double(gallery->rows()),
            {1, 2, 4},
            [=, space = std::make_shared<us::workspace>()](const question& asked, idx_t k, idx_t factor) {
                if (factor == 1) return best(asked, *gallery, k, *space);
                if (asked.self.empty())
                    return us::top_k_rescored(asked.queries, *gallery, rows, k, factor, *space).indices;
                return best_of_candidates(asked, rows, best(asked, *gallery, k * factor, *space), k, *space);
            }};
}

/// Others' candidates are scored again by our loop. What finds itself is asked for one more.
contestant peer(const bench::peer::storage& other, const task& of) {
    const us::unit_view<float> rows = of.rows;
    const bool is_exact = other.bytes >= 4.0 * double(rows.dim());
    return {other.who, other.name, other.bytes, is_exact ? std::vector<idx_t>{1} : std::vector<idx_t>{1, 2, 4},
            [=, space = std::make_shared<us::workspace>()](const question& asked, idx_t k, idx_t factor) {
                const idx_t q = asked.queries.rows(), wanted = std::min(k * factor, rows.rows());
                matrix<idx_t> found(q, wanted);
                if (asked.self.empty()) {
                    other.search(asked.queries.values(), found.view());
                } else {
                    matrix<idx_t> more(q, wanted + 1);
                    other.search(asked.queries.values(), more.view());
                    for (idx_t i = 0; i < q; ++i) {
                        idx_t* const end =
                            std::remove(more.row(i), more.row(i) + wanted + 1, asked.self[std::size_t(i)]);
                        std::copy_n(more.row(i), std::min<idx_t>(end - more.row(i), wanted), found.row(i));
                    }
                }
                return factor == 1 ? found : best_of_candidates(asked, rows, found, k, *space);
            }};
}

std::vector<contestant> contestants(const task& of) {
    const double floats = 4.0 * double(of.rows.dim());
    std::vector<contestant> all;
    all.push_back(exact("float", us::gallery(of.rows), floats));
    us::shadow_gallery shadow = us::shadow_gallery::over(of.rows);
    const double shadow_bytes = floats + double(shadow.bytes()) / double(shadow.rows());
    all.push_back(exact("exact by bytes", std::move(shadow), shadow_bytes));
    all.push_back(compact<us::float16>("float16", of));
    all.push_back(compact<us::bfloat16>("bfloat16", of));
    all.push_back(compact<std::int8_t>("int8", of));
    all.push_back(compact<us::int4>("int4", of));
    all.push_back(compact<us::one_bit>("one_bit", of));
    for (const auto& other : bench::peer::storages(of.rows.values())) all.push_back(peer(other, of));
    return all;
}

/// `count` of the queries, spread over all of them.
struct chosen_queries {
    matrix<float> rows;
    std::vector<idx_t> numbers;

    chosen_queries(const task& of, idx_t count) : rows(std::min(count, of.queries.rows()), of.queries.dim()) {
        for (idx_t i = 0; i < rows.rows(); ++i) {
            numbers.push_back(i * of.queries.rows() / rows.rows());
            std::copy_n(of.queries.row(numbers.back()), rows.dim(), rows.row(i));
        }
    }
    question all(const task& of) const { return part(of, 0, rows.rows()); }
    /// `count` of them from `first` on.
    question part(const task& of, idx_t first, idx_t count) const {
        const us::matrix_view<const float> some(rows.row(first), count, rows.dim());
        const auto from = numbers.begin() + first;
        return {us::adopt_unit(some),
                of.among_themselves ? std::vector<idx_t>(from, from + count) : std::vector<idx_t>()};
    }
};

/// CPU seconds of a call: others who use the machine do not count.
template <class Call>
double seconds_of(Call call) {
    const std::clock_t start = std::clock();
    call();
    return double(std::clock() - start) / CLOCKS_PER_SEC;
}

/// The share of the k found rows that are among the k nearest: rows whose cosine in double reaches that of the k-th
/// nearest, less what a float rounds away, for copies of a row are as good as the row.
double share_found(const task& of, const chosen_queries& some, const matrix<idx_t>& found, const matrix<float>& exact,
                   idx_t k) {
    idx_t hits = 0;
    for (idx_t i = 0; i < found.rows(); ++i)
        for (idx_t n = 0; n < k; ++n) {
            if (found(i, n) < 0) continue;
            const float* const row = of.rows.row(found(i, n));
            const double cosine = std::inner_product(row, row + of.rows.dim(), some.rows.row(i), 0.0, std::plus<>(),
                                                     [](float a, float b) { return double(a) * double(b); });
            hits += cosine >= double(exact(some.numbers[std::size_t(i)], k - 1)) - 5e-7;
        }
    return double(hits) / double(found.rows() * k);
}

bool same(const matrix<idx_t>& a, const matrix<idx_t>& b) {
    return std::equal(a.data(), a.data() + a.rows() * a.dim(), b.data());
}

struct variant {
    const contestant* by;
    idx_t factor, queries, many, ones;
    double recall_1 = 0, recall_10 = 0, seconds_many = 1e30, seconds_one = 1e30;
};

/// Fewer queries for those who would take longer than `patience`, in seconds, for all of them.
variant find(const task& of, const matrix<float>& exact, const contestant& by, idx_t factor, double patience) {
    const chosen_queries few(of, 32);  // FAISS multiplies by BLAS from 20 on
    const double each = seconds_of([&] { by.search(few.all(of), 10, factor); }) / 32;
    const auto affordable = [&](double seconds, idx_t least, idx_t most) {
        return std::min(std::max(idx_t(std::min(seconds / std::max(each, 1e-9), 1e9)), least), most);
    };
    const chosen_queries some(of, affordable(patience, 50, of.queries.rows()));
    variant result{&by, factor, some.rows.rows(), affordable(patience / 2, 32, 256), affordable(patience / 10, 4, 32)};
    result.recall_1 = share_found(of, some, by.search(some.all(of), 1, factor), exact, 1);
    result.recall_10 = share_found(of, some, by.search(some.all(of), 10, factor), exact, 10);
    return result;
}

void time_once(const task& of, const chosen_queries& some, variant& one) {
    const question many = some.part(of, 0, one.many);
    const double together = seconds_of([&] { one.by->search(many, 10, one.factor); });
    const double alone = seconds_of([&] {
        for (idx_t i = 0; i < one.ones; ++i) one.by->search(some.part(of, i, 1), 10, one.factor);
    });
    one.seconds_many = std::min(one.seconds_many, together / double(one.many));
    one.seconds_one = std::min(one.seconds_one, alone / double(one.ones));
}

void measure(const task& of, int rounds, double patience) {
    us::top_k_options options;
    options.rescore = true;  // by the cosines in double
    options.filter.exclude_self = of.among_themselves;
    const matrix<float> exact = us::top_k(of.queries, of.rows, 10, {}, options).scores;
    const std::vector<contestant> all = contestants(of);
    const chosen_queries some(of, 256);
    if (const question asked = some.all(of); !same(all[0].search(asked, 10, 1), all[1].search(asked, 10, 1)))
        throw std::runtime_error(of.name + ": the search by bytes has other answers than that of floats");
    std::vector<variant> variants;
    for (const contestant& by : all)
        for (const idx_t factor : by.factors) variants.push_back(find(of, exact, by, factor, patience));
    for (int round = 0; round < rounds; ++round)
        for (variant& one : variants) time_once(of, some, one);
    for (const variant& v : variants)
        std::printf(
            "{\"task\": \"%s\", \"rows\": %td, \"who\": \"%s\", \"storage\": \"%s\", \"bytes\": %.0f, \"factor\": %td, "
            "\"recall_1\": %.5f, \"recall_10\": %.5f, \"queries\": %td, \"one\": %.6g, \"many\": %.6g}\n",
            of.name.c_str(), of.rows.rows(), v.by->who.c_str(), v.by->storage.c_str(), v.by->bytes, v.factor,
            v.recall_1, v.recall_10, v.queries, 1 / v.seconds_one, 1 / v.seconds_many);
    std::fflush(stdout);
}

}  // namespace recall

int main(int count, char** arguments) try {
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 3;
    const recall::idx_t synthetic_rows = count > 2 ? std::atoll(arguments[2]) : 0;
    bench::peer::use_one_thread();
    std::printf("{\"instruction_set\": \"%s\", \"compiler\": \"%s\"", bench::us::instruction_set(),
                bench::compiler().c_str());
    for (const auto& [name, version] : bench::peer::versions())
        std::printf(", \"%s\": \"%s\"", name.c_str(), version.c_str());
    std::printf("}\n");
    if (count > 3)
        for (const recall::task& one : recall::real_tasks(arguments[3])) recall::measure(one, rounds, 0.5);
    if (synthetic_rows > 0) recall::measure(recall::synthetic_task(synthetic_rows), rounds, 8.0);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "recall: %s\n", error.what());
    return 2;
}
