// What one unit of the program offers to the others: functions of the data types, which all units share.
#pragma once

#include <unitsphere/data/logit_scale.hpp>
#include <unitsphere/data/array.hpp>
#include <unitsphere/data/unit_embeddings.hpp>

namespace us = unitsphere;

using rows = us::matrix_view<const float>;

struct unit {
    const char* (*instruction_set)();
    us::unit_embeddings<> (*normalize)(rows raw);
    us::array<double> (*norms)(rows raw);
    us::matrix<float> (*cosines)(const us::unit_embeddings<>& queries, us::matrix_view<const us::float16> gallery);
    us::array<float> (*pairs)(rows a, rows b);
    us::unit_embeddings<> (*ensemble)(rows prompts);  ///< two prompts for each class
    us::matrix<float> (*probabilities)(rows images, const us::unit_embeddings<>& classes, us::logit_scale scale);
    us::matrix<float> (*softmax)(const us::matrix<float>& logits);
    void (*refuse)();  ///< throws a shape_error
};

// unit.cpp, compiled for two instruction sets: the higher one contains the lower one.
extern const unit low, high;
