/// Logistic regression's objective and gradient straight from the formulas, in long double.
#pragma once

#include <cmath>
#include <vector>

#include <unitsphere/data/matrix.hpp>

#include "reference.hpp"

namespace reference {

/// One row of `head` for two classes, K for K: [weights..., bias]. costs: C times the weight of each class.
struct logistic_oracle {
    unitsphere::matrix<long double> unit;  ///< the rows divided by their norms
    std::vector<idx_t> labels;
    std::vector<long double> costs;

    template <class T>
    logistic_oracle(const unitsphere::matrix<T>& rows, std::vector<idx_t> given, std::vector<long double> given_costs)
        : unit(rows.rows(), rows.dim()), labels(given), costs(given_costs) {
        for (idx_t i = 0; i < rows.rows(); ++i) {
            const long double length = norm(rows.row(i), rows.dim());
            for (idx_t k = 0; k < rows.dim(); ++k) unit(i, k) = length == 0 ? 0 : widen(rows(i, k)) / length;
        }
    }

    idx_t heads() const { return costs.size() == 2 ? 1 : idx_t(costs.size()); }

    template <class Head>
    long double decision(const Head& head, idx_t h, idx_t i) const {
        long double z = head(h, unit.dim());
        for (idx_t k = 0; k < unit.dim(); ++k) z += (long double)(head(h, k)) * unit(i, k);
        return z;
    }
    /// p(class c | row i)
    template <class Head>
    long double probability(const Head& head, idx_t i, idx_t c) const {
        if (heads() == 1) {
            const long double z = decision(head, 0, i);
            return 1 / (1 + std::exp(c == 1 ? -z : z));
        }
        long double sum = 0;
        const long double own = decision(head, c, i);
        for (idx_t h = 0; h < heads(); ++h) sum += std::exp(decision(head, h, i) - own);
        return 1 / sum;
    }
    /// sum of costs * -log p(label) + |W|^2 / 2
    template <class Head>
    long double objective(const Head& head) const {
        long double sum = 0;
        for (idx_t h = 0; h < heads(); ++h)
            for (idx_t k = 0; k < unit.dim(); ++k) sum += (long double)(head(h, k)) * head(h, k) / 2;
        for (idx_t i = 0; i < unit.rows(); ++i) {
            const idx_t label = labels[std::size_t(i)];
            sum -= costs[std::size_t(label)] * std::log(probability(head, i, label));
        }
        return sum;
    }
    /// The largest |component| of the gradient.
    template <class Head>
    long double gradient(const Head& head) const {
        long double worst = 0;
        for (idx_t h = 0; h < heads(); ++h) {
            std::vector<long double> slope(std::size_t(unit.dim() + 1), 0);
            for (idx_t k = 0; k < unit.dim(); ++k) slope[std::size_t(k)] = head(h, k);
            for (idx_t i = 0; i < unit.rows(); ++i) {
                const idx_t label = labels[std::size_t(i)], c = heads() == 1 ? 1 : h;
                const long double rest =
                    costs[std::size_t(label)] * (probability(head, i, c) - (label == c ? 1.0L : 0.0L));
                for (idx_t k = 0; k < unit.dim(); ++k) slope[std::size_t(k)] += rest * unit(i, k);
                slope[std::size_t(unit.dim())] += rest;
            }
            for (const long double component : slope) worst = std::max(worst, std::fabs(component));
        }
        return worst;
    }
};

}  // namespace reference
