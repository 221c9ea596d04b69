/// Large blocks of memory on large pages.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <cerrno>

#include <sys/mman.h>
#endif

#include "config.hpp"

namespace unitsphere {
namespace detail {

/// Advises the kernel to back a fresh block with 2 MiB pages (madvise); no effect elsewhere. With 4 KiB pages the first
/// touch of memory may take longer than the work in it (0.2 to 2 GB/s against 5 to 10), and a gallery of some hundred
/// MiB needs more entries than the TLB has.
UNITSPHERE_INLINE void advise_huge_pages(void* block, std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr std::uintptr_t page = std::uintptr_t(1) << 21;
    if (bytes < page) return;
    const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(block) + page - 1) / page * page;
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(block) + bytes) / page * page;
    if (begin >= end) return;
    const int caller_errno = errno;  // madvise may fail: that is no error
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
    errno = caller_errno;
#else
    static_cast<void>(block), static_cast<void>(bytes);
#endif
}

}  // namespace detail
}  // namespace unitsphere
