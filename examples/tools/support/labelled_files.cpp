#include "labelled_files.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include <unitsphere/io/npy.hpp>

#include "answers.hpp"
#include "command_line.hpp"
#include "embeddings.hpp"
#include "table.hpp"
#include "text_files.hpp"

namespace support {
namespace {

using unitsphere::idx_t;

constexpr idx_t most_classes = 1 << 20;

std::vector<idx_t> load_labels(const std::string& file, const std::string& rows_file, idx_t classes) {
    std::vector<idx_t> labels = read_integers(file, 0, classes - 1);
    const idx_t rows = unitsphere::inspect_npy(rows_file).rows;
    require_equal({file, idx_t(labels.size()), "labels"}, {rows_file, rows, "rows"});
    if (rows == 0) throw std::runtime_error(rows_file + ": has no rows");
    return labels;
}

unitsphere::unit_embeddings<> load_rows(const std::string& file, unitsphere::on_row non_finite, const char* rows) try {
    unitsphere::row_report report;
    unitsphere::normalize_options options;
    options.rows.non_finite = non_finite;
    options.rows.report = &report;
    unitsphere::unit_embeddings<> unit =
        unitsphere::visit_npy(file, [&](const auto& all) { return unitsphere::normalize(all, {}, options); });
    warn("linear_probe", file, report, rows);
    return unit;
} catch (const std::invalid_argument& error) {
    throw std::runtime_error(file + ": " + error.what());
}

/// Knuth's 64-bit generator; the sum of two uniforms in [-1, 1).
struct noise {
    std::uint64_t state;

    double uniform() {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return double(state >> 33) * 0x1p-30 - 1.0;
    }
    double operator()() { return (uniform() + uniform()) / 2; }
};

labelled generate(idx_t rows, idx_t classes, std::uint64_t seed) {
    constexpr idx_t dim = 24;
    noise random{seed};
    unitsphere::matrix<float> raw(rows, dim);
    std::vector<idx_t> labels;
    for (idx_t i = 0; i < rows; ++i) {
        const idx_t label = i % classes;
        const double length = 10.0 + 2.0 * random();
        for (idx_t k = 0; k < dim; ++k)  // the class says which third of the elements is larger
            raw(i, k) = float(length * (random() + (k % classes == label ? 0.35 : 0.0)));
        labels.push_back(label);
    }
    return {unitsphere::normalize(raw), labels};
}

}  // namespace

probe_arguments parse_linear_probe(int argc, char** argv) {
    probe_arguments arguments;
    command_line line("linear_probe",
                      "How well do labelled embeddings tell their classes apart? Logistic regression on unit rows.\n"
                      "Without files: 90 generated rows of three classes to learn from, 60 to be tested on.");
    line.file("TRAIN", arguments.train, "encode_image rows, .npy, f2, f4, f8 or i1");
    line.file("TRAIN_LABELS", arguments.train_labels, "the class of each, one integer per line or .npy");
    line.file("TEST", arguments.test, "rows to be tested on, .npy");
    line.file("TEST_LABELS", arguments.test_labels, "the class of each, one integer per line or .npy");
    line.number("--C", arguments.C, "the inverse of the penalty, as in scikit-learn");
    line.flag("--balanced", arguments.balanced, "every class counts alike, however many rows it has");
    line.output("--save", arguments.save, "writes the head: rows [weights..., bias], .npy");
    arguments.files_given = line.parse(argc, argv);
    return arguments;
}

labelled_pair load_labelled(const probe_arguments& arguments) {
    require_same_dim(arguments.train, arguments.test);
    std::vector<idx_t> train_labels = load_labels(arguments.train_labels, arguments.train, most_classes);
    const idx_t classes = 1 + *std::max_element(train_labels.begin(), train_labels.end());
    std::vector<idx_t> test_labels = load_labels(arguments.test_labels, arguments.test, classes);
    return {{load_rows(arguments.train, unitsphere::on_row::error, "training images"), std::move(train_labels)},
            {load_rows(arguments.test, unitsphere::on_row::nan, "test images"), std::move(test_labels)},
            classes};
}

labelled_pair generate_labelled() { return {generate(90, 3, 1), generate(60, 3, 2), 3}; }

void print_confusion(const unitsphere::confusion& counted) {
    const idx_t shown = std::min<idx_t>(counted.classes(), 12);
    std::vector<table::column> titles{{"truth"}};
    for (idx_t p = 0; p < shown; ++p) titles.push_back({"-> " + std::to_string(p), true});
    titles.push_back({"none", true});
    table lines(std::move(titles));
    for (idx_t t = 0; t < shown; ++t) {
        std::vector<std::string> cells{"class " + std::to_string(t)};
        for (idx_t p = 0; p < shown; ++p) cells.push_back(std::to_string(counted.counts(t, p)));
        cells.push_back(std::to_string(counted.counts(t, counted.classes())));
        lines.add(std::move(cells));
    }
    lines.print();
    if (shown < counted.classes())
        std::printf("... and %lld more classes\n", static_cast<long long>(counted.classes() - shown));
}

}  // namespace support
