#include "orthonormal.hpp"

#include <cmath>

namespace support {
namespace {

/// SplitMix64 (Steele, Lea and Flood 2014): the same on every machine, unlike <random>'s distributions.
struct splitmix64 {
    std::uint64_t state;

    double uniform() {  // in [-1, 1)
        std::uint64_t z = state += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        z ^= z >> 31;
        return static_cast<double>(z >> 11) * 0x1p-52 - 1.0;
    }
};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
}

}  // namespace

std::vector<std::vector<double>> orthonormal_rows(std::size_t count, std::size_t dim, std::uint64_t seed) {
    splitmix64 random{seed};
    std::vector<std::vector<double>> rows(count, std::vector<double>(dim));
    for (std::size_t i = 0; i < count; ++i) {
        for (double& x : rows[i]) x = random.uniform();
        for (std::size_t j = 0; j < i; ++j) {
            const double along = dot(rows[i], rows[j]);
            for (std::size_t k = 0; k < dim; ++k) rows[i][k] -= along * rows[j][k];
        }
        const double norm = std::sqrt(dot(rows[i], rows[i]));
        for (double& x : rows[i]) x /= norm;
    }
    return rows;
}

}  // namespace support
