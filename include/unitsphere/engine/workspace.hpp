/// Scratch memory that a caller keeps between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "../data/error.hpp"
#include "../data/huge_pages.hpp"

namespace unitsphere {

/// Scratch memory of calls. The first call of a shape makes it large enough, later ones allocate nothing.
///
/// Errors   std::bad_alloc, or std::length_error for what exceeds the address space. The workspace is then empty and
///          can be used again.
/// Threads  serves one call at a time; a call that finds it in use, by another thread or by the call whose callback
///          makes it, is a value_error. An executor's threads share their caller's.
/// Memory   one block, which grows when a call needs more and never shrinks. A moved-from workspace is empty; none may
///          be moved while a call uses it. Units of any flags may hand it around, so it follows the rules of data/.
class workspace {
public:
    UNITSPHERE_INLINE workspace() noexcept : block_(nullptr), bytes_(0), user_(nullptr) {}
    workspace(const workspace&) = delete;
    workspace& operator=(const workspace&) = delete;
    UNITSPHERE_INLINE workspace(workspace&& other) noexcept
        : block_(other.block_), bytes_(other.bytes_), user_(nullptr) {
        other.block_ = nullptr, other.bytes_ = 0;
    }
    UNITSPHERE_INLINE workspace& operator=(workspace&& other) noexcept {
        if (this == &other) return *this;
        release();
        block_ = other.block_, bytes_ = other.bytes_;
        other.block_ = nullptr, other.bytes_ = 0;
        return *this;
    }
    UNITSPHERE_INLINE ~workspace() { release(); }

    /// The size of the block.
    UNITSPHERE_INLINE idx_t bytes() const noexcept { return bytes_; }

    /// For the library: keeps the block for `function` until give_back(). One compare-and-swap for each call.
    UNITSPHERE_INLINE void lend(const char* function) {
        const char* other = nullptr;
        if (!__atomic_compare_exchange_n(&user_, &other, function, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            detail::fail<value_error>(function, ": the workspace is in use by ", other,
                                      "; calls inside each other or at the same time need one each");
    }
    UNITSPHERE_INLINE void give_back() noexcept { __atomic_store_n(&user_, nullptr, __ATOMIC_RELEASE); }

    /// For the library: a block of at least `bytes`, aligned to a cache line. Its contents are lost when it grows.
    UNITSPHERE_INLINE std::byte* reserve(idx_t bytes) {
        if (bytes > bytes_) {
            release();  // first, so that the old and the new block never exist at the same time
            allocate(bytes);
        }
        return block_;
    }

private:
    static constexpr idx_t cache_line = 64, huge_page = idx_t(1) << 21;

    /// Whether a block is made of whole 2 MiB pages.
    UNITSPHERE_INLINE static constexpr bool is_large(idx_t bytes) noexcept { return bytes >= huge_page; }
    UNITSPHERE_INLINE static constexpr std::align_val_t alignment_of(idx_t bytes) noexcept {
        return std::align_val_t(std::size_t(is_large(bytes) ? huge_page : cache_line));
    }

    UNITSPHERE_INLINE void allocate(idx_t bytes) {
        const idx_t unit = is_large(bytes) ? huge_page : cache_line;
        if (bytes > PTRDIFF_MAX - 2 * unit)  // the alignment may take as much again
            detail::fail<std::length_error>("workspace: ", bytes, " bytes exceed the address space");
        const idx_t whole = (bytes + unit - 1) / unit * unit;
        block_ = static_cast<std::byte*>(::operator new(std::size_t(whole), alignment_of(whole)));
        bytes_ = whole;
        detail::advise_huge_pages(block_, std::size_t(whole));
    }
    UNITSPHERE_INLINE void release() noexcept {
        ::operator delete(block_, alignment_of(bytes_));
        block_ = nullptr, bytes_ = 0;
    }

    std::byte* block_;
    idx_t bytes_;
    const char* user_;  ///< the function that uses the block now
};

}  // namespace unitsphere
