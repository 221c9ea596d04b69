// A unit that uses everything, compiled at -O0: what it emits for other units to share must name the instruction set.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

namespace {

template <class T>
us::index use_rows(us::matrix<T> rows) {
    us::row_report report;
    us::normalize_options options;
    options.report = &report;
    const us::matrix<T> copy(rows);
    rows = copy;
    us::unit_embeddings<> unit = us::normalize(rows, options);
    us::unit_embeddings<> other(unit);
    unit = other;
    other = us::normalize(copy);
    const auto logits = us::clip_logits(rows, unit, us::logit_scale::from_parameter(4.6f, 100.0f));
    const us::zero_shot_classifier classifier(
        us::prompt_ensemble(
            rows, us::matrix_view<const int>().rows() == 0 ? std::array<int, 2>{0, 1} : std::array<int, 2>{1, 0}),
        us::logit_scale::from_multiplier(100.0f));
    const us::top_labels best = classifier.top(us::softmax(logits.per_text), 2);
    const us::matrix<float> pairs =
        us::sigmoid(us::log_softmax(logits.per_image), us::logit_scale::from_multiplier(10.0f),
                    -float(us::log_sum_exp(us::sigmoid(logits.per_image))[0]));
    const std::array<int, 2> truth{0, 1};
    const double recall = us::mean_per_class_recall(us::confusion_counts(best.labels, truth, 2)) +
                          us::mean_per_class_recall(us::confusion_counts(truth, truth, 2));
    return best.labels(0, 0) + report.zero_rows + us::index(us::norms(copy).size()) + us::is_unit(other) +
           pairs.rows() + us::index(recall + us::accuracy_at(best.labels, truth, 1).value());
}

}  // namespace

int main() {
    us::normalize_in_place(us::matrix<float>(2, 2));
    return int(use_rows(us::matrix<float>(2, 2)) + use_rows(us::matrix<us::float16>(2, 2)));
}
