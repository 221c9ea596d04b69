// Two units with different flags in one program. `main low` and `main high` run one of them; without an argument each
// also works on what the other made. Compiled as the low unit is. Ends with the number of wrong answers.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "unit.hpp"

namespace {

constexpr us::idx_t images = 5, classes = 3, dim = 67;
int wrong = 0;

void check(bool holds, const char* what, const unit& by, const unit& on) {
    if (holds) return;
    ++wrong;
    std::printf("wrong: %s by %s on rows of %s\n", what, by.instruction_set(), on.instruction_set());
}

/// Rows in many directions, but with cosines around 0.4: no probability is near 0 or 1, where errors would not show.
us::matrix<float> some_rows(us::idx_t count, double phase) {
    us::matrix<float> made(count, dim);
    for (us::idx_t i = 0; i < count; ++i)
        for (us::idx_t k = 0; k < dim; ++k)
            made(i, k) = float(std::sin(0.37 * double((i * dim + k) * (i * dim + k)) + phase) + 0.5);
    return made;
}

template <class A, class B>
double dot(const A* a, const B* b) {
    double sum = 0.0;
    for (us::idx_t k = 0; k < dim; ++k) sum += double(float(a[k])) * double(float(b[k]));
    return sum;
}
template <class A, class B>
double cosine(const A* a, const B* b) {
    return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}
bool is_close(double given, double exact, double bound) { return std::fabs(given - exact) <= bound; }

/// p is the softmax of scale * cosine(image, class).
bool are_probabilities(const us::matrix<float>& p, const us::matrix<float>& raw, const us::unit_embeddings<>& rows_of,
                       double scale) {
    bool right = p.rows() == images && p.dim() == classes;
    for (us::idx_t i = 0; right && i < images; ++i) {
        double sum = 0.0;
        for (us::idx_t c = 0; c < classes; ++c) sum += std::exp(scale * cosine(raw.row(i), rows_of.row(c)));
        for (us::idx_t c = 0; c < classes; ++c)
            right = right && is_close(p(i, c), std::exp(scale * cosine(raw.row(i), rows_of.row(c))) / sum, 2e-5);
    }
    return right;
}

/// A class is the mean of two unit prompts, normalized: as far from the one as from the other, and between them.
bool are_ensembles(const us::unit_embeddings<>& made, const us::matrix<float>& prompts) {
    bool right = made.rows() == classes;
    for (us::idx_t c = 0; right && c < classes; ++c) {
        const double between = std::sqrt((1.0 + cosine(prompts.row(2 * c), prompts.row(2 * c + 1))) / 2.0);
        for (us::idx_t p = 2 * c; p < 2 * c + 2; ++p)
            right = right && is_close(dot(made.row(c), prompts.row(p)) / std::sqrt(dot(prompts.row(p), prompts.row(p))),
                                      between, 1e-6);
    }
    return right;
}

/// Every answer of `by`, given what `from` made.
void check_unit(const unit& by, const unit& from) {
    const us::matrix<float> raw = some_rows(images, 0.0), prompts = some_rows(2 * classes, 2.0);
    us::matrix<us::float16> halves(classes, dim);
    for (us::idx_t c = 0; c < classes; ++c)
        for (us::idx_t k = 0; k < dim; ++k) halves(c, k) = us::float16(prompts(c, k));

    const us::array<double> norms = by.norms(raw);
    for (us::idx_t i = 0; i < images; ++i)
        check(is_close(norms[i], std::sqrt(dot(raw.row(i), raw.row(i))), 1e-6), "norms", by, from);

    const us::matrix<float> cosines = by.cosines(from.normalize(raw), halves);
    for (us::idx_t i = 0; i < images; ++i)
        for (us::idx_t c = 0; c < classes; ++c)
            check(is_close(cosines(i, c), cosine(raw.row(i), halves.row(c)), 1e-6), "cosines", by, from);

    const us::array<float> pairs = by.pairs(raw, {prompts.data(), images, dim});
    for (us::idx_t i = 0; i < images; ++i)
        check(is_close(pairs[i], cosine(raw.row(i), prompts.row(i)), 1e-6), "pairs", by, from);

    const us::unit_embeddings<> class_rows = from.ensemble(prompts);
    check(are_ensembles(class_rows, prompts), "ensemble", from, from);
    const us::logit_scale scale = us::logit_scale::from_log(float(std::log(20.0)));
    check(are_probabilities(by.probabilities(raw, class_rows, scale), raw, class_rows, 20.0), "probabilities", by,
          from);

    us::matrix<float> unit_logits(images, classes);
    for (us::idx_t i = 0; i < images; ++i)
        for (us::idx_t c = 0; c < classes; ++c) unit_logits(i, c) = float(cosine(raw.row(i), class_rows.row(c)));
    check(are_probabilities(by.softmax(unit_logits), raw, class_rows, 1.0), "softmax", by, from);

    bool caught = false;
    try {
        by.refuse();
    } catch (const std::invalid_argument& error) {
        caught = std::strcmp(error.what(), "softmax: out is 1 x 3, it must be 1 x 2") == 0;
    }
    check(caught, "error", by, from);
}

}  // namespace

int main(int count, char** arguments) {
    const bool low_alone = count > 1 && std::strcmp(arguments[1], "low") == 0;
    const bool high_alone = count > 1 && std::strcmp(arguments[1], "high") == 0;
    if (!high_alone) {
        std::printf("low %s\n", low.instruction_set());
        check_unit(low, low);
    }
    if (!high_alone && !low_alone && !(RUNS_HIGH)) {
        std::printf("high does not run on this machine\n");
    } else if (!low_alone) {
        std::printf("high %s\n", high.instruction_set());
        std::fflush(stdout);
        check_unit(high, high);
        if (!high_alone) {
            check_unit(low, high);
            check_unit(high, low);
        }
    }
    std::printf("%d wrong\n", wrong);
    return wrong;
}
