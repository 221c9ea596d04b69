/// Loops that do nothing but move memory or keep the multiply-add pipes busy.
#pragma once

#include <cstdint>
#include <cstring>

#include <unitsphere/kernel/lanes.hpp>

namespace bench {

namespace us = unitsphere;
using us::kernel::unroll;

template <class T>
using vector = us::kernel::vector<T>;

/// Floats in one register.
inline constexpr std::int64_t width = std::int64_t(vector<float>::size);

/// Chains that run at the same time. Two pipes of latency 4 need 8, older cores with latency 5 need 10; with sixteen
/// registers more than 12 would spill, with 32 the longer list hides what interrupts a chain.
inline constexpr int chains = us::kernel::vector_registers >= 32 ? 24 : 12;

/// `steps` multiply-adds in each of `chains` independent chains; the sum, so that nothing is left out.
template <class T>
T multiply_add(std::int64_t steps) {
    vector<T> sum[chains];
    const vector<T> factor(T(0.999)), term(T(0.001));
    unroll<chains>([&](auto c) UNITSPHERE_LAMBDA { sum[c] = term; });
    for (std::int64_t i = 0; i < steps; ++i)
        unroll<chains>(
            [&](auto c) UNITSPHERE_LAMBDA { sum[c] = us::kernel::fp_barrier(us::kernel::fma(sum[c], factor, term)); });
    vector<T> all = sum[0];
    unroll<chains>([&](auto c) UNITSPHERE_LAMBDA { all = all + sum[c]; });
    return all.get(0);
}

// `count` is in floats, a multiple of 8 registers; memory is 64-byte aligned.

/// Reads everything. Eight sums, so that no addition waits for another; `ahead` bytes of software prefetch, or none.
template <int ahead>
float read_all(const float* from, std::int64_t count) {
    vector<float> sum[8];
    unroll<8>([&](auto c) UNITSPHERE_LAMBDA { sum[c] = vector<float>(0.0f); });
    for (std::int64_t i = 0; i < count; i += 8 * width)
        unroll<8>([&](auto c) UNITSPHERE_LAMBDA {
            if constexpr (ahead > 0) __builtin_prefetch(reinterpret_cast<const char*>(from + i + c * width) + ahead);
            sum[c] = us::kernel::fp_barrier(sum[c] + vector<float>::load_aligned(from + i + c * width));
        });
    vector<float> all = sum[0];
    unroll<8>([&](auto c) UNITSPHERE_LAMBDA { all = all + sum[c]; });
    return all.get(0);
}

inline void copy_loop(const float* from, float* to, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += 8 * width)
        unroll<8>([&](auto c) UNITSPHERE_LAMBDA {  // ordered: the compiler must not call memcpy here
            us::kernel::fp_barrier(vector<float>::load_aligned(from + i + c * width)).store_aligned(to + i + c * width);
        });
}

inline void copy_memcpy(const float* from, float* to, std::int64_t count) {
    std::memcpy(to, from, std::size_t(count) * sizeof(float));
}

/// A store past the caches; a plain one where the compiler has no way to ask for it.
UNITSPHERE_INLINE void store_past_caches(float* to, const vector<float>& x) {
    using value = typename vector<float>::register_type;
    const value held = x;
#if defined(__clang__)
    __builtin_nontemporal_store(held, reinterpret_cast<value*>(to));
#elif defined(__AVX__)
    __asm__ volatile("vmovntps %1, %0" : "=m"(*reinterpret_cast<value*>(to)) : "v"(held));
#elif defined(__SSE2__)
    __asm__ volatile("movntps %1, %0" : "=m"(*reinterpret_cast<value*>(to)) : "x"(held));
#else
    x.store_aligned(to);
#endif
}

inline void copy_past_caches(const float* from, float* to, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += 8 * width)
        unroll<8>([&](auto c) UNITSPHERE_LAMBDA {
            store_past_caches(to + i + c * width, vector<float>::load_aligned(from + i + c * width));
        });
    __sync_synchronize();  // such stores are done when a fence says so
}

inline void scale_in_place(float* rows, std::int64_t count) {
    const vector<float> factor(1.0f);
    for (std::int64_t i = 0; i < count; i += 8 * width)
        unroll<8>([&](auto c) UNITSPHERE_LAMBDA {
            us::kernel::fp_barrier(vector<float>::load_aligned(rows + i + c * width) * factor)
                .store_aligned(rows + i + c * width);
        });
}

}  // namespace bench
