#include <unitsphere/probability.hpp>

#include "within_rows.hpp"

// Promise 8 for probabilities: not one byte outside the caller's logits and outputs is read or written, in place too.

namespace tests {

using namespace unitsphere;

namespace {

/// f(logits) and f(logits, out), which may be the logits.
template <class F>
void check_row_wise(placement where, index columns, F&& f) {
    const matrix<float> logits = random_rows<float>(3, columns, 125);
    const matrix<float> expected = f(logits);
    CHECK(read(where, f, logits) == "");
    CHECK(written(where, expected, f, logits) == "");
    CHECK(changed(
              where, expected, [&](const auto& x) { f(x, x); }, logits) == "");
}

}  // namespace

TEST_CASE("softmax and log_softmax stay within their rows", "[guard]") {
    const auto check = [](placement where, index columns) {
        check_row_wise(where, columns, [](const auto&... x) { return softmax(x...); });
        check_row_wise(where, columns, [](const auto&... x) { return log_softmax(x...); });
    };
    at_every_edge(check);
    for (const placement where : every_placement)
        for (const index columns : {1023, 1024, 1025, 2047, 2048, 2049, 4100}) {
            CAPTURE(int(where), columns);
            check(where, columns);
        }
}

TEST_CASE("sigmoid stays within its rows", "[guard]") {
    const auto scale = logit_scale::from_multiplier(10);
    at_every_edge([&](placement where, index columns) {
        check_row_wise(where, columns, [](const auto&... x) { return sigmoid(x...); });
        const matrix<float> cosines = random_rows<float>(3, columns, 205);
        const matrix<float> expected = sigmoid(cosines, scale, -10.0f);
        const auto write = [&](const auto& x, auto out) { sigmoid(x, scale, -10.0f, out); };
        CHECK(written(where, expected, write, cosines) == "");
        CHECK(changed(
                  where, expected, [&](const auto& x) { write(x, x); }, cosines) == "");
    });
}

TEST_CASE("log_sum_exp stays within its rows", "[guard]") {
    at_every_edge([](placement where, index columns) {
        const matrix<float> logits = random_rows<float>(3, columns, 189);
        const std::vector<double> sums = log_sum_exp(logits);
        CHECK(read(
                  where, [](const auto& x) { return log_sum_exp(x); }, logits) == "");
        CHECK(written(
                  where, to_view(sums), [](const auto& x, auto out) { log_sum_exp(x, out.data()); }, logits) == "");
    });
}

}  // namespace tests
