// expect: unit_embeddings[^\n]*(is private within this context|private constructor)
// Only normalize and its friends know that rows are unit length.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::unit_embeddings<> wrong(us::matrix<float> raw) { return us::unit_embeddings<>(std::move(raw)); }
