// What do compact storage and others' graphs find of the ten nearest rows, and how fast? One line of JSON for each
// task, storage and rescoring factor or `ef`. recall.py makes the table and the plot of it.
//
//   recall [ROUNDS [SYNTHETIC_ROWS [DATA_FOLDER]]]      rows 0: none; without a folder no real embeddings
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <unitsphere/search.hpp>

#include "peers.hpp"
#include "recall_contestants.hpp"
#include "recall_tasks.hpp"

namespace recall {

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
    const double each = bench::peer::cpu_seconds([&] { by.search(few.all(of), 10, factor); }) / 32;
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
    const double together = bench::peer::cpu_seconds([&] { one.by->search(many, 10, one.factor); });
    const double alone = bench::peer::cpu_seconds([&] {
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
            "{\"task\": \"%s\", \"rows\": %td, \"who\": \"%s\", \"storage\": \"%s\", \"bytes\": %.0f, "
            "\"seconds\": %.3g, \"%s\": %td, \"recall_1\": %.5f, \"recall_10\": %.5f, \"queries\": %td, \"one\": %.6g, "
            "\"many\": %.6g}\n",
            of.name.c_str(), of.rows.rows(), v.by->who.c_str(), v.by->storage.c_str(), v.by->bytes, v.by->seconds,
            v.by->is_graph ? "ef" : "factor", v.factor, v.recall_1, v.recall_10, v.queries, 1 / v.seconds_one,
            1 / v.seconds_many);
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
