// Cosines: against the formula, and the same pair's bits from every function.
#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "table.hpp"

namespace accuracy {
namespace {

using tests::row_kind;

template <class Result, class T>
void add_errors(measurement& found, const matrix<T>& queries, const matrix<T>& gallery, double bound) {
    const matrix<Result> scores = unitsphere::cosine_similarity<Result>(queries, gallery);
    const exact_rows a(queries), b(gallery);
    for (idx_t i = 0; i < scores.rows(); ++i)
        for (idx_t j = 0; j < scores.dim(); ++j)
            found.add(std::fabs((long double)(scores(i, j)) - cosine(a, i, b, j)), bound);
}

/// Higham, section 3.1, with the unit roundoff of double: a chain of 128, block sums, four roundings in each element of
/// either unit row.
double double_bound(idx_t dim) { return double(128 + (dim + 127) / 128 + 8) * 0x1p-53; }

template <class Result, class T>
void measure_type(table& results, const std::string& function) {
    constexpr bool wide = std::is_same_v<Result, double>;
    const idx_t rows = results.quick() ? 8 : 64;
    const auto bound = [](idx_t dim) { return wide ? double_bound(dim) : reference::cosine_bound(dim); };
    const auto seed = [](idx_t dim) { return std::uint64_t(2000 + dim); };
    using dim_list = std::vector<idx_t>;
    const dim_list gaussian_dims = results.quick() ? dim_list{64, 768} : dim_list{64, 512, 768, 1152, 4096};
    const dim_list equal_dims = results.quick() ? dim_list{128, 1152} : dim_list{127, 128, 129, 768, 1152, 4096};
    const dim_list dims = results.quick() ? dim_list{1, 17, 512} : dim_list{1, 2, 17, 128, 131, 768, 1152, 4096};

    // bfloat16 and int8 have few different values: many squares round alike, and a row with itself can be further off.
    constexpr bool coarse = std::is_same_v<T, bfloat16> || std::is_same_v<T, std::int8_t>;
    measurement gaussian, itself, equal, varied;
    for (const idx_t dim : gaussian_dims) {
        const auto a = tests::random_rows<T>(rows, dim, seed(dim)), b = tests::random_rows<T>(rows, dim, seed(dim) + 9);
        add_errors<Result>(gaussian, a, b, wide ? bound(dim) : 6e-7);
        add_errors<Result>(itself, a, a, wide || coarse ? bound(dim) : 6e-7);
    }
    for (const idx_t dim : equal_dims) {
        const auto a = tests::random_rows<T>(rows, dim, seed(dim), row_kind::all_equal);
        add_errors<Result>(equal, a, a, bound(dim));
    }
    for (const idx_t dim : dims) {
        const auto a = rows_of_every_kind<T>(rows, dim, seed(dim)), b = rows_of_every_kind<T>(rows, dim, seed(dim) + 9);
        add_errors<Result>(varied, a, b, bound(dim));
    }
    results.add({function, name_of<T>(), "gaussian", range_of(gaussian_dims), "absolute"}, gaussian);
    results.add({function, name_of<T>(), "gaussian, with themselves", range_of(gaussian_dims), "absolute"}, itself);
    results.add({function, name_of<T>(), "all equal", range_of(equal_dims), "absolute"}, equal);
    results.add({function, name_of<T>(), "every kind", range_of(dims), "absolute"}, varied);
}

/// Scores with other bits than the matrix's: from pairs, with the sides swapped, from unit rows.
template <class Result, class T>
void add_other_bits(measurement& found, idx_t dim) {
    const auto a = rows_of_every_kind<T>(37, dim, 2500), b = rows_of_every_kind<T>(37, dim, 2501);
    const auto scores = unitsphere::cosine_similarity<Result>(a, b);
    const auto swapped = unitsphere::cosine_similarity<Result>(b, a);
    const auto unit = unitsphere::cosine_similarity<Result>(unitsphere::normalize<Result>(a), b);
    const auto pairs = unitsphere::pairwise_cosine<Result>(a, b);
    const auto add = [&](Result x, Result y) { found.add(reference::bits(x) != reference::bits(y), 0); };
    for (idx_t i = 0; i < 37; ++i) {
        add(pairs[i], scores(i, i));
        add(unitsphere::cosine<Result>(a[i], b[0]), scores(i, 0));
        for (idx_t j = 0; j < 37; ++j) {
            add(swapped(j, i), scores(i, j));
            add(unit(i, j), scores(i, j));
        }
    }
}

void measure_bits(table& results) {
    const std::vector<idx_t> dims =
        results.quick() ? std::vector<idx_t>{17, 131} : std::vector<idx_t>{1, 16, 17, 131, 1152};
    measurement found;
    for (const idx_t dim : dims) {
        for_each_type([&](auto type) { add_other_bits<float, decltype(type)>(found, dim); });
        add_other_bits<double, double>(found, dim);
    }
    results.add({"pairwise_cosine, cosine", all_types, "every kind", range_of(dims), "1 for other bits"}, found);
}

}  // namespace

void measure_cosines(table& results) {
    for_each_type([&](auto type) { measure_type<float, decltype(type)>(results, "cosine_similarity"); });
    measure_type<double, double>(results, "`cosine_similarity<double>`");
    measure_bits(results);
}

}  // namespace accuracy
