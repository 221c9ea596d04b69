/// How long a stream is, so that what a header promises need not be believed.
#pragma once

#include <istream>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// How many bytes are left; -1 where the stream cannot seek.
inline idx_t bytes_left(std::istream& from) {
    const auto seek = [&](std::streamoff to, std::ios::seekdir way) {
        return idx_t(std::streamoff(from.rdbuf()->pubseekoff(to, way, std::ios::in)));
    };
    const idx_t here = seek(0, std::ios::cur), end = here < 0 ? -1 : seek(0, std::ios::end);
    if (end < 0) return -1;
    seek(here, std::ios::beg);
    return end - here;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
