// Runs on any number of ranks. Every rank asks the same questions, and holds the answer of one machine beside it.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/contrastive_loss.hpp>
#include <unitsphere/interop/mpi.hpp>
#include <unitsphere/retrieval.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// MPI, from the first test to the end of the program.
struct session {
    int rank = 0, size = 1;

    session() {
        MPI_Init(nullptr, nullptr);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &size);
    }
    ~session() { MPI_Finalize(); }
};
const session& ranks() {
    static const session opened;
    return opened;
}

/// The first row of each rank's part of `rows` rows, and the end: equal parts, all rows on the last rank, and uneven
/// parts of which some are empty.
std::vector<idx_t> cut(idx_t rows, int way) {
    std::vector<idx_t> first(std::size_t(ranks().size + 1));
    generator random(std::uint64_t(40 + way));
    for (int r = 1; r < ranks().size; ++r)
        first[std::size_t(r)] = way == 0 ? rows * r / ranks().size : way == 1 ? 0 : random.below(rows + 1);
    first.back() = rows;
    std::sort(first.begin(), first.end());
    return first;
}
template <class T>
matrix_view<const T> part_of_rank(const matrix<T>& rows, const std::vector<idx_t>& first) {
    const std::size_t rank = std::size_t(ranks().rank);
    return part(rows, first[rank], first[rank + 1] - first[rank]);
}

void check_same(const range_result& a, const range_result& b) {
    CHECK(first_difference(a.indices, b.indices) == "");
    CHECK(first_difference(a.scores, b.scores) == "");
    CHECK(first_difference(a.offsets, b.offsets) == "");
}

/// Whether a right call still works: no rank is an exchange behind the others.
void check_in_step() {
    const auto rows = random_rows<float>(7, 5, 91);
    const neighbours found = mpi::top_k(MPI_COMM_WORLD, rows, part_of_rank(rows, cut(7, 0)), 1);
    for (idx_t i = 0; i < 7; ++i) CHECK(found.indices(i, 0) == i);
}

bool is_last() { return ranks().rank == ranks().size - 1; }
std::string last() { return "rank " + std::to_string(ranks().size - 1) + ": "; }

}  // namespace

TEST_CASE("top_k of shards is top_k of one machine, on every rank", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const idx_t k = GENERATE(0, 1, 16, 305), g = GENERATE(3, 300);
    CAPTURE(way, k, g);
    const auto queries = rows_with_ties<float>(70, 17, 601), rows = rows_with_ties<float>(g, 17, 602);
    const auto shard = part_of_rank(rows, cut(g, way));
    const neighbours whole = top_k(queries, rows, k), raw = mpi::top_k(MPI_COMM_WORLD, queries, shard, k),
                     packed = mpi::top_k(MPI_COMM_WORLD, queries, gallery(shard), k);
    CHECK(first_difference(raw.indices, whole.indices) == "");
    CHECK(first_difference(raw.scores, whole.scores) == "");
    CHECK(first_difference(packed.indices, whole.indices) == "");
    CHECK(first_difference(packed.scores, whole.scores) == "");
}

TEST_CASE("rescored shards have the order of the cosines in double", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const auto queries = random_rows<float>(9, 40, 611);
    auto rows = random_rows<float>(160, 40, 612);  // near twins of the queries: floats cannot tell them apart
    for (idx_t i = 0; i < 160; ++i)
        for (idx_t n = 0; n < 40; ++n) rows(i, n) = queries(i % 9, n) * (1 + 1e-4f * rows(i, n)) * float(i % 7 + 1);
    const auto shard = part_of_rank(rows, cut(160, way));
    mpi::top_k_options options;
    options.rescore = true;
    const neighbours found = mpi::top_k(MPI_COMM_WORLD, queries, shard, 12, {}, options),
                     packed = mpi::top_k(MPI_COMM_WORLD, queries, gallery(shard), 12, {}, options),
                     whole = top_k(queries, gallery(rows), 12, {}, {{}, {}, true});
    idx_t wrong = 0, tied = 0;
    for (idx_t i = 0; i < 9; ++i) {
        std::vector<std::pair<long double, idx_t>> order;
        for (idx_t j = 0; j < 160; ++j) order.emplace_back(-reference::cosine(queries.row(i), rows.row(j), 40), j);
        std::sort(order.begin(), order.end());
        for (idx_t n = 0; n < 12; ++n) {
            const long double gap = n > 0 ? order[std::size_t(n)].first - order[std::size_t(n - 1)].first : 1.0L,
                              after = order[std::size_t(n + 1)].first - order[std::size_t(n)].first;
            wrong += gap > 1e-13L && after > 1e-13L && found.indices(i, n) != order[std::size_t(n)].second;
            tied += n > 0 && found.scores(i, n) == found.scores(i, n - 1);
        }
    }
    CHECK(wrong == 0);
    CHECK(tied > 20);  // whose floats are equal
    CHECK(first_difference(packed.indices, whole.indices) == "");
    CHECK(first_difference(packed.scores, whole.scores) == "");
    const compact_gallery<std::int8_t> bytes(shard);
    CHECK_THROWS_AS(mpi::top_k(MPI_COMM_WORLD, queries, bytes, 2, {}, options), value_error);
    if (ranks().size > 1) {
        options.rescore = !is_last();
        CHECK(message_of<shape_error>([&] { mpi::top_k(MPI_COMM_WORLD, queries, shard, 2, {}, options); }) ==
              "mpi::top_k: rank 0 has rescore 1, rank " + std::to_string(ranks().size - 1) + " has 0");
    }
    check_in_step();
}

TEST_CASE("range_search of shards is range_search of one machine, on every rank", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const idx_t most = GENERATE(idx_t(3), PTRDIFF_MAX);
    const auto queries = rows_with_ties<std::int8_t>(40, 33, 603), rows = rows_with_ties<std::int8_t>(200, 33, 604);
    const auto shard = part_of_rank(rows, cut(200, way));
    const range_result whole = range_search(queries, rows, 0.1f, {}, {{}, {}, 0.9f, most});
    check_same(mpi::range_search(MPI_COMM_WORLD, queries, shard, 0.1f, {}, {{}, {}, 0.9f, most}), whole);
    CHECK_FALSE(whole.indices.empty());
}

TEST_CASE("what one rank refuses all ranks refuse, and the next call works", "[mpi]") {
    const auto rows = random_rows<float>(40, 16, 605), wide = random_rows<float>(40, 17, 605);
    const auto shape = [](auto&& call) { return message_of<shape_error>(call); };
    const auto value = [](auto&& call) { return message_of<value_error>(call); };
    const auto& wrong = is_last() ? wide : rows;
    const std::string rank = std::to_string(ranks().size - 1);
    CHECK(shape([&] { mpi::top_k(MPI_COMM_WORLD, rows, wrong, 2); }) ==
          last() + "top_k: queries have dim 16, gallery has dim 17");
    check_in_step();
    if (ranks().size > 1) {
        CHECK(shape([&] { mpi::top_k(MPI_COMM_WORLD, wrong, wrong, 2); }) ==
              "mpi::top_k: rank 0 has queries of dim 16, rank " + rank + " has 17");
        CHECK(shape([&] { mpi::top_k(MPI_COMM_WORLD, rows, rows, is_last() ? 3 : 2); }) ==
              "mpi::top_k: rank 0 has k 2, rank " + rank + " has 3");
        CHECK(value([&] { mpi::range_search(MPI_COMM_WORLD, rows, rows, is_last() ? 0.5f : 0.25f); }) ==
              "mpi::range_search: rank 0 has threshold 0.25, rank " + rank + " has 0.5");
        const auto other = random_rows<float>(40, 16, is_last() ? 606 : 605);
        CHECK(value([&] { mpi::top_k(MPI_COMM_WORLD, other, rows, 2); }) ==
              "mpi::top_k: rank " + rank + " has other queries than rank 0");
        check_in_step();
    }
    CHECK(value([&] { mpi::top_k(MPI_COMM_WORLD, rows, rows, -1); }) ==
          "rank 0: top_k: k is -1, it must not be negative");
    auto broken = random_rows<float>(40, 16, 605);
    if (is_last()) broken(7, 3) = std::numeric_limits<float>::quiet_NaN();
    CHECK(value([&] {
              mpi::top_k(MPI_COMM_WORLD, rows, broken, 2, {}, {{}, {on_row::keep, on_row::error}});
          }) == last() + "top_k: gallery row 7 is not finite");
    const auto executor = [&](idx_t count, const auto& body) {
        if (is_last()) throw std::logic_error("no threads");
        for (idx_t i = 0; i < count; ++i) body(i);
    };
    const auto many = random_rows<float>(500, 16, 607);  // some tasks of every tile loop
    CHECK(message_of<mpi::error>([&] { mpi::top_k(MPI_COMM_WORLD, rows, many, 2, executor); }) ==
          last() + "no threads");
    check_in_step();
}

namespace {

/// Pairs with a zero row and rows of very different lengths.
template <class T>
matrix<T> batch_of(idx_t pairs, std::uint64_t seed) {
    auto rows = random_rows<T>(pairs, 24, seed);
    generator random(seed);
    if (pairs > 9) fill_row(rows.row(5), 24, row_kind::zero, random), fill_row(rows.row(9), 24, row_kind::huge, random);
    return rows;
}

template <class Mine, class Whole>
void check_part(const Mine& mine, const Whole& whole, const std::vector<idx_t>& first) {
    CHECK(first_difference(mine.images, part_of_rank(whole.images, first)) == "");
    CHECK(first_difference(mine.texts, part_of_rank(whole.texts, first)) == "");
    CHECK(reference::bits(mine.loss) == reference::bits(whole.loss));
    CHECK(reference::bits(mine.log_scale) == reference::bits(whole.log_scale));
}

}  // namespace

TEST_CASE("losses and gradients of a spread batch have the bits of one machine", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 3 : 1));
    const idx_t pairs = GENERATE(1, 40, 2060);  // one chunk, and four, the last one shorter
    const float multiplier = GENERATE(20.0f, 400.0f);
    CAPTURE(way, pairs, multiplier);
    const auto images = batch_of<float16>(pairs, 607);
    const auto texts = batch_of<double>(pairs, 608);
    const auto scale = logit_scale::from_multiplier(multiplier);
    const auto first = cut(pairs, way);
    const auto my_images = part_of_rank(images, first);
    const auto my_texts = part_of_rank(texts, first);
    const clip_loss_value value = clip_loss(images, texts, scale),
                          same = mpi::clip_loss(MPI_COMM_WORLD, my_images, my_texts, scale);
    CHECK(reference::bits(value.image_to_text) == reference::bits(same.image_to_text));
    CHECK(reference::bits(value.text_to_image) == reference::bits(same.text_to_image));
    CHECK(reference::bits(value.loss) == reference::bits(same.loss));
    team threads(2);
    check_part(mpi::clip_loss_gradients(MPI_COMM_WORLD, my_images, my_texts, scale, threads),
               clip_loss_gradients(images, texts, scale), first);
    CHECK(reference::bits(siglip_loss(images, texts, scale, -3.0f)) ==
          reference::bits(mpi::siglip_loss(MPI_COMM_WORLD, my_images, my_texts, scale, -3.0f)));
    const auto whole = siglip_loss_gradients(images, texts, scale, -3.0f);
    const auto mine = mpi::siglip_loss_gradients(MPI_COMM_WORLD, my_images, my_texts, scale, -3.0f);
    check_part(mine, whole, first);
    CHECK(reference::bits(mine.bias) == reference::bits(whole.bias));
}

TEST_CASE("losses of a spread batch refuse together, and a row of NaN makes all of them NaN", "[mpi]") {
    const auto scale = logit_scale::from_multiplier(20.0f);
    auto images = batch_of<float>(30, 609);
    const auto texts = batch_of<float>(30, 610);
    const matrix_view<const float> fewer(texts.row(0), is_last() ? 29 : 30, 24);
    CHECK(message_of<shape_error>([&] { mpi::clip_loss(MPI_COMM_WORLD, images, fewer, scale); }) ==
          last() + "mpi::clip_loss: images has 30 rows, texts has 29 rows");
    const matrix_view<const float> none(texts.row(0), 0, 24);
    CHECK(message_of<value_error>([&] { mpi::siglip_loss(MPI_COMM_WORLD, none, none, scale, 1.0f); }) ==
          "mpi::siglip_loss: images have 0 rows, there is no mean of no loss");
    const int many = ranks().size;
    if (many > 1)
        CHECK(message_of<value_error>([&] {
                  const float other = is_last() ? 21.0f : 20.0f;
                  mpi::clip_loss(MPI_COMM_WORLD, images, texts, logit_scale::from_multiplier(other));
              }) == "mpi::clip_loss: rank 0 has a scale of 20, rank " + std::to_string(many - 1) + " has 21");
    // In the middle of the ring: the second time that this rank has work for its threads.
    const auto big = batch_of<float>(2060, 611);
    int calls = 0;
    const auto first = cut(2060, 0);
    const auto executor = [&](idx_t count, const auto& body) {
        if (is_last() && ++calls == 6) throw std::logic_error("no more threads");
        for (idx_t i = 0; i < count; ++i) body(i);
    };
    const struct two {
        decltype(executor)& run;
        idx_t workers() const { return 2; }
        void operator()(idx_t count, const engine::function_ref& body) const { run(count, body); }
    } twice{executor};
    if (many < 3)  // a rank with one chunk has no use for a second thread
        CHECK(message_of<mpi::error>([&] {
                  mpi::clip_loss_gradients(MPI_COMM_WORLD, part_of_rank(big, first), part_of_rank(big, first), scale,
                                           twice);
              }) == last() + "no more threads");
    check_in_step();
    if (is_last()) images(7, 3) = infinity;
    const clip_loss_gradient found = mpi::clip_loss_gradients(MPI_COMM_WORLD, images, texts, scale);
    CHECK((reference::is_nan(found.loss) && reference::is_nan(found.log_scale)));
    CHECK((all_nan(found.images.row(0), 24) && all_nan(found.texts.row(29), 24)));
}

TEST_CASE("means of spread rows have the bits of one machine", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const idx_t dim = GENERATE(1, 64, 131);
    CAPTURE(way, dim);
    auto rows = random_rows<double>(50, dim, 612);
    std::fill(rows.row(11), rows.row(11) + dim, 0.0);
    const auto first = cut(50, way);
    const auto mine = part_of_rank(rows, first);
    const std::size_t begin = std::size_t(first[std::size_t(ranks().rank)]), end = begin + std::size_t(mine.rows());
    std::vector<double> weights(50);
    for (std::size_t i = 0; i < 50; ++i) weights[i] = (i % 7 == 0 ? -1.0 : 1.0) * double(1 + i * i) * 1e300;
    const std::vector<double> my_weights(weights.begin() + idx_t(begin), weights.begin() + idx_t(end));
    std::vector<int> classes(50);
    for (std::size_t i = 0; i < 50; ++i) classes[i] = int(i * 5 % 7);
    const std::vector<int> my_classes(classes.begin() + idx_t(begin), classes.begin() + idx_t(end));
    CHECK(first_difference(mpi::mean_direction(MPI_COMM_WORLD, mine), mean_direction(rows)) == "");
    CHECK(first_difference(mpi::mean_direction(MPI_COMM_WORLD, mine, {}, {{}, {}, my_weights}),
                           mean_direction(rows, {}, {{}, {}, weights})) == "");
    CHECK(first_difference(mpi::centroid(MPI_COMM_WORLD, mine), centroid(rows)) == "");
    CHECK(first_difference(mpi::prompt_ensemble(MPI_COMM_WORLD, mine, my_classes), prompt_ensemble(rows, classes)) ==
          "");
}

TEST_CASE("retrieval of spread texts has the ranks of one machine, and refuses together", "[mpi]") {
    const int way = GENERATE_COPY(range(0, ranks().size > 1 ? 4 : 1));
    const auto images = rows_with_ties<float>(37, 17, 614), texts = rows_with_ties<float>(150, 17, 615);
    std::vector<int> image_of(150);
    for (int j = 0; j < 150; ++j) image_of[std::size_t(j)] = j % 11 == 0 ? -1 : j * 3 % 37;
    const auto first = cut(150, way);
    const auto mine = part_of_rank(texts, first);
    const auto begin = image_of.begin() + first[std::size_t(ranks().rank)];
    std::vector<int> my_images(begin, begin + mine.rows());
    const retrieval_result whole = retrieval(images, texts, image_of),
                           found = mpi::retrieval(MPI_COMM_WORLD, images, mine, my_images);
    CHECK(listed(found.image_to_text.ranks) == listed(whole.image_to_text.ranks));
    CHECK(listed(found.image_to_text.first) == listed(whole.image_to_text.first));
    CHECK(listed(found.text_to_image.ranks) == listed(whole.text_to_image.ranks));
    CHECK(found.image_to_text.candidates == 150);
    my_images.push_back(0);
    CHECK(message_of<shape_error>([&] { mpi::retrieval(MPI_COMM_WORLD, images, mine, my_images); }).find("rank 0: ") ==
          0);
    check_in_step();
}

TEST_CASE("means of spread rows refuse together", "[mpi]") {
    auto rows = random_rows<float>(5, 8, 613);
    const matrix_view<const float> none(rows.row(0), 0, 8);
    const auto value = [](auto&& call) { return message_of<value_error>(call); };
    CHECK(value([&] { mpi::centroid(MPI_COMM_WORLD, none); }) == "mpi::centroid: there are no rows");
    const std::vector<int> classes{0, 1, 3, 1, 0}, negative{0, 1, 2, -4, 0};
    CHECK(value([&] { mpi::prompt_ensemble(MPI_COMM_WORLD, rows, classes); }) ==
          "mpi::prompt_ensemble: class 2 has no prompts");
    CHECK(value([&] { mpi::prompt_ensemble(MPI_COMM_WORLD, rows, is_last() ? negative : classes); }) ==
          last() + "prompt_ensemble: prompt 3 has the negative class -4");
    const std::vector<idx_t> largest{0, 1, PTRDIFF_MAX, 1, 0};
    CHECK(value([&] { mpi::prompt_ensemble(MPI_COMM_WORLD, rows, largest); }) ==
          "mpi::prompt_ensemble: class 2 has no prompts");
    const std::vector<float> weights(5, 1.0f);
    if (ranks().size > 1) {
        mean_direction_options options;
        if (is_last()) options.weights = weights;
        CHECK(value([&] { mpi::mean_direction(MPI_COMM_WORLD, rows, {}, options); }) ==
              "mpi::mean_direction: rank 0 has no weights, rank " + std::to_string(ranks().size - 1) + " has some");
    }
    if (is_last()) rows(3, 2) = infinity;
    CHECK(value([&] { mpi::mean_direction(MPI_COMM_WORLD, rows); }) ==
          last() + "mpi::mean_direction: row 3 is not finite");
    check_in_step();
}

// With mpirun alone: the whole job ends.
TEST_CASE("a rank that dies ends the others", "[.dies]") {
    check_in_step();
    if (ranks().rank == 1) {
        std::puts("rank 1 dies now");
        std::fflush(stdout);
        std::raise(SIGKILL);
    }
    check_in_step();
}

}  // namespace tests
