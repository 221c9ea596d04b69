// How well do labelled embeddings tell their classes apart?
#include <cstdint>
#include <cstdio>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

struct labelled {
    us::matrix<float> rows;
    std::vector<int> labels;
};

/// Raw rows of three classes; the class says which third of the elements is larger.
labelled make_rows(int count, std::uint32_t state) {
    labelled made{us::matrix<float>(count, 24), {}};
    for (int i = 0; i < count; ++i) {
        made.labels.push_back(i % 3);
        for (int k = 0; k < 24; ++k) {
            const float noise = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1.0f;
            made.rows(i, k) = 10.0f * (noise + (k % 3 == i % 3 ? 0.5f : 0.0f));
        }
    }
    return made;
}

int main() {
    const labelled train = make_rows(90, 1), test = make_rows(60, 2);
    us::logistic_regression_options options;
    options.C = 1.0;  // as in scikit-learn
    const us::logistic_fit fit = us::logistic_regression(train.rows, train.labels, {}, options);
    std::printf("objective %.4f after %d iterations\n", fit.objective, int(fit.iterations));

    const us::accuracy found = us::accuracy_at(fit.head.predict(test.rows), test.labels, 1);
    std::printf("accuracy %.4f (%d of %d)\n", found.value(), int(found.correct), int(found.total));
}
