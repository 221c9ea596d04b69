/// Two sides.
#pragma once

namespace detail {

struct side_names {};

}  // namespace detail
