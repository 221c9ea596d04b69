/// What is searched in what: real embeddings, and as many synthetic rows as one likes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/normalize.hpp>

namespace recall {

namespace us = unitsphere;
using us::idx_t;

struct task {
    std::string name;
    us::unit_embeddings<float> queries, rows;
    bool among_themselves = false;  ///< the queries are the rows, and none finds itself
};

/// The rows of some files, one after the other, at unit length.
inline us::unit_embeddings<float> load(const std::string& folder, const std::vector<std::string>& names) {
    std::vector<us::matrix<float>> parts;
    idx_t rows = 0;
    for (const std::string& name : names) {
        parts.push_back(us::load_npy<float>(folder + "/" + name));
        rows += parts.back().rows();
    }
    us::matrix<float> all(rows, parts[0].dim());
    float* to = all.data();
    for (const auto& one : parts) to = std::copy(one.data(), one.data() + one.rows() * one.dim(), to);
    return us::normalize(all);
}

/// Oxford pets, and the class names of LVIS, COCO, Objects365 and ImageNet, by CLIP ViT-B/32.
inline std::vector<task> real_tasks(const std::string& folder) {
    const std::string pets = "pets_vitb32/", text = "class_text_vitb32/", names = text + "imagenet1000_t1_text.npy";
    const auto images = load(folder, {pets + "all37_test_image.npy"}),
               more = load(folder, {pets + "all37_val_image.npy"});
    const auto texts = load(folder, {text + "lvis1203_text.npy", text + "coco80_text.npy", text + "o365_365_text.npy",
                                     names, text + "imagenet1000_t2_text.npy"});
    return {{"image -> image", more, images},
            {"text -> text", texts, texts, true},
            {"text -> image", load(folder, {names}), images},
            {"image -> text", more, texts}};
}

/// Rows that are hard to round in the ways in which CLIP's are, dim 512:
///
///   row = unit(m + R z)
///   m   the cone: the mean cosine of two rows is |m|^2 = .4. Three of its elements, -.4, .3 and .3, are outliers; the
///       others are 20 times as small
///   z   independent, of variance proportional to (k + 4)^-1.3, .6 in all: the spectrum of real images, which is worth
///       some 30 dimensions
///   R   an orthonormal rotation, so that no element of a row stands for one of z: random signs, then Hadamard's matrix
///
/// Elements of z are sums of four uniforms. `seed` tells queries from rows; m and R are the same for all.
class synthetic {
public:
    static constexpr idx_t dim = 512;

    synthetic() : mean_(dim), sign_(dim), scale_(dim) {
        std::uint64_t state = 1;
        double others = 0, variances = 0;
        for (idx_t k = 0; k < dim; ++k) {
            mean_[at(k)] = noise(state), sign_[at(k)] = noise(state) < 0 ? -1.0f : 1.0f;
            others += double(mean_[at(k)]) * double(mean_[at(k)]);
            scale_[at(k)] = float(std::pow(double(k) + 4, -1.3));
            variances += double(scale_[at(k)]);
        }
        for (float& x : mean_) x *= float(std::sqrt(0.06 / others));
        mean_[92] = -0.4f, mean_[133] = 0.3f, mean_[312] = 0.3f;
        for (float& x : scale_)
            x = std::sqrt(x * float(0.6 / variances / double(dim)));  // and Hadamard's 1 / sqrt(dim)
    }

    us::unit_embeddings<float> rows(idx_t count, std::uint64_t seed) const {
        us::matrix<float> all(count, dim);
        std::uint64_t state = seed << 32;
        for (idx_t i = 0; i < count; ++i) {
            float* const row = all.row(i);
            for (idx_t k = 0; k < dim; ++k) row[k] = sign_[at(k)] * scale_[at(k)] * noise(state);
            hadamard(row);
            for (idx_t k = 0; k < dim; ++k) row[k] += mean_[at(k)];
        }
        return us::normalize(all);
    }

private:
    static std::size_t at(idx_t k) { return std::size_t(k); }

    /// Of mean 0 and variance 1: the four quarters of a splitmix64 number (Steele, Lea and Flood 2014).
    static float noise(std::uint64_t& state) {
        std::uint64_t x = state += 0x9e3779b97f4a7c15u;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u, x = (x ^ x >> 27) * 0x94d049bb133111ebu, x ^= x >> 31;
        const std::uint64_t sum = (x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48);
        return (float(sum) * 0x1p-16f - 2.0f) * 1.7320508f;
    }
    static void hadamard(float* row) {
        for (idx_t half = 1; half < dim; half *= 2)
            for (idx_t first = 0; first < dim; first += 2 * half)
                for (idx_t k = first; k < first + half; ++k) {
                    const float a = row[k], b = row[k + half];
                    row[k] = a + b, row[k + half] = a - b;
                }
    }

    std::vector<float> mean_, sign_, scale_;
};

inline task synthetic_task(idx_t rows) {
    const synthetic make;
    return {"synthetic", make.rows(1000, 2), make.rows(rows, 3)};
}

}  // namespace recall
