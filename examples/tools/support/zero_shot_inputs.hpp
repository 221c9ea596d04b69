/// The text files of a zero-shot run, checked against the sizes of the embeddings before any of those is loaded.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <unitsphere/data/matrix.hpp>

#include "arguments.hpp"

namespace support {

struct zero_shot_inputs {
    std::string classes_from;                        ///< for messages: the files that the classes come from
    std::vector<unitsphere::idx_t> prompt_rows;      ///< the text rows that belong to a class; empty: each is one
    std::vector<unitsphere::idx_t> class_of_prompt;  ///< the class of each of these
    std::vector<std::string> class_names;            ///< "class 7" where no file names them
    std::vector<unitsphere::idx_t> labels;           ///< empty: not given
};

/// Throws what names the file, or both files and both numbers, where something is wrong or does not fit.
zero_shot_inputs read_inputs(const zero_shot_arguments& arguments);

/// A copy of some rows, in the given order.
template <class T>
unitsphere::matrix<T> select_rows(const unitsphere::matrix<T>& rows, const std::vector<unitsphere::idx_t>& selected) {
    unitsphere::matrix<T> copy(unitsphere::idx_t(selected.size()), rows.dim());
    for (unitsphere::idx_t i = 0; i < copy.rows(); ++i)
        std::copy_n(rows.row(selected[std::size_t(i)]), rows.dim(), copy.row(i));
    return copy;
}

}  // namespace support
