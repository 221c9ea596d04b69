// CLIP's loss of a batch of pairs and its gradients, from raw rows. The limit is that of the matrix products: one for
// the loss, and three more for the gradients, since scores that are not kept are computed again.
#include <unitsphere/contrastive_loss.hpp>

#include "exact.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512;

us::logit_scale scale() { return us::logit_scale::from_multiplier(100.0f); }

/// The products alone: what a loss does beside them is the library's own cost.
bench::work products(us::idx_t n, int count) {
    return {2.0 * count * double(n) * double(n) * double(dim), 4.0 * double(2 * n * dim), 0.0};
}

/// The loss in double, some rows of the matrix at a time.
double exact_loss_of(const us::matrix<float>& images, const us::matrix<float>& texts) {
    const bench::exact_matrix a = bench::unit_in_double(images, images.rows());
    const bench::exact_matrix b = bench::unit_in_double(texts, texts.rows());
    constexpr us::idx_t block = 256;
    Eigen::ArrayXd columns = Eigen::ArrayXd::Zero(b.rows());  // exp(100 (cosine - 1)) does not underflow in double
    double total = 0.0;
    for (us::idx_t first = 0; first < a.rows(); first += block) {
        const us::idx_t rows = std::min(block, a.rows() - first);
        const bench::exact_matrix below =
            (100.0 * (a.middleRows(first, rows) * b.transpose()).array() - 100.0).matrix();
        const bench::exact_matrix e = below.array().exp().matrix();
        columns += e.colwise().sum().transpose().array();
        for (us::idx_t i = 0; i < rows; ++i) total += std::log(e.row(i).sum()) - 2.0 * below(i, first + i);
    }
    return (total + columns.log().sum()) / 2.0 / double(a.rows());
}
/// Once for a shape: it takes longer than all rounds.
double exact_loss(us::idx_t n) {
    return bench::made_once(use::logits, n, dim, [=] {
        return exact_loss_of(bench::raw(use::queries, n, dim), bench::raw(use::gallery, n, dim));
    });
}

void add_loss(const char* goal, us::idx_t n) {
    bench::add({goal, "unitsphere", bench::shape(n, n, dim), "f32"}, products(n, 1), [=] {
        const auto &images = bench::raw(use::queries, n, dim), &texts = bench::raw(use::gallery, n, dim);
        const auto space = std::make_shared<us::workspace>();
        const auto found = std::make_shared<double>();
        return bench::task{[&, space, found] { *found = us::clip_loss(images, texts, scale(), *space).loss; },
                           [=] { return std::fabs(*found - exact_loss(n)); }};
    });
}

/// The loss and the gradients of both sides and of the scale: four products.
void add_gradients(const char* goal, us::idx_t n) {
    bench::add({goal, "unitsphere", bench::shape(n, n, dim), "f32 gradients"}, products(n, 4), [=] {
        const auto &images = bench::raw(use::queries, n, dim), &texts = bench::raw(use::gallery, n, dim);
        const auto of_images = std::make_shared<us::matrix<float>>(n, dim),
                   of_texts = std::make_shared<us::matrix<float>>(n, dim);
        const auto space = std::make_shared<us::workspace>();
        const auto found = std::make_shared<double>();
        return bench::task{
            [&, of_images, of_texts, space, found] {
                *found = us::clip_loss_gradients_into(images, texts, scale(), *of_images, *of_texts, *space).loss;
            },
            [=] { return std::fabs(*found - exact_loss(n)); }};
    });
}

}  // namespace

void bench::register_rows() {
    for (const us::idx_t n : {4096, 16384}) {
        add_loss("loss", n);
        add_gradients("loss", n);
    }
}
