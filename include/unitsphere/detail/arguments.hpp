/// Which arguments a public function takes: std::is_invocable answers truly, and the compiler's error says what to
/// pass.
#pragma once

#include "../data/array.hpp"
#include "../data/required.hpp"
#include "../engine/gallery_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class... Rows>
using if_rows = std::enable_if_t<(engine::is_rows<Rows> && ...), int>;
template <class... Rows>
using unless_rows = std::enable_if_t<!(engine::is_rows<Rows> && ...), int>;

/// Every one of them rows, or a gallery of floats.
template <class... Rows>
using if_queries = std::enable_if_t<(engine::is_queries<Rows> && ...), int>;
template <class... Rows>
using unless_queries = std::enable_if_t<!(engine::is_queries<Rows> && ...), int>;

/// The first one is rows or a gallery of floats, the second one rows or any gallery.
template <class Queries, class Gallery>
using if_rows_or_gallery = std::enable_if_t<engine::is_queries<Queries> && engine::is_side<Gallery>, int>;
template <class Queries, class Gallery>
using unless_rows_or_gallery = std::enable_if_t<!(engine::is_queries<Queries> && engine::is_side<Gallery>), int>;

/// Queries are rows, the gallery may be packed.
template <class Queries, class Gallery>
using if_sides = std::enable_if_t<engine::is_rows<Queries> && engine::is_side<Gallery>, int>;
template <class Queries, class Gallery>
using unless_sides = std::enable_if_t<!(engine::is_rows<Queries> && engine::is_side<Gallery>), int>;

/// Advice that compilers print with a refused call, as the argument of a template.
///
/// Rows are what to_view takes: matrix_view<const T>(pointer, rows, dim), a matrix, unit_embeddings, unit_view, a
/// row-major Eigen matrix (include unitsphere/interop/eigen.hpp); T is float, double, float16, bfloat16 or int8_t.
struct pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view_or_unit_embeddings;
struct pass_contiguous_rows_of_float_or_double_that_outlive_the_view_or_normalize_them;
struct pass_rows_that_lie_in_one_block_as_a_matrix_or_a_matrix_view;
using pass_rows = pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view_or_unit_embeddings;

/// For a list of lists: each row is a block of its own, and no stride leads from one to the next.
template <class List>
inline constexpr bool is_list_of_lists = false;
template <template <class...> class List, class Row, class... More>
inline constexpr bool is_list_of_lists<List<Row, More...>> = !std::is_void_v<typename viewed<const Row>::type>;
template <class... Rows>
using advice = std::conditional_t<(is_list_of_lists<Rows> || ...),
                                  pass_rows_that_lie_in_one_block_as_a_matrix_or_a_matrix_view, pass_rows>;

/// For a scale that is a plain number: 100 is a multiplier, 4.6052 its logarithm.
struct pass_logit_scale_from_multiplier_or_logit_scale_from_log;
using pass_logit_scale = pass_logit_scale_from_multiplier_or_logit_scale_from_log;
template <class Number>
using if_number = std::enable_if_t<std::is_arithmetic_v<Number>, int>;

/// The type of results is float; double only from rows of double. The caller leaves out what would not compile then.
template <class Result, class... Elements>
constexpr bool is_result_type() {
    constexpr bool is_float = std::is_same_v<Result, float>, is_double = std::is_same_v<Result, double>;
    constexpr bool fits = !is_double || (std::is_same_v<Elements, double> && ...);
    static_assert(is_float || is_double, "unitsphere: results are float or double");
    static_assert(fits, "unitsphere: a double result needs rows of double on every side");
    return (is_float || is_double) && fits;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere

// Deleted overloads of a function, and of its _into form, for arguments that are no rows: the first, the first two, or
// the first two of which the second may be a gallery.
#define UNITSPHERE_REFUSE_ROWS(name, unless)                                                       \
    template <class Result = void, class Rows, class... More, class Advice = detail::advice<Rows>, \
              detail::unless<Rows> = 0>                                                            \
    void name(const Rows&, More&&...) = delete
// The same for a const member function and its _into form.
#define UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(name)                                                         \
    template <class Rows, class... More, class Advice = detail::advice<Rows>, detail::unless_rows<Rows> = 0> \
    void name(const Rows&, More&&...) const = delete;                                                        \
    template <class Rows, class... More, class Advice = detail::advice<Rows>, detail::unless_rows<Rows> = 0> \
    void name##_into(const Rows&, More&&...) const = delete
#define UNITSPHERE_REFUSE_PAIRS(name, unless)                                                            \
    template <class Result = void, class A, class B, class... More, class Advice = detail::advice<A, B>, \
              detail::unless<A, B> = 0>                                                                  \
    void name(const A&, const B&, More&&...) = delete
// The same, and of its _into form, for a third argument that does not fit the second, where the first two are taken.
#define UNITSPHERE_REFUSE_THIRD(name, taken, unless, advice)                                                       \
    template <class A, class B, class C, class... More, class Advice = detail::advice<B>, detail::taken<A, B> = 0, \
              detail::unless<B, C> = 0>                                                                            \
    void name(const A&, const B&, const C&, More&&...) = delete;                                                   \
    template <class A, class B, class C, class... More, class Advice = detail::advice<B>, detail::taken<A, B> = 0, \
              detail::unless<B, C> = 0>                                                                            \
    void name##_into(const A&, const B&, const C&, More&&...) = delete
#define UNITSPHERE_REFUSE_OTHER_ROWS(name)     \
    UNITSPHERE_REFUSE_ROWS(name, unless_rows); \
    UNITSPHERE_REFUSE_ROWS(name##_into, unless_rows)
#define UNITSPHERE_REFUSE_OTHER_PAIRS(name)     \
    UNITSPHERE_REFUSE_PAIRS(name, unless_rows); \
    UNITSPHERE_REFUSE_PAIRS(name##_into, unless_rows)
#define UNITSPHERE_REFUSE_OTHER_SIDES(name)      \
    UNITSPHERE_REFUSE_PAIRS(name, unless_sides); \
    UNITSPHERE_REFUSE_PAIRS(name##_into, unless_sides)
