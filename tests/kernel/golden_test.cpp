// The bits of scores and probabilities never change: not with the compiler, the instruction set, or the release.
// tests/golden/fma.txt holds one hash per case for every machine with fused multiply-add, golden/no_fma.txt for those
// without.

#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "golden.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

template <class T>
std::string type_name() {
    return std::is_same_v<T, float> ? "f32" : "f16";
}

}  // namespace

TEMPLATE_TEST_CASE("scores and unit rows keep their bits", "[golden]", float, float16) {
    const idx_t dim = GENERATE(1, 15, 16, 17, 127, 128, 129, 512, 768, 1152);
    const auto queries = varied_rows<TestType>(19, dim, 101), gallery = varied_rows<TestType>(37, dim, 102);
    const std::string name = type_name<TestType>() + "_" + std::to_string(dim);
    matrix<float> unit(19, dim);
    normalize_into(queries, unit);
    check("unit_" + name, unit);
    check("cosine_" + name, cosine_similarity(queries, gallery));
}

// Integers: sums are exact, and no machine may fuse what is rounded around them. The same lines in both files.
TEMPLATE_TEST_CASE("scores of compact galleries keep their bits", "[golden]", std::int8_t, int4, one_bit) {
    const idx_t dim = GENERATE(1, 15, 16, 17, 100, 127, 512, 768, 1000, 1152);
    const compact_gallery<TestType> gallery(varied_rows<float>(37, dim, 106));
    const char* const storage = std::is_same_v<TestType, std::int8_t> ? "int8_"
                                : std::is_same_v<TestType, int4>      ? "int4_"
                                                                      : "one_bit_";
    check("compact_" + (storage + std::to_string(dim)), cosine_similarity(varied_rows<float>(19, dim, 107), gallery));
}

TEST_CASE("probabilities keep their bits", "[golden]") {
    const idx_t columns = GENERATE(1, 2, 10, 16, 17, 33, 1000, 1024, 1025, 5000);
    auto logits = random_rows<float>(3, columns, 103);
    for (idx_t i = 0; i < 3 * columns; ++i)
        logits.data()[i] *= float(1 << (4 * (i / columns)));  // spreads of 4 to 1024
    check("softmax_" + std::to_string(columns), softmax(logits));
    check("log_softmax_" + std::to_string(columns), log_softmax(logits));
    check("sigmoid_" + std::to_string(columns), sigmoid(logits, logit_scale::from_multiplier(1.7f), -0.3f));
}

TEST_CASE("classifiers keep their bits", "[golden]") {
    const auto images = random_rows<float16>(40, 512, 104);
    const auto prompts = random_rows<float>(60, 512, 105);
    std::vector<int> class_of_prompt(60);
    for (std::size_t i = 0; i < 60; ++i) class_of_prompt[i] = int(i * 7 % 17 % 12);
    const auto classes = prompt_ensemble(prompts, class_of_prompt);
    const zero_shot_classifier classifier(classes, logit_scale::from_multiplier(56.9953f));
    check("ensemble", cosine_similarity(classes, classes));
    check("zero_shot", classifier.predict_proba(images));
    check("zero_shot_top_labels", classifier.top_k(images, 5).labels);
    check("zero_shot_top_probabilities", classifier.top_k(images, 5).probabilities);
}

}  // namespace tests
