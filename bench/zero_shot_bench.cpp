// Raw image features to probabilities over fixed classes, beside Eigen as a user writes it and the careful user's
// loops around a matrix product.
#include <unitsphere/zero_shot.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::index dim = 512;

void add_unitsphere(const char* goal, us::index n, us::index classes) {
    bench::add({goal, "unitsphere", bench::shape(n, classes, dim)}, bench::zero_shot_work(n, classes, dim), [=] {
        const auto &images = bench::raw(use::queries, n, dim), &rows = bench::raw(use::gallery, classes, dim);
        const auto classifier =
            std::make_shared<us::zero_shot_classifier>(rows, us::logit_scale::from_multiplier(100.0f));
        auto& out = bench::output(n, classes);
        const auto space = std::make_shared<us::workspace>();
        return bench::task{[&, classifier, space] { classifier->probabilities(images, out, *space); },
                           [&] { return bench::zero_shot_error(images, rows, out); }};
    });
}

void add_peer(const char* goal, us::index n, us::index classes, const bench::peer::zero_shot& peer) {
    bench::add({goal, peer.who, bench::shape(n, classes, dim)}, bench::zero_shot_work(n, classes, dim), [=] {
        const auto &images = bench::raw(use::queries, n, dim), &rows = bench::unit(use::gallery, classes, dim);
        auto& out = bench::output(n, classes);
        return bench::task{peer.prepare(images, rows, out), [&] { return bench::zero_shot_error(images, rows, out); }};
    });
}

void add_goal(const char* goal, us::index n, us::index classes) {
    add_unitsphere(goal, n, classes);
    for (const auto& peer : bench::peer::zero_shots()) add_peer(goal, n, classes, peer);
}

}  // namespace

void bench::register_rows() {
    add_goal("zero_shot_tiny", 1, 10);
    for (const auto& [n, classes] : {std::pair<us::index, us::index>{256, 1000}, {10000, 1000}, {4096, 4096}})
        add_goal("zero_shot_large", n, classes);
    bench::register_read_rate(4 * 100010 * dim);
    add_goal("zero_shot_tall", 100000, 10);
}
