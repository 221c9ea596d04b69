// Means of directions, centering, the way between two rows. Each float unit row that enters is off by 1.2e-7 at most,
// as a vector; the rest is done in double and rounded once.
#include <unitsphere/directions.hpp>
#include <unitsphere/zero_shot.hpp>

#include "table.hpp"

namespace accuracy {
namespace {

using vector = std::vector<long double>;
constexpr double unit_error = 1.2e-7, last_rounding = 0x1p-24;

long double length_of(const vector& x) { return std::sqrt(dot(x.data(), x.data(), idx_t(x.size()))); }

/// sum of weights[i] * unit row i, for all i with place_of[i] == place; and the sum of the weights' sizes.
struct weighted_sum {
    vector sum;
    long double weight = 0;

    template <class Weight>
    weighted_sum(const exact_rows& rows, idx_t count, Weight&& weight_of) : sum(std::size_t(rows.dim), 0) {
        for (idx_t i = 0; i < count; ++i) {
            weight += std::fabs(weight_of(i));
            for (idx_t k = 0; k < rows.dim; ++k) sum[std::size_t(k)] += weight_of(i) * rows.unit(i, k);
        }
    }
    /// Errors of the direction of the sum. A sum that is short against its terms has a direction that is less sure.
    template <class Row>
    void add_errors(measurement& found, const Row& row, idx_t i) const {
        const long double length = length_of(sum);
        const long double bound = unit_error * weight / length + last_rounding;
        for (std::size_t k = 0; k < sum.size(); ++k)
            found.add(std::fabs((long double)(row(i, idx_t(k))) - sum[k] / length), bound);
    }
};

template <class T>
void add_interpolated(measurement& found, const matrix<T>& a, const matrix<T>& b, double t) {
    const auto got = unitsphere::slerp(a, b, t);
    const exact_rows exact_a(a), exact_b(b);
    for (idx_t i = 0; i < a.rows(); ++i) {
        vector away, along;
        for (idx_t k = 0; k < a.dim(); ++k) {
            away.push_back(exact_a.unit(i, k) - exact_b.unit(i, k));
            along.push_back(exact_a.unit(i, k) + exact_b.unit(i, k));
        }
        const long double theta = 2 * std::atan2(length_of(away), length_of(along));
        const long double x = theta == 0 ? 1 - t : std::sin((1 - t) * theta) / std::sin(theta);
        const long double y = theta == 0 ? t : std::sin(t * theta) / std::sin(theta);
        const long double bound = unit_error * (x + y) + last_rounding;
        for (idx_t k = 0; k < a.dim(); ++k)
            found.add(std::fabs((long double)(got(i, k)) - (x * exact_a.unit(i, k) + y * exact_b.unit(i, k))), bound);
    }
}

struct direction_errors {
    measurement mean, weighted, ensemble, centroid, center, interpolation;
};

/// Rows whose sum is nearly zero have no sure direction: no measurement of them says anything.
constexpr long double shortest_sum = 0.01L;

template <class T>
void add_sums(direction_errors& found, const matrix<T>& rows) {
    const exact_rows exact(rows);
    const idx_t n = rows.rows();
    const weighted_sum sum(exact, n, [](idx_t) { return 1.0L; });
    if (length_of(sum.sum) > shortest_sum) sum.add_errors(found.mean, unitsphere::mean_direction(rows), 0);

    std::vector<double> weights;
    for (idx_t i = 0; i < n; ++i) weights.push_back(i % 3 == 2 ? -0.25 : 1.0 + double(i) / 16);
    const weighted_sum mixed(exact, n, [&](idx_t i) { return (long double)(weights[std::size_t(i)]); });
    if (length_of(mixed.sum) > shortest_sum)
        mixed.add_errors(found.weighted, unitsphere::mean_direction(rows, {}, {{}, {}, weights}), 0);

    std::vector<int> classes;
    for (idx_t i = 0; i < n; ++i) classes.push_back(int(i % 2));
    const auto ensemble = unitsphere::prompt_ensemble(rows, classes);
    for (idx_t c = 0; c < ensemble.rows(); ++c) {
        const weighted_sum members(exact, n, [&](idx_t i) { return i % 2 == c ? 1.0L : 0.0L; });
        if (length_of(members.sum) > shortest_sum) members.add_errors(found.ensemble, ensemble, c);
    }

    const matrix<float> mean = unitsphere::centroid(rows), moved = unitsphere::center(rows, mean);
    for (idx_t k = 0; k < rows.dim(); ++k) {
        found.centroid.add(std::fabs(mean(0, k) - sum.sum[std::size_t(k)] / n), 1.5e-7);
        for (idx_t i = 0; i < n; ++i)
            found.center.add(std::fabs(moved(i, k) - (exact.unit(i, k) - (long double)(mean(0, k)))), 1.8e-7);
    }
}

}  // namespace

void measure_directions(table& results) {
    const std::vector<idx_t> dims =
        results.quick() ? std::vector<idx_t>{1, 17, 512} : std::vector<idx_t>{1, 2, 16, 17, 512, 1152};
    direction_errors found;
    for_each_type([&](auto type) {
        using T = decltype(type);
        for (const idx_t dim : dims) {
            for (const idx_t n : {1, 3, 24}) add_sums(found, rows_of_every_kind<T>(n, dim, std::uint64_t(4000 + dim)));
            if (dim < 16) continue;  // fewer dims may hold opposite rows
            const auto a = tests::random_rows<T>(24, dim, 4500), b = tests::random_rows<T>(24, dim, 4501);
            for (const double t : {0.0, 0.25, 0.5, 0.875, 1.0}) {
                add_interpolated(found.interpolation, a, b, t);
                add_interpolated(found.interpolation, a, a, t);
            }
        }
    });
    const auto report = [&](const char* function, const char* rows, const measurement& errors) {
        results.add({function, all_types, rows, range_of(dims), "absolute"}, errors);
    };
    report("mean_direction", "every kind", found.mean);
    report("mean_direction, weights", "every kind", found.weighted);
    report("prompt_ensemble", "every kind", found.ensemble);
    report("centroid", "every kind", found.centroid);
    report("center", "every kind", found.center);
    report("slerp", "gaussian, dim >= 16", found.interpolation);
}

}  // namespace accuracy
