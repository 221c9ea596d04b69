/// Orthonormal rows, the same on every machine: what the built-in examples are built from.
#pragma once

#include <cstdint>
#include <vector>

namespace support {

/// `count` random rows of `dim` numbers, made orthonormal by Gram-Schmidt.
std::vector<std::vector<double>> orthonormal_rows(std::size_t count, std::size_t dim, std::uint64_t seed);

}  // namespace support
