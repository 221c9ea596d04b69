/// The way from one unit row to another along a great circle.
///
///   p(t) = w_a a + w_b b,   w_a = sin((1 - t) theta) / sin(theta),   w_b = sin(t theta) / sin(theta)
///
/// Far beyond the ends 1 - t is -t in double, and for a small theta a difference of large weights is all that is left.
/// There the same point, up to its length, comes from the part along b - a and the part along a:
///
///   p(t) |sin(theta) / sin(x)| = s (b - a) + (s (1 - cos(theta)) + sin(theta) cos(x) / |sin(x)|) a
///
///   x = t theta, less whole turns;   s = the sign of sin(x)
#pragma once

#include "../data/output.hpp"
#include "../engine/arena.hpp"
#include "../engine/row_source.hpp"
#include "../kernel/direction.hpp"
#include "arguments.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// p = a * of_a + b * of_b + a * more_of_a, added in this order in double, up to its length.
struct blend {
    double of_a, of_b, more_of_a = 0.0;
    bool opposite = false;  ///< rows without a shortest way between them
};

/// For a t far beyond the ends.
inline blend far_blend(double theta, double t) noexcept {
    constexpr double turn = 6.283185307179586;
    const double x = std::remainder(t, turn / theta) * theta, sine = std::sin(x), half = std::sin(0.5 * theta);
    if (sine == 0.0) return {std::cos(x), 0.0};
    const double sign = sine < 0.0 ? -1.0 : 1.0;
    return {-sign, sign, sign * (2.0 * half * half) + std::sin(theta) * std::cos(x) / std::fabs(sine)};
}
/// The ends and equal rows are the rows themselves: t = 0 and t = 1 need no way between opposite rows.
inline blend blend_at(const kernel::chords& chords, double t) noexcept {
    constexpr double farthest = 0x1p20;  // up to here 1 - t and the weights keep more digits than a float has
    if (t == 0.0 || chords.difference == 0.0) return {1.0, 0.0};
    if (t == 1.0) return {0.0, 1.0};
    if (chords.sum < 1e-6) return {0.0, 0.0, 0.0, true};
    const double theta = 2.0 * std::atan2(chords.difference, chords.sum);
    if (std::fabs(t) > farthest) return far_blend(theta, t);
    return {std::sin((1.0 - t) * theta) / std::sin(theta), std::sin(t * theta) / std::sin(theta)};
}

/// Points of great circles, row by row. Every blend is known before the first row is written.
template <class A, class B>
class great_circles {
public:
    great_circles(engine::row_source<A>& a, engine::row_source<B>& b, const execution& how)
        : a_(a), b_(b), how_(how), memory_(how, a.function()) {
        const idx_t workers = engine::workers_for(how, engine::ceil_div(a.rows(), rows_of_task));
        memory_.add(points_, a.rows());
        memory_.add(sums_, workers, a.dim());
        memory_.add(units_, workers, 2 * a.dim());
        memory_.reserve();
    }

    /// Finds all blends; the first pair of opposite rows, or -1.
    idx_t find_blends(double t) {
        each_row([&](idx_t i, float* unit_a, float* unit_b, double*, row_report& seen_a, row_report& seen_b) {
            const kernel::row_length length_a = kernel::length_of(a_.row(i), a_.dim());
            const kernel::row_length length_b = kernel::length_of(b_.row(i), b_.dim());
            point& p = points_[i];
            // Of a zero row with anything finite: zero; NaN stays NaN.
            p = {{0.0, 0.0}, a_.factors(i, length_a, seen_a), b_.factors(i, length_b, seen_b)};
            if (length_a.kind() != kernel::row_kind::regular || length_b.kind() != kernel::row_kind::regular) return;
            make_units(i, unit_a, unit_b);
            p.weights = blend_at(kernel::chords_of(unit_a, unit_b, a_.dim()), t);
        });
        for (idx_t i = 0; i < a_.rows(); ++i)
            if (points_[i].weights.opposite) return i;
        return -1;
    }
    /// Writes the points, at unit length.
    void write(const matrix_view<float>& out) {
        const idx_t dim = a_.dim();
        each_row([&](idx_t i, float* unit_a, float* unit_b, double* sum, row_report&, row_report&) {
            const blend& weights = points_[i].weights;
            make_units(i, unit_a, unit_b);
            for (idx_t k = 0; k < dim; ++k) sum[k] = 0.0;
            kernel::add_row(unit_a, dim, weights.of_a, sum);
            kernel::add_row(unit_b, dim, weights.of_b, sum);
            if (weights.more_of_a != 0.0) kernel::add_row(unit_a, dim, weights.more_of_a, sum);
            const auto factors = kernel::factors_of<double>(kernel::length_of(sum, dim), on_row::keep);
            kernel::scale_row(sum, dim, factors, out.row(i));
        });
    }

private:
    static constexpr idx_t rows_of_task = 32;

    struct point {
        blend weights;
        typename engine::row_source<A>::factors_type factors_a;
        typename engine::row_source<B>::factors_type factors_b;
    };

    void make_units(idx_t i, float* unit_a, float* unit_b) const noexcept {
        kernel::scale_row(a_.row(i), a_.dim(), points_[i].factors_a, unit_a);
        kernel::scale_row(b_.row(i), b_.dim(), points_[i].factors_b, unit_b);
    }
    /// work(row, two unit rows, a row of double, reports) for all rows, with scratch rows of the worker.
    template <class Work>
    void each_row(Work&& work) {
        engine::for_each_range(how_, a_.rows(), rows_of_task, [&](idx_t worker, idx_t first, idx_t end) {
            float* const units = units_.of(worker);
            row_report seen_a, seen_b;
            for (idx_t i = first; i < end; ++i) work(i, units, units + a_.dim(), sums_.of(worker), seen_a, seen_b);
            a_.count(seen_a);
            b_.count(seen_b);
        });
    }

    engine::row_source<A>& a_;
    engine::row_source<B>& b_;
    const execution& how_;
    engine::arena memory_;
    point* points_;
    engine::worker_arrays<double> sums_;
    engine::worker_arrays<float> units_;
};

template <class A, class B>
unit_view<float> points_between(const A& a, const B& b, double t, const matrix_view<float>& out, const execution& how,
                                const row_policy& policy_of_a, const row_policy& policy_of_b) {
    if (a.rows() != b.rows() || a.dim() != b.dim())
        fail<shape_error>("slerp: a is ", a.rows(), " x ", a.dim(), ", b is ", b.rows(), " x ", b.dim());
    if (!is_finite(t)) fail<value_error>("slerp: t is not finite");
    require_row_wise("slerp", engine::values_of(a), "a", out);
    require_row_wise("slerp", engine::values_of(b), "b", out);
    engine::row_source source_a(a, policy_of_a, "slerp", "a, row ");
    engine::row_source source_b(b, policy_of_b, "slerp", "b, row ");
    great_circles circles(source_a, source_b, how);
    const idx_t opposite = circles.find_blends(t);
    if (opposite >= 0) fail<value_error>("slerp: rows ", opposite, " of a and b are opposite: no way is the shortest");
    circles.write(out);
    source_a.report();
    source_b.report();
    return unit_access::view<float>(out);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
