// Text against text, images against their prompts, and rows that were unit before they were stored as halves.
#include <cmath>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "real.hpp"
#include "reference.hpp"

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;

namespace {

matrix<float16> halves(const std::string& name) { return load_npy<float16>(path(name)); }
matrix<float> floats(const std::string& name) { return load_npy<float>(path(name)); }

/// How many gallery rows score strictly more than `truth` does, for each query.
idx_t rank_of(const matrix<float>& scores, idx_t query, idx_t truth) {
    idx_t better = 0;
    for (idx_t j = 0; j < scores.dim(); ++j) better += scores(query, j) > scores(query, truth);
    return better;
}
idx_t found_among(const matrix<float>& scores, idx_t k) {
    idx_t hits = 0;
    for (idx_t i = 0; i < scores.rows(); ++i) hits += rank_of(scores, i, i) < k;
    return hits;
}

}  // namespace

TEST_CASE("a class name of LVIS finds the same name of ImageNet, from raw halves and raw floats", "[real]") {
    const std::vector<idx_t> pairs = integers("class_text_vitb32/lvis_to_imagenet_pairs.txt");
    const idx_t n = idx_t(pairs.size()) / 2;
    REQUIRE(n == 227);
    const struct {
        const char* file;
        double mean, largest_wrong;
    } galleries[] = {{"imagenet1000_t1_text.npy", 0.9891461084955593, 0.999999635355086},
                     {"imagenet1000_t2_text.npy", 0.9529000456104089, 0.9662560649973748}};
    const matrix<float16> lvis = halves("class_text_vitb32/lvis1203_text.npy");
    for (const auto& gallery : galleries) {
        CAPTURE(gallery.file);
        const matrix<float> imagenet = floats(std::string("class_text_vitb32/") + gallery.file);
        const matrix<float> scores = cosine_similarity(lvis, imagenet);
        double sum = 0, largest_wrong = -1;
        idx_t first = 0;
        for (idx_t p = 0; p < n; ++p) {
            const idx_t i = pairs[std::size_t(2 * p)], truth = pairs[std::size_t(2 * p + 1)];
            sum += double(scores(i, truth));
            first += rank_of(scores, i, truth) == 0;
            for (idx_t j = 0; j < scores.dim(); ++j)
                if (j != truth) largest_wrong = larger_error(largest_wrong, double(scores(i, j)));
        }
        CHECK(first == n);
        CHECK_THAT(sum / double(n), WithinAbs(gallery.mean, 6e-7));
        CHECK_THAT(largest_wrong, WithinAbs(gallery.largest_wrong, 6e-7));
    }
}

TEST_CASE("the nearest names of LVIS are those of float64", "[real]") {
    const matrix<float16> rows = halves("class_text_vitb32/lvis1203_text.npy");
    std::ifstream file(path("class_text_vitb32/lvis1203_names.txt"));
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) names.push_back(line.substr(0, line.find('\t')));
    REQUIRE(idx_t(names.size()) == rows.rows());

    const matrix<float> scores = cosine_similarity(rows, rows);
    double sum = 0;
    idx_t a = 0, b = 1;
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t j = i + 1; j < rows.rows(); ++j) {
            sum += double(scores(i, j));
            if (scores(i, j) > scores(a, b)) a = i, b = j;
        }
    CHECK_THAT(sum / (double(rows.rows()) * double(rows.rows() - 1) / 2), WithinAbs(0.7425760042463783, 6e-7));
    CHECK_THAT(double(scores(a, b)), WithinAbs(0.9647191087205812, 6e-7));
    CHECK(names[std::size_t(a)] + " " + names[std::size_t(b)] == "book hardback_book");

    const idx_t dog = std::find(names.begin(), names.end(), "dog") - names.begin();
    const auto best = zero_shot_classifier(rows, logit_scale::from_multiplier(100))
                          .top_k(matrix_view<const float16>(rows.row(dog), 1, 512), 6);
    std::string found;
    for (idx_t r = 0; r < 6; ++r) found += names[std::size_t(best.labels(0, r))] + " ";
    CHECK(found == "dog puppy cat wolf horse pet ");
}

TEST_CASE("cosines of pairs and recall of pictures and their prompts agree with float64 both ways", "[real]") {
    const matrix<float16> images = halves("coco_prompt_sd_pairs_vitb32/image.npy");
    const matrix<float16> texts = halves("coco_prompt_sd_pairs_vitb32/text.npy");
    const auto [per_image, per_text] = clip_logits(images, texts, logit_scale::from_multiplier(1));
    const array<float> pairs = pairwise_cosine(images, texts);
    double pair_sum = 0, sum = 0;
    for (idx_t i = 0; i < 300; ++i) {
        pair_sum += double(pairs[i]);
        CHECK(pairs[i] == per_image(i, i));
        for (idx_t j = 0; j < 300; ++j) sum += double(per_image(i, j));
    }
    CHECK_THAT(pair_sum / 300, WithinAbs(0.29670711559073853, 6e-7));
    CHECK_THAT((sum - pair_sum) / (300 * 299), WithinAbs(0.15988732137133768, 6e-7));
    CHECK(found_among(per_image, 1) == 184);  // R@1 0.6133
    CHECK(found_among(per_image, 5) == 278);
    CHECK(found_among(per_image, 10) == 294);
    CHECK(found_among(per_text, 1) == 169);  // R@1 0.5633
    CHECK(found_among(per_text, 5) == 265);
    CHECK(found_among(per_text, 10) == 293);
}

TEST_CASE("the CLIP loss of real pairs is the mean of both log_softmax diagonals", "[real]") {
    const matrix<float16> images = halves("coco_prompt_sd_pairs_vitb32/image.npy");
    const matrix<float16> texts = halves("coco_prompt_sd_pairs_vitb32/text.npy");
    const auto [per_image, per_text] = clip_logits(images, texts, logit_scale::from_multiplier(100));
    const matrix<float> image_log = log_softmax(per_image), text_log = log_softmax(per_text);
    double image_loss = 0, text_loss = 0;
    for (idx_t i = 0; i < 300; ++i) {
        image_loss -= double(image_log(i, i)) / 300;
        text_loss -= double(text_log(i, i)) / 300;
    }
    // each logit is off by 100 * 6e-7 at most, their mean by far less
    CHECK_THAT(image_loss, WithinAbs(1.24885413978041, 6e-5));
    CHECK_THAT(text_loss, WithinAbs(1.40265749121785, 6e-5));
    CHECK_THAT((image_loss + text_loss) / 2, WithinAbs(1.32575581549913, 6e-5));
}

TEST_CASE("unit rows that were stored as halves are off by up to 5e-4, and are renormalized", "[real]") {
    const matrix<float16> stored = halves("pets_vitb32/zs24_image.npy");
    const array<double> lengths = norms(stored);
    const auto [shortest, longest] = std::minmax_element(lengths.begin(), lengths.end());
    CHECK_THAT(*shortest, WithinAbs(0.99947, 5e-6));
    CHECK_THAT(*longest, WithinAbs(1.00051, 5e-6));
    CHECK(!is_unit(stored));
    CHECK(is_unit(stored, {6e-4}));
    const auto unit = normalize(stored);
    CHECK(is_unit(unit, {1.2e-7}));

    matrix<float> widened(stored.rows(), stored.dim());
    for (idx_t k = 0; k < stored.rows() * stored.dim(); ++k) widened.data()[k] = float(stored.data()[k]);
    CHECK(message_of<value_error>([&] { adopt_unit(widened); }).find("adopt_unit: row ") == 0);
    CHECK(first_difference(normalize(widened), unit) == "");

    const matrix<float> texts = floats("pets_vitb32/zs24_text_t1.npy");
    const matrix<float> scores = cosine_similarity(stored, texts);
    double worst = 0, worst_as_stored = 0;
    for (idx_t i = 0; i < stored.rows(); i += 7)
        for (idx_t j = 0; j < texts.rows(); ++j) {
            const double exact = double(reference::cosine(stored.row(i), texts.row(j), 512));
            worst = larger_error(worst, std::fabs(double(scores(i, j)) - exact));
            const double as_stored = double(scores(i, j)) * lengths[i];
            worst_as_stored = larger_error(worst_as_stored, std::fabs(as_stored - exact));
        }
    CHECK(worst <= 6e-7);
    CHECK(worst_as_stored > 5e-5);  // what trusting the stored length would cost
}

TEST_CASE("class embeddings of pathology prompts are those of float64", "[real]") {
    const matrix<float> all = floats("pathmnist_prompts_vitb16/prompts.npy");
    std::vector<int> class_of_prompt = first_column("pathmnist_prompts_vitb16/prompts_meta.txt");
    class_of_prompt.resize(192);  // the last five prompts are of no class
    const auto ensemble = prompt_ensemble(matrix_view<const float>(all.data(), 192, all.dim()), class_of_prompt);
    const matrix<double> expected = load_npy<double>(path("pathmnist_prompts_vitb16/expected_ensemble_class_f64.npy"));
    REQUIRE((expected.rows() == 9 && ensemble.rows() == 9));
    double worst = 0;
    for (idx_t c = 0; c < 9; ++c)
        for (idx_t k = 0; k < 512; ++k) worst = larger_error(worst, std::fabs(double(ensemble(c, k)) - expected(c, k)));
    CHECK(worst <= 1.2e-7);
    const array<float> same = pairwise_cosine(ensemble, expected);
    for (const float cosine : same) CHECK(cosine >= 1.0f - 6e-7f);

    const matrix<float> images = floats("pathmnist_prompts_vitb16/image.npy");
    const auto top = zero_shot_classifier(ensemble, logit_scale::from_multiplier(100)).top_k(images, 1);
    const idx_t expected_counts[] = {2, 213, 1, 25, 1, 7, 1, 746, 4};
    idx_t counts[9] = {}, off = 0;
    for (idx_t i = 0; i < 1000; ++i) ++counts[top.labels(i, 0)];
    for (idx_t c = 0; c < 9; ++c) off += std::abs(counts[c] - expected_counts[c]);
    CHECK(off <= 4);  // two images may change sides: the smallest margin of two cosines is 1.6e-6
}

}  // namespace tests
