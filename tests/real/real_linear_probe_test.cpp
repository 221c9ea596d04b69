// Logistic regression and published heads on real embeddings.
#include <cmath>
#include <string>
#include <vector>

#include <unitsphere/io/linear_head.hpp>
#include <unitsphere/linear_probe.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "real.hpp"

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using labels = std::vector<idx_t>;

/// 1 for cats, from the second column of all37_classes.txt.
labels cats(const std::string& file) {
    std::ifstream names(path("pets_vitb32/all37_classes.txt"));
    std::vector<idx_t> is_cat;
    for (std::string line; std::getline(names, line);)
        is_cat.push_back(line.find("\tcat") != std::string::npos ? 1 : 0);
    labels result;
    for (const idx_t breed : integers("pets_vitb32/" + file)) result.push_back(is_cat[std::size_t(breed)]);
    return result;
}

matrix<float16> pets(const char* file) { return load_npy<float16>(path(std::string("pets_vitb32/") + file)); }

matrix<float> widened(const matrix<float16>& rows) {
    matrix<float> wide(rows.rows(), rows.dim());
    for (idx_t k = 0; k < rows.rows() * rows.dim(); ++k) wide.data()[k] = float(rows.data()[k]);
    return wide;
}

idx_t correct(const unitsphere::array<idx_t>& predicted, const labels& truth) {
    REQUIRE(predicted.size() == truth.size());
    idx_t count = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) count += predicted[idx_t(i)] == truth[i];
    return count;
}

double log_loss(const linear_head& head, const matrix<double>& p, const labels& truth) {
    REQUIRE((p.rows() == idx_t(truth.size()) && p.dim() == head.classes()));
    double sum = 0;
    for (idx_t i = 0; i < p.rows(); ++i) sum -= std::log(p(i, truth[std::size_t(i)]));
    return sum / double(p.rows());
}

double largest_difference(const linear_head& head, const matrix<double>& expected) {
    REQUIRE((expected.rows() == 1 && expected.dim() == head.dim() + 1));
    double largest = 0;
    for (idx_t k = 0; k < expected.dim(); ++k)
        largest = larger_error(largest, std::fabs(head.parameters()(0, k) - expected(0, k)));
    return largest;
}

logistic_regression_options fit_options(double C, bool balanced = false) {
    logistic_regression_options options;
    options.C = C, options.balanced = balanced;
    return options;
}

/// Rows first, first + 2, ..
matrix<float> every_second(const matrix<float>& rows, idx_t first) {
    matrix<float> result((rows.rows() - first + 1) / 2, rows.dim());
    for (idx_t i = 0; i < result.rows(); ++i) std::copy_n(rows.row(first + 2 * i), rows.dim(), result.row(i));
    return result;
}

}  // namespace

// The expected numbers were made from these halves as they are stored, up to 5e-4 off unit length, and not
// normalized again: adopted as they are, they give the same.
TEST_CASE("cats and dogs: the float64 optimum, objective to six digits and weights to 1e-4", "[real]") {
    const matrix<float> train = widened(pets("all37_val_image.npy")), test = widened(pets("all37_test_image.npy"));
    const unit_view<float> train_rows = adopt_unit(train, {1e-3}), test_rows = adopt_unit(test, {1e-3});
    const labels train_labels = cats("all37_val_labels.txt"), test_labels = cats("all37_test_labels.txt");
    const struct {
        double C;
        bool balanced;
        double objective, bias, test_log_loss;
        idx_t correct;
        const char* weights;
    } expected[] = {{1, false, 138.12397894094713, -1.0901044708614736, 0.09944038727244887, 3659,
                     "expected_logreg_C1_w_then_bias.npy"},
                    {100, false, 730.9498423110873, -2.09502050769496, 0.006748347147717515, 3662, ""},
                    {1, true, 142.93053253563352, -0.6860977324597406, 0.1010619271263614, 3663,
                     "expected_logreg_C1_balanced_w_then_bias.npy"}};
    for (const auto& one : expected) {
        CAPTURE(one.C, one.balanced);
        const logistic_fit fit = logistic_regression(train_rows, train_labels, {}, fit_options(one.C, one.balanced));
        CHECK(fit.gradient <= 1e-6);
        CHECK_THAT(fit.objective, WithinRel(one.objective, 1e-9));
        CHECK_THAT(fit.head.bias(0), WithinAbs(one.bias, 1e-6));
        CHECK(correct(fit.head.predict(test_rows), test_labels) == one.correct);
        CHECK_THAT(log_loss(fit.head, fit.head.predict_proba(test_rows), test_labels),
                   WithinAbs(one.test_log_loss, 1e-8));
        if (*one.weights != 0)
            CHECK(largest_difference(fit.head, load_npy<double>(path(std::string("pets_vitb32/") + one.weights))) <=
                  1e-6);
    }
}

TEST_CASE("cats and dogs, normalized as always: within what the stored halves' lengths are off", "[real]") {
    const matrix<float16> train = pets("all37_val_image.npy"), test = pets("all37_test_image.npy");
    const logistic_fit fit = logistic_regression(train, cats("all37_val_labels.txt"));
    // numpy in float64: rows divided by their norms, Newton to a gradient of 1e-14
    CHECK_THAT(fit.objective, WithinRel(138.12353186, 1e-8));
    CHECK(correct(fit.head.predict(test), cats("all37_test_labels.txt")) == 3659);
    CHECK(largest_difference(fit.head, load_npy<double>(path("pets_vitb32/expected_logreg_C1_w_then_bias.npy"))) <=
          2e-3);
}

TEST_CASE("37 breeds: the objective that scikit-learn reaches on unit rows", "[real]") {
    const matrix<float16> train = pets("all37_val_image.npy"), test = pets("all37_test_image.npy");
    const logistic_fit fit = logistic_regression(train, integers("pets_vitb32/all37_val_labels.txt"));
    CHECK_THAT(fit.objective, WithinRel(2080.3255443, 1e-8));  // scikit-learn 1.2.1, lbfgs, tol 1e-9, float64
    CHECK(correct(fit.head.predict(test), integers("pets_vitb32/all37_test_labels.txt")) == 2805);
    CHECK(fit.gradient <= 1e-6);
}

TEST_CASE("three views of a phone, from raw features: the float64 optima on unit rows", "[real]") {
    const matrix<float> rows = load_npy<float>(path("phone_view_vitb32/image.npy"));
    const labels views = integers("phone_view_vitb32/labels.txt");
    REQUIRE(rows.rows() == 275);
    REQUIRE(views.size() == 275);
    std::ifstream names(path("phone_view_vitb32/classes.txt"));
    const matrix<float> train = every_second(rows, 0), test = every_second(rows, 1);
    const struct {
        const char* name;
        double objective, bias, test_log_loss;
        idx_t correct;
    } expected[] = {{"front", 63.49123816112133, -0.8532180583343772, 0.36621328242469176, 127},
                    {"back", 51.25833209065959, -1.1364813094965613, 0.2727379004961527, 130},
                    {"side", 49.99794607022362, -0.7623565659014494, 0.2571886678743495, 130}};
    idx_t view = 0;
    for (std::string line; std::getline(names, line); ++view) {
        for (const auto& one : expected) {
            if (line.substr(0, line.find('\t')) != one.name) continue;
            CAPTURE(one.name);
            labels train_labels, test_labels;
            for (idx_t i = 0; i < 275; ++i)
                (i % 2 == 0 ? train_labels : test_labels).push_back(views[std::size_t(i)] == view ? 1 : 0);
            const logistic_fit fit = logistic_regression(train, train_labels);
            CHECK_THAT(fit.objective, WithinRel(one.objective, 1e-7));
            CHECK_THAT(fit.head.bias(0), WithinAbs(one.bias, 1e-5));
            CHECK(correct(fit.head.predict(test), test_labels) == one.correct);
            CHECK_THAT(log_loss(fit.head, fit.head.predict_proba(test), test_labels),
                       WithinAbs(one.test_log_loss, 1e-6));
            if (std::string(one.name) == "front")
                CHECK(largest_difference(
                          fit.head, load_npy<double>(
                                        path("phone_view_vitb32/expected_logreg_front_unit_w_then_bias.npy"))) <= 1e-5);
        }
    }
    CHECK(view == 3);
}

TEST_CASE("a head that was exported from Python loads, and reproduces its fit's flags", "[real]") {
    const linear_head head = load_head(path("pets_vitb32/expected_logreg_C1_balanced_w_then_bias.npy"));
    CHECK((head.heads() == 1 && head.dim() == 512));
    CHECK(correct(head.predict(pets("all37_test_image.npy")), cats("all37_test_labels.txt")) == 3663);
}

TEST_CASE("published aesthetic heads rank the texts of their ten ratings", "[real]") {
    const struct {
        const char* name;
        double scores[10];
    } models[] = {{"vit_b_32",
                   {-1.4699545689807287, 0.27279465926951607, 1.9900197462514146, 3.6114171049036896, 5.087441836433234,
                    6.39255122161431, 7.66816525767253, 8.915450885052309, 9.916607256325614, 11.005575178969574}},
                  {"vit_l_14",
                   {-2.457908703106227, -0.1378572092772261, 1.8951097686171658, 3.584933594474455, 5.099726044662979,
                    6.470104052694239, 7.786990172616655, 9.048001583552495, 10.226408535820497, 11.304425771408464}}};
    for (const auto& model : models) {
        const std::string stem = std::string("aesthetic_heads/") + model.name;
        const linear_head head(load_npy<float>(path(stem + "_weight.npy")), load_npy<float>(path(stem + "_bias.npy")));
        const matrix<double> scores = head.decision_function(load_npy<float>(path(stem + "_rating_text.npy")));
        for (idx_t i = 0; i < 10; ++i) {
            CHECK_THAT(scores(i, 0),
                       WithinAbs(model.scores[i], 28.5 * 1.2e-7));  // |weights| times a unit row's rounding
            if (i > 0) CHECK(scores(i, 0) > scores(i - 1, 0));
        }
    }
    const linear_head head(load_npy<float>(path("aesthetic_heads/vit_b_32_weight.npy")),
                           load_npy<float>(path("aesthetic_heads/vit_b_32_bias.npy")));
    const matrix<double> cifar = head.decision_function(load_npy<float>(path("cifar10_500_vitb32/image.npy")));
    double sum = 0, least = cifar(0, 0), most = cifar(0, 0);
    for (idx_t i = 0; i < cifar.rows(); ++i)
        sum += cifar(i, 0), least = std::min(least, cifar(i, 0)), most = std::max(most, cifar(i, 0));
    CHECK_THAT(sum / 500, WithinAbs(3.7353871016723588, 3e-6));
    CHECK_THAT(least, WithinAbs(2.0635994755115963, 3e-6));
    CHECK_THAT(most, WithinAbs(5.7842169487128, 3e-6));
}

}  // namespace tests
