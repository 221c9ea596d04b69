#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

namespace {
std::atomic<unitsphere::index> allocations{0};  // by any thread

void* allocate(std::size_t bytes, std::size_t alignment) {
    ++allocations;
    void* const block = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}
}  // namespace

// All other forms of new and delete call these, but for the address sanitizer's own nothrow ones. Not inlined, or gcc finds free() where it knows of operator new.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return allocate(bytes, std::size_t(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(bytes);
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

// With a workspace that the caller keeps, calls into the caller's memory allocate nothing once they have seen a shape.

namespace tests {

using namespace unitsphere;

namespace {

template <class Call>
index allocations_of(Call&& call) {
    const index before = allocations;
    call();
    return allocations - before;
}

/// A list that allocates nothing.
struct number_list {
    const index* first;
    std::size_t count;
    const index* data() const { return first; }
    std::size_t size() const { return count; }
};

/// What is asked, of so many queries and gallery rows of a dim; all memory is there before the questions.
struct questions {
    matrix<float> queries, rows, pairs, scores, per_text, unit, best_scores, labels_scores, slopes, row_slopes;
    matrix<double> exact_queries, exact_rows, exact_pairs, exact_scores, exact_unit;
    matrix<index> best, labels, image_of_text, text_ranks, image_ranks;
    unitsphere::gallery packed;
    zero_shot_classifier classifier;
    row_report seen;
    std::atomic<index> found{0};

    static matrix<double> widened(const matrix<float>& rows) {
        matrix<double> result(rows.rows(), rows.dim());
        for (index k = 0; k < rows.rows() * rows.dim(); ++k) result.data()[k] = rows.data()[k];
        return result;
    }

    questions(index q, index g, index dim)
        : queries(random_rows<float>(q, dim, 301)),
          rows(random_rows<float>(g, dim, 302)),
          pairs(1, q),
          scores(q, g),
          per_text(g, q),
          unit(q, dim),
          best_scores(q, g < 5 ? g : 5),
          labels_scores(best_scores),
          slopes(q, dim),
          row_slopes(g, dim),
          exact_queries(widened(queries)),
          exact_rows(widened(rows)),
          exact_pairs(1, q),
          exact_scores(q, g),
          exact_unit(q, dim),
          best(q, best_scores.dim()),
          labels(best),
          image_of_text(1, g),
          text_ranks(1, g),
          image_ranks(1, g),
          packed(rows),
          classifier(rows, logit_scale::from_multiplier(10.0f)) {
        for (index j = 0; j < g; ++j) image_of_text(0, j) = j % q;
    }

    /// ask(name, question) for every overload that writes into the caller's memory; question(how) asks it.
    template <class Ask>
    void each(Ask&& ask) {
        const logit_scale scale = logit_scale::from_multiplier(10.0f);
        const normalize_options counted{on_row::keep, on_row::nan, &seen};
        const auto count = [this](index, index, float) { found.fetch_add(1, std::memory_order_relaxed); };
        using how = const execution&;
        ask("normalize_into", [&](how h) { normalize_into(queries, unit.view(), h, counted); });
        ask("normalize_into double", [&](how h) { normalize_into(exact_queries, exact_unit.view(), h); });
        ask("normalize_in_place", [&](how h) { normalize_in_place(unit.view(), h); });
        ask("cosine_similarity", [&](how h) { cosine_similarity(queries, rows, scores.view(), h, counted, counted); });
        ask("cosine_similarity of a gallery", [&](how h) { cosine_similarity(queries, packed, scores.view(), h); });
        ask("cosine_similarity double",
            [&](how h) { cosine_similarity(exact_queries, exact_rows, exact_scores.view(), h); });
        ask("pairwise_cosine", [&](how h) { pairwise_cosine(queries, queries, pairs.view(), h); });
        ask("pairwise_cosine double",
            [&](how h) { pairwise_cosine(exact_queries, exact_queries, exact_pairs.view(), h); });
        ask("clip_logits", [&](how h) { clip_logits(queries, rows, scale, scores.view(), h); });
        ask("clip_logits both", [&](how h) { clip_logits(queries, rows, scale, scores.view(), per_text.view(), h); });
        ask("siglip_logits", [&](how h) { siglip_logits(queries, rows, scale, -1.0f, scores.view(), h); });
        clip_loss_options one_way;
        one_way.image_to_text_only = true;
        const bool fit = queries.rows() <= rows.rows();  // each query needs a row of its own
        const matrix<float>&images = fit ? queries : rows, &texts = fit ? rows : queries;
        const auto of_images = (fit ? slopes : row_slopes).view(), of_texts = (fit ? row_slopes : slopes).view();
        ask("clip_loss", [&, one_way](how h) { clip_loss(images, texts, scale, h, one_way); });
        ask("clip_loss_gradients",
            [&, one_way](how h) { clip_loss_gradients(images, texts, scale, of_images, of_texts, h, one_way); });
        ask("siglip_loss", [&](how h) { siglip_loss(images, texts, scale, -1.0f, h); });
        ask("siglip_loss_gradients",
            [&](how h) { siglip_loss_gradients(images, texts, scale, -1.0f, of_images, of_texts, h); });
        ask("softmax", [&](how h) { softmax(scores, scores.view(), h); });
        ask("log_softmax", [&](how h) { log_softmax(scores, scores.view(), h); });
        ask("sigmoid", [&](how h) { sigmoid(scores, scores.view(), h); });
        ask("sigmoid of cosines", [&](how h) { sigmoid(scores, scale, -1.0f, scores.view(), h); });
        ask("probabilities", [&](how h) { classifier.probabilities(queries, scores.view(), h); });
        ask("top", [&](how h) { classifier.top(queries, labels.view(), labels_scores.view(), h); });
        ask("top_k", [&](how h) { top_k(queries, rows, best.view(), best_scores.view(), h); });
        ask("top_k of a gallery", [&](how h) { top_k(queries, packed, best.view(), best_scores.view(), h); });
        ask("within", [&](how h) { within(queries, rows, 0.1f, count, h); });
        ask("pair_ranks", [&](how h) {
            const number_list list{image_of_text.data(), std::size_t(image_of_text.dim())};
            pair_ranks(queries, rows, list, text_ranks.view(), image_ranks.view(), h, counted, counted);
        });
        ask("near_duplicates", [&](how h) { near_duplicates(rows, 0.94f, text_ranks.view(), h, counted); });
        ask("within a gallery", [&](how h) { within(queries, packed, 0.1f, count, h); });
    }
};

struct shape {
    index q, g, dim;
};
// One query, few queries, strips of the gallery, rows, and more queries than are packed at once.
constexpr shape shapes[] = {{1, 300, 70}, {12, 300, 70}, {41, 700, 70}, {300, 40, 4096}, {57, 66, 32768}};

/// The second call of each question allocates nothing, and what the workspace then holds stays.
void check_steady(questions& ask, const execution& how) {
    ask.each([&](const char* name, auto&& question) {
        CAPTURE(name, how.workers());
        question(how);
        const index bytes = how.space()->bytes();
        CHECK(allocations_of([&] { question(how); }) == 0);
        CHECK(how.space()->bytes() == bytes);
    });
}

}  // namespace

TEST_CASE("a call of a shape that the workspace has seen allocates nothing", "[allocation]") {
    const shape s = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
    CAPTURE(s.q, s.g, s.dim);
    questions ask(s.q, s.g, s.dim);
    workspace alone, space, shared;
    team threads(4);
    check_steady(ask, alone);
    check_steady(ask, {in_reverse, space});
    check_steady(ask, {threads, shared});
}

TEST_CASE("smaller shapes take what is there and leave it", "[allocation]") {
    workspace space;
    team threads(3);
    questions large(41, 700, 70), small(12, 300, 70), one(1, 5, 3);
    const execution how(threads, space), same(space);
    large.each([&](const char*, auto&& question) { question(how), question(same); });
    const index bytes = space.bytes();
    for (questions* ask : {&small, &one, &large})
        ask->each([&](const char* name, auto&& question) {
            CAPTURE(name);
            CHECK(allocations_of([&] { question(how), question(same); }) == 0);
        });
    CHECK(space.bytes() == bytes);
}

TEST_CASE("calls without scratch memory allocate nothing at all", "[allocation]") {
    questions ask(41, 700, 70);
    const std::vector<float> a(70, 1.0f), b(70, 2.0f);
    float score = 0;
    CHECK(allocations_of([&] { score = cosine(a, b) + cosine(a.data(), b.data(), 70); }) == 0);
    CHECK(allocations_of([&] { normalize_into(ask.queries, ask.unit.view()); }) == 0);
    CHECK(allocations_of([&] { normalize_in_place(ask.unit.view()); }) == 0);
    CHECK(allocations_of([&] { pairwise_cosine(ask.queries, ask.queries, ask.pairs.view()); }) == 0);
    CHECK(allocations_of([&] { softmax(ask.scores, ask.scores.view()); }) == 0);
    CHECK(allocations_of([&] { log_softmax(ask.scores, ask.scores.view()); }) == 0);
    CHECK(allocations_of([&] { sigmoid(ask.scores, ask.scores.view()); }) == 0);
    const linear_head head(random_rows<double>(5, 71, 304));
    matrix<double> decisions(41, 5);
    CHECK(allocations_of([&] { head.decision(ask.queries, decisions.view(), sequential{}); }) == 0);
    CHECK(allocations_of([&] { head.predict_proba(ask.queries, decisions.view(), sequential{}); }) == 0);
    CHECK(allocations_of([&] { head.predict(ask.queries); }) == 2);  // as documented
    workspace space;
    normalize_into(ask.queries, ask.unit.view(), space);
    softmax(ask.scores, ask.scores.view(), space);
    CHECK(space.bytes() == 0);
}

TEST_CASE("a call that returns its result allocates that alone", "[allocation]") {
    questions ask(41, 700, 70);
    workspace space;
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    ask.each([&](const char*, auto&& question) { question(space); });
    CHECK(allocations_of([&] { normalize(ask.queries, space); }) == 1);
    CHECK(allocations_of([&] { cosine_similarity(ask.queries, ask.rows, space); }) == 1);
    CHECK(allocations_of([&] { pairwise_cosine(ask.queries, ask.queries, space); }) == 2);  // as documented
    CHECK(allocations_of([&] { clip_logits(ask.queries, ask.rows, scale, space); }) == 2);  // two matrices
    CHECK(allocations_of([&] { siglip_logits(ask.queries, ask.rows, scale, -1.0f, space); }) == 1);
    clip_loss_options one_way;
    one_way.image_to_text_only = true;
    CHECK(allocations_of([&] { clip_loss_gradients(ask.queries, ask.rows, scale, space, one_way); }) == 2);
    CHECK(allocations_of([&] { siglip_loss_gradients(ask.queries, ask.rows, scale, 0.0f, space); }) == 2);
    CHECK(allocations_of([&] { softmax(ask.scores, space); }) == 1);
    CHECK(allocations_of([&] { log_softmax(ask.scores, space); }) == 1);
    CHECK(allocations_of([&] { sigmoid(ask.scores, space); }) == 1);
    CHECK(allocations_of([&] { ask.classifier.probabilities(ask.queries, space); }) == 1);
    CHECK(allocations_of([&] { ask.classifier.top(ask.queries, 5, space); }) == 2);
    CHECK(allocations_of([&] { top_k(ask.queries, ask.rows, 5, space); }) == 2);
}

TEST_CASE("the losses take memory for each row, not for each pair", "[allocation]") {
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    constexpr index dim = 16;
    // 60 bytes a row: factors, tops, sums, slopes, labels. Beside them what one worker packs, whatever the batch.
    const auto bytes = [&](index n, bool gradients) {
        const matrix<float> rows = random_rows<float>(n, dim, 304);
        matrix<float> a(n, dim), b(n, dim);
        workspace space;
        if (gradients) clip_loss_gradients(rows, rows, scale, a.view(), b.view(), space);
        if (gradients) siglip_loss_gradients(rows, rows, scale, 0.0f, a.view(), b.view(), space);
        clip_loss(rows, rows, scale, space);
        siglip_loss(rows, rows, scale, 0.0f, space);
        return space.bytes();
    };
    for (const bool gradients : {false, true}) {
        const index packed = index(gradients ? 4 : 3) << 20;
        for (const index n : {1000, 4000, 8000}) {
            CAPTURE(gradients, n);
            CHECK(bytes(n, gradients) < packed + 2 * n * 60);
        }
    }
}

TEST_CASE("a call that is refused writes nothing and leaves the workspace as it was", "[allocation]") {
    questions ask(12, 300, 70);
    workspace space;
    top_k(ask.queries, ask.rows, ask.best.view(), ask.best_scores.view(), space);
    const matrix<float> expected = cosine_similarity(ask.queries, ask.rows);
    const index bytes = space.bytes();
    const normalize_options strict{on_row::error, on_row::error, &ask.seen};
    const matrix<float> zero = random_rows<float>(12, 70, 303, row_kind::zero), before = untouched(12, 300);
    matrix<float> scores = before, best_scores = untouched(12, 5);
    matrix<index> best(12, 5);
    for (index k = 0; k < 60; ++k) best.data()[k] = 77;
    ask.seen = {9, 9, 9, 9};
    for (const execution& how : {execution(space), execution(in_reverse, space)}) {
        CHECK_THROWS_AS(cosine_similarity(zero, ask.rows, scores.view(), how, strict), value_error);
        CHECK_THROWS_AS(cosine_similarity(ask.queries, ask.rows, {scores.data(), 11, 300}, how), shape_error);
        CHECK_THROWS_AS(ask.classifier.probabilities(zero, scores.view(), how, strict), value_error);
        CHECK_THROWS_AS(top_k(zero, ask.rows, best.view(), best_scores.view(), how, strict), value_error);
        CHECK_THROWS_AS(siglip_logits(ask.queries, ask.rows, logit_scale::from_multiplier(1.0f),
                                      reference::float_from_bits(0x7f800000u), scores.view(), how),
                        value_error);
        CHECK(first_difference(scores, before) == "");
        CHECK(first_difference(best_scores, untouched(12, 5)) == "");
        CHECK((best(0, 0) == 77 && best(11, 4) == 77 && ask.seen.zero_rows == 9 && ask.seen.first_zero == 9));
        CHECK(space.bytes() == bytes);
        cosine_similarity(ask.queries, ask.rows, ask.scores.view(), space);
        CHECK(first_difference(ask.scores, expected) == "");
    }
}

}  // namespace tests
