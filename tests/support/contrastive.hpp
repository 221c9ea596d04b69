/// Batches of pairs, and how near a loss and its gradients are to the oracle.
#pragma once

#include <cmath>
#include <sstream>
#include <string>

#include <unitsphere/contrastive_loss.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "contrastive_reference.hpp"
#include "random_rows.hpp"

namespace tests {

template <class A, class B>
reference::batch batch_of(const A& images, const B& texts, double scale, double bias = 0) {
    reference::batch result;
    result.images = reference::doubles(images);
    result.texts = reference::doubles(texts);
    result.scale = scale, result.bias = bias;
    return result;
}

/// A logit's error: that of gaussian rows' cosines (promise 5) times the scale, and its own rounding.
inline double logit_bound(const reference::batch& b) {
    return b.scale * (6e-7 + 0x1p-23) + std::fabs(b.bias) * 0x1p-24;
}

/// A gradient's error, relative to scale / |row| * sum of |weight|: a weight is off by two logits' errors and 4e-6 of
/// roundings in exp and its argument; a sum of n products by (128 + n / 128 + 2) unit roundoffs (Higham, section 3.1).
/// The projection doubles both.
inline double gradient_bound(const reference::batch& b) {
    const double terms = double(std::max(b.images.size(), b.texts.size()));
    return 2 * (2 * logit_bound(b) + 4e-6 + (130 + terms / 128) * 0x1p-24);
}

/// Where a gradient is further from the oracle than the bound; empty where it is not.
template <class Found>
std::string gradient_error(const Found& found, const reference::rows_of_doubles& exact,
                           const std::vector<double>& sizes, double bound) {
    std::ostringstream text;
    for (idx_t i = 0; i < found.rows(); ++i)
        for (idx_t k = 0; k < found.dim(); ++k) {
            const double right = exact[std::size_t(i)][std::size_t(k)], size = sizes[std::size_t(i)];
            const double error = std::fabs(double(found(i, k)) - right);
            if (error <= bound * size) continue;
            text << "row " << i << " column " << k << ": " << found(i, k) << ", exact " << right << ", off by "
                 << error / size << " of its size, bound " << bound;
            return text.str();
        }
    return "";
}

/// Images and, not far from them, texts: losses between 0 and log n.
template <class T>
struct pairs {
    matrix<T> images, texts;

    pairs(idx_t rows, idx_t dim, std::uint64_t seed, double distance = 1.0)
        : images(random_rows<T>(rows, dim, seed)), texts(random_rows<T>(rows, dim, seed + 1000)) {
        for (idx_t i = 0; i < rows; ++i)
            for (idx_t k = 0; k < dim; ++k)
                texts(i, k) =
                    T(float(double(reference::widen(images(i, k))) + distance * double(reference::widen(texts(i, k)))));
    }
};

}  // namespace tests
