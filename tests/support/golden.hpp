/// One recorded hash per case: tests/golden/fma.txt for every machine with fused multiply-add, no_fma.txt for the
/// others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include <unitsphere/kernel/lanes.hpp>

#include "catch.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

inline std::string golden_file(bool has_fma) {
    return std::string(UNITSPHERE_SOURCE_DIR "/tests/golden/") + (has_fma ? "fma.txt" : "no_fma.txt");
}

inline std::map<std::string, std::string> recorded(bool has_fma) {
    std::ifstream file(golden_file(has_fma));
    std::map<std::string, std::string> hashes;
    for (std::string name, hash; file >> name >> hash;) hashes[name] = hash;
    return hashes;
}

/// FNV-1a over the bytes of each number, lowest first.
template <class T>
std::string hash_of(matrix_view<const T> numbers) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (idx_t i = 0; i < numbers.rows(); ++i)
        for (idx_t j = 0; j < numbers.dim(); ++j) {
            const auto pattern = std::uint64_t(reference::bits(numbers(i, j)));
            for (std::size_t byte = 0; byte < sizeof(T); ++byte)
                hash = (hash ^ ((pattern >> (8 * byte)) & 0xff)) * 0x100000001b3u;
        }
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

/// The numbers have the hash that is recorded under this name.
template <class T>
void check(const std::string& name, const matrix<T>& numbers, bool has_fma = unitsphere::kernel::has_fma) {
    static const std::map<std::string, std::string> with_and_without[] = {recorded(true), recorded(false)};
    const auto& hashes = with_and_without[has_fma ? 0 : 1];
    const auto found = hashes.find(name);
    INFO("line of " << golden_file(has_fma) << ": " << name << " " << hash_of(numbers.view()));
    CHECK((found != hashes.end() && found->second == hash_of(numbers.view())));
}

}  // namespace tests
