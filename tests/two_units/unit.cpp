// Compiled twice, as UNIT low and high, with different flags.
#include "unit.hpp"

#include <unitsphere/unitsphere.hpp>

namespace {

const char* instruction_set() { return us::instruction_set(); }

us::unit_embeddings<> normalize(rows raw) { return us::normalize(raw); }

us::array<double> norms(rows raw) { return us::norms(raw); }

us::matrix<float> cosines(const us::unit_embeddings<>& queries, us::matrix_view<const us::float16> gallery) {
    return us::cosine_similarity(queries, gallery);
}

us::array<float> pairs(rows a, rows b) { return us::pairwise_cosine(a, b); }

us::unit_embeddings<> ensemble(rows prompts) {
    us::array<us::idx_t> class_of_prompt(prompts.rows());
    for (us::idx_t i = 0; i < prompts.rows(); ++i) class_of_prompt[i] = i / 2;
    return us::prompt_ensemble(prompts, class_of_prompt);
}

us::matrix<float> probabilities(rows images, const us::unit_embeddings<>& classes, us::logit_scale scale) {
    const us::zero_shot_classifier classifier(classes, scale);
    return classifier.predict_proba(images);
}

us::matrix<float> softmax(const us::matrix<float>& logits) { return us::softmax(logits); }

void refuse() {
    us::matrix<float> one(1, 2);
    us::softmax_into(one, us::matrix<float>(1, 3).view());
}

}  // namespace

const unit UNIT{instruction_set, normalize, norms, cosines, pairs, ensemble, probabilities, softmax, refuse};
