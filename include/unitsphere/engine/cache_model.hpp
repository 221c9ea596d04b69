/// What the engine assumes about caches: every block size of the tile loops, in one place.
///
/// The values are for one core with 32 to 48 KiB of L1, 1 to 2 MiB of L2 and a last-level cache of some tens of MiB.
/// None changes a bit of any result. Measured with bench/ on a 2-core Zen 5 (1 MiB of L2, 32 MiB of L3); "chosen" says
/// that a value follows from the sizes of the caches and was not compared with its neighbours.
#pragma once

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

struct cache_model {
    static constexpr idx_t kibibyte = idx_t(1) << 10, mebibyte = idx_t(1) << 20;

    /// Blocks of queries that meet a panel one after the other, so that it comes from a cache behind L2 once for all of
    /// them: 4 of 14 rows of 512 floats are 112 KiB. Chosen.
    int blocks_of_group = 4;

    /// A strip of gallery rows, packed by one worker. It stays in L2 while the groups of queries pass by. Chosen: a
    /// quarter of 1 MiB, which leaves room for a group and for the prefetched rows of the next strip.
    idx_t strip_bytes = 256 * kibibyte;
    /// Panels of a strip where rows are short. Chosen.
    idx_t strip_panels = 32;

    /// Queries that are packed at once for a pass over the gallery. Each strip reads them once, from L3. Chosen.
    idx_t packed_queries_bytes = 4 * mebibyte;
    /// A raw gallery that is packed whole, to be read once for each group of queries from L3. Chosen.
    idx_t packed_gallery_bytes = 8 * mebibyte;
    /// Panels that stay in L2 from one group of queries to the next: they are not prefetched, the next queries are (a
    /// prototype of 100,000 images and 10 classes took 25.3 ms without that, 13.3 ms with it).
    idx_t resident_panels_bytes = 256 * kibibyte;

    /// Few queries become the packed columns, and the gallery's rows are only copied. Worth it from 9 queries on, with
    /// up to 7 lanes of padding to whole registers of 16 (similarity_bench, 32 x 1000) ..
    idx_t least_few_queries = 9, most_few_queries = 128, few_queries_padding = 7;
    /// .. while the packed queries stay in L2. Chosen.
    idx_t few_queries_bytes = 512 * kibibyte;
    /// Blocks of gallery rows of one task of that loop: 56 rows of 512 floats are 112 KiB. Chosen.
    idx_t few_blocks_of_task = 4;

    /// From how many rows on a side is not packed that meets few rows, and how many groups of 16 rows are a task of it.
    /// Chosen: the first group of a task is measured alone.
    idx_t least_unpacked_rows = 32;
    int unpacked_groups_of_task = 4;

    /// A chunk of a contrastive loss: packed rows that meet every strip of a chunk of columns. With half of it, packing
    /// was a tenth of the work (loss_bench).
    idx_t chunk_bytes = 4 * mebibyte;
    /// The same with gradients, where the chunk's rows are packed a second time, as slices.
    idx_t gradient_chunk_bytes = 2 * mebibyte;
    /// Rows of such a chunk where rows are short, and from how many rows on eight workers get a chunk each. Chosen.
    idx_t most_chunk_rows = 2048, least_chunk_rows_of_worker = 512;

    /// What a last-level cache may hold of one side of a question beside all else. Rows of larger sides are prefetched
    /// while they are packed. Larger results of normalize() are written with non-temporal stores (100000 x 512: 20.5 ms
    /// without, 15.0 with; a non-temporal copy takes 14.9; normalize_bench).
    idx_t last_level_bytes = 16 * mebibyte;
    /// How many rows ahead of the packed one they are prefetched: 32 KiB at dim 512. Beside what packing writes, the
    /// hardware prefetcher loses the stream (527 cycles a row without, 302 with; search_bench, dim 512).
    idx_t rows_of_prefetch = 16;

    /// Elements of one task of row-wise work (normalize, softmax ..): 128 KiB of floats. Chosen: some microseconds, far
    /// above the cost of taking a task.
    idx_t elements_of_task = 32 * 1024;
};

/// The one that all loops use. Tests of plans make others.
inline constexpr cache_model caches{};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
