// expect: pass_a_keyed_gallery_of_the_rows_or_fetch_rows_by_their_ids
#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/keyed_gallery.hpp>
#include <unitsphere/rescored_search.hpp>

namespace us = unitsphere;

/// Candidates are ids, plain rows have numbers.
us::neighbours wrong(us::matrix_view<const float> queries, const us::keyed<us::compact_gallery<us::float16>>& codes,
                     us::matrix_view<const float> rows) {
    return us::top_k_rescored(queries, codes, rows, 10, 4);
}
