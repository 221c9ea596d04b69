// Compiled twice, as UNIT low and high, with different flags.
#include "unit.hpp"

#include <unitsphere/unitsphere.hpp>

namespace {

const char* instruction_set() { return us::instruction_set(); }

us::unit_embeddings<> normalize(rows raw) { return us::normalize(raw); }

us::matrix<double> norms(rows raw) {
    const std::vector<double> lengths = us::norms(raw);
    us::matrix<double> out(1, us::index(lengths.size()));
    for (us::index i = 0; i < out.dim(); ++i) out(0, i) = lengths.data()[i];
    return out;
}

us::matrix<float> cosines(const us::unit_embeddings<>& queries, us::matrix_view<const us::float16> gallery) {
    return us::cosine_similarity(queries, gallery);
}

us::matrix<float> pairs(rows a, rows b) {
    const std::vector<float> scores = us::pairwise_cosine(a, b);
    us::matrix<float> out(1, us::index(scores.size()));
    for (us::index i = 0; i < out.dim(); ++i) out(0, i) = scores.data()[i];
    return out;
}

us::unit_embeddings<> ensemble(rows prompts) {
    us::matrix<us::index> class_of_prompt(1, prompts.rows());
    for (us::index i = 0; i < prompts.rows(); ++i) class_of_prompt(0, i) = i / 2;
    const us::index* first = class_of_prompt.data();
    return us::prompt_ensemble(prompts, std::vector<us::index>(first, first + prompts.rows()));
}

us::matrix<float> probabilities(rows images, const us::unit_embeddings<>& classes, us::logit_scale scale) {
    const us::zero_shot_classifier classifier(classes, scale);
    return classifier.probabilities(images);
}

us::matrix<float> softmax(const us::matrix<float>& logits) { return us::softmax(logits); }

void refuse() {
    us::matrix<float> one(1, 2);
    us::softmax(one, us::matrix<float>(1, 3).view());
}

}  // namespace

const unit UNIT{instruction_set, normalize, norms, cosines, pairs, ensemble, probabilities, softmax, refuse};
