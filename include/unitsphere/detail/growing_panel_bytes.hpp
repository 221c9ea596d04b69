/// Panels of bytes that grow, and values that a move takes away.
#pragma once

#include "../engine/byte_loop.hpp"
#include "packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// A value that is T() once it has been moved: arrays are empty then, too.
template <class T>
class moved {
public:
    moved(const T& value = T()) noexcept : value_(value) {}
    moved(const moved&) noexcept = default;
    moved(moved&& other) noexcept : value_(other.take()) {}
    moved& operator=(const moved&) noexcept = default;
    moved& operator=(moved&& other) noexcept {
        value_ = other.take();
        return *this;
    }
    ~moved() = default;
    operator const T&() const noexcept { return value_; }
    const T& value() const noexcept { return value_; }
    T& value() noexcept { return value_; }

private:
    T take() noexcept {
        const T value = value_;
        value_ = T();
        return value;
    }

    T value_;
};

/// The numbers of a row become those of another.
inline void move_numbers(const kernel::compact_numbers& from, idx_t i, kernel::compact_numbers& to, idx_t j) noexcept {
    to.scale[j] = from.scale[i], to.from_mean[j] = from.from_mean[i];
}
inline void move_numbers(const kernel::panel_numbers& from, idx_t i, kernel::panel_numbers& to, idx_t j) noexcept {
    to.scale[j] = from.scale[i], to.from_mean[j] = from.from_mean[i];
    to.error[j] = from.error[i], to.length[j] = from.length[i];
}

/// Panels of 16 rows that grow, and the numbers of each.
template <class Byte, class Numbers>
class growing_panel_bytes {
public:
    /// Rows that there is room for.
    idx_t capacity() const noexcept { return idx_t(numbers_.size()) * kernel::byte_columns; }
    idx_t size_in_bytes() const noexcept { return idx_t(bytes_.size()) + idx_t(numbers_.size() * sizeof(Numbers)); }
    const Byte* bytes() const noexcept { return bytes_.data(); }
    const Numbers* numbers() const noexcept { return numbers_.data(); }
    Byte* panel(idx_t i, idx_t panel_bytes) noexcept { return bytes_.data() + i * panel_bytes; }
    const Byte* panel(idx_t i, idx_t panel_bytes) const noexcept { return bytes_.data() + i * panel_bytes; }
    Numbers& numbers_of(idx_t i) noexcept { return numbers_[i]; }
    const Numbers& numbers_of(idx_t i) const noexcept { return numbers_[i]; }

    /// Room for `more` rows behind the first `used`, which stay.
    void reserve(const char* owner, idx_t used, idx_t more, idx_t panel_bytes) {
        if (more > PTRDIFF_MAX - 64 - used)
            fail<std::length_error>(owner, ": ", more, " rows behind ", used, " exceed the address space");
        const idx_t panels = engine::ceil_div(used + more, kernel::byte_columns), there = idx_t(numbers_.size());
        if (panels <= there && idx_t(bytes_.size()) == there * panel_bytes) return;
        const idx_t roomy = used > 0 ? engine::maximum(panels, there + there / 2) : panels;
        auto bytes = array<Byte>::uninitialized(roomy * panel_bytes);
        auto numbers = array<Numbers>::uninitialized(roomy);
        if (const idx_t taken = engine::ceil_div(used, kernel::byte_columns); taken > 0) {
            std::memcpy(bytes.data(), bytes_.data(), std::size_t(taken * panel_bytes));
            std::memcpy(numbers.data(), numbers_.data(), std::size_t(taken) * sizeof(Numbers));
        }
        adopt(static_cast<array<Byte>&&>(bytes), static_cast<array<Numbers>&&>(numbers));
    }
    void adopt(array<Byte>&& bytes, array<Numbers>&& numbers) noexcept {
        bytes_ = static_cast<array<Byte>&&>(bytes), numbers_ = static_cast<array<Numbers>&&>(numbers);
    }
    /// The bytes of a row that is not there are 0.
    void clear_row(idx_t i, idx_t panel_bytes) noexcept {
        constexpr idx_t columns = kernel::byte_columns, each = 4;
        Byte* const target = panel(i / columns, panel_bytes) + i % columns * each;
        for (idx_t n = 0; n < panel_bytes; n += columns * each) std::memset(target + n, 0, each);
    }
    /// A row of others becomes row `to`: 4 bytes of every 64 of a panel, and the numbers.
    void take_row(const growing_panel_bytes& others, idx_t from, idx_t to, idx_t panel_bytes) noexcept {
        if (&others == this && from == to) return;
        constexpr idx_t columns = kernel::byte_columns, each = 4;
        const idx_t i = from % columns, j = to % columns;
        const Byte* const source = others.panel(from / columns, panel_bytes) + i * each;
        Byte* const target = panel(to / columns, panel_bytes) + j * each;
        for (idx_t n = 0; n < panel_bytes; n += columns * each) std::memcpy(target + n, source + n, each);
        move_numbers(others.numbers_[from / columns], i, numbers_[to / columns], j);
    }

private:
    array<Byte> bytes_ = {};
    array<Numbers> numbers_ = {};
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
