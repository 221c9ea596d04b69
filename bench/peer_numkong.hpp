/// NumKong, which was SimSIMD: cosines and products of all pairs, and cosines of pairs. It adds floats up in double and
/// returns doubles.
#pragma once

#if defined(BENCH_HAS_NUMKONG)
#include <numkong/numkong.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "peers.hpp"

namespace bench {
namespace peer {
namespace numkong {

inline std::string version() {
    return std::to_string(NK_VERSION_MAJOR) + "." + std::to_string(NK_VERSION_MINOR) + "." +
           std::to_string(NK_VERSION_PATCH);
}

/// A gallery in NumKong's order, and what is made of it. The first call also writes floats, for the error of the row.
class packed {
public:
    packed(const rows& queries, const rows& gallery)
        : q_(nk_size_t(queries.rows())),
          g_(nk_size_t(gallery.rows())),
          dim_(nk_size_t(gallery.dim())),
          gallery_(1, us::idx_t(nk_dots_packed_size_f32(g_, dim_))),
          found_(queries.rows(), gallery.rows()) {}

    void pack(const rows& gallery) {
        nk_dots_pack_f32(gallery.data(), g_, dim_, dim_ * sizeof(float), gallery_.data());
    }

    /// of(query, packed gallery, result, sizes, strides), and value_of its results.
    template <class Of, class ValueOf>
    void make(Of of, const rows& queries, rows& out, ValueOf value_of) {
        of(queries.data(), gallery_.data(), found_.data(), q_, g_, dim_, dim_ * sizeof(float), g_ * sizeof(double));
        if (!std::exchange(is_written_, true))
            std::transform(found_.data(), found_.data() + q_ * g_, out.data(), value_of);
    }

private:
    nk_size_t q_, g_, dim_;
    us::matrix<std::uint8_t> gallery_;
    us::matrix<double> found_;
    bool is_written_ = false;
};

/// From raw rows, the packing of the gallery included.
inline task cosines(const rows& queries, const rows& gallery, rows& out) {
    return [&, of = packed(queries, gallery)]() mutable {
        of.pack(gallery);
        of.make(nk_angulars_packed_f32, queries, out, [](double distance) { return float(1 - distance); });
    };
}
/// The product alone.
inline task products(const rows& queries, const rows& gallery, rows& out) {
    packed made(queries, gallery);
    made.pack(gallery);
    return [&, of = std::move(made)]() mutable {
        of.make(nk_dots_packed_f32, queries, out, [](double product) { return float(product); });
    };
}

inline task pairwise_cosine(const rows& a, const rows& b, rows& cosines) {
    return [&] {
        for (us::idx_t i = 0; i < a.rows(); ++i) {
            double distance = 0;
            nk_angular_f32(a.row(i), b.row(i), nk_size_t(a.dim()), &distance);
            cosines(0, i) = float(1 - distance);
        }
    };
}

}  // namespace numkong
}  // namespace peer
}  // namespace bench
#endif
