// What does CLIP's forward() return? Two logit matrices, and what a softmax makes of each.
#include <cstdio>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"
#include "support/embeddings.hpp"
#include "support/matrix_table.hpp"
#include "support/published_example.hpp"
#include "support/text_files.hpp"

namespace us = unitsphere;

namespace {

using names = std::vector<std::string>;

void print(const char* what, const us::matrix<float>& values, const names& rows, const names& columns, int digits) {
    std::printf("\n%s [%lld, %lld]\n", what, static_cast<long long>(values.rows()),
                static_cast<long long>(values.columns()));
    support::print_matrix(values, rows, columns, digits);
}

void print_forward(const us::clip_logit_matrices& logits, const names& images, const names& texts) {
    print("logits_per_image: scale * cosine", logits.per_image, images, texts, 4);
    print("logits_per_text: its transpose", logits.per_text, texts, images, 4);
    print("softmax of logits_per_image: which text fits the image", us::softmax(logits.per_image), images, texts, 7);
    print("softmax of logits_per_text: which image fits the text", us::softmax(logits.per_text), texts, images, 7);
    if (images.size() == 1) std::printf("There is one image, and a softmax over one number is 1 by definition.\n");
    if (texts.size() == 1) std::printf("There is one text, and a softmax over one number is 1 by definition.\n");
}

/// What a dot product of raw rows gives: not a cosine.
us::matrix<float> raw_dot_products(const us::matrix<float>& images, const us::matrix<float>& texts) {
    us::matrix<float> dots(images.rows(), texts.rows());
    for (us::idx_t i = 0; i < images.rows(); ++i)
        for (us::idx_t j = 0; j < texts.rows(); ++j)
            for (us::idx_t k = 0; k < images.dim(); ++k) dots(i, j) += images(i, k) * texts(j, k);
    return dots;
}

void forward_published_example() {
    const support::published_example example = support::make_published_example();
    const names texts(example.names.begin(), example.names.end());
    const us::clip_logit_matrices logits =
        us::clip_logits(example.image, example.texts, us::logit_scale::from_multiplier(100.0f));
    std::printf("The example of the CLIP README, rebuilt from its published norms and cosines.\n");
    print_forward(logits, {"CLIP.png"}, texts);

    const us::matrix<float> right = us::softmax(logits.per_image);
    const us::matrix<float> unscaled = us::softmax(us::cosine_similarity(example.image, example.texts));
    const us::matrix<float> raw = us::softmax(raw_dot_products(example.image, example.texts));
    us::matrix<float> side_by_side(4, 3);
    for (us::idx_t j = 0; j < 3; ++j) {
        side_by_side(0, j) = right(0, j);
        side_by_side(1, j) = float(example.probabilities[std::size_t(j)]);
        side_by_side(2, j) = unscaled(0, j);
        side_by_side(3, j) = raw(0, j);
    }
    print("Side by side", side_by_side,
          {"this library", "published", "wrong: no logit scale", "wrong: dot products of raw rows"}, texts, 7);
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("clip_forward", [&] {
        std::string image_file, text_file;
        float scale = 100.0f;
        support::command_line line("clip_forward",
                                   "What does CLIP's forward() return?\n"
                                   "Without arguments: the example of the CLIP README.");
        line.file("IMAGES", image_file, "encode_image rows, .npy, f2, f4, f8 or i1");
        line.file("TEXTS", text_file, "encode_text rows, .npy, f2, f4, f8 or i1");
        line.number("--logit-scale", scale, "multiplies the cosines");
        if (!line.parse(argc, argv)) return forward_published_example();
        const us::logit_scale multiplier = us::logit_scale::from_multiplier(scale);
        support::require_same_dim(image_file, text_file);
        const support::row_loader loader{"clip_forward"};
        const us::unit_embeddings<> images = loader.load(image_file, "images");
        const us::unit_embeddings<> texts = loader.load(text_file, "texts");
        print_forward(us::clip_logits(images, texts, multiplier), support::numbered_names("image", images.rows()),
                      support::numbered_names("text", texts.rows()));
    });
}
