// Does the recipe of averaging prompts matter? Normalize each, mean, normalize; or the mean of raw rows?
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/answers.hpp"
#include "support/arguments.hpp"
#include "support/command_line.hpp"
#include "support/embeddings.hpp"
#include "support/two_recipes.hpp"
#include "support/zero_shot_inputs.hpp"

namespace us = unitsphere;

namespace {

/// The wrong recipe: the longer a prompt's raw row is, the more it counts.
template <class T>
us::matrix<float> mean_of_raw_rows(const us::matrix<T>& prompts, const std::vector<us::idx_t>& class_of_prompt,
                                   us::idx_t classes) {
    us::matrix<double> sums(classes, prompts.dim());
    us::matrix<float> directions(classes, prompts.dim());  // a sum points where its mean does
    for (us::idx_t i = 0; i < prompts.rows(); ++i)
        for (us::idx_t k = 0; k < prompts.dim(); ++k) sums(class_of_prompt[std::size_t(i)], k) += double(prompts(i, k));
    for (us::idx_t c = 0; c < classes; ++c)
        for (us::idx_t k = 0; k < prompts.dim(); ++k) directions(c, k) = float(sums(c, k));
    return directions;
}

/// Two classifiers that differ in nothing but the recipe.
template <class T>
support::two_classifiers make_both(const us::matrix<T>& prompts, const std::vector<us::idx_t>& class_of_prompt) {
    const us::logit_scale scale = us::logit_scale::from_multiplier(100.0f);
    const us::unit_embeddings<> right = us::prompt_ensemble(prompts, class_of_prompt);
    const us::matrix<float> wrong = mean_of_raw_rows(prompts, class_of_prompt, right.rows());
    return {us::zero_shot_classifier(right, scale), us::zero_shot_classifier(wrong, scale)};
}

support::two_classifiers load_both(const std::string& file, const support::zero_shot_inputs& inputs) try {
    return us::visit_npy(file, [&](const auto& texts) {
        return make_both(support::select_rows(texts, inputs.prompt_rows), inputs.class_of_prompt);
    });
} catch (const std::invalid_argument& error) {
    throw std::runtime_error(inputs.classes_from + ": " + error.what());
}

void compare_on_files(const support::zero_shot_arguments& given) {
    const support::zero_shot_inputs inputs = support::read_inputs(given);
    const support::two_classifiers both = load_both(given.texts, inputs);
    const support::row_loader loader{"prompt_ensemble", us::on_row::nan};
    support::compare(both, loader.load(given.images, "images"), inputs.class_names, inputs.labels);
}

/// A drawing of a dog is more like a drawing of a cat than like a photo of a dog, and the rows are not equally long.
void compare_on_example() {
    us::matrix<float> prompts(4, 4), images(4, 4);
    const float prompt_rows[4][4] = {{2.4f, 0.0f, 11.8f, 0.0f},   // a photo of a dog    |row| 12.0
                                     {1.5f, 0.0f, 0.0f, 7.3f},    // a drawing of a dog         7.5
                                     {0.0f, 1.5f, 7.3f, 0.0f},    // a photo of a cat           7.5
                                     {0.0f, 2.4f, 0.0f, 11.8f}};  // a drawing of a cat        12.0
    const float image_rows[4][4] = {{4, 0, 9, 1}, {4, 0, 1, 9}, {0, 4, 9, 1}, {0, 4, 1, 9}};
    for (int i = 0; i < 4; ++i)
        for (int k = 0; k < 4; ++k) prompts(i, k) = prompt_rows[i][k], images(i, k) = image_rows[i][k];
    std::printf("Two prompts for each class: \"a photo of a ...\" and \"a drawing of a ...\".\n");
    std::printf("Images: 0 a photo of a dog, 1 a drawing of a dog, 2 a photo of a cat, 3 a drawing of a cat.\n\n");
    support::compare(make_both(prompts, {0, 0, 1, 1}), us::normalize(images), {"dog", "cat"}, {0, 0, 1, 1});
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("prompt_ensemble", [&] {
        const support::zero_shot_arguments given = support::parse_prompt_ensemble(argc, argv);
        given.files_given ? compare_on_files(given) : compare_on_example();
    });
}
