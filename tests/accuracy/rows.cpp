// Norms and unit rows.
#include <unitsphere/normalize.hpp>

#include "table.hpp"

namespace accuracy {
namespace {

const char* const every_kind = "every kind";

/// Length and elements of unit rows. The bounds count roundings: see docs/numerics.md.
struct unit_errors {
    measurement length, element;

    template <class Result, class Unit>
    void add(const Unit& unit, const exact_rows& exact, double length_bound, double element_bound) {
        const exact_rows got(unit);
        for (idx_t i = 0; i < unit.rows(); ++i) {
            if (exact.norm(i) == 0) continue;
            length.add(std::fabs(got.norm(i) - 1), length_bound);
            for (idx_t k = 0; k < unit.dim(); ++k) {
                const long double wanted = exact.unit(i, k);
                const long double ulp = std::is_same_v<Result, double> ? double_ulp(wanted) : float_ulp(wanted);
                element.add(std::fabs(got.row(i)[k] - wanted) / ulp, element_bound);
            }
        }
    }
    void report(table& results, const std::string& function, const std::string& elements, const std::string& dims) {
        results.add({function + ", length", elements, every_kind, dims, "\\| \\|u\\| - 1 \\|"}, length);
        results.add({function + ", element", elements, every_kind, dims, "ulp"}, element);
    }
};

template <class Result>
matrix<Result> plain(const unitsphere::unit_embeddings<Result>& unit) {
    matrix<Result> result(unit.rows(), unit.dim());
    for (idx_t i = 0; i < unit.rows(); ++i)
        for (idx_t k = 0; k < unit.dim(); ++k) result(i, k) = unit(i, k);
    return result;
}

template <class T>
void measure_type(table& results, const std::vector<idx_t>& dims, idx_t rows, unit_errors& cut) {
    constexpr bool wide = std::is_same_v<T, double>;
    const double element_bound = wide ? 0.501 : 1.501;
    measurement length;
    unit_errors unit, unit_double;
    for (const idx_t dim : dims) {
        const auto raw = rows_of_every_kind<T>(rows, dim, std::uint64_t(1000 + dim));
        const exact_rows exact(raw);
        const unitsphere::array<double> norms = unitsphere::norms(raw);
        for (idx_t i = 0; i < rows; ++i) {
            const long double ulp = wide ? double_ulp(exact.norm(i)) : float_ulp(exact.norm(i));
            if (wide && exact.norm(i) > (long double)(std::numeric_limits<double>::max())) continue;
            length.add(std::fabs((long double)(norms[i]) - exact.norm(i)) / ulp, wide ? 2 : 1e-6);
        }
        unit.add<float>(plain(unitsphere::normalize(raw)), exact, 1.2e-7, element_bound);
        if constexpr (wide) unit_double.add<double>(plain(unitsphere::normalize<double>(raw)), exact, 4.5e-16, 3.5);
        const idx_t kept = (dim + 1) / 2;
        cut.add<float>(plain(unitsphere::truncate_dim(raw, kept)), exact_rows(raw, kept), 1.2e-7, element_bound);
    }
    const std::string name = name_of<T>(), range = range_of(dims);
    results.add({"norms", name, every_kind, range, wide ? "ulp of double" : "ulp of float"}, length);
    unit.report(results, "normalize", name, range);
    if constexpr (wide) unit_double.report(results, "`normalize<double>`", name, range);
}

}  // namespace

void measure_rows(table& results) {
    const std::vector<idx_t> dims = results.quick()
                                        ? std::vector<idx_t>{1, 3, 17, 512}
                                        : std::vector<idx_t>{1, 2, 3, 15, 16, 17, 33, 128, 129, 512, 768, 1152, 4096};
    const idx_t rows = results.quick() ? 12 : 120;
    unit_errors cut;
    for_each_type([&](auto type) { measure_type<decltype(type)>(results, dims, rows, cut); });
    cut.report(results, "truncate_dim, to half", all_types, range_of(dims));
}

}  // namespace accuracy
