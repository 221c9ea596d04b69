#include <unitsphere/probability.hpp>

#include "within_rows.hpp"

// Promise 8 for probabilities: not one byte outside the caller's logits and outputs is read or written, in place too.

namespace tests {

using namespace unitsphere;

namespace {

/// f(x..) and f_into(x.., out), where out may be the logits.
template <class F, class Into>
void check_row_wise(placement where, idx_t columns, F&& f, Into&& f_into) {
    const matrix<float> logits = random_rows<float>(3, columns, 125);
    const matrix<float> expected = f(logits);
    CHECK(read(where, f, logits) == "");
    CHECK(written(where, expected, f_into, logits) == "");
    CHECK(changed(
              where, expected, [&](const auto& x) { f_into(x, x); }, logits) == "");
}

/// Of logits, and of similarities that are scaled.
void check_softmax(placement where, idx_t columns) {
    const auto scale = logit_scale::from_multiplier(31.7f);
    check_row_wise(
        where, columns, [](const auto& x) { return softmax(x); },
        [](const auto& x, const auto& out) { softmax_into(x, out); });
    check_row_wise(
        where, columns, [](const auto& x) { return log_softmax(x); },
        [](const auto& x, const auto& out) { log_softmax_into(x, out); });
    check_row_wise(
        where, columns, [&](const auto& x) { return softmax(x, scale); },
        [&](const auto& x, const auto& out) { softmax_into(x, scale, out); });
    check_row_wise(
        where, columns, [&](const auto& x) { return log_softmax(x, scale); },
        [&](const auto& x, const auto& out) { log_softmax_into(x, scale, out); });
}

}  // namespace

TEST_CASE("softmax and log_softmax stay within their rows", "[guard]") {
    at_every_edge(check_softmax);
    for (const placement where : every_placement)
        for (const idx_t columns : {1023, 1024, 1025, 2047, 2048, 2049, 4100}) {
            CAPTURE(int(where), columns);
            check_softmax(where, columns);
        }
}

TEST_CASE("sigmoid stays within its rows", "[guard]") {
    const auto scale = logit_scale::from_multiplier(10);
    at_every_edge([&](placement where, idx_t columns) {
        check_row_wise(
            where, columns, [](const auto& x) { return sigmoid(x); },
            [](const auto& x, const auto& out) { sigmoid_into(x, out); });
        check_row_wise(
            where, columns, [&](const auto& x) { return sigmoid(x, scale, -10.0f); },
            [&](const auto& x, const auto& out) { sigmoid_into(x, scale, -10.0f, out); });
    });
}

TEST_CASE("log_sum_exp stays within its rows", "[guard]") {
    const auto scale = logit_scale::from_multiplier(31.7f);
    const auto check = [&](placement where, idx_t columns) {
        const matrix<float> logits = random_rows<float>(3, columns, 189);
        const auto of_logits = [](const auto& x) { return log_sum_exp(x); };
        const auto of_scaled = [&](const auto& x) { return log_sum_exp(x, scale); };
        CHECK(read(where, of_logits, logits) == "");
        CHECK(read(where, of_scaled, logits) == "");
        const array<double> sums = log_sum_exp(logits), scaled = log_sum_exp(logits, scale);
        const auto write = [](const auto& x, auto out) { log_sum_exp_into(x, out); };
        const auto write_scaled = [&](const auto& x, auto out) { log_sum_exp_into(x, scale, out); };
        CHECK(written(where, sums.view(), write, logits) == "");
        CHECK(written(where, scaled.view(), write_scaled, logits) == "");
    };
    at_every_edge(check);
    for (const placement where : every_placement)
        for (const idx_t columns : {1023, 1025, 2049}) check(where, columns);
}

}  // namespace tests
