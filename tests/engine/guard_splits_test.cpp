#include <unitsphere/unitsphere.hpp>

#include "executors.hpp"
#include "within_rows.hpp"

// Promise 8 for calls that an executor splits: no worker touches a byte outside the caller's rows.

namespace tests {

using namespace unitsphere;

namespace {

/// check(where, dim, how) for every placement, executors of few and many workers, and dims around edges.
template <class Check>
void at_every_split(std::initializer_list<idx_t> dims, Check&& check) {
    team three(3);
    for (const placement where : every_placement)
        for (const idx_t dim : dims)
            for (const execution& how : {execution(three), execution(in_reverse)}) {
                INFO("placement " << int(where) << ", dim " << dim << ", workers " << how.workers());
                check(where, dim, how);
            }
}

}  // namespace

TEMPLATE_TEST_CASE("workers stay within the rows of both sides and of the scores", "[guard]", float, float16) {
    using rows = matrix_view<const TestType>;
    const auto scale = logit_scale::from_multiplier(10);
    at_every_split({1, 16, 17, 129, 512}, [&](placement where, idx_t dim, const execution& how) {
        for (const idx_t q : {idx_t(5), idx_t(12), dim % 31 + 57}) {
            const auto queries = random_rows<TestType>(q, dim, 501), gallery = random_rows<TestType>(133, dim, 502);
            const auto expected = cosine_similarity(queries, gallery);
            const auto scores = [&](rows a, rows b, auto out) { cosine_similarity_into(a, b, out, how); };
            CHECK(written(where, expected, scores, queries, gallery) == "");
            CHECK(written(where, cosine_similarity(gallery, queries), scores, gallery, queries) == "");
            const unitsphere::gallery packed(guarded<TestType>(gallery, where).rows(), how);
            const auto of_packed = [&](rows a, auto out) { cosine_similarity_into(a, packed, out, how); };
            CHECK(written(where, expected, of_packed, queries) == "");

            const auto logits = clip_logits(queries, gallery, scale);
            guarded<float> per_text(133, q, where);
            const auto both = [&](rows a, rows b, auto out) {
                clip_logits_into(a, b, scale, out, per_text.view(), how);
            };
            CHECK(written(where, logits.per_image, both, queries, gallery) == "");
            CHECK((per_text.surroundings_intact() && first_difference(per_text.view(), logits.per_text) == ""));

            const neighbours best = top_k(queries, gallery, 4);
            guarded<idx_t> indices(q, 4, where);
            const auto search = [&](rows a, rows b, auto out) { top_k_into(a, b, indices.view(), out, how); };
            CHECK(written(where, best.scores, search, queries, gallery) == "");
            CHECK((indices.surroundings_intact() && first_difference(indices.view(), best.indices) == ""));
            const neighbours nearest = top_k(queries, gallery, 4, {}, {{}, {}, true});
            const auto rescore = [&](rows a, rows b, auto out) {
                top_k_into(a, b, indices.view(), out, how, {{}, {}, true});
            };
            CHECK(written(where, nearest.scores, rescore, queries, gallery) == "");
        }
    });
}

TEST_CASE("workers stay within rows that they normalize, pair or classify", "[guard]") {
    using rows = matrix_view<const float>;
    at_every_split({129, 512, 1000}, [&](placement where, idx_t dim, const execution& how) {
        const idx_t n = 2 * (32768 / dim) + 1;  // several shares of rows
        const matrix<float> a = random_rows<float>(n, dim, 503);
        const auto unit = [&](rows x, auto out) { normalize_into(x, out, how); };
        CHECK(written(where, normalize(a), unit, a) == "");
        const auto in_place = [&](auto x) { normalize_in_place(x, how); };
        CHECK(changed(where, normalize(a), in_place, a) == "");
        const auto pairs = [&](rows x, auto out) { pairwise_cosine_into(x, a, out, how); };
        CHECK(written(where, pairwise_cosine(a, a).view(), pairs, a) == "");
        const auto soft = [&](rows x, auto out) { softmax_into(x, out, how); };
        CHECK(written(where, softmax(a), soft, a) == "");
        const auto log_soft = [&](rows x, auto out) { log_softmax_into(x, out, how); };
        CHECK(written(where, log_softmax(a), log_soft, a) == "");
        const auto sig = [&](rows x, auto out) { sigmoid_into(x, out, how); };
        CHECK(written(where, sigmoid(a), sig, a) == "");

        const zero_shot_classifier classifier(part(a, 0, 35), logit_scale::from_multiplier(10));
        const auto probabilities = [&](rows x, auto out) { classifier.predict_proba_into(x, out, how); };
        CHECK(written(where, classifier.predict_proba(a), probabilities, a) == "");
        const top_labels best = classifier.top_k(a, 3);
        guarded<idx_t> labels(n, 3, where);
        const auto top = [&](rows x, auto out) { classifier.top_k_into(x, labels.view(), out, how); };
        CHECK(written(where, best.probabilities, top, a) == "");
        CHECK((labels.surroundings_intact() && first_difference(labels.view(), best.labels) == ""));
    });
}

}  // namespace tests
