// expect: pass_similarities_or_logits_as_rows_of_float
// Embeddings are no scores: softmax takes their similarities.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(const us::unit_embeddings<float>& rows) { return us::softmax(rows); }
