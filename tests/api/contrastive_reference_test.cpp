#include "contrastive.hpp"

// The oracle itself: its gradients against finite differences of its losses. Central differences with steps h are off
// by h^2 times the third derivative, about scale^3, and by 1e-16 / h.

namespace tests {

using Catch::Matchers::WithinAbs;

namespace {

constexpr double h = 1e-5;

/// (f(x + h) - f(x - h)) / 2h for one number of the batch.
template <class Loss>
double difference(reference::batch b, double reference::batch::*member, double step, const Loss& loss) {
    const double at = b.*member;
    b.*member = at + step;
    const double above = loss(b).loss;
    b.*member = at - step;
    return (above - loss(b).loss) / (2 * step);
}

template <class Loss>
void check_gradients(const reference::batch& b, const Loss& loss) {
    const reference::gradients found(b, loss(b));
    for (auto rows : {&reference::batch::images, &reference::batch::texts})
        for (std::size_t i = 0; i < (b.*rows).size(); ++i)
            for (std::size_t k = 0; k < (b.*rows)[i].size(); ++k) {
                reference::batch moved = b;
                (moved.*rows)[i][k] += h;
                const double above = loss(moved).loss;
                (moved.*rows)[i][k] -= 2 * h;
                const double exact = (above - loss(moved).loss) / (2 * h);
                const auto& side = rows == &reference::batch::images ? found.images : found.texts;
                CHECK_THAT(side[i][k], WithinAbs(exact, 1e-6));
            }
    // scale = exp(t): d / dt = scale * d / dscale
    CHECK_THAT(found.parameter, WithinAbs(b.scale * difference(b, &reference::batch::scale, h, loss), 1e-6));
    CHECK_THAT(found.bias, WithinAbs(difference(b, &reference::batch::bias, h, loss), 1e-6));
}

reference::batch small_batch(idx_t images, idx_t texts) {
    const matrix<float> a = random_rows<float>(images, 5, 711), b = random_rows<float>(texts, 5, 712);
    return batch_of(a, b, 5.0, -1.0);
}

}  // namespace

TEST_CASE("the oracle's gradients are the slopes of its losses", "[loss]") {
    for (const idx_t n : {1, 2, 7}) {
        CAPTURE(n);
        check_gradients(small_batch(n, n), reference::clip_loss);
        check_gradients(small_batch(n, n), reference::siglip_loss);
    }
    reference::batch shard = small_batch(3, 7);
    shard.both = false, shard.first_label = 2;
    check_gradients(shard, reference::clip_loss);
    check_gradients(shard, reference::siglip_loss);
    shard.no_labels = true;
    check_gradients(shard, reference::siglip_loss);
}

TEST_CASE("the oracle's CLIP loss of equal rows is the logarithm of their number", "[loss]") {
    matrix<float> equal(6, 4);
    for (idx_t k = 0; k < 24; ++k) equal.data()[k] = 2.0f;
    CHECK_THAT(reference::clip_loss(batch_of(equal, equal, 100.0)).loss, WithinAbs(std::log(6.0), 1e-15));
}

}  // namespace tests
