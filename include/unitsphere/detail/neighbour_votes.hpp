/// The vote of neighbours: the labels of a query's k nearest rows, counted or weighted.
#pragma once

#include "../data/column.hpp"
#include "../engine/arena.hpp"
#include "../kernel/exp.hpp"
#include "../kernel/select.hpp"
#include "searched_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Labels that a list has for row numbers.
template <class Label>
struct listed_labels {
    matrix_view<const Label> labels;

    idx_t operator()(idx_t row) const noexcept { return idx_t(labels(row, 0)); }
};
/// Whether Labels is a function of a row number or an id. Lists are none, though Eigen's have parentheses.
template <class Labels>
inline constexpr bool are_called = !is_list<Labels> && std::is_invocable_r_v<idx_t, const Labels&, idx_t>;
/// Labels for the rows of Gallery: a function, or a list where rows go by their numbers.
template <class Gallery, class Labels>
inline constexpr bool are_labels = are_called<Labels> || (is_list<Labels> && !is_keyed<Gallery>);
template <class Gallery, class Labels>
using if_labels = std::enable_if_t<are_labels<Gallery, Labels>, int>;
template <class Gallery, class Labels>
using unless_labels = std::enable_if_t<!are_labels<Gallery, Labels>, int>;
/// Advice where labels are refused: ids need not be 0, 1, ..
struct pass_a_function_of_row_numbers_or_a_list_of_integers_as_labels;
struct pass_a_function_of_ids_as_the_labels_of_a_keyed_gallery;
template <class Gallery>
using pass_labels = std::conditional_t<is_keyed<Gallery>, pass_a_function_of_ids_as_the_labels_of_a_keyed_gallery,
                                       pass_a_function_of_row_numbers_or_a_list_of_integers_as_labels>;

/// Replaces the neighbours of a query by their labels, and their scores by the labels' shares of the vote. Each worker
/// has a hash table of labels with open addressing, at most half full, and a list for the shares in double.
template <class LabelOf>
class neighbour_votes {
public:
    neighbour_votes(const execution& how, const char* function, const LabelOf& label_of, idx_t k, float temperature)
        : memory_(how, function), label_of_(label_of), k_(k), temperature_(temperature) {
        while (bits_ < 62 && (idx_t(1) << bits_) < 2 * k) ++bits_;
        const idx_t workers = how.workers();
        memory_.add(names_, workers, slots());
        memory_.add(votes_, workers, slots());
        memory_.add(shares_, workers, k);
        memory_.reserve();
    }

    /// `rows` and `scores` are one query's, best first. Votes are added in this order, in double. A negative label has
    /// none.
    void count(idx_t worker, idx_t* rows, float* scores) const {
        idx_t* const names = names_.of(worker);
        double* const votes = votes_.of(worker);
        for (idx_t slot = 0; slot < slots(); ++slot) names[slot] = -1, votes[slot] = 0.0;
        double all = 0.0, best_score = 0.0;
        for (idx_t n = 0; n < k_ && rows[n] >= 0; ++n) {
            const idx_t label = idx_t(label_of_(rows[n]));
            if (label < 0) continue;
            if (all == 0.0) best_score = double(scores[n]);  // the best that votes has the vote 1
            const double vote = kernel::exp_negated((best_score - double(scores[n])) / double(temperature_));
            const idx_t slot = slot_of(label, names);
            names[slot] = label, votes[slot] += vote, all += vote;
        }
        kernel::list_of_best<double> best{rows, shares_.of(worker), k_};
        for (idx_t slot = 0; slot < slots(); ++slot)
            if (names[slot] >= 0) best.add(votes[slot], names[slot]);
        best.sort();
        for (idx_t n = 0; n < k_; ++n) scores[n] = rows[n] < 0 ? negative_infinity() : float(best.scores[n] / all);
    }

private:
    idx_t slots() const noexcept { return idx_t(1) << bits_; }
    /// Where the label is, or the free slot for it: Fibonacci hashing, then linear probing.
    idx_t slot_of(idx_t label, const idx_t* names) const noexcept {
        idx_t slot = idx_t(std::uint64_t(label) * 0x9e3779b97f4a7c15u >> (64 - bits_));
        while (names[slot] >= 0 && names[slot] != label) slot = (slot + 1) & (slots() - 1);
        return slot;
    }

    engine::arena memory_;
    const LabelOf& label_of_;
    idx_t k_;
    float temperature_;
    int bits_ = 1;
    engine::worker_arrays<idx_t> names_;
    engine::worker_arrays<double> votes_, shares_;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
