#include <unitsphere/data/unit_embeddings.hpp>

#include <type_traits>
#include <utility>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using unitsphere::float16;
using unitsphere::matrix;
using unitsphere::matrix_view;
using unitsphere::unit_embeddings;
using unitsphere::unit_view;

namespace {

template <class Unit, class... Raw>
constexpr bool made_from_any = (std::is_constructible_v<Unit, Raw> || ...);

// Only normalize() and its friends make one.
template <class Unit>
constexpr bool raw_rows_are_refused =
    !std::is_default_constructible_v<Unit> &&
    !made_from_any<Unit, matrix<float>, matrix<float>&, const matrix<float>&, matrix_view<float>,
                   matrix_view<const float>, matrix<double>, matrix<float16>, matrix_view<const float16>,
                   std::vector<float>, float*, const float*> &&
    !std::is_constructible_v<Unit, const float*, unitsphere::idx_t, unitsphere::idx_t> &&
    !std::is_assignable_v<Unit&, matrix<float>> && !std::is_assignable_v<Unit&, matrix_view<const float>>;

template <class Rows>
constexpr bool is_read_only = std::is_same_v<decltype(std::declval<Rows&>().data()), const float*>&&
    std::is_same_v<decltype(std::declval<Rows&>().row(0)), const float*>&&
        std::is_same_v<decltype(std::declval<Rows&>()(0, 0)), const float&>&&
            std::is_same_v<decltype(std::declval<Rows&>().values()), matrix_view<const float>>;

}  // namespace

static_assert(raw_rows_are_refused<unit_embeddings<float>>);
static_assert(raw_rows_are_refused<unit_view<float>>);
static_assert(is_read_only<unit_embeddings<float>> && is_read_only<unit_view<float>>);
static_assert(std::is_same_v<unit_embeddings<>, unit_embeddings<float>>);
static_assert(std::is_convertible_v<unit_embeddings<float>&, unit_view<float>>);
static_assert(!std::is_constructible_v<unit_embeddings<float>, unit_view<float>>,
              "a view does not become an owner unseen");
static_assert(!std::is_convertible_v<unit_embeddings<double>&, unit_view<float>>);
static_assert(std::is_copy_constructible_v<unit_embeddings<float>> &&
              std::is_nothrow_move_constructible_v<unit_embeddings<float>>);
static_assert(std::is_trivially_copyable_v<unit_view<float>>);
// A unit row is no raw row by accident: the plain numbers are asked for by name.
static_assert(!std::is_convertible_v<unit_embeddings<float>&, matrix_view<const float>>);
static_assert(!std::is_convertible_v<unit_view<float>, matrix_view<const float>>);

TEST_CASE("unit embeddings show their rows and cannot be written", "[unit_embeddings]") {
    const matrix<float> raw = random_rows<float>(4, 33, 1);
    const unit_embeddings<float> unit = unitsphere::normalize(raw);
    CHECK(unit.rows() == 4);
    CHECK(unit.dim() == 33);
    CHECK(unit.stride() >= 33);
    CHECK(unit.row(2) == unit.data() + 2 * unit.stride());
    CHECK(unit(2, 5) == unit.row(2)[5]);
    CHECK(first_difference(unit, unit.values()) == "");
    const unit_view<float> view = unit;
    CHECK(view.data() == unit.data());
    CHECK(first_difference(unit, view) == "");
    CHECK(first_difference(unit, view.values()) == "");
}

TEST_CASE("a copy of unit embeddings is its own memory and a move keeps it", "[unit_embeddings]") {
    unit_embeddings<float> unit = unitsphere::normalize(random_rows<float>(3, 8, 2));
    const unit_embeddings<float> copy = unit;
    CHECK(copy.data() != unit.data());
    CHECK(first_difference(unit, copy) == "");
    const float* memory = unit.data();
    const unit_embeddings<float> moved = std::move(unit);
    CHECK(moved.data() == memory);
    CHECK(first_difference(moved, copy) == "");
}

}  // namespace tests
