// The right way to write what the other files here get wrong: this one must compile.
#include <vector>

#include <unitsphere/linear_probe.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::index rows_of(us::unit_view<float> unit) { return unit.rows(); }

us::index right_pairs(us::matrix_view<const float> raw, const std::vector<int>& image_of_text) {
    const us::retrieval_result found = us::retrieval(raw, raw, image_of_text);
    const us::duplicate_groups groups = us::near_duplicates(us::gallery(raw).unit_rows());
    return us::index(us::recall_at(found.image_to_text, 5)) + groups.count();
}

us::index right(us::matrix_view<const float> raw, const us::unit_embeddings<>& unit, const float* pointer) {
    const us::logit_scale scale = us::logit_scale::from_multiplier(100.0f);
    const us::clip_logit_matrices logits = us::clip_logits(raw, unit, scale);
    const us::zero_shot_classifier classifier(raw, scale);
    const us::clip_loss_value loss = us::clip_loss(raw, unit, scale);
    const us::siglip_loss_gradient siglip = us::siglip_loss_gradients(raw, unit, scale, -10.0f);
    const us::unit_embeddings<> made = us::normalize(raw);
    const us::unit_view<> adopted = us::adopt_unit(raw);
    const us::matrix<float> cosines = us::cosine_similarity(us::matrix_view<const float>(pointer, 2, 512), unit);
    const us::matrix<float> probabilities = us::softmax(logits.per_image);
    const us::top_labels best = classifier.top(raw, 5);
    const us::logistic_fit probe = us::logistic_regression(raw, std::vector<int>{0, 1});
    const us::linear_head head(raw), same(raw, std::vector<double>{0.5});
    const std::vector<us::index> flags = probe.head.predict(unit, 0.93), labels = head.predict(raw);
    return probabilities.rows() + best.labels.rows() + classifier.classes() + rows_of(made) + adopted.rows() +
           cosines.rows() + siglip.images.rows() + us::index(loss.loss) + us::index(flags.size() + labels.size()) +
           same.decision(unit).rows();
}
