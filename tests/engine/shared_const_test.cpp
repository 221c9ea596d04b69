#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

// Promise 9: const members and free functions may be called from many threads at once; nothing is shared behind them.
// A thread sanitizer watches this program: what it would see is there even where the bits come out right.

namespace tests {

using unitsphere::clip_logits;
using unitsphere::cosine_similarity;
using unitsphere::logit_scale;
using unitsphere::normalize;
using unitsphere::softmax;
using unitsphere::top_labels;
using unitsphere::zero_shot_classifier;

namespace {

constexpr int thread_count = 8;

/// work(0), .. work(thread_count - 1), each in a thread of its own, begun together.
template <class Work>
void at_once(Work work) {
    std::atomic<int> waiting{thread_count};
    std::vector<std::thread> threads;
    for (int t = 0; t < thread_count; ++t)
        threads.emplace_back([&waiting, &work, t] {
            --waiting;
            while (waiting > 0) std::this_thread::yield();
            work(t);
        });
    for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEMPLATE_TEST_CASE("one classifier serves many threads at once", "[shared_const]", float, float16) {
    const matrix<TestType> images = random_rows<TestType>(37, 130, 91);
    const zero_shot_classifier classifier(random_rows<TestType>(50, 130, 92), logit_scale::from_multiplier(100.0f));
    const matrix<float> probabilities = classifier.predict_proba(images);
    const top_labels best = classifier.top_k(images, 5);

    std::vector<matrix<float>> all(thread_count);
    std::vector<top_labels> tops(thread_count);
    at_once([&](int t) {
        for (int round = 0; round < 3; ++round) {
            all[std::size_t(t)] = classifier.predict_proba(images);
            tops[std::size_t(t)] = classifier.top_k(images, 5);
        }
    });
    for (std::size_t t = 0; t < thread_count; ++t) {
        CHECK(first_difference(all[t], probabilities) == "");
        CHECK(first_difference(tops[t].probabilities, best.probabilities) == "");
        CHECK(std::equal(best.labels.data(), best.labels.data() + 37 * 5, tops[t].labels.data()));
    }
}

TEST_CASE("many threads compare the same rows at once", "[shared_const]") {
    const matrix<float> queries = random_rows<float>(21, 257, 93), gallery = random_rows<float>(70, 257, 94);
    const auto unit = normalize(gallery);
    const logit_scale scale = logit_scale::from_multiplier(100.0f);
    const matrix<float> scores = cosine_similarity(queries, gallery),
                        logits = clip_logits(queries, unit, scale).per_text;

    std::vector<matrix<float>> raw(thread_count), mixed(thread_count), per_text(thread_count);
    at_once([&](int t) {
        raw[std::size_t(t)] = cosine_similarity(queries.view(), gallery.view());
        mixed[std::size_t(t)] = cosine_similarity(queries.view(), unit);
        per_text[std::size_t(t)] = clip_logits(queries.view(), unit, scale).per_text;
    });
    for (std::size_t t = 0; t < thread_count; ++t) {
        CHECK(first_difference(raw[t], scores) == "");
        CHECK(first_difference(mixed[t], scores) == "");
        CHECK(first_difference(per_text[t], logits) == "");
    }
}

TEST_CASE("many threads write neighbouring rows of one matrix at once", "[shared_const]") {
    constexpr idx_t rows = 64, dim = 35, stride = 37;  // neighbours share cache lines; the gaps belong to nobody
    const matrix<float> logits = random_rows<float>(rows, dim, 95), queries = random_rows<float>(rows, dim, 96);
    const matrix<float> expected = softmax(logits), scores = cosine_similarity(queries, queries);

    matrix<float> out = untouched(rows, stride), out_scores = untouched(rows, rows);
    at_once([&](int t) {
        for (idx_t i = t; i < rows; i += thread_count) {
            unitsphere::softmax_into(part(logits, i, 1), matrix_view<float>(out.row(i), 1, dim, stride));
            unitsphere::cosine_similarity_into(part(queries, i, 1), queries,
                                               matrix_view<float>(out_scores.row(i), 1, rows));
        }
    });
    CHECK(first_difference(matrix_view<const float>(out.data(), rows, dim, stride), expected) == "");
    CHECK(first_difference(out_scores, scores) == "");
    for (idx_t i = 0; i < rows; ++i) CHECK((out(i, dim) == -123.25f && out(i, dim + 1) == -123.25f));
}

}  // namespace tests
