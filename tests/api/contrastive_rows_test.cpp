#include <type_traits>

#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>

#include "contrastive.hpp"
#include "troubled_rows.hpp"

// Rows without a direction, refusals, strides and memory that must not be shared: the same for both losses.

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;

namespace {

const logit_scale scale = logit_scale::from_multiplier(20.0f);
const matrix_view<float> left_out;

clip_loss_options shard_of(idx_t first_label) {
    clip_loss_options options;
    options.first_label = first_label, options.image_to_text_only = true;
    return options;
}

bool all_nan_rows(const matrix<float>& rows) { return all_nan(rows.data(), rows.rows() * rows.dim()); }

/// What both losses and their gradients say of a batch, with options of their own type for both.
template <class Check>
void each_loss(const matrix<float>& images, const matrix<float>& texts, const row_policy& image_options,
               const row_policy& text_options, Check&& check) {
    clip_loss_options clip;
    clip.images = image_options, clip.texts = text_options;
    siglip_loss_options siglip;
    siglip.images = image_options, siglip.texts = text_options;
    check("clip_loss", [&] { return clip_loss(images, texts, scale, {}, clip).loss; });
    check("clip_loss_gradients", [&] { return clip_loss_gradients(images, texts, scale, {}, clip).loss; });
    check("siglip_loss", [&] { return siglip_loss(images, texts, scale, -5.0f, {}, siglip); });
    check("siglip_loss_gradients", [&] { return siglip_loss_gradients(images, texts, scale, -5.0f, {}, siglip).loss; });
}

}  // namespace

TEST_CASE("a zero row has cosine 0 with everything, and gradient 0", "[loss]") {
    const matrix<float> images = only<float>(true, false, 33), texts = random_rows<float>(8, 33, 731);
    const reference::batch b = batch_of(images, texts, 20.0, -5.0);
    const reference::loss_of_logits clip = reference::clip_loss(batch_of(images, texts, 20.0));
    row_report seen;
    clip_loss_options options;
    options.images.report = &seen;
    const clip_loss_gradient found = clip_loss_gradients(images, texts, scale, {}, options);
    CHECK_THAT(found.loss, WithinAbs(clip.loss, 2 * logit_bound(b) + 0x1p-22));
    CHECK(same(seen, {2, 0, 1, -1}));
    const siglip_loss_gradient siglip = siglip_loss_gradients(images, texts, scale, -5.0f);
    CHECK_THAT(siglip.loss, WithinAbs(reference::siglip_loss(b).loss, 1e-4));
    for (idx_t i = 0; i < 8; ++i) {
        CHECK(all_zero(found.images.row(i), 33) == is_zero_row(i));
        CHECK(all_zero(siglip.images.row(i), 33) == is_zero_row(i));
        CHECK_FALSE(all_zero(found.texts.row(i), 33));
    }
    for (const float x : {found.texts(0, 0), siglip.texts(7, 32)}) CHECK(reference::is_finite(x));
    // all rows zero: every text is as likely as any other
    const matrix<float> zeros(8, 33);
    CHECK_THAT(clip_loss(zeros, zeros, scale).loss, WithinAbs(std::log(8.0), 1e-12));
}

TEST_CASE("with a row that is not finite, the loss and every gradient are NaN, and the report names it", "[loss]") {
    const matrix<float> good = random_rows<float>(8, 33, 732), bad = troubled_rows<float>(33);
    for (const bool in_images : {true, false}) {
        CAPTURE(in_images);
        const matrix<float>&images = in_images ? bad : good, &texts = in_images ? good : bad;
        row_report of_images, of_texts;
        const row_policy counted{on_row::keep, on_row::nan, &of_images};
        const row_policy counted_too{on_row::keep, on_row::nan, &of_texts};
        each_loss(images, texts, counted, counted_too, [&](const char* name, auto&& loss) {
            CAPTURE(name);
            of_images = of_texts = {9, 9, 9, 9};
            CHECK(reference::is_nan(loss()));
            CHECK(same(in_images ? of_images : of_texts, trouble));
            CHECK(same(in_images ? of_texts : of_images, {0, 0, -1, -1}));
        });
        const auto clip = clip_loss_gradients(images, texts, scale);
        const auto siglip = siglip_loss_gradients(images, texts, scale, -5.0f);
        CHECK((reference::is_nan(clip.image_to_text) && reference::is_nan(clip.text_to_image)));
        CHECK((reference::is_nan(clip.log_scale) && reference::is_nan(siglip.log_scale)));
        CHECK((reference::is_nan(siglip.bias) && all_nan_rows(siglip.images) && all_nan_rows(siglip.texts)));
        CHECK((all_nan_rows(clip.images) && all_nan_rows(clip.texts)));
    }
    // also where they were adopted as unit rows, and zero rows that shall be NaN
    const unit_embeddings<> unit = normalize(bad);
    const unit_view<> adopted = adopt_unit(unit.values());
    CHECK(reference::is_nan(clip_loss(adopted, good, scale).loss));
    CHECK(reference::is_nan(siglip_loss(good, adopted, scale, 0.0f)));
    const matrix<float> zero = only<float>(true, false, 33);
    each_loss(zero, good, {on_row::nan, on_row::nan}, {},
              [&](const char*, auto&& loss) { CHECK(reference::is_nan(loss())); });
}

TEST_CASE("rows are refused by number where the options say so", "[loss]") {
    const matrix<float> good = random_rows<float>(8, 33, 733), zero = only<float>(true, false, 33),
                        bad = only<float>(false, true, 33);
    const row_policy no_zeros{on_row::error, on_row::nan}, no_bad{on_row::keep, on_row::error};
    each_loss(zero, good, no_zeros, {}, [](const std::string& name, auto&& loss) {
        CHECK(message_of<value_error>(loss) == name + ": images row 1 is zero");
    });
    each_loss(good, bad, {}, no_bad, [](const std::string& name, auto&& loss) {
        CHECK(message_of<value_error>(loss) == name + ": texts row 2 is not finite");
    });
}

TEST_CASE("batches that do not fit are refused with their numbers, and nothing is written", "[loss]") {
    const matrix<float> three = random_rows<float>(3, 5, 734), four = random_rows<float>(4, 5, 735),
                        wide = random_rows<float>(3, 6, 736), none(0, 5);
    CHECK(message_of<shape_error>([&] { clip_loss(three, four, scale); }) ==
          "clip_loss: images have 3 rows, texts have 4");
    CHECK(message_of<shape_error>([&] { clip_loss(three, wide, scale); }) ==
          "clip_loss: images have dim 5, texts have dim 6");
    CHECK(message_of<shape_error>([&] { clip_loss(three, four, scale, {}, shard_of(2)); }) ==
          "clip_loss: images have 3 rows, texts from first_label 2 on 2");
    CHECK(message_of<shape_error>([&] { clip_loss(three, four, scale, {}, shard_of(-1)); }) ==
          "clip_loss: first_label is -1");
    CHECK(message_of<value_error>([&] { clip_loss(none, none, scale); }) ==
          "clip_loss: images have 0 rows, there is no mean of no loss");
    CHECK(message_of<shape_error>([&] { siglip_loss_gradients(four, three, scale, 0.0f); }) ==
          "siglip_loss_gradients: images have 4 rows, texts from first_label 0 on 3");
    CHECK(message_of<value_error>([&] { siglip_loss(three, three, scale, reference::float_from_bits(0x7fc00000u)); }) ==
          "siglip_loss: bias is nan, not finite");

    const matrix<float> before = untouched(3, 5);
    matrix<float> a = before, b = before, other = untouched(2, 5);
    CHECK(message_of<shape_error>([&] { clip_loss_gradients_into(three, three, scale, a.view(), other.view()); }) ==
          "clip_loss_gradients: text_gradients is 2 x 5, it must be 3 x 5");
    CHECK(message_of<shape_error>([&] { clip_loss_gradients_into(three, three, scale, a.view(), a.view()); }) ==
          "clip_loss_gradients: image_gradients overlaps text_gradients");
    CHECK(message_of<shape_error>([&] { siglip_loss_gradients_into(a, three, scale, 0.0f, a.view(), b.view()); }) ==
          "siglip_loss_gradients: image_gradients overlaps images");
    CHECK(message_of<shape_error>([&] { siglip_loss_gradients_into(three, b, scale, 0.0f, b.view(), left_out); }) ==
          "siglip_loss_gradients: image_gradients overlaps texts");
    CHECK_THROWS_AS(clip_loss_gradients_into(three, four, scale, a.view(), b.view()), shape_error);
    CHECK((first_difference(a, before) == "" && first_difference(b, before) == ""));
}

TEST_CASE("gradients of empty views are left out, the others have the same bits", "[loss]") {
    const pairs<float> p(300, 21, 737);
    const auto clip = clip_loss_gradients(p.images, p.texts, scale);
    const auto siglip = siglip_loss_gradients(p.images, p.texts, scale, -3.0f);
    matrix<float> out(300, 21);
    const auto first = clip_loss_gradients_into(p.images, p.texts, scale, out, left_out);
    CHECK(first_difference(out, clip.images) == "");
    clip_loss_gradients_into(p.images, p.texts, scale, left_out, out);
    CHECK(first_difference(out, clip.texts) == "");
    const auto neither = clip_loss_gradients_into(p.images, p.texts, scale, left_out, left_out);
    CHECK((neither.log_scale == clip.log_scale && first.log_scale == clip.log_scale && neither.loss == clip.loss));
    std::vector<float> untouched(64, -7.0f);  // an empty view may have an address
    const matrix_view<float> nobody(untouched.data(), 0, 0);
    clip_loss_gradients_into(p.images, p.texts, scale, nobody, nobody);
    siglip_loss_gradients_into(p.images, p.texts, scale, -3.0f, nobody, nobody);
    CHECK(untouched == std::vector<float>(64, -7.0f));
    siglip_loss_gradients_into(p.images, p.texts, scale, -3.0f, left_out, out);
    CHECK(first_difference(out, siglip.texts) == "");
    const auto slopes = siglip_loss_gradients_into(p.images, p.texts, scale, -3.0f, left_out, left_out);
    CHECK((slopes.bias == siglip.bias && slopes.log_scale == siglip.log_scale && slopes.loss == siglip.loss));
}

TEST_CASE("gradients in the caller's memory are those of new matrices, and the result's own matrices are empty",
          "[loss]") {
    const pairs<float> p(40, 21, 738);
    const auto clip = clip_loss_gradients(p.images, p.texts, scale);
    matrix<float> images(40, 21), texts(40, 21);
    const clip_loss_gradient found = clip_loss_gradients_into(p.images, p.texts, scale, images, texts.view());
    CHECK((first_difference(images, clip.images) == "" && first_difference(texts, clip.texts) == ""));
    CHECK((found.loss == clip.loss && found.image_to_text == clip.image_to_text));
    CHECK((found.text_to_image == clip.text_to_image && found.log_scale == clip.log_scale));
    CHECK((found.images.rows() == 0 && found.texts.rows() == 0));
    const auto siglip = siglip_loss_gradients(p.images, p.texts, scale, -3.0f);
    const siglip_loss_gradient other = siglip_loss_gradients_into(p.images, p.texts, scale, -3.0f, images, texts);
    CHECK((first_difference(images, siglip.images) == "" && first_difference(texts, siglip.texts) == ""));
    CHECK((other.loss == siglip.loss && other.log_scale == siglip.log_scale && other.bias == siglip.bias));
    CHECK((other.images.rows() == 0 && other.texts.rows() == 0));
}

namespace {

struct clip {
    template <class... Arguments>
    auto operator()(Arguments&&... arguments) const -> decltype(clip_loss(static_cast<Arguments&&>(arguments)...));
};
struct siglip {
    template <class... Arguments>
    auto operator()(Arguments&&... arguments) const -> decltype(siglip_loss(static_cast<Arguments&&>(arguments)...));
};

}  // namespace

TEST_CASE("losses take rows on both sides, a scale that says what it is, and a bias that is a number", "[loss]") {
    using rows = const matrix<float>&;
    STATIC_REQUIRE(std::is_invocable_v<clip, rows, matrix_view<const float16>, logit_scale>);
    STATIC_REQUIRE(std::is_invocable_v<clip, rows, rows, logit_scale, execution, clip_loss_options>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<clip, rows, const gallery&, logit_scale>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<clip, const std::vector<int>&, rows, logit_scale>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<clip, rows, rows, float>);
    STATIC_REQUIRE(std::is_invocable_v<siglip, rows, rows, logit_scale, float>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<siglip, rows, rows, logit_scale, siglip_loss_options>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<siglip, rows, rows, logit_scale, execution>);
}

TEST_CASE("the CLIP loss of rows of dim 0 is the logarithm of their number", "[loss]") {
    const matrix<float> empty(6, 0);
    const auto clip = clip_loss_gradients(empty, empty, scale);
    CHECK_THAT(clip.loss, WithinAbs(std::log(6.0), 1e-12));
    CHECK((clip.images.rows() == 6 && clip.texts.dim() == 0));
    CHECK_THAT(siglip_loss_gradients(empty, empty, scale, 0.0f).loss, WithinAbs(6.0 * std::log(2.0), 1e-12));
}

}  // namespace tests
