// Raw image features to probabilities over fixed classes, beside Eigen as a user writes it and the careful user's
// loops around a matrix product.
#include <unitsphere/zero_shot.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512;

void add_unitsphere(const char* goal, us::idx_t n, us::idx_t classes) {
    bench::add({goal, "unitsphere", bench::shape(n, classes, dim)}, bench::zero_shot_work(n, classes, dim), [=] {
        const auto &images = bench::raw(use::queries, n, dim), &rows = bench::raw(use::gallery, classes, dim);
        const auto classifier =
            std::make_shared<us::zero_shot_classifier>(rows, us::logit_scale::from_multiplier(100.0f));
        auto& out = bench::output(n, classes);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, classifier, space] { classifier->predict_proba_into(images, out, *space); },
                           [&] { return bench::zero_shot_error(images, rows, out); }};
    });
}

void add_peer(const char* goal, us::idx_t n, us::idx_t classes, const bench::peer::zero_shot& peer) {
    bench::add({goal, peer.who, bench::shape(n, classes, dim)}, bench::zero_shot_work(n, classes, dim), [=] {
        const auto &images = bench::raw(use::queries, n, dim), &rows = bench::unit(use::gallery, classes, dim);
        auto& out = bench::output(n, classes);
        return bench::task{peer.prepare(images, rows, out), [&] { return bench::zero_shot_error(images, rows, out); }};
    });
}

void add_goal(const char* goal, us::idx_t n, us::idx_t classes) {
    add_unitsphere(goal, n, classes);
    for (const auto& peer : bench::peer::zero_shots()) add_peer(goal, n, classes, peer);
}

}  // namespace

void bench::register_rows() {
    using shape = std::pair<us::idx_t, us::idx_t>;
    for (const us::idx_t classes : {10, 100}) add_goal("zero_shot_tiny", 1, classes);
    for (const auto& [n, classes] : {shape{256, 1000}, {10000, 1000}, {4096, 4096}})
        add_goal("zero_shot_large", n, classes);
    for (const auto& [n, classes] : {shape{100000, 10}, {10000, 10}, {10000, 100}})
        add_goal("zero_shot_tall", n, classes);
}
