/// What the machine has of the extensions in cpu_features.hpp, and which level of a list that makes the best.
#pragma once

#include <cstring>

#include "cpu_features.hpp"
#include "level_table.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// A processor, and what its operating system saves.
struct machine {
    std::uint64_t features = 0;
    bool one_wide_fma = false;  ///< 512-bit multiply-adds have half the units of 256-bit ones, and a lower clock
    int sve_bits = 0;           ///< how long an SVE register is
};

/// Intel's first Xeons with AVX-512 (family 6, model 85) that have one 512-bit unit for multiply-adds beside two of 256
/// bits: all of the names Bronze and Silver, and Gold 5xxx but for 5122.
inline bool has_one_wide_fma(unsigned family, unsigned model, const char* name) noexcept {
    if (family != 6 || model != 85) return false;
    const char* const gold = std::strstr(name, "Gold 5");
    return std::strstr(name, "Bronze") != nullptr || std::strstr(name, "Silver") != nullptr ||
           (gold != nullptr && std::strncmp(gold, "Gold 5122", 9) != 0);
}

#if defined(__x86_64__)
/// One answer of CPUID; zeros where the processor has no such leaf.
struct cpuid_words {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;

    explicit cpuid_words(unsigned leaf, unsigned subleaf = 0) noexcept {
        if (!__get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx)) eax = ebx = ecx = edx = 0;
    }
};

/// The registers that the operating system saves, as XCR0 says: ymm is 6, zmm e6, those of APX 80000.
inline std::uint64_t saved_registers(const cpuid_words& leaf1) noexcept {
    constexpr unsigned osxsave = 1u << 27;
    if ((leaf1.ecx & osxsave) == 0) return 0;
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return std::uint64_t(high) << 32 | low;
}

/// The extensions that CPUID names, but for those of registers that are not saved.
inline std::uint64_t features_found(std::uint64_t saved) noexcept {
    const cpuid_words leaf1(1), leaf7(7), leaf7_1(7, 1), leaf8(0x80000001), leaf24(0x24);
    std::uint64_t found = 0;
    constexpr std::uint64_t none = 0, ymm = 0x6, zmm = 0xe6, apx = 0x80000;
#define UNITSPHERE_FEATURE_FOUND(macro, name, leaf, word, bit, state) \
    if ((leaf.word >> bit & 1u) != 0 && (saved & state) == state) found |= levels::bit_of(levels::feature::name);
    UNITSPHERE_X86_FEATURES(UNITSPHERE_FEATURE_FOUND)
#undef UNITSPHERE_FEATURE_FOUND
    return found;
}

inline machine this_machine() noexcept {
    machine here;
    const cpuid_words leaf1(1);
    here.features = features_found(saved_registers(leaf1));
    char name[49] = {};
    for (unsigned part = 0; part < 3; ++part) {
        const cpuid_words words(0x80000002 + part);
        std::memcpy(name + 16 * part, &words, 16);
    }
    here.one_wide_fma =
        has_one_wide_fma(leaf1.eax >> 8 & 15u, (leaf1.eax >> 12 & 0xf0u) | (leaf1.eax >> 4 & 15u), name);
    return here;
}
#elif defined(__linux__) && defined(__aarch64__)
inline machine this_machine() noexcept {
    machine here;
#define UNITSPHERE_FEATURE_FOUND(macro, name, word, bit) \
    if ((getauxval(word) >> (bit)&1u) != 0) here.features |= levels::bit_of(levels::feature::name);
    UNITSPHERE_ARM_FEATURES(UNITSPHERE_FEATURE_FOUND)
#undef UNITSPHERE_FEATURE_FOUND
#if defined(PR_SVE_GET_VL)
    const int length = ::prctl(PR_SVE_GET_VL);
    if (length > 0) here.sve_bits = (length & PR_SVE_VL_LEN_MASK) * 8;
#endif
    return here;
}
#else
/// No way to ask this system: assumes what the program itself was compiled for.
inline machine this_machine() noexcept {
    machine here;
    here.features = levels::used_features();
    return here;
}
#endif

inline bool runs(const machine& here, const levels::table& level) noexcept {
    return (level.features & ~here.features) == 0 && (level.sve_bits == 0 || level.sve_bits == here.sve_bits);
}

/// The last level of the list that the machine runs, but 512-bit registers only where they are no slower, or nothing
/// else runs. Null if none does.
inline const levels::table* best_of(const machine& here, const levels::table* const* list, idx_t count) noexcept {
    const levels::table* best = nullptr;
    for (idx_t i = 0; i < count; ++i) {
        const bool slow = here.one_wide_fma && list[i]->vector_bytes == 64;
        if (runs(here, *list[i]) && !(slow && best != nullptr)) best = list[i];
    }
    return best;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
