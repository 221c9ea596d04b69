#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "aligned_block.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"
#include "stack_use.hpp"

namespace {
std::atomic<unitsphere::idx_t> allocations{0}, aligned_allocations{0};  // by any thread

void* allocate(std::size_t bytes, std::size_t alignment) {
    ++allocations;
    void* const block = aligned_block(bytes, alignment);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}
}  // namespace

// All other forms of new and delete call these, but for the address sanitizer's own nothrow ones. Not inlined, or gcc
// finds free() where it knows of operator new.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
    ++aligned_allocations;
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
idx_t allocations_of(Call&& call) {
    const idx_t before = allocations;
    call();
    return allocations - before;
}

/// A list that allocates nothing.
struct number_list {
    const idx_t* first;
    std::size_t count;
    const idx_t* data() const { return first; }
    std::size_t size() const { return count; }
};

/// What is asked, of so many queries and gallery rows of a dim; all memory is there before the questions.
struct questions {
    matrix<float> queries, rows, cut, mean, scores, per_text, unit, best_scores, labels_scores, slopes, row_slopes;
    matrix<double> exact_queries, exact_rows, exact_scores, exact_unit, sums;
    array<float> pairs;
    array<double> exact_pairs, lengths;
    matrix<idx_t> best, labels;
    array<idx_t> one_class, image_of_text, in_order, text_ranks, image_ranks, best_label;
    unitsphere::gallery packed;
    compact_gallery<float16> compact;
    compact_gallery<int4> integers;
    compact_gallery<fast_bfloat16> fast;
    shadow_gallery shadow;
    zero_shot_classifier classifier;
    row_report seen;
    std::atomic<idx_t> found{0};

    static matrix<double> widened(const matrix<float>& rows) {
        matrix<double> result(rows.rows(), rows.dim());
        for (idx_t k = 0; k < rows.rows() * rows.dim(); ++k) result.data()[k] = rows.data()[k];
        return result;
    }

    questions(idx_t q, idx_t g, idx_t dim)
        : queries(random_rows<float>(q, dim, 301)),
          rows(random_rows<float>(g, dim, 302)),
          cut(q, 3),
          mean(1, dim),
          scores(q, g),
          per_text(g, q),
          unit(q, dim),
          best_scores(q, g < 5 ? g : 5),
          labels_scores(best_scores),
          slopes(q, dim),
          row_slopes(g, dim),
          exact_queries(widened(queries)),
          exact_rows(widened(rows)),
          exact_scores(q, g),
          exact_unit(q, dim),
          sums(1, dim),
          pairs(q),
          exact_pairs(q),
          lengths(q),
          best(q, best_scores.dim()),
          labels(best),
          one_class(q),
          image_of_text(g),
          in_order(q < g ? g : q),
          text_ranks(g),
          image_ranks(g),
          best_label(q),
          packed(rows),
          compact(rows),
          integers(rows),
          fast(rows),
          shadow(rows),
          classifier(rows, logit_scale::from_multiplier(10.0f)) {
        for (idx_t i = 0; i < q; ++i) pairs[i] = 1.0f;
        for (idx_t j = 0; j < g; ++j) image_of_text[j] = j % q;
        for (idx_t i = 0; i < idx_t(in_order.size()); ++i) in_order[i] = i;
    }

    /// ask(name, question) for every function that writes into the caller's memory; question(how) asks it.
    template <class Ask>
    void each(Ask&& ask) {
        const logit_scale scale = logit_scale::from_multiplier(10.0f);
        const row_policy counted{on_row::keep, on_row::nan, &seen};
        const auto count = [this](idx_t, idx_t, float) { found.fetch_add(1, std::memory_order_relaxed); };
        using how = const execution&;
        ask("normalize_into", [&](how h) { normalize_into(queries, unit, h, {counted}); });
        ask("norms_into", [&](how h) { norms_into(queries, lengths, h); });
        ask("normalize_into double", [&](how h) { normalize_into(exact_queries, exact_unit.view(), h); });
        ask("truncate_dim_into", [&](how h) { truncate_dim_into(queries, 3, cut, h); });
        ask("mean_direction_into", [&](how h) { mean_direction_into(queries, mean, h); });
        ask("mean_direction_into of weights", [&](how h) { mean_direction_into(queries, mean, h, {{}, {}, pairs}); });
        ask("add_directions", [&](how h) { add_directions(queries, sums, h); });
        ask("centroid_into", [&](how h) { centroid_into(queries, mean, h); });
        ask("center_into", [&](how h) { center_into(queries, mean, unit, h); });
        ask("slerp_into", [&](how h) { slerp_into(queries, queries, 0.5, unit, h); });
        ask("prompt_ensemble_into", [&](how h) {
            const number_list classes{one_class.data(), one_class.size()};
            prompt_ensemble_into(queries, classes, mean, h);
        });
        ask("normalize_in_place", [&](how h) { normalize_in_place(unit.view(), h); });
        ask("cosine_similarity", [&](how h) { cosine_similarity_into(queries, rows, scores, h, {counted, counted}); });
        ask("cosine_similarity of a gallery", [&](how h) { cosine_similarity_into(queries, packed, scores, h); });
        ask("cosine_similarity double",
            [&](how h) { cosine_similarity_into(exact_queries, exact_rows, exact_scores, h); });
        ask("pairwise_cosine", [&](how h) { pairwise_cosine_into(queries, queries, pairs, h); });
        ask("pairwise_cosine double",
            [&](how h) { pairwise_cosine_into(exact_queries, exact_queries, exact_pairs, h); });
        ask("clip_logits", [&](how h) { clip_logits_into(queries, rows, scale, scores, matrix_view<float>{}, h); });
        ask("clip_logits both", [&](how h) { clip_logits_into(queries, rows, scale, scores, per_text, h); });
        ask("siglip_logits", [&](how h) { siglip_logits_into(queries, rows, scale, -1.0f, scores, h); });
        clip_loss_options one_way;
        one_way.image_to_text_only = true;
        const bool fit = queries.rows() <= rows.rows();  // each query needs a row of its own
        const matrix<float>&images = fit ? queries : rows, &texts = fit ? rows : queries;
        const auto of_images = (fit ? slopes : row_slopes).view(), of_texts = (fit ? row_slopes : slopes).view();
        ask("clip_loss", [&, one_way](how h) { clip_loss(images, texts, scale, h, one_way); });
        ask("clip_loss_gradients",
            [&, one_way](how h) { clip_loss_gradients_into(images, texts, scale, of_images, of_texts, h, one_way); });
        ask("siglip_loss", [&](how h) { siglip_loss(images, texts, scale, -1.0f, h); });
        ask("siglip_loss_gradients",
            [&](how h) { siglip_loss_gradients_into(images, texts, scale, -1.0f, of_images, of_texts, h); });
        ask("softmax", [&](how h) { softmax_into(scores, scores, h); });
        ask("softmax of similarities", [&](how h) { softmax_into(scores, scale, scores, h); });
        ask("log_softmax", [&](how h) { log_softmax_into(scores, scores, h); });
        ask("log_softmax of similarities", [&](how h) { log_softmax_into(scores, scale, scores, h); });
        ask("log_sum_exp", [&](how h) { log_sum_exp_into(scores, lengths, h); });
        ask("log_sum_exp of similarities", [&](how h) { log_sum_exp_into(scores, scale, lengths, h); });
        ask("sigmoid", [&](how h) { sigmoid_into(scores, scores, h); });
        ask("sigmoid of cosines", [&](how h) { sigmoid_into(scores, scale, -1.0f, scores, h); });
        ask("predict_proba", [&](how h) { classifier.predict_proba_into(queries, scores, h); });
        ask("decision_function", [&](how h) { classifier.decision_function_into(queries, scores, h); });
        ask("predict", [&](how h) { classifier.predict_into(queries, best_label, h); });
        ask("top_k of classes", [&](how h) { classifier.top_k_into(queries, labels, labels_scores, h); });
        ask("top_k", [&](how h) { top_k_into(queries, rows, best, best_scores, h); });
        ask("top_k, rescored", [&](how h) { top_k_into(queries, rows, best, best_scores, h, {{}, {}, true}); });
        top_k_options masked, listed;
        const row_mask odd(rows.rows(), [](idx_t i) { return i % 2 == 1; });
        const matrix<idx_t> candidates(queries.rows(), 3);
        masked.filter.mask = odd, listed.filter.allowed = candidates;
        ask("top_k, masked", [&](how h) { top_k_into(queries, rows, best, best_scores, h, masked); });
        ask("top_k of lists", [&](how h) { top_k_into(queries, packed, best, best_scores, h, listed); });
        ask("top_k of a gallery", [&](how h) { top_k_into(queries, packed, best, best_scores, h); });
        ask("top_k of integers", [&](how h) { top_k_into(queries, integers, best, best_scores, h); });
        ask("top_k of fast_bfloat16", [&](how h) { top_k_into(queries, fast, best, best_scores, h); });
        ask("top_k by a shadow", [&](how h) { top_k_into(queries, shadow, best, best_scores, h); });
        ask("top_k_rescored", [&](how h) { top_k_rescored_into(queries, compact, packed, 2, best, best_scores, h); });
        const auto fetched = fetch_rows<float>([&](row_view<const idx_t> numbers, matrix_view<float> to) {
            for (idx_t n = 0; n < to.rows(); ++n) std::copy_n(rows.row(numbers[n]), to.dim(), to.row(n));
        });
        ask("top_k_rescored, fetched",
            [&](how h) { top_k_rescored_into(queries, compact, fetched, 2, best, best_scores, h); });
        ask("knn_classify", [&](how h) {
            const number_list list{image_of_text.data(), image_of_text.size()};
            knn_classify_into(queries, packed, list, best, best_scores, h);
        });
        const number_list each_query{in_order.data(), std::size_t(queries.rows())};
        const number_list each_row{in_order.data(), std::size_t(rows.rows())};
        ask("max_sim", [&](how h) { max_sim_into(queries, each_query, rows, each_row, scores, h); });
        ask("max_sim_top_k",
            [&](how h) { max_sim_top_k_into(queries, each_query, packed, each_row, best, best_scores, h); });
        ask("for_each_in_range", [&](how h) { for_each_in_range(queries, rows, 0.1f, count, h); });
        ask("pair_ranks", [&](how h) {
            const number_list list{image_of_text.data(), image_of_text.size()};
            pair_ranks_into(queries, rows, list, text_ranks, image_ranks, h, {counted, counted});
        });
        ask("pair_ranks, rescored", [&](how h) {
            const number_list list{image_of_text.data(), image_of_text.size()};
            pair_ranks_into(queries, rows, list, text_ranks, image_ranks, h, {counted, counted, true});
        });
        ask("near_duplicates", [&](how h) { near_duplicates_into(rows, 0.94f, text_ranks, h, {counted}); });
        ask("for_each_in_range of a gallery", [&](how h) { for_each_in_range(queries, packed, 0.1f, count, h); });
    }
};

struct shape {
    idx_t q, g, dim;
};
// One query, few queries, strips of the gallery, rows, and more queries than are packed at once.
constexpr shape shapes[] = {{1, 300, 70}, {12, 300, 70}, {41, 700, 70}, {300, 40, 4096}, {57, 66, 12288}};

/// The second call of each question allocates nothing, and what the workspace then holds stays.
void check_steady(questions& ask, const execution& how) {
    ask.each([&](const char* name, auto&& question) {
        CAPTURE(name, how.workers());
        question(how);
        const idx_t bytes = how.space()->bytes();
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

TEST_CASE("a call of a smaller shape allocates nothing and does not shrink the workspace", "[allocation]") {
    workspace space;
    team threads(3);
    questions large(41, 700, 70), small(12, 300, 70), one(1, 5, 3);
    const execution how(threads, space), same(space);
    large.each([&](const char*, auto&& question) { question(how), question(same); });
    const idx_t bytes = space.bytes();
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
    CHECK(allocations_of([&] { score = cosine(a, b); }) == 0);
    CHECK(allocations_of([&] { normalize_into(ask.queries, ask.unit); }) == 0);
    CHECK(allocations_of([&] { normalize_in_place(ask.unit.view()); }) == 0);
    CHECK(allocations_of([&] { pairwise_cosine_into(ask.queries, ask.queries, ask.pairs); }) == 0);
    CHECK(allocations_of([&] { softmax_into(ask.scores, ask.scores); }) == 0);
    CHECK(allocations_of([&] { log_softmax_into(ask.scores, ask.scores); }) == 0);
    CHECK(allocations_of([&] { sigmoid_into(ask.scores, ask.scores); }) == 0);
    const linear_head head(random_rows<double>(5, 71, 304));
    matrix<double> decisions(41, 5);
    CHECK(allocations_of([&] { head.decision_function_into(ask.queries, decisions); }) == 0);
    CHECK(allocations_of([&] { head.predict_proba_into(ask.queries, decisions); }) == 0);
    CHECK(allocations_of([&] { head.predict(ask.queries); }) == 1);
    workspace space;
    normalize_into(ask.queries, ask.unit.view(), space);
    softmax_into(ask.scores, ask.scores, space);
    CHECK(space.bytes() == 0);
}

TEST_CASE("a call that returns its result allocates that alone", "[allocation]") {
    questions ask(41, 700, 70);
    workspace space;
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    ask.each([&](const char*, auto&& question) { question(space); });
    CHECK(allocations_of([&] { normalize(ask.queries, space); }) == 1);
    CHECK(allocations_of([&] { cosine_similarity(ask.queries, ask.rows, space); }) == 1);
    CHECK(allocations_of([&] { pairwise_cosine(ask.queries, ask.queries, space); }) == 1);
    CHECK(allocations_of([&] { clip_logits(ask.queries, ask.rows, scale, space); }) == 2);  // two matrices
    CHECK(allocations_of([&] { siglip_logits(ask.queries, ask.rows, scale, -1.0f, space); }) == 1);
    clip_loss_options one_way;
    one_way.image_to_text_only = true;
    CHECK(allocations_of([&] { clip_loss_gradients(ask.queries, ask.rows, scale, space, one_way); }) == 2);
    CHECK(allocations_of([&] { siglip_loss_gradients(ask.queries, ask.rows, scale, 0.0f, space); }) == 2);
    CHECK(allocations_of([&] { softmax(ask.scores, space); }) == 1);
    CHECK(allocations_of([&] { log_softmax(ask.scores, space); }) == 1);
    CHECK(allocations_of([&] { sigmoid(ask.scores, space); }) == 1);
    CHECK(allocations_of([&] { ask.classifier.predict_proba(ask.queries, space); }) == 1);
    CHECK(allocations_of([&] { ask.classifier.top_k(ask.queries, 5, space); }) == 2);
    CHECK(allocations_of([&] { top_k(ask.queries, ask.rows, 5, space); }) == 2);
}

TEST_CASE("a call that refuses its arguments allocates no result", "[allocation]") {
    const matrix<float> rows = random_rows<float>(12, 8, 305), others = random_rows<float>(12, 9, 306);
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    const std::vector<idx_t> no_image(12, -1);
    const auto results_of = [](auto&& call) {  // the library's memory is aligned, that of an error's text is not
        const idx_t before = aligned_allocations;
        CHECK_THROWS_AS(call(), std::invalid_argument);
        return aligned_allocations - before;
    };
    CHECK(results_of([&] { top_k(rows, others, 5); }) == 0);
    CHECK(results_of([&] { pair_ranks(rows, others, no_image); }) == 0);
    CHECK(results_of([&] { retrieval(rows, others); }) == 0);
    CHECK(results_of([&] { near_duplicates(rows, reference::float_from_bits(0x7fc00000u)); }) == 0);
    CHECK(results_of([&] { clip_loss_gradients(rows, others, scale); }) == 0);
    CHECK(results_of([&] { siglip_loss_gradients(rows, others, scale, 0.0f); }) == 0);
}

TEST_CASE("the losses take memory for each row, not for each pair", "[allocation]") {
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    constexpr idx_t dim = 16;
    // 60 bytes a row: factors, tops, sums, slopes, labels. Beside them what one worker packs, whatever the batch.
    const auto bytes = [&](idx_t n, bool gradients) {
        const matrix<float> rows = random_rows<float>(n, dim, 304);
        matrix<float> a(n, dim), b(n, dim);
        workspace space;
        if (gradients) clip_loss_gradients_into(rows, rows, scale, a, b, space);
        if (gradients) siglip_loss_gradients_into(rows, rows, scale, 0.0f, a, b, space);
        clip_loss(rows, rows, scale, space);
        siglip_loss(rows, rows, scale, 0.0f, space);
        return space.bytes();
    };
    for (const bool gradients : {false, true}) {
        const idx_t packed = idx_t(gradients ? 4 : 3) << 20;
        for (const idx_t n : {1000, 3000}) {
            CAPTURE(gradients, n);
            CHECK(bytes(n, gradients) < packed + 2 * n * 60);
        }
    }
}

TEST_CASE("no call takes more than 32 KiB of stack", "[allocation]") {
    const shape s = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
    questions ask(s.q, s.g, s.dim);
    workspace space;
    if (stack_can_be_measured)
        ask.each([&](const char* name, auto&& question) {
            CAPTURE(name, s.q, s.g, s.dim);
            const idx_t bytes = stack_of([&] { question(space); });
            CHECK(bytes >= 0);  // 0 where the start of the thread went as deep
            CHECK(bytes <= 32 * 1024);
        });
}

TEST_CASE("the stack of a call is measured", "[allocation]") {
    if (!stack_can_be_measured) return;
    const idx_t bytes = stack_of([] {
        volatile char deep[20000];
        for (volatile char& each : deep) each = 1;
    });
    CHECK(bytes > 16 * 1024);
    CHECK(bytes < 24 * 1024);
}

TEST_CASE("every call that needs scratch memory refuses a workspace in use", "[allocation]") {
    questions ask(41, 300, 70);
    workspace space;
    team threads(3);
    int refused = 0;
    ask.each([&](const char* name, auto&& question) {
        CAPTURE(name);
        question(space);
        const idx_t bytes = space.bytes();
        space.lend("another");
        const std::string text = message_of<value_error>([&] { question({threads, space}); });
        space.give_back();
        const std::size_t at = text.find(": the workspace is in use by another;");
        CHECK((text == "(no exception)" || (at > 0 && at < text.size())));
        if (text != "(no exception)") ++refused;
        CHECK(space.bytes() == bytes);
        question(space);
    });
    CHECK(refused == 38);
}

TEST_CASE("a call that is refused writes nothing and leaves the workspace as it was", "[allocation]") {
    questions ask(12, 300, 70);
    workspace space;
    top_k_into(ask.queries, ask.rows, ask.best, ask.best_scores, space);
    const matrix<float> expected = cosine_similarity(ask.queries, ask.rows);
    const idx_t bytes = space.bytes();
    const row_policy strict{on_row::error, on_row::error, &ask.seen};
    const matrix<float> zero = random_rows<float>(12, 70, 303, row_kind::zero), before = untouched(12, 300);
    matrix<float> scores = before, best_scores = untouched(12, 5);
    matrix<idx_t> best(12, 5);
    for (idx_t k = 0; k < 60; ++k) best.data()[k] = 77;
    ask.seen = {9, 9, 9, 9};
    for (const execution& how : {execution(space), execution(in_reverse, space)}) {
        CHECK_THROWS_AS(cosine_similarity_into(zero, ask.rows, scores, how, {strict}), value_error);
        CHECK_THROWS_AS(cosine_similarity_into(ask.queries, ask.rows, matrix_view<float>(scores.data(), 11, 300), how),
                        shape_error);
        CHECK_THROWS_AS(ask.classifier.predict_proba_into(zero, scores, how, {strict}), value_error);
        CHECK_THROWS_AS(top_k_into(zero, ask.rows, best, best_scores, how, {strict}), value_error);
        CHECK_THROWS_AS(siglip_logits_into(ask.queries, ask.rows, logit_scale::from_multiplier(1.0f),
                                           reference::float_from_bits(0x7f800000u), scores, how),
                        value_error);
        CHECK(first_difference(scores, before) == "");
        CHECK(first_difference(best_scores, untouched(12, 5)) == "");
        CHECK((best(0, 0) == 77 && best(11, 4) == 77 && ask.seen.zero_rows == 9 && ask.seen.first_zero == 9));
        CHECK(space.bytes() == bytes);
        cosine_similarity_into(ask.queries, ask.rows, ask.scores, space);
        CHECK(first_difference(ask.scores, expected) == "");
    }
}

}  // namespace tests
