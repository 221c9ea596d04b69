// How does a linear adapter over frozen features learn? The CLIP loss's gradient, step by step: the loss falls.
#include <cstdio>
#include <stdexcept>
#include <string>

#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"
#include "support/embeddings.hpp"
#include "support/mixed_pairs.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace us = unitsphere;

namespace {

struct settings {
    float logit_scale = 100.0f, rate = 0.05f;
    us::idx_t steps = 10;
};

using features = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Image features go through the adapter, which begins as the identity; text features stay as they are.
void train(const us::const_eigen_map<float>& images, us::matrix_view<const float> texts, us::logit_scale scale,
           const settings& given) {
    us::clip_loss_options options;
    options.images.non_finite = options.texts.non_finite = us::on_row::error;
    const auto slopes_of = [&](const features& weights) {
        const features adapted = images * weights;
        return us::clip_loss_gradients(adapted, texts, scale, {}, options);
    };
    features weights = features::Identity(images.cols(), images.cols());
    float rate = given.rate;

    support::table steps(
        {{"step", true}, {"loss", true}, {"image to text", true}, {"text to image", true}, {"rate", true}});
    us::clip_loss_gradient now = slopes_of(weights);
    const double first = now.loss;
    const auto add = [&](us::idx_t step) {
        steps.add({std::to_string(step), support::decimals(now.loss, 6), support::decimals(now.image_to_text, 6),
                   support::decimals(now.text_to_image, 6), support::decimals(double(rate), 6)});
    };
    add(0);
    {
        support::progress show("training");
        for (us::idx_t step = 1; step <= given.steps; ++step, show(1, given.steps)) {
            // The slopes of the adapted rows become those of the weights.
            const features moved = weights - rate * images.transpose() * us::as_eigen(now.images);
            us::clip_loss_gradient next = slopes_of(moved);
            if (next.loss < now.loss) {
                weights = moved;
                now = std::move(next);
            } else {
                rate /= 2;  // a step too long: stay, and try a shorter one
            }
            add(step);
        }
    }
    steps.print();
    std::printf("\nd loss / d ln scale: %.6f\n", now.log_scale);
    std::printf("loss of %lld pairs in %lld steps: %.6f -> %.6f\n", static_cast<long long>(images.rows()),
                static_cast<long long>(given.steps), first, now.loss);
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("train_step", [&] {
        settings given;
        std::string image_file, text_file;
        support::command_line line("train_step",
                                   "How does a linear adapter over frozen features learn?\n"
                                   "Without files: 64 made-up pairs whose image features are mixed up.");
        line.file("IMAGES", image_file, "encode_image rows, .npy, f2, f4, f8 or i1");
        line.file("TEXTS", text_file, "encode_text rows, .npy: row i belongs to image i");
        line.number("--logit-scale", given.logit_scale, "multiplies the cosines");
        line.number("--rate", given.rate, "the length of a step; halved where the loss would rise");
        line.count("--steps", given.steps, "steps along the gradient");
        const bool files_given = line.parse(argc, argv);
        const us::logit_scale scale = us::logit_scale::from_multiplier(given.logit_scale);
        if (!files_given) {
            const support::mixed_pairs pairs = support::make_mixed_pairs(64, 32);
            const us::unit_embeddings<> images = us::normalize(pairs.images);
            return train(us::as_eigen(images), pairs.texts.view(), scale, given);
        }
        support::require_same_dim(image_file, text_file);
        const support::row_loader loader{"train_step"};
        const us::unit_embeddings<> images = loader.load(image_file, "images"), texts = loader.load(text_file, "texts");
        train(us::as_eigen(images), texts.values(), scale, given);
    });
}
