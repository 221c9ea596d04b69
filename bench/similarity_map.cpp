// How fast is a matrix of cosines over (queries, gallery, dim)? One line of JSON a shape: our fraction of the machine's
// limit, and the time of the best product alone on normalized rows over ours, after one line of the peers' versions and
// the products' names. similarity_map.py makes the page of it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <unitsphere/similarity.hpp>

#include "inputs.hpp"
#include "peers.hpp"
#include "rates.hpp"

namespace {

using bench::us::idx_t;

/// CPU seconds of one call, over as many as take some milliseconds.
double seconds_of(const bench::peer::task& call, int calls) {
    return bench::peer::cpu_seconds([&] {
               for (int i = 0; i < calls; ++i) call();
           }) /
           calls;
}

double median(std::vector<double> all) {
    std::nth_element(all.begin(), all.begin() + std::ptrdiff_t(all.size() / 2), all.end());
    return all[all.size() / 2];
}

void measure(idx_t queries, idx_t gallery, idx_t dim, int rounds) {
    const auto &raw_queries = bench::raw(bench::use::queries, queries, dim),
               &raw_gallery = bench::raw(bench::use::gallery, gallery, dim);
    auto& scores = bench::output(queries, gallery);
    std::vector<std::string> names{"unitsphere"};
    bench::us::workspace space;
    std::vector<bench::peer::task> calls{
        [&] { bench::us::cosine_similarity_into(raw_queries, raw_gallery, scores, space); }};
    for (const auto& peer : bench::peer::products()) {
        names.push_back(peer.who);
        calls.push_back(peer.prepare(bench::unit(bench::use::queries, queries, dim),
                                     bench::unit(bench::use::gallery, gallery, dim), scores));
    }
    const double flops = 2.0 * double(queries) * double(gallery) * double(dim);
    const bench::work work{flops, 4.0 * double((queries + gallery) * dim), 4.0 * double(queries * gallery)};
    const int repeats = int(std::clamp(1e9 / flops, 1.0, 200.0));
    std::vector<double> fractions, ours;
    std::vector<std::vector<double>> factors(calls.size());
    for (const auto& call : calls) seconds_of(call, 1);
    for (int round = 0; round < rounds; ++round) {
        const double limit = bench::limit_of(work).seconds, own = seconds_of(calls[0], repeats);
        ours.push_back(own), fractions.push_back(limit / own);
        for (std::size_t i = 1; i < calls.size(); ++i) factors[i].push_back(seconds_of(calls[i], repeats) / own);
    }
    std::size_t best = 1;
    for (std::size_t i = 2; i < calls.size(); ++i)
        if (median(factors[i]) < median(factors[best])) best = i;
    std::printf(
        "{\"queries\": %td, \"gallery\": %td, \"dim\": %td, \"ms\": %.4f, \"of_limit\": %.3f, \"factor\": %.3f, "
        "\"peer\": \"%s\"}\n",
        queries, gallery, dim, median(ours) * 1e3, median(fractions), median(factors[best]), names[best].c_str());
    std::fflush(stdout);
}

void say_who_takes_part() {
    std::printf("{\"products\": [");
    const char* before = "";
    for (const auto& peer : bench::peer::products()) std::printf("%s\"%s\"", std::exchange(before, ", "), peer.who);
    std::printf("]");
    for (const auto& [name, version] : bench::peer::versions())
        std::printf(", \"%s\": \"%s\"", name.c_str(), version.c_str());
    std::printf("}\n");
}

}  // namespace

int main(int count, char** arguments) {
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 5;
    bench::peer::use_one_thread();
    say_who_takes_part();
    for (const idx_t dim : {512, 640, 768, 1024, 1152})
        for (const idx_t queries : {8, 32, 100, 256, 1000, 4096})
            for (const idx_t gallery : {100, 300, 1000, 3000, 10000}) measure(queries, gallery, dim, rounds);
}
