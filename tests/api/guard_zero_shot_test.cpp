#include <unitsphere/zero_shot.hpp>

#include "within_rows.hpp"

// Promise 8 for classifiers: not one byte outside the caller's prompts, labels, images and outputs is read or written.

namespace tests {

using namespace unitsphere;

TEMPLATE_LIST_TEST_CASE("classifiers stay within their rows", "[guard]", element_types) {
    const auto scale = logit_scale::from_multiplier(100);
    at_every_edge([&](placement where, idx_t dim) {
        const idx_t classes = dim % 37 + 1, count = dim % 5 + 1, k = std::min(dim % 6 + 1, classes);
        const matrix<TestType> rows = random_rows<TestType>(classes, dim, 126);
        const matrix<TestType> images = random_rows<TestType>(count, dim, 127);
        const zero_shot_classifier classifier(rows, scale);
        const auto classify = [&](const auto& c, const auto& x) {
            return zero_shot_classifier(c, scale).predict_proba(x);
        };
        const auto label = [&](const auto& x) { return classifier.top_k(x, k).labels; };
        CHECK(read(where, classify, rows, images) == "");
        CHECK(read(where, label, images) == "");
        const auto write = [&](const auto& x, auto out) { classifier.predict_proba_into(x, out); };
        CHECK(written(where, classify(rows, images), write, images) == "");

        const top_labels best = classifier.top_k(images, k);
        guarded<idx_t> labels(count, k, where);
        const auto write_top = [&](const auto& x, auto out) { classifier.top_k_into(x, labels.view(), out); };
        CHECK(written(where, best.probabilities, write_top, images) == "");
        CHECK(labels.surroundings_intact());
        CHECK(first_difference(labels.view(), best.labels) == "");
    });
}

TEMPLATE_LIST_TEST_CASE("ensembles stay within their prompts and labels", "[guard]", element_types) {
    at_every_edge([](placement where, idx_t dim) {
        const idx_t prompts = dim % 37 + 1;
        const matrix<TestType> rows = random_rows<TestType>(prompts, dim, 126);
        matrix<int> labels(1, prompts);
        for (idx_t i = 0; i < prompts; ++i) labels(0, i) = int(i / 2);
        const auto ensemble = [](const auto& x, const auto& of_prompt) {
            return prompt_ensemble(x, numbers(matrix_view<const int>(of_prompt)));
        };
        CHECK(read(where, ensemble, rows, labels) == "");
    });
}

}  // namespace tests
