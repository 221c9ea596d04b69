/// Memory for the programs that count allocations by operator new of their own.
#pragma once

#include <cstddef>
#include <cstdlib>

/// `bytes` in whole units, as aligned_alloc wants them; null where there is no memory.
inline void* aligned_block(std::size_t bytes, std::size_t unit) noexcept {
    return std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
}
