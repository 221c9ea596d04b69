// Logistic regression on raw rows, to a gradient of 1e-6. against_sklearn.py times scikit-learn on the same rows.
#include <algorithm>
#include <memory>
#include <vector>

#include <unitsphere/linear_probe.hpp>

#include "exact.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

/// The class whose elements, every classes-th, have the largest sum; every seventh row has another one.
std::vector<us::idx_t> labels_of(const us::matrix<float>& rows, us::idx_t classes) {
    std::vector<us::idx_t> labels;
    for (us::idx_t i = 0; i < rows.rows(); ++i) {
        std::vector<double> sums(std::size_t(classes), 0.0);
        for (us::idx_t k = 0; k < rows.dim(); ++k) sums[std::size_t(k % classes)] += double(rows(i, k));
        labels.push_back(i % 7 == 0 ? i / 7 % classes : std::max_element(sums.begin(), sums.end()) - sums.begin());
    }
    return labels;
}

/// The largest component of the objective's gradient at the head, from rows that are unit in double: no weight is
/// further than its length from the minimum's.
double gradient_at(const us::linear_head& head, const us::matrix<float>& rows, const std::vector<us::idx_t>& labels) {
    const Eigen::Map<const bench::exact_matrix> parameters(head.parameters().data(), head.heads(), head.dim() + 1);
    bench::exact_matrix slopes = parameters;
    slopes.rightCols<1>().setZero();
    bench::exact_matrix unit(1, head.dim() + 1);  // a row at a time, with a 1 for the bias: memory is measured too
    for (us::idx_t i = 0; i < rows.rows(); ++i) {
        for (us::idx_t k = 0; k < rows.dim(); ++k) unit(0, k) = double(rows(i, k));
        unit(0, rows.dim()) = 0.0;
        unit.row(0).normalize();
        unit(0, rows.dim()) = 1.0;
        bench::exact_matrix rest = unit * parameters.transpose();
        const us::idx_t label = labels[std::size_t(i)];
        if (head.heads() > 1)
            bench::softmax_in_double(rest);
        else
            rest(0, 0) = 1.0 / (1.0 + std::exp(-rest(0, 0)));
        if (head.heads() > 1 || label == 1) rest(0, head.heads() == 1 ? 0 : label) -= 1.0;
        slopes += rest.transpose() * unit;
    }
    return slopes.cwiseAbs().maxCoeff();
}

/// The work is one look at the rows: how often a solver looks is its own affair.
void add_fit(us::idx_t n, us::idx_t dim, us::idx_t classes) {
    const double heads = classes == 2 ? 1.0 : double(classes);
    const bench::work once{2.0 * double(n * dim) * heads, 4.0 * double(n * dim), 0.0};
    bench::add({"linear_probe", "unitsphere", bench::shape(n, dim, classes)}, once, [=] {
        const auto& rows = bench::raw(use::queries, n, dim);
        const auto labels = std::make_shared<std::vector<us::idx_t>>(labels_of(rows, classes));
        const auto fitted = std::make_shared<us::logistic_fit>(us::logistic_regression(rows, *labels));
        return bench::task{[&, labels, fitted] { *fitted = us::logistic_regression(rows, *labels); },
                           [&, labels, fitted] { return gradient_at(fitted->head, rows, *labels); }};
    });
}

}  // namespace

void bench::register_rows() {
    add_fit(736, 512, 2);
    add_fit(10000, 512, 2);
    add_fit(736, 512, 37);
    add_fit(10000, 512, 10);
    add_fit(4000, 4096, 2);
}
