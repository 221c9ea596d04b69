/// Which rows are similarities or logits: plain floats.
#pragma once

#include "arguments.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Whether Rows has a view of plain floats; unit rows are embeddings, not scores.
template <class Rows, class = void>
inline constexpr bool is_float_rows = false;
template <class Rows>
inline constexpr bool is_float_rows<Rows, std::void_t<decltype(to_view(std::declval<const Rows&>()))>> =
    std::is_convertible_v<decltype(to_view(std::declval<const Rows&>())), matrix_view<const float>>;

template <class Rows>
using if_float_rows = std::enable_if_t<is_float_rows<Rows>, int>;
template <class Rows>
using unless_float_rows = std::enable_if_t<!is_float_rows<Rows>, int>;

/// Advice as in arguments.hpp.
struct pass_similarities_or_logits_as_rows_of_float;

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere

// Deleted overloads of a function of scores, and of its _into form: for other rows, and for a scale that is a number.
#define UNITSPHERE_REFUSE_SCORES(name)                                                                        \
    template <class Rows, class... More, class Advice = detail::pass_similarities_or_logits_as_rows_of_float, \
              detail::unless_float_rows<Rows> = 0>                                                            \
    void name(const Rows&, More&&...) = delete;                                                               \
    template <class Rows, class Number, class... More, class Advice = detail::pass_logit_scale,               \
              detail::if_float_rows<Rows> = 0, detail::if_number<Number> = 0>                                 \
    void name(const Rows&, Number, More&&...) = delete
#define UNITSPHERE_REFUSE_OTHER_SCORES(name) \
    UNITSPHERE_REFUSE_SCORES(name);          \
    UNITSPHERE_REFUSE_SCORES(name##_into)
