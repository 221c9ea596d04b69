/// The scratch arrays of one call, side by side in one block of its workspace.
///
///   float* logits;                               // one array
///   engine::worker_arrays<idx_t> counts;         // one array for each worker
///
///   engine::arena memory(how, "softmax");        // the function that works in it
///   memory.add(logits, rows, classes);           // says what is needed; the pointer is not set yet
///   memory.add(counts, workers, classes);
///   memory.reserve();                            // one block for all of them: now every pointer is set
///   ++counts.of(worker)[label];
///
/// A consumer with memory of its own adds its arrays to the arena of the tile loop: consumer_pool::lay_out in
/// consumer.hpp. Between add() and reserve() the arena holds the addresses of the pointers, which must not move.
#pragma once

#include "arithmetic.hpp"
#include "execution.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// An array of equal size for each worker. Each begins at a cache line, so no two workers write to one line.
template <class T>
class worker_arrays {
    static_assert(64 % sizeof(T) == 0, "unitsphere: elements must fill a cache line without a remainder");

public:
    T* of(idx_t worker) const noexcept { return data_ + worker * pitch_; }

private:
    friend class arena;

    T* data_ = nullptr;
    idx_t pitch_ = 0;  ///< elements from one worker's array to the next one's
};

/// Lays out arrays, each at a cache line of its own, then takes one block for all of them. The elements are not set.
///
/// Errors   value_error if the caller's workspace is in use; std::length_error if the bytes exceed the address space,
///          or for more than 32 arrays; std::bad_alloc.
/// Memory   the block is the caller's workspace where `how` has one, else it lives as long as the arena.
class arena {
public:
    arena(const execution& how, const char* function) : space_(how, function) {}

    /// rows * dim elements.
    template <class T>
    void add(T*& array, idx_t rows, idx_t dim = 1) {
        add_elements(&array, rows, dim, idx_t(sizeof(T)));
    }
    /// `each` elements for each worker.
    template <class T>
    void add(worker_arrays<T>& arrays, idx_t workers, idx_t each) {
        arrays.pitch_ = round_up(each, 64 / idx_t(sizeof(T)));
        add(arrays.data_, workers, arrays.pitch_);
    }
    /// What the arrays take together.
    idx_t bytes() const noexcept { return bytes_; }

    /// Takes the block and sets every pointer.
    void reserve() {
        std::byte* const block = space_.reserve(bytes_);
        for (int i = 0; i < arrays_; ++i) {
            void* const array = block + slots_[i].offset;
            __builtin_memcpy(slots_[i].pointer, &array, sizeof array);
        }
    }

private:
    static constexpr int most_arrays = 32;
    struct slot {
        void* pointer;  ///< a T**
        idx_t offset;
    };

    void add_elements(void* pointer, idx_t rows, idx_t dim, idx_t size) {
        if (arrays_ == most_arrays) unitsphere::detail::fail<std::length_error>("arena: more than 32 arrays");
        idx_t bytes;
        if (__builtin_mul_overflow(rows, dim, &bytes) || __builtin_mul_overflow(bytes, size, &bytes) ||
            bytes > PTRDIFF_MAX - 63 - bytes_)
            unitsphere::detail::fail<std::length_error>("workspace: ", rows, " rows of dim ", dim,
                                                        " exceed the address space");
        slots_[arrays_++] = {pointer, bytes_};
        bytes_ += (bytes + 63) / 64 * 64;
    }

    borrowed_workspace space_;
    slot slots_[most_arrays];
    int arrays_ = 0;
    idx_t bytes_ = 0;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
