/// Linear heads as .npy files, both ways: rows [weights..., bias].
///
///   numpy.save("head.npy", numpy.c_[clf.coef_, clf.intercept_])       # clf: a fitted sklearn LogisticRegression
#pragma once

#include "../linear_head.hpp"
#include "npy.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// A head from a file of rows [weights..., bias].
///
/// Shapes   a file (dim + 1,) or (heads, dim + 1).
/// Units    f8, f4, f2 or what else load_npy<double> reads; the numbers as they are.
/// Errors   as load_npy, with the path; file_error too for fewer than two columns, no rows, a number that is not
///          finite.
/// Threads  any number of them.   Memory  the head, and while it is read the rows of the file.
/// Source   scikit-learn's coef_ and intercept_ side by side.
inline linear_head load_head(const std::string& path) {
    const detail::npy_source source{"load_head", path};
    std::ifstream file = detail::open_npy(source);
    const auto rows = detail::read_npy_as<double>(source, file, detail::read_npy_header(source, file, true));
    if (rows.rows() < 1 || rows.dim() < 2)
        source.refuse("has shape (", rows.rows(), ", ", rows.dim(), "); a head is (dim + 1,) or (heads, dim + 1)");
    for (idx_t h = 0; h < rows.rows(); ++h)
        for (idx_t k = 0; k < rows.dim(); ++k)
            if (!detail::is_finite(rows(h, k))) source.refuse("row ", h, ", column ", k, " is not finite");
    return linear_head(rows);
}

/// Writes a head as f8 rows [weights..., bias]: loading it gives the same bits in every decision.
///
/// Shapes   a file (heads, dim + 1); clf.coef_, clf.intercept_ = rows[:, :-1], rows[:, -1] in Python.
/// Units    those of the head.
/// Errors   as save_npy; value_error for a head that has labels of its own (see with_labels): the file has none.
/// Threads  any number of them.   Memory  the header's text.   Source  as load_head.
inline void save_head(const std::string& path, const linear_head& head) {
    if (head.has_own_labels())
        detail::fail<value_error>("save_head: ", path,
                                  ": a head's file has no place for labels of its own; save parameters() ",
                                  "and labels() by save_npy, and give the labels back by with_labels()");
    detail::save_npy_file({"save_head", path}, head.parameters());
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
