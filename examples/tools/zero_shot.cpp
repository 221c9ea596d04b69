// Which class does each image belong to? Raw CLIP features in, the best classes with probabilities out.
#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/answers.hpp"
#include "support/arguments.hpp"
#include "support/command_line.hpp"
#include "support/published_example.hpp"
#include "support/table.hpp"
#include "support/zero_shot_inputs.hpp"

#if defined(UNITSPHERE_DISPATCHED)  // the levels that its CMakeLists.txt adds
#include <unitsphere/dispatch.hpp>
namespace us = unitsphere::dispatched;
#else
namespace us = unitsphere;
#endif

namespace {

/// One unit row per class: its text row, or the ensemble of its prompts.
us::unit_embeddings<> load_classes(const std::string& file, const support::zero_shot_inputs& inputs) try {
    us::row_report report;
    us::normalize_options options;
    options.rows.non_finite = us::on_row::error;
    options.rows.report = &report;
    us::prompt_ensemble_options ensemble_options;
    ensemble_options.classes.report = &report;
    us::unit_embeddings<> classes = us::visit_npy(file, [&](const auto& texts) {
        if (inputs.prompt_rows.empty()) return us::normalize(texts, {}, options);
        return us::prompt_ensemble(support::select_rows(texts, inputs.prompt_rows), inputs.class_of_prompt, {},
                                   ensemble_options);
    });
    support::warn("zero_shot", file, report, "classes");
    return classes;
} catch (const std::invalid_argument& error) {
    throw std::runtime_error(inputs.classes_from + ": " + error.what());
}

/// The k best classes of every image; none (label -1) for one whose row is zero or not finite.
us::top_labels load_and_classify(const std::string& file, const us::zero_shot_classifier& classifier, us::idx_t k) {
    us::row_report report;
    us::zero_shot_classifier_options options;
    options.images.zero_rows = us::on_row::nan;
    options.images.report = &report;
    us::top_labels best =
        us::visit_npy(file, [&](const auto& images) { return classifier.top_k(images, k, {}, options); });
    support::warn("zero_shot", file, report, "images");
    return best;
}

void classify_files(const support::zero_shot_arguments& arguments) {
    const us::logit_scale scale = us::logit_scale::from_multiplier(arguments.logit_scale);
    const support::zero_shot_inputs inputs = support::read_inputs(arguments);
    const us::zero_shot_classifier classifier(load_classes(arguments.texts, inputs), scale);
    const us::idx_t k = std::max<us::idx_t>(arguments.top, 5);  // accuracy@5 needs five, whatever the table shows
    const us::top_labels best = load_and_classify(arguments.images, classifier, k);

    std::printf("instruction set: %s\n\n", us::instruction_set());
    support::print_answers(best, arguments.top, inputs.class_names);
    if (arguments.labels.empty()) return;
    std::printf("\n");
    support::print_accuracy(best, inputs.labels, 1, classifier.classes());
    support::print_accuracy(best, inputs.labels, 5, classifier.classes());
}

void classify_published_example() {
    const support::published_example example = support::make_published_example();
    const us::zero_shot_classifier classifier(example.texts, us::logit_scale::from_multiplier(100.0f));
    const us::matrix<float> probabilities = classifier.predict_proba(example.image);

    std::printf("instruction set: %s\n\n", us::instruction_set());
    std::printf("No files given, so this is the example of the CLIP README: raw rows of 512 features,\n");
    std::printf("rebuilt from the published norms and cosines.\n\n");
    support::table answers({{"class"}, {"probability", true}, {"published", true}, {""}});
    for (us::idx_t i = 0; i < classifier.classes(); ++i)
        answers.add({example.names[std::size_t(i)], support::decimals(probabilities(0, i)),
                     support::decimals(example.probabilities[std::size_t(i)]), support::bar(probabilities(0, i))});
    answers.print();
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("zero_shot", [&] {
        const support::zero_shot_arguments arguments = support::parse_zero_shot(argc, argv);
        arguments.files_given ? classify_files(arguments) : classify_published_example();
    });
}
