// How well do labelled embeddings tell their classes apart? A linear probe: logistic regression on unit rows.
#include <cstdio>
#include <string>

#include <unitsphere/io/linear_head.hpp>
#include <unitsphere/linear_probe.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"
#include "support/labelled_files.hpp"
#include "support/progress.hpp"

namespace us = unitsphere;

namespace {

us::logistic_fit fit(const support::labelled& train, const support::probe_arguments& arguments) {
    us::logistic_regression_options options;
    options.C = arguments.C;
    options.balanced = arguments.balanced;
    support::progress show("fitting");
    options.on_iteration = [&](const us::fit_step& step) {
        show.say("iteration " + std::to_string(step.iteration) + ", objective " + std::to_string(step.objective));
    };
    return us::logistic_regression(train.rows, train.labels, {}, options);
}

/// Rows without a direction have no label and count as wrong.
us::confusion test(const us::linear_head& head, const support::labelled& data, us::idx_t classes) {
    us::linear_head_options options;
    options.rows.zero_rows = us::on_row::nan;
    return us::confusion_matrix(head.predict(data.rows, {}, options), data.labels, classes);
}

us::accuracy accuracy_of(const us::confusion& counted) {
    us::accuracy found;
    for (us::idx_t t = 0; t < counted.classes(); ++t) {
        found.correct += counted.counts(t, t);
        for (const us::idx_t count : counted.counts[t]) found.total += count;
    }
    return found;
}

void run(const support::probe_arguments& arguments) {
    const support::labelled_pair data =
        arguments.files_given ? support::load_labelled(arguments) : support::generate_labelled();
    const us::logistic_fit fitted = fit(data.train, arguments);
    if (!arguments.save.empty()) us::save_head(arguments.save, fitted.head);
    const us::confusion counted = test(fitted.head, data.test, data.classes);
    const us::accuracy found = accuracy_of(counted);

    std::printf("instruction set: %s\n\n", us::instruction_set());
    std::printf("learned from %lld rows of %lld classes, dim %lld\n", static_cast<long long>(data.train.rows.rows()),
                static_cast<long long>(data.classes), static_cast<long long>(data.train.rows.dim()));
    std::printf("objective %.6g\n", fitted.objective);
    std::printf("gradient %.1e after %lld iterations\n\n", fitted.gradient, static_cast<long long>(fitted.iterations));
    support::print_confusion(counted);
    std::printf("\naccuracy %.6f (%lld/%lld)\n", found.value(), static_cast<long long>(found.correct),
                static_cast<long long>(found.total));
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("linear_probe", [&] { run(support::parse_linear_probe(argc, argv)); });
}
