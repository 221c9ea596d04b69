/// Union-find with path halving that several threads may use at once.
#pragma once

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Disjoint sets of 0 .. n - 1 in the caller's array of parents. A parent is a lower element of the same set, or the
/// element itself: the root is the lowest element, in whatever order sets are united. Lock-free.
///
/// Source   Anderson and Woll 1991, Wait-free parallel algorithms for the union-find problem.
class union_find {
public:
    explicit union_find(idx_t* parent) noexcept : parent_(parent) {}

    void make_sets(idx_t n) noexcept {
        for (idx_t i = 0; i < n; ++i) parent_[i] = i;
    }
    void unite(idx_t a, idx_t b) noexcept {
        for (;;) {
            a = find(a), b = find(b);
            if (a == b) return;
            const idx_t low = a < b ? a : b, high = a < b ? b : a;
            if (replace(high, high, low)) return;  // else another thread has linked this root meanwhile
        }
    }
    /// The root of a's set. Path halving: every other element on the way is linked to its grandparent.
    idx_t find(idx_t a) noexcept {
        for (;;) {
            const idx_t parent = load(a);
            if (parent == a) return a;
            const idx_t grandparent = load(parent);
            if (grandparent != parent) replace(a, parent, grandparent);
            a = parent;
        }
    }

private:
    idx_t load(idx_t a) const noexcept { return __atomic_load_n(parent_ + a, __ATOMIC_RELAXED); }
    bool replace(idx_t a, idx_t expected, idx_t with) noexcept {
        return __atomic_compare_exchange_n(parent_ + a, &expected, with, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }

    idx_t* parent_;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
