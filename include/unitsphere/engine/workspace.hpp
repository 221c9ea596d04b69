/// Scratch memory that a caller keeps between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "../data/error.hpp"
#include "../data/huge_pages.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Scratch memory of calls. The first call of a shape makes it large enough, later ones allocate nothing.
///
/// Errors   std::bad_alloc, or std::length_error for what exceeds the address space: then it is empty, and usable.
/// Threads  serves one call at a time, so each calling thread has its own; the threads of an executor share their
///          caller's.   Memory  one block; grows when a call needs more, never shrinks; a moved-from workspace is empty.
class workspace {
public:
    workspace() noexcept = default;
    workspace(workspace&& other) noexcept : block_(other.block_), bytes_(other.bytes_) {
        other.block_ = nullptr, other.bytes_ = 0;
    }
    workspace& operator=(workspace&& other) noexcept {
        if (this == &other) return *this;
        release();
        block_ = other.block_, bytes_ = other.bytes_;
        other.block_ = nullptr, other.bytes_ = 0;
        return *this;
    }
    ~workspace() { release(); }

    /// The size of the block.
    index bytes() const noexcept { return bytes_; }

    /// For the library: a block of at least `bytes`, at a cache line. What it held before is lost.
    std::byte* reserve(index bytes) {
        if (bytes > bytes_) {
            release();  // first: the old and the new block are never both there
            allocate(bytes);
        }
        return block_;
    }

private:
    static constexpr index cache_line = 64, huge_page = index(1) << 21;

    /// From here on a block is whole pages of 2 MiB, which the system may then give it.
    static constexpr bool is_large(index bytes) noexcept { return bytes >= huge_page; }
    static constexpr std::align_val_t alignment_of(index bytes) noexcept {
        return std::align_val_t(std::size_t(is_large(bytes) ? huge_page : cache_line));
    }

    void allocate(index bytes) {
        const index unit = is_large(bytes) ? huge_page : cache_line;
        if (bytes > PTRDIFF_MAX - 2 * unit)  // the alignment may cost as much again
            detail::fail<std::length_error>("workspace: ", bytes, " bytes exceed the address space");
        const index whole = (bytes + unit - 1) / unit * unit;
        block_ = static_cast<std::byte*>(::operator new(std::size_t(whole), alignment_of(whole)));
        bytes_ = whole;
        detail::wish_for_huge_pages(block_, std::size_t(whole));
    }
    void release() noexcept {
        ::operator delete(block_, alignment_of(bytes_));
        block_ = nullptr, bytes_ = 0;
    }

    std::byte* block_ = nullptr;
    index bytes_ = 0;
};

namespace engine {

/// Where several arrays lie in one block, each at a cache line of its own: add them, reserve bytes(), add the offsets.
///
/// Errors   std::length_error if the bytes exceed the address space.
class block_layout {
public:
    /// The offset of rows * dim elements.
    template <class T>
    index add(index rows, index dim) {
        const index offset = bytes_;
        const index room = (PTRDIFF_MAX - 63 - offset) / index(sizeof(T));
        if (dim > 0 && rows > room / dim)
            detail::fail<std::length_error>("workspace: ", rows, " rows of dim ", dim, " exceed the address space");
        bytes_ += (rows * dim * index(sizeof(T)) + 63) / 64 * 64;
        return offset;
    }
    index bytes() const noexcept { return bytes_; }

private:
    index bytes_ = 0;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
