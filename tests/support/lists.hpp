/// One-dimensional results as std::vector, which tests compare and print.
#pragma once

#include <vector>

#include <unitsphere/data/array.hpp>

namespace tests {

template <class T>
std::vector<T> listed(const unitsphere::array<T>& numbers) {
    return {numbers.begin(), numbers.end()};
}

}  // namespace tests
