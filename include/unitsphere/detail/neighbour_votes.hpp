/// The vote of neighbours: the labels of a query's k nearest rows, counted or weighted.
#pragma once

#include "../data/matrix.hpp"
#include "../engine/arena.hpp"
#include "../kernel/exp.hpp"
#include "../kernel/select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Replaces the neighbours of a query by their labels, and their scores by the labels' shares of the vote. Each worker
/// has a hash table of labels with open addressing, at most half full, and a list for the shares in double.
template <class Label>
class neighbour_votes {
public:
    neighbour_votes(const execution& how, const char* function, const matrix_view<const Label>& labels, idx_t k,
                    float temperature)
        : memory_(how, function), labels_(labels), k_(k), temperature_(temperature) {
        while (bits_ < 62 && (idx_t(1) << bits_) < 2 * k) ++bits_;
        const idx_t workers = how.workers();
        memory_.add(names_, workers, slots());
        memory_.add(votes_, workers, slots());
        memory_.add(shares_, workers, k);
        memory_.reserve();
    }

    /// `rows` and `scores` are one query's, best first. Votes are added in this order, in double.
    void count(idx_t worker, idx_t* rows, float* scores) const noexcept {
        idx_t* const names = names_.of(worker);
        double* const votes = votes_.of(worker);
        for (idx_t slot = 0; slot < slots(); ++slot) names[slot] = -1, votes[slot] = 0.0;
        double all = 0.0;
        for (idx_t n = 0; n < k_ && rows[n] >= 0; ++n) {
            const double below_best = double(scores[0]) - double(scores[n]);
            const double vote = kernel::exp_negated(below_best / double(temperature_));
            const idx_t label = idx_t(labels_(rows[n], 0)), slot = slot_of(label, names);
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
    matrix_view<const Label> labels_;
    idx_t k_;
    float temperature_;
    int bits_ = 1;
    engine::worker_arrays<idx_t> names_;
    engine::worker_arrays<double> votes_, shares_;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
