/// The linear head of dispatch.hpp.
#pragma once

#include "../data/options.hpp"
#include "dispatched_call.hpp"
#include "head_parameters.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace dispatched {

using namespace unitsphere;

/// As unitsphere::linear_head. It holds numbers alone: every call is of the level that runs.
class linear_head : public detail::head_parameters {
public:
    template <class Rows, detail::if_any_rows<Rows> = 0>
    explicit linear_head(const Rows& rows) : head_parameters(detail::values_of(to_view(rows))) {}
    template <class Weights, class Biases, detail::if_any_rows<Weights> = 0, detail::if_any_rows<Biases> = 0>
    linear_head(const Weights& weights, const Biases& biases)
        : head_parameters(detail::values_of(to_view(weights)), detail::values_of(to_view(biases))) {}

    template <class Labels>
    linear_head with_labels(const Labels& labels) const {
        linear_head result(*this);
        result.set_labels(detail::labels_of(labels, "linear_head::with_labels"));
        return result;
    }

    template <class Out>
    void decision_function_into(const detail::any_rows& rows, Out&& out, const execution& how = {},
                                const linear_head_options& options = {}) const {
        const auto decisions = detail::output_of<Out, double>(out);
        ask(how, options,
            [&](const levels::table& level, const levels::call_ref& by, const levels::policy_ref& policy) {
                level.head_decisions(parameters(), rows.sent(), decisions, by, policy);
            });
    }
    matrix<double> decision_function(const detail::any_rows& rows, const execution& how = {},
                                     const linear_head_options& options = {}) const {
        auto out = matrix<double>::uninitialized(rows.rows(), heads());
        decision_function_into(rows, out, how, options);
        return out;
    }

    template <class Out>
    void predict_proba_into(const detail::any_rows& rows, Out&& out, const execution& how = {},
                            const linear_head_options& options = {}) const {
        const auto proba = detail::output_of<Out, double>(out);
        ask(how, options,
            [&](const levels::table& level, const levels::call_ref& by, const levels::policy_ref& policy) {
                level.head_proba(parameters(), rows.sent(), proba, by, policy);
            });
    }
    matrix<double> predict_proba(const detail::any_rows& rows, const execution& how = {},
                                 const linear_head_options& options = {}) const {
        auto out = matrix<double>::uninitialized(rows.rows(), classes());
        predict_proba_into(rows, out, how, options);
        return out;
    }

    template <class Labels>
    void predict_into(const detail::any_rows& rows, Labels&& labels, const execution& how = {},
                      const linear_head_options& options = {}) const {
        labels_of(rows, nullptr, detail::output_of<Labels, idx_t>(labels), how, options);
    }
    array<idx_t> predict(const detail::any_rows& rows, const execution& how = {},
                         const linear_head_options& options = {}) const {
        auto labels = array<idx_t>::uninitialized(rows.rows());
        labels_of(rows, nullptr, labels, how, options);
        return labels;
    }
    template <class Labels>
    void predict_into(const detail::any_rows& rows, required<double> threshold, Labels&& labels,
                      const execution& how = {}, const linear_head_options& options = {}) const {
        const double least = threshold;
        labels_of(rows, &least, detail::output_of<Labels, idx_t>(labels), how, options);
    }
    array<idx_t> predict(const detail::any_rows& rows, required<double> threshold, const execution& how = {},
                         const linear_head_options& options = {}) const {
        const double least = threshold;
        auto labels = array<idx_t>::uninitialized(rows.rows());
        labels_of(rows, &least, labels, how, options);
        return labels;
    }

private:
    template <class Question>
    static void ask(const execution& how, const linear_head_options& options, const Question& question) {
        const detail::sent_call call(how);
        const detail::sent_policy policy(options.rows);
        detail::translated([&] { question(levels::running(), call.sent(), policy.sent()); });
    }
    void labels_of(const detail::any_rows& rows, const double* threshold, matrix_view<idx_t> out, const execution& how,
                   const linear_head_options& options) const {
        ask(how, options,
            [&](const levels::table& level, const levels::call_ref& by, const levels::policy_ref& policy) {
                level.head_labels(parameters(), rows.sent(), threshold, out, by, policy);
            });
        name_classes(out);
    }
};

}  // namespace dispatched
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
