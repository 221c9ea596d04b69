/// Options of the functions that are called directly and through dispatch.hpp: one struct a function, whose members are
/// named after its inputs. Beside them the names of compact storage, and the pair of matrices that clip_logits gives.
#pragma once

#include "column.hpp"
#include "row_filter.hpp"
#include "row_policy.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct normalize_options {
    row_policy rows = {};
};

struct cosine_similarity_options {
    row_policy queries = {}, gallery = {};
};
struct clip_logits_options {
    row_policy images = {}, texts = {};
};
struct siglip_logits_options {
    row_policy images = {}, texts = {};
};

struct gallery_options {
    row_policy rows = {};
};
struct shadow_gallery_options {
    row_policy rows = {};
    number_list mean = {};  ///< [dim] of unit rows like these, for the bytes; without it that of the first rows
};
struct shadow_gallery_over_options {
    number_list mean = {};
};
struct compact_gallery_options {
    row_policy rows = {};
    number_list mean = {};  ///< of integers and fast_bfloat16: [dim] of unit rows like these
};
struct top_k_options {
    row_policy queries = {}, gallery = {};
    bool rescore = false;    ///< order by the cosines in double
    row_filter filter = {};  ///< the rows that may be found
};
struct top_k_rescored_options {
    row_policy queries = {}, gallery = {};
    idx_t truncate_dim = 0;  ///< not 0: the gallery has the first so many elements of the rows, queries are cut for it
};

/// `classes` says what happens where the mean of a class is zero: a class without a direction.
struct prompt_ensemble_options {
    row_policy prompts = {}, classes = {};
};
/// Of every question to a zero_shot_classifier.
struct zero_shot_classifier_options {
    row_policy images = {};
};
/// For every member of linear_head.
struct linear_head_options {
    row_policy rows = {};
};

/// CLIP's two logit matrices; one is the transpose of the other, bit for bit.
struct clip_logit_matrices {
    matrix<float> per_image;  ///< [images, texts]
    matrix<float> per_text;   ///< [texts, images]
};

/// Storages of a compact_gallery that are no types of C++: bfloat16 for the machine's own products, 4 bits, and 1 bit,
/// an element.
struct fast_bfloat16;
struct int4;
struct one_bit;

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
