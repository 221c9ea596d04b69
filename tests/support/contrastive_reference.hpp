/// The oracle of the contrastive losses: straight from the formulas in double, rows at unit length in long double.
/// Gradients are those of the formulas, and contrastive_reference_test holds them against finite differences.
#pragma once

#include <cmath>
#include <vector>

#include <unitsphere/data/matrix.hpp>

#include "reference.hpp"

namespace reference {

using rows_of_doubles = std::vector<std::vector<double>>;

template <class Rows>
rows_of_doubles doubles(const Rows& rows) {
    rows_of_doubles result;
    for (idx_t i = 0; i < rows.rows(); ++i) {
        result.emplace_back();
        for (idx_t k = 0; k < rows.dim(); ++k) result.back().push_back(double(widen(rows(i, k))));
    }
    return result;
}

inline double length(const std::vector<double>& row) {
    long double sum = 0;
    for (const double x : row) sum += (long double)(x) * (long double)(x);
    return double(std::sqrt(sum));
}

/// A batch of pairs: image i belongs to text first_label + i.
struct batch {
    rows_of_doubles images, texts;
    double scale = 1, bias = 0;
    idx_t first_label = 0;
    bool both = true;        ///< CLIP: both directions
    bool no_labels = false;  ///< SigLIP: no pair belongs together

    rows_of_doubles logits() const {
        rows_of_doubles result(images.size(), std::vector<double>(texts.size()));
        std::vector<double> of_images, of_texts;
        for (const auto& row : images) of_images.push_back(length(row));
        for (const auto& row : texts) of_texts.push_back(length(row));
        for (std::size_t i = 0; i < images.size(); ++i)
            for (std::size_t j = 0; j < texts.size(); ++j) {
                long double dot = 0;
                for (std::size_t k = 0; k < images[i].size(); ++k)
                    dot += (long double)(images[i][k]) * (long double)(texts[j][k]);
                const double a = of_images[i], c = of_texts[j];
                result[i][j] = scale * (a == 0 || c == 0 ? 0.0 : double(dot / a / c)) + bias;
            }
        return result;
    }
    bool is_pair(std::size_t i, std::size_t j) const { return !no_labels && idx_t(j) == first_label + idx_t(i); }
};

/// log(1 + sum of exp(l - l[label])) of one row, and the probabilities.
struct cross_entropy {
    double loss;
    std::vector<double> p;

    cross_entropy(const std::vector<double>& logits, std::size_t label) : p(logits.size()) {
        double largest = logits[0], others = 0, sum = 0;
        for (const double l : logits) largest = std::max(largest, l);
        for (std::size_t j = 0; j < logits.size(); ++j) {
            p[j] = std::exp(logits[j] - largest);
            sum += p[j];
            if (j != label) others += p[j];
        }
        for (double& x : p) x /= sum;
        // Where the label dominates, the sum less one keeps its digits.
        loss = logits[label] == largest ? std::log1p(others) : largest - logits[label] + std::log(sum);
        p[label] = -others / sum;  // p - 1: the derivative
    }
};

/// Loss, d loss / d logit, and how large all terms of a gradient are: what its rounding is relative to.
struct loss_of_logits {
    double loss = 0, image_to_text = 0, text_to_image = 0;
    rows_of_doubles logits, slopes, sizes;
};

inline loss_of_logits clip_loss(const batch& b) {
    const std::size_t q = b.images.size(), g = b.texts.size();
    loss_of_logits result;
    const rows_of_doubles& logits = result.logits = b.logits();
    result.slopes.assign(q, std::vector<double>(g));
    result.sizes = result.slopes;
    const double share = 1.0 / double(q) / (b.both ? 2 : 1);
    const auto add = [&](std::size_t i, std::size_t j, double slope) {
        result.slopes[i][j] += slope * share;
        result.sizes[i][j] += (std::fabs(slope) + (b.is_pair(i, j) ? 1.0 : 0.0)) * share;
    };
    for (std::size_t i = 0; i < q; ++i) {
        const cross_entropy row(logits[i], i + std::size_t(b.first_label));
        result.image_to_text += row.loss / double(q);
        for (std::size_t j = 0; j < g; ++j) add(i, j, row.p[j]);
    }
    for (std::size_t j = 0; b.both && j < g; ++j) {
        std::vector<double> column;
        for (std::size_t i = 0; i < q; ++i) column.push_back(logits[i][j]);
        const cross_entropy of_text(column, j);
        result.text_to_image += of_text.loss / double(q);
        for (std::size_t i = 0; i < q; ++i) add(i, j, of_text.p[i]);
    }
    result.loss = b.both ? (result.image_to_text + result.text_to_image) / 2 : result.image_to_text;
    return result;
}

/// log(1 + exp(x)).
inline double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

inline loss_of_logits siglip_loss(const batch& b) {
    const std::size_t q = b.images.size(), g = b.texts.size();
    loss_of_logits result;
    result.logits = b.logits();
    result.slopes.assign(q, std::vector<double>(g));
    for (std::size_t i = 0; i < q; ++i)
        for (std::size_t j = 0; j < g; ++j) {
            const double l = result.logits[i][j], z = b.is_pair(i, j) ? 1 : -1;
            result.loss += softplus(-z * l) / double(q);
            result.slopes[i][j] = -z / (1 + std::exp(z * l)) / double(q);
        }
    result.sizes = result.slopes;
    for (auto& row : result.sizes)
        for (double& x : row) x = std::fabs(x);
    return result;
}

/// The gradients that follow: of the rows, through their normalization, of the scale's logarithm and of the bias.
struct gradients {
    rows_of_doubles images, texts;
    std::vector<double> image_sizes, text_sizes;  ///< scale / |row| * sum of the sizes of its weights
    double parameter = 0, bias = 0;

    gradients(const batch& b, const loss_of_logits& loss) {
        const std::size_t q = b.images.size(), g = b.texts.size();
        images = side(b.images, b.texts, b.scale, [&](std::size_t i, std::size_t j) { return loss.slopes[i][j]; });
        texts = side(b.texts, b.images, b.scale, [&](std::size_t j, std::size_t i) { return loss.slopes[i][j]; });
        for (std::size_t i = 0; i < q; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < g; ++j) {
                sum += loss.sizes[i][j];
                parameter += loss.slopes[i][j] * (loss.logits[i][j] - b.bias);
                bias += loss.slopes[i][j];
            }
            image_sizes.push_back(b.scale * sum / length(b.images[i]));
        }
        for (std::size_t j = 0; j < g; ++j) {
            double sum = 0;
            for (std::size_t i = 0; i < q; ++i) sum += loss.sizes[i][j];
            text_sizes.push_back(b.scale * sum / length(b.texts[j]));
        }
    }

private:
    /// dx = (g - u <u, g>) / |x| with g = scale * sum of slope * the others' unit rows; 0 of a zero row.
    template <class Slope>
    static rows_of_doubles side(const rows_of_doubles& rows, const rows_of_doubles& others, double scale, Slope slope) {
        rows_of_doubles result;
        std::vector<double> lengths;
        for (const auto& row : others) lengths.push_back(length(row));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double size = length(rows[i]);
            std::vector<double> sum(rows[i].size()), unit(rows[i]);
            for (std::size_t j = 0; j < others.size(); ++j)
                if (lengths[j] != 0)
                    for (std::size_t k = 0; k < sum.size(); ++k)
                        sum[k] += scale * slope(i, j) * others[j][k] / lengths[j];
            double along = 0;
            for (std::size_t k = 0; k < sum.size(); ++k) along += sum[k] * unit[k] / size;
            for (std::size_t k = 0; k < sum.size(); ++k)
                sum[k] = size == 0 ? 0.0 : (sum[k] - unit[k] / size * along) / size;
            result.push_back(sum);
        }
        return result;
    }
};

}  // namespace reference
