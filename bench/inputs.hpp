/// The rows that every contestant works on: the same memory, made once in a process.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <type_traits>

#include <unitsphere/data/matrix.hpp>
#include <unitsphere/normalize.hpp>

namespace bench {

namespace us = unitsphere;

/// Rows that look like raw features: the sum of four uniforms, seeded. against_pytorch.py makes the same.
inline us::matrix<float> random_rows(us::idx_t rows, us::idx_t dim, std::uint32_t seed) {
    us::matrix<float> result(rows, dim);
    for (us::idx_t i = 0; i < rows * dim; ++i) {
        float sum = -2.0f;
        for (int j = 0; j < 4; ++j) {
            seed = seed * 1664525u + 1013904223u;
            sum += float(seed >> 8) * 0x1p-24f;
        }
        result.data()[i] = sum;
    }
    return result;
}

/// The same rows in another type.
template <class T>
us::matrix<T> random_rows_of(us::idx_t rows, us::idx_t dim, std::uint32_t seed) {
    const us::matrix<float> wide = random_rows(rows, dim, seed);
    us::matrix<T> result(rows, dim);
    for (us::idx_t i = 0; i < rows * dim; ++i)
        result.data()[i] = T(std::is_same_v<T, std::int8_t> ? wide.data()[i] * 60.0f : wide.data()[i]);
    return result;
}

enum class use { queries = 1, gallery = 2, logits = 3 };

template <class Make>
auto& made_once(use role, us::idx_t rows, us::idx_t dim, Make make) {
    static std::map<std::tuple<use, us::idx_t, us::idx_t>, decltype(make())> held;
    const auto key = std::tuple(role, rows, dim);
    const auto place = held.find(key);
    return place != held.end() ? place->second : held.emplace(key, make()).first->second;
}

/// Raw rows as an encoder returns them.
template <class T = float>
const us::matrix<T>& raw(use role, us::idx_t rows, us::idx_t dim) {
    return made_once(role, rows, dim, [=] { return random_rows_of<T>(rows, dim, std::uint32_t(role)); });
}

/// The same rows at unit length: what a matrix product alone gets.
inline const us::matrix<float>& unit(use role, us::idx_t rows, us::idx_t dim) {
    return made_once(role, rows, dim, [=] {
        us::matrix<float> result = raw(role, rows, dim);
        us::normalize_in_place(result.view());
        return result;
    });
}

/// Logits between -60 and 60.
inline const us::matrix<float>& logits(us::idx_t rows, us::idx_t columns) {
    return made_once(use::logits, rows, columns, [=] {
        us::matrix<float> result = random_rows(rows, columns, std::uint32_t(use::logits));
        for (us::idx_t i = 0; i < rows * columns; ++i) result.data()[i] *= 30.0f;
        return result;
    });
}

/// Where everybody writes: zeroed, so its pages are there before the clock runs.
inline us::matrix<float>& output(us::idx_t rows, us::idx_t columns) {
    return made_once(use::queries, rows, columns, [=] { return us::matrix<float>(rows, columns); });
}

}  // namespace bench
