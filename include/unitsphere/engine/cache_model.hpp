/// What the engine assumes about caches: every block size of the tile loops, in one place.
///
/// Sizes in bytes are shares of this machine's caches, up to the value that was best on large ones: 1 to 2 MiB of L2
/// and a last level of some tens of MiB, of which a virtual machine may see the whole socket's. What is constant fits
/// 32 KiB of L1. Measured with bench/ on a 2-core Zen 5 (1 MiB of L2, 32 MiB of L3); on an Intel Xeon (2 MiB, slow L3)
/// strips of 256 KiB, 512 KiB and 1 MiB are level. "Chosen" says that a value follows from the sizes of the caches and
/// was not compared with its neighbours. None changes a bit of any result.
#pragma once

#include <cstdint>
#include <cstdlib>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

#include "arithmetic.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Bytes of the caches that a core has (L2) and shares (the last level).
struct cache_sizes {
    idx_t l2 = idx_t(1) << 20, last_level = idx_t(32) << 20;

    /// Those of this machine, by sysconf; the values above where it does not say. The environment variables
    /// UNITSPHERE_L2_KIB and UNITSPHERE_L3_KIB override both.
    static cache_sizes of_machine() noexcept {
        cache_sizes sizes;
#if defined(_SC_LEVEL2_CACHE_SIZE) && defined(_SC_LEVEL3_CACHE_SIZE)
        take(sizes.l2, ::sysconf(_SC_LEVEL2_CACHE_SIZE));
        take(sizes.last_level, ::sysconf(_SC_LEVEL3_CACHE_SIZE));
#endif
        if (const char* kib = std::getenv("UNITSPHERE_L2_KIB")) take_kib(sizes.l2, kib);
        if (const char* kib = std::getenv("UNITSPHERE_L3_KIB")) take_kib(sizes.last_level, kib);
        sizes.last_level = maximum(sizes.last_level, sizes.l2);
        return sizes;
    }

private:
    /// No core of today has less than 64 KiB of either: a smaller number is no size.
    static void take(idx_t& size, long bytes) noexcept {
        if (bytes >= 64 * 1024) size = bytes;
    }
    static void take_kib(idx_t& size, const char* text) noexcept {
        const long kib = std::strtol(text, nullptr, 10);
        if (kib < 1 << 20) take(size, kib * 1024);  // a gibibyte: no cache
    }
};

struct cache_model {
    static constexpr idx_t kibibyte = idx_t(1) << 10, mebibyte = idx_t(1) << 20;

    /// Blocks of queries that meet a panel one after the other, so that it comes from a cache behind L2 once for all of
    /// them: 4 of 14 rows of 512 floats are 112 KiB. Chosen.
    static constexpr int blocks_of_group = 4;
    /// Panels of a strip where rows are short. Chosen.
    static constexpr idx_t strip_panels = 32;
    /// Few queries become the packed columns, and the gallery's rows are only copied. Worth it, never below 9, where
    /// they fill more than half of the last columns that are computed at once: a register of floats, 16 doubles
    /// (similarity_bench, 32 x 1000; 17 to 66 x 1000 on Zen 1 with SSE2 and AVX2).
    static constexpr idx_t least_few_queries = 9, most_few_queries = 128;
    /// How often a task of that loop packs as many gallery rows as 16 lanes hold: 56 rows of 512 floats are 112 KiB.
    /// Chosen.
    static constexpr idx_t few_steps_of_task = 4;
    /// From how many rows on a side is not packed that meets few rows, and how many groups of 16 rows are a task of it.
    /// Chosen: the first group of a task is measured alone.
    static constexpr idx_t least_unpacked_rows = 32;
    static constexpr int unpacked_groups_of_task = 4;

    /// How many panels ahead of a strip the next one to read is looked for, where a search leaves rows out. Chosen.
    static constexpr idx_t searched_panels = 64;

    /// A chunk of a contrastive loss: packed rows that meet every strip of a chunk of columns. With half of it, packing
    /// was a tenth of the work (loss_bench). Sums of a loss join by chunks: the same on every machine.
    static constexpr idx_t chunk_bytes = 4 * mebibyte;
    /// The same with gradients, where the chunk's rows are packed a second time, as slices.
    static constexpr idx_t gradient_chunk_bytes = 2 * mebibyte;
    /// Rows of such a chunk where rows are short, and from how many rows on eight workers get a chunk each. Chosen.
    static constexpr idx_t most_chunk_rows = 2048, least_chunk_rows_of_worker = 512;

    /// How many rows ahead of the packed one rows of large sides are prefetched: 32 KiB at dim 512. Beside what packing
    /// writes, the hardware prefetcher loses the stream (527 cycles a row without, 302 with; search_bench, dim 512).
    static constexpr idx_t rows_of_prefetch = 16;
    /// Elements of one task of row-wise work (normalize, softmax ..): 128 KiB of floats. Chosen: some microseconds, far
    /// above the cost of taking a task.
    static constexpr idx_t elements_of_task = 32 * 1024;

    /// A strip of gallery rows, packed by one worker. It stays in L2 while the groups of queries pass by. At most half
    /// of it leaves room for a group and for the next one (Zen 1, 512 KiB, 1000 x 1000 x 768: 3 % faster than a
    /// quarter).
    idx_t strip_bytes = 256 * kibibyte;
    /// Panels that stay in L2 from one group of queries to the next: they are not prefetched, the next queries are (a
    /// prototype of 100,000 images and 10 classes took 25.3 ms without that, 13.3 ms with it).
    idx_t resident_panels_bytes = 256 * kibibyte;
    /// The packed rows of the next group are prefetched where L2 has room for them too (1000 x 1000 x 768 on a Xeon:
    /// .68 of the multiply-add rate without, .78 with).
    idx_t next_group_bytes = 512 * kibibyte;
    /// Few queries, packed: they stay in L2. Chosen.
    idx_t few_queries_bytes = 512 * kibibyte;

    /// Queries that are packed at once for a pass over the gallery. Each strip reads them once, from L3. Chosen.
    idx_t packed_queries_bytes = 4 * mebibyte;
    /// A raw gallery that is packed whole, to be read once for each group of queries from L3. Chosen.
    idx_t packed_gallery_bytes = 8 * mebibyte;
    /// What a last-level cache may hold of one side of a question beside all else. Rows of larger sides are prefetched
    /// while they are packed. Larger results are written with non-temporal stores: normalize() of 100000 x 512 takes
    /// 20.5 ms without, 15.0 with, such a copy 14.9 (normalize_bench).
    idx_t last_level_bytes = 16 * mebibyte;

    constexpr cache_model() = default;
    constexpr explicit cache_model(const cache_sizes& sizes) noexcept {
        strip_bytes = minimum(strip_bytes, sizes.l2 / 2);
        resident_panels_bytes = minimum(resident_panels_bytes, sizes.l2 / 4);
        next_group_bytes = minimum(next_group_bytes, sizes.l2 / 4);
        few_queries_bytes = minimum(few_queries_bytes, sizes.l2 / 2);
        packed_queries_bytes = minimum(packed_queries_bytes, sizes.last_level / 4);
        packed_gallery_bytes = minimum(packed_gallery_bytes, sizes.last_level / 2);
        last_level_bytes = minimum(last_level_bytes, sizes.last_level / 2);
    }
};

/// The one that all loops use, made when it is first needed. Tests of plans make others.
inline const cache_model& caches() noexcept {
    static const cache_model model(cache_sizes::of_machine());
    return model;
}

/// Whether to write a result of floats past the caches, which saves reading its lines first: where it would push
/// everything else out and not be found there by whoever reads it next, and has whole lines.
inline bool is_past_caches(const float* out, idx_t rows, idx_t dim, idx_t stride) noexcept {
    return rows * dim > caches().last_level_bytes / idx_t(sizeof(float)) && stride % 16 == 0 &&
           reinterpret_cast<std::uintptr_t>(out) % 64 == 0;
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
