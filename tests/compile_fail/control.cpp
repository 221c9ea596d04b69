// The right way to write what the other files here get wrong: this one must compile.
#include <type_traits>
#include <vector>

#include <unitsphere/linear_probe.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::idx_t rows_of(us::unit_view<float> unit) { return unit.rows(); }

us::idx_t right_pairs(us::matrix_view<const float> raw, const std::vector<int>& image_of_text) {
    const us::retrieval_result found = us::retrieval(raw, raw, image_of_text);
    const us::duplicate_groups groups = us::near_duplicates(us::gallery(raw).unit_rows(), 0.94f);
    const us::neighbours hits = us::top_k(raw, us::gallery(raw), 5, {}, {});
    return us::idx_t(us::recall_at(found.image_to_text, 5)) + groups.size() + hits.indices.rows();
}

us::idx_t right(us::matrix_view<const float> raw, const us::unit_embeddings<>& unit, const float* pointer) {
    const us::logit_scale scale = us::logit_scale::from_multiplier(100.0f);
    const us::clip_logit_matrices logits = us::clip_logits(raw, unit, scale);
    const us::zero_shot_classifier classifier(raw, scale);
    const us::clip_loss_value loss = us::clip_loss(raw, unit, scale);
    const auto siglip = us::siglip_loss_gradients(raw, unit, scale, -10.0f);
    const us::unit_embeddings<> made = us::normalize(raw);
    const us::unit_view<> adopted = us::adopt_unit(raw);
    const us::matrix_view<const float> behind_pointer(pointer, 2, 512);
    const us::matrix<float> cosines = us::cosine_similarity(behind_pointer, unit, {}, {});
    const us::matrix<float> probabilities = us::softmax(cosines, scale);
    const us::top_labels best = classifier.top_k(raw, 5);
    const us::logistic_fit probe = us::logistic_regression(raw, std::vector<int>{0, 1});
    const us::linear_head head(raw), same(raw, std::vector<double>{0.5});
    const us::array<us::idx_t> flags = probe.head.predict(unit, 0.93), labels = head.predict(raw, {});
    return probabilities.rows() + best.labels.rows() + classifier.classes() + rows_of(made) + adopted.rows() +
           logits.per_image.rows() + siglip.images.rows() + us::idx_t(loss.loss) +
           us::idx_t(flags.size() + labels.size()) + same.decision_function(unit).rows();
}

#ifdef __OPTIMIZE__
static_assert(us::optimized);
#else
static_assert(!us::optimized);
#endif

// What is no argument is none for std::is_invocable either.
struct similarity {
    template <class... Arguments>
    auto operator()(Arguments&&... arguments) const
        -> decltype(us::cosine_similarity(static_cast<Arguments&&>(arguments)...));
};
static_assert(std::is_invocable_v<similarity, us::matrix<float>, us::gallery>);
static_assert(std::is_invocable_v<similarity, us::matrix<float>, us::matrix<us::float16>, us::workspace&>);
static_assert(!std::is_invocable_v<similarity, us::matrix<float>>);
static_assert(!std::is_invocable_v<similarity, us::matrix<int>, us::matrix<float>>);
static_assert(!std::is_invocable_v<similarity, std::vector<std::vector<float>>, us::gallery>);
static_assert(!std::is_invocable_v<similarity, us::gallery, us::matrix<float>>);
