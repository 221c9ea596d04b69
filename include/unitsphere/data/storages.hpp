/// The storages of a compact_gallery by number: so files name them, and a program and its levels.
#pragma once

#include <cstdint>
#include <type_traits>

#include "options.hpp"
#include "scalar.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class Storage>
struct storage_type {
    using type = Storage;
};

/// Numbers from 1 on; 0 are rows of float.
template <class... Storages>
struct storage_list {
    static constexpr std::uint32_t count = 1 + sizeof...(Storages);

    /// 0 for a type that is no storage.
    template <class Storage>
    static constexpr std::uint32_t number_of() noexcept {
        std::uint32_t number = 0, next = 0;
        ((++next, number = std::is_same_v<Storage, Storages> ? next : number), ...);
        return number;
    }
    /// answer(storage_type<..>()) for the storage of a number, if there is one: else false.
    template <class Answer>
    static bool with(std::uint32_t number, Answer&& answer) {
        std::uint32_t next = 0;
        return ((++next == number && (answer(storage_type<Storages>()), true)) || ...);
    }
};
using storages = storage_list<float16, bfloat16, std::int8_t, int4, one_bit, fast_bfloat16>;

template <class Storage>
inline constexpr std::uint32_t storage_number = storages::number_of<Storage>();

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
