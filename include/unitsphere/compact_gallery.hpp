/// Rows in a half to a twenty-eighth of the memory of a `gallery`.
#pragma once

#include "data/options.hpp"
#include "detail/arguments.hpp"
#include "detail/growing_bytes.hpp"
#include "detail/packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {
struct gallery_access;  // for io/compact_gallery.hpp

template <class Storage>
inline constexpr bool is_rounded_as_it_is = std::is_same_v<Storage, float16> || std::is_same_v<Storage, bfloat16>;
/// What holds the rows of a compact_gallery<Storage>.
template <class Storage>
struct compact_rows {
    static_assert(
        is_rounded_as_it_is<Storage>,
        "unitsphere: a compact_gallery stores float16, bfloat16, fast_bfloat16, std::int8_t, int4 or one_bit; gallery "
        "stores float");
    using type = growing_panels<Storage>;
};
template <>
struct compact_rows<fast_bfloat16> {
    using type = growing_bytes<16>;
};
template <>
struct compact_rows<std::int8_t> {
    using type = growing_bytes<8>;
};
template <>
struct compact_rows<int4> {
    using type = growing_bytes<4>;
};
template <>
struct compact_rows<one_bit> {
    using type = growing_bytes<1>;
};
}  // namespace detail

/// Unit rows that are rounded when they are packed: what a search service keeps where a `gallery` is too large.
///
///   compact_gallery<float16> catalogue(rows);        top_k(queries, catalogue, 10), and all other questions
///
/// | Storage       | bytes a row    | score(query, row j)                                                             |
/// |---------------|----------------|---------------------------------------------------------------------------------|
/// | float16       | 2 dim + 4      | cosine(query, stored[j]), stored[j] = unit(rows[j]) rounded to nearest even     |
/// | bfloat16      | 2 dim + 4      | the same                                                                        |
/// | std::int8_t   | dim + 8        | <p, q> s t + <query, m> + <unit(rows[j]), m> - <m, m>, within [-1, 1]           |
/// | int4          | dim / 2 + 8    | the same, q of 4 bits                                                           |
/// | one_bit       | dim / 8 + 8    | the same, q of 1 bit                                                            |
/// | fast_bfloat16 | 2 dim + 8      | the same, p and q of bfloat16, s = t = 1, by the machine's own products         |
///
/// 16 bits: a score has the bits that cosine_similarity gives for the stored row as a raw row of 16 bits. It differs
/// from that of the row itself by what rounding loses: for float16 at most 2^-11, for bfloat16 2^-8, each times 2,
/// plus 2^-25 sqrt(dim) for float16 elements below 2^-14, and far less in practice (errors average out: 2e-5 and 2e-4
/// at dim 512).
///
/// Integers: m is options.mean or the mean of up to 4096 of the first rows that are appended; a row less m is rotated
/// (kernel/rotation.hpp) and rounded to bytes q with one scale t, a query to bytes p of 8 bits with a scale s. That
/// takes out what all embeddings of a model share, and spreads their few large elements. Scores are the same bits on
/// every machine, by the integer products of AMX, AVX-512 VNNI, AVX-VNNI, NEON, AVX2 or SSE2. dim counts rounded up to
/// 64, at most 65536. Of the ten nearest real rows 8 bits find .977 to .996, and all of them among twice as many
/// candidates; 4 bits .78 to .95, and .99 among four times as many (top_k_rescored). One bit serves one modality: .78
/// to .82 between images or between texts, .996 among four times as many, but .25 from text to image.
///
/// fast_bfloat16 is for machines with products of bfloat16 (AVX512_BF16, AMX), which add in float with roundings of
/// their own: in one process a pair has one score, whoever asks for it; on other machines its last bits differ.
/// Machines without them widen its rows to float, which takes longer than with bfloat16 for many queries. A score is
/// off by at most 2^-7 (1 + 2^-9) |query - m| |unit(rows[j]) - m| and the roundings of the sum; at dim 512 the largest
/// of 200,000 was off by 5e-4. Of dim, 2 dim is rounded up to 64.
///
/// Const members and searches may run on many threads.
///
/// Source   IEEE 754-2008, section 3.6: binary16. Intel 2018, "BFLOAT16 - Hardware Numerics Definition". Gao and Long
///          2024, arXiv:2405.12497: bits of rotated rows around their mean.
template <class Storage>
class compact_gallery {
public:
    using value_type = Storage;

    /// Without rows; the first append decides the dim.
    compact_gallery() noexcept = default;

    /// Shapes   rows [n, dim], raw or unit, of any type that functions take.
    /// Units    none: raw rows are normalized, unit rows used as they are; then they are rounded. What would become
    ///          infinite is stored as the largest finite number. The mean of these rows stays that of a gallery of
    ///          integers or fast_bfloat16.
    /// Errors   value_error for zero or non-finite rows where the options say so; by default a zero row scores 0, and
    ///          one with NaN or Inf scores NaN, in its row alone, and is never found. options.mean: shape_error for
    ///          another dim; value_error where it is not finite, longer than 1 by more than rounding, or given to a
    ///          gallery that has rows, or stores float16 or bfloat16.
    /// Threads  `how` splits the rows.   Memory  as in the table.   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    explicit compact_gallery(const Rows& rows, const execution& how = {}, const compact_gallery_options& options = {}) {
        append(rows, how, options);
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    explicit compact_gallery(const Rows&, More&&...) = delete;

    idx_t rows() const noexcept { return rows_.rows(); }
    idx_t dim() const noexcept { return rows_.dim(); }
    /// The memory that it holds.
    idx_t bytes() const noexcept { return rows_.bytes(); }
    /// The rows without a direction among those that were appended, by their numbers here.
    const row_report& report() const noexcept { return rows_.seen(); }

    /// Appends rows.
    ///
    /// Shapes   rows [n, dim] of the dim of those before.
    /// Units    as the constructor.
    /// Errors   shape_error for another dim; else as the constructor. If it fails the gallery is as before.
    /// Threads  `how` splits the rows; nobody may search meanwhile.
    /// Memory   half as much again when it is full: the copies of many appends cost O(n). The mean stays
    ///          that of the first append, up to 4096 rows, so append many at first.   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    void append(const Rows& rows, const execution& how = {}, const compact_gallery_options& options = {}) {
        if constexpr (detail::is_rounded_as_it_is<Storage>) {
            if (options.mean.is_given())
                detail::fail<value_error>("compact_gallery: a mean of dim ", options.mean.count(),
                                          " was given to float16 or bfloat16, which take none");
            rows_.append(engine::view_of(rows), how, options.rows, "compact_gallery", "row ");
        } else {
            rows_.append(engine::view_of(rows), how, options.rows, "compact_gallery", "row ", options.mean);
        }
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    void append(const Rows&, More&&...) = delete;

    /// The rows as they are used: `count` unit rows from `first` on, or all.
    ///
    /// Shapes   -> [count, dim].   Units  unit rows, the bits of normalize() of what is stored.
    /// Errors   shape_error if there are not so many.
    /// Threads  the caller's.   Memory  the result.   Source  as the class.
    unit_embeddings<float> unit_rows(idx_t first, idx_t count) const {
        return rows_.unit_rows("compact_gallery", first, count);
    }
    unit_embeddings<float> unit_rows() const { return unit_rows(0, rows()); }

    /// For the engine: the rows as the multiply kernel reads them.
    auto packed() const noexcept { return rows_.packed(); }

private:
    friend struct detail::gallery_access;
    typename detail::compact_rows<Storage>::type rows_ = {};
};

namespace detail {
template <class Storage>
struct storage_of<compact_gallery<Storage>> : compact_rows<Storage> {};
}  // namespace detail

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
