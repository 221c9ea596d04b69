/// Linear heads as .npy files, both ways: rows [weights..., bias]; behind them the labels, where a head has its own.
///
///   numpy.save("head.npy", numpy.c_[clf.coef_, clf.intercept_])       # clf: a fitted sklearn LogisticRegression
#pragma once

#include "../linear_head.hpp"
#include "npy.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// A head from a file of rows [weights..., bias], and maybe a second array of labels.
///
/// Shapes   a file (dim + 1,) or (heads, dim + 1); labels as load_npy_integers, one for each class.
/// Units    f8, f4, f2 or what else load_npy<double> reads; the numbers as they are.
/// Errors   as load_npy, with the path; file_error too for fewer than two columns, no rows, a number that is not
///          finite, another number of labels than classes, equal labels, and a third array.
/// Threads  any number of them.   Memory  the head, and while it is read the rows of the file.
/// Source   scikit-learn's coef_ and intercept_ side by side.
inline linear_head load_head(const std::string& path) {
    const detail::npy_source source{"load_head", path};
    std::ifstream file = detail::open_npy(source);
    const auto rows = detail::read_npy_as<double>(source, file, detail::read_npy_header(source, file, false));
    if (rows.rows() < 1 || rows.dim() < 2)
        source.refuse("has shape (", rows.rows(), ", ", rows.dim(), "); a head is (dim + 1,) or (heads, dim + 1)");
    for (idx_t h = 0; h < rows.rows(); ++h)
        for (idx_t k = 0; k < rows.dim(); ++k)
            if (!detail::is_finite(rows(h, k))) source.refuse("row ", h, ", column ", k, " is not finite");
    const linear_head head(rows);
    if (file.peek() == std::ifstream::traits_type::eof()) return head;
    const auto labels = detail::read_npy_integers(source, file, detail::read_npy_header(source, file, true));
    if (idx_t(labels.size()) != head.classes())
        source.refuse("holds ", idx_t(labels.size()), " labels, the head has ", head.classes(), " classes");
    for (std::size_t c = 0; c < labels.size(); ++c)
        for (std::size_t other = 0; other < c; ++other)
            if (labels[other] == labels[c]) source.refuse("holds the label ", labels[c], " twice");
    return head.with_labels(labels);
}

/// Writes a head as f8 rows [weights..., bias]: loading it gives the same bits in every decision. Behind them, where
/// the head has labels of its own (see with_labels), these as i8: a second numpy.load of the open file reads them.
///
/// Shapes   a file (heads, dim + 1), and (classes,).
/// Units    those of the head.   Errors  as save_npy.
/// Threads  any number of them.   Memory  the header's text.   Source  as load_head.
inline void save_head(const std::string& path, const linear_head& head) {
    const detail::npy_source source{"save_head", path};
    head.has_own_labels() ? detail::save_npy_file(source, head.parameters(), head.labels())
                          : detail::save_npy_file(source, head.parameters());
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
