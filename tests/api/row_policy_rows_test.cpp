#include <string>

#include <unitsphere/directions.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "troubled_rows.hpp"

// Promise 4 for rows that become other rows: truncate, center, and rows of double that stay double.

namespace tests {

using namespace unitsphere;

namespace {

/// Whether row i is zero, NaN or the one of rows without trouble, as the rules say.
template <class Rows, class Clean>
bool row_follows_the_rules(const Rows& rows, const Clean& clean, idx_t i, on_row zeros) {
    const auto every = [&](auto&& is) {
        for (idx_t k = 0; k < rows.dim(); ++k)
            if (!is(k)) return false;
        return true;
    };
    if (is_bad_row(i) || (is_zero_row(i) && zeros == on_row::nan))
        return every([&](idx_t k) { return reference::is_nan(rows(i, k)); });
    if (is_zero_row(i)) return every([&](idx_t k) { return rows(i, k) == 0; });
    return every([&](idx_t k) { return reference::bits(rows(i, k)) == reference::bits(clean(i, k)); });
}
template <class Rows, class Clean>
int rows_off_the_rules(const Rows& rows, const Clean& clean, on_row zeros) {
    int off = 0;
    for (idx_t i = 0; i < 8; ++i) off += !row_follows_the_rules(rows, clean, i, zeros);
    return off;
}

/// What an error policy says of zero rows and of rows that are not finite; `report` stays as it was.
template <class T, class Call>
void check_refusals(const std::string& function, Call&& call) {
    row_report untold{9, 9, 9, 9};
    const auto text = [&](const matrix<T>& rows, on_row zeros, on_row non_finite) {
        const std::string message = message_of<value_error>([&] {
            call(rows, row_policy{zeros, non_finite, &untold});
        });
        CHECK(same(untold, {9, 9, 9, 9}));
        return message;
    };
    const matrix<T> zeros = only<T>(true, false, 24), bad = only<T>(false, true, 24);
    CHECK(text(zeros, on_row::error, on_row::nan) == function + ": row 1 is zero");
    CHECK(text(bad, on_row::keep, on_row::error) == function + ": row 2 is not finite");
    CHECK(text(bad, on_row::keep, on_row::keep) ==
          function + ": rows that are not finite cannot be kept; choose nan or error");
}

/// A copy that must still be one when it goes, error or not.
struct left_alone {
    const matrix<double>& before;
    matrix<double> rows = before;
    ~left_alone() { CHECK(first_difference(rows, before) == ""); }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("truncate_dim applies the row policy to the elements that it keeps", "[rows]", floating_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 33);
    const on_row zeros = GENERATE(on_row::keep, on_row::nan);
    matrix<TestType> wide(8, dim + 3);  // trouble behind the cut is none
    const matrix<TestType> rows = troubled_rows<TestType>(dim), clean = only<TestType>(false, false, dim);
    for (idx_t i = 0; i < 8; ++i) {
        for (idx_t k = 0; k < dim; ++k) wide(i, k) = rows(i, k);
        wide(i, dim) = scaled<TestType>(1, 0);
        make_special(wide(i, dim + 2), i % 2 == 0);
    }
    row_report report{9, 9, 9, 9};
    const auto cut = truncate_dim(wide, dim, {}, {zeros, on_row::nan, &report});
    CHECK(same(report, trouble));
    CHECK(rows_off_the_rules(cut, normalize(clean), zeros) == 0);
}

TEMPLATE_LIST_TEST_CASE("center applies the row policy and leaves zero rows zero", "[rows]", floating_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 33);
    const on_row zeros = GENERATE(on_row::keep, on_row::nan);
    const matrix<TestType> rows = troubled_rows<TestType>(dim), clean = only<TestType>(false, false, dim);
    const matrix<float> mean = random_rows<float>(1, dim, 38), expected = center(clean, mean);
    row_report report{9, 9, 9, 9};
    const row_policy options{zeros, on_row::nan, &report};
    CHECK(rows_off_the_rules(center(rows, mean, {}, {options}), expected, zeros) == 0);
    CHECK(same(report, trouble));
    report = {9, 9, 9, 9};
    CHECK(rows_off_the_rules(center(normalize(rows), mean, {}, {options}), expected, zeros) == 0);
    CHECK(same(report, trouble));
}

TEST_CASE("row policies hold for double results: new, into the caller's memory and in place", "[rows]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 33);
    const on_row zeros = GENERATE(on_row::keep, on_row::nan);
    const matrix<double> rows = troubled_rows<double>(dim), clean = only<double>(false, false, dim);
    const unit_embeddings<double> expected = normalize<double>(clean);
    row_report report{9, 9, 9, 9};
    const row_policy options{zeros, on_row::nan, &report};
    const auto check = [&](const auto& unit) {
        CHECK(rows_off_the_rules(unit, expected, zeros) == 0);
        CHECK(same(report, trouble));
        report = {9, 9, 9, 9};
    };
    check(normalize<double>(rows, {}, {options}));
    check(truncate_dim<double>(rows, dim, {}, {options}));
    matrix<double> out(8, dim), in_place = rows;
    check(normalize_into(rows, out, {}, {options}));
    check(normalize_in_place(in_place, {}, {options}));
}

TEMPLATE_LIST_TEST_CASE("truncate_dim and center refuse what their options refuse, and report nothing then", "[rows]",
                        floating_types) {
    const matrix<float> mean = random_rows<float>(1, 24, 39);
    check_refusals<TestType>("truncate_dim",
                             [](const auto& rows, const auto& options) { truncate_dim(rows, 24, {}, {options}); });
    check_refusals<TestType>("center",
                             [&](const auto& rows, const auto& options) { center(rows, mean, {}, {options}); });
    check_refusals<TestType>(
        "center", [&](const auto& rows, const auto& options) { center(normalize(rows), mean, {}, {options}); });
}

TEST_CASE("double rows that are refused are neither written nor changed", "[rows]") {
    check_refusals<double>("normalize", [](const auto& rows, const auto& o) { normalize<double>(rows, {}, {o}); });
    check_refusals<double>("truncate_dim",
                           [](const auto& rows, const auto& o) { truncate_dim<double>(rows, 24, {}, {o}); });
    const matrix<double> before = random_rows<double>(8, 24, 40);
    check_refusals<double>("normalize", [&](const auto& rows, const auto& options) {
        left_alone out{before};
        normalize_into(rows, out.rows, {}, {options});
    });
    check_refusals<double>("normalize_in_place", [](const auto& rows, const auto& options) {
        left_alone in_place{rows};
        normalize_in_place(in_place.rows, {}, {options});
    });
}

}  // namespace tests
