/// What the units of levels and their callers exchange: plain types, and a table of functions for each level.
///
/// Units of any flags read them, so they live outside of the instruction set's namespace, and no code here is inline.
/// Their namespace names the version: units of two versions of the library do not link.
#pragma once

#include "../data/row_filter.hpp"
#include "../engine/workspace.hpp"
#include "../version.hpp"

#define UNITSPHERE_LEVELS_VERSION \
    UNITSPHERE_JOIN(v, UNITSPHERE_VERSION_MAJOR, _, UNITSPHERE_VERSION_MINOR, _, UNITSPHERE_VERSION_PATCH, , )

namespace unitsphere {
namespace levels {
inline namespace UNITSPHERE_LEVELS_VERSION {

enum class element { float32, float64, float16, bfloat16, int8 };

/// float32 is a gallery; 1 to 6 are a compact_gallery, by the numbers of data/storages.hpp; 7 is a shadow_gallery.
enum class packing { float32, shadow = 7, count };

/// Rows of a caller, raw or unit, or a level's gallery.
struct rows_ref {
    const void* data;  ///< of a gallery null, unless it is a shadow_gallery
    idx_t rows, dim, stride;
    element type;
    bool unit;
    const void* gallery;  ///< of the level, or null
    packing packed;       ///< how its rows are
};

/// As row_report.
struct row_counts {
    idx_t zero_rows, non_finite_rows, first_zero, first_non_finite;
};

/// As row_policy; the numbers are those of on_row.
struct policy_ref {
    int zero_rows, non_finite;
    row_counts* counts;  ///< may be null
};

/// As execution. `how` is the caller's own, which alone knows it.
struct call_ref {
    const void* how;
    void (*run)(const void* how, idx_t count, const void* body, void (*call)(const void* body, idx_t i));
    void (*tell)(const void* how, idx_t part, idx_t whole);
    idx_t workers;
    workspace* space;  ///< may be null
};

/// As number_list, the mean of a gallery; of -1 numbers where none was given.
struct mean_ref {
    const double* numbers;
    idx_t count;
};

/// As top_k_options, but for its policies. Refers to the filter of the call.
struct top_k_ref {
    bool rescore;
    const row_mask_view& mask;
    const matrix_view<const idx_t>& allowed;
    bool exclude_self;
    idx_t first_query;
    const matrix_view<const idx_t>& query_rows;
};

/// An object of a level.
struct object_functions {
    void* (*copy)(const void* object);  ///< given null, a gallery makes an empty one
    void (*destroy)(void* object);
};

struct gallery_facts {
    idx_t rows, dim, bytes;
    row_counts counts;
    const float* elements;  ///< unit rows of a shadow_gallery, else null
};

struct gallery_functions {
    object_functions object;
    void (*append)(void* gallery, const rows_ref&, const call_ref&, const policy_ref&, const mean_ref&);
    gallery_facts (*about)(const void* gallery);
    void (*unit_rows)(const void* gallery, idx_t first, const matrix_view<float>&);
};

/// A level: what its compiler was allowed to use, and its functions. Each is the direct function of that name.
struct table {
    const char* name;
    const char* instruction_set;
    std::uint64_t features;
    int vector_bytes;  ///< of a register
    int sve_bits;      ///< 0: of any length, or no SVE

    void (*normalize)(const rows_ref&, const matrix_view<float>&, const call_ref&, const policy_ref&);
    void (*normalize_double)(const rows_ref&, const matrix_view<double>&, const call_ref&, const policy_ref&);
    void (*cosine_similarity)(const rows_ref& queries, const rows_ref& gallery, const matrix_view<float>&,
                              const call_ref&, const policy_ref& queries_policy, const policy_ref& gallery_policy);
    void (*cosine_similarity_double)(const rows_ref& queries, const rows_ref& gallery, const matrix_view<double>&,
                                     const call_ref&, const policy_ref&, const policy_ref&);
    void (*clip_logits)(const rows_ref& images, const rows_ref& texts, float scale, const matrix_view<float>& per_image,
                        const matrix_view<float>& per_text, const call_ref&, const policy_ref&, const policy_ref&);
    void (*siglip_logits)(const rows_ref& images, const rows_ref& texts, float scale, float bias,
                          const matrix_view<float>&, const call_ref&, const policy_ref&, const policy_ref&);
    void (*top_k)(const rows_ref& queries, const rows_ref& gallery, const matrix_view<idx_t>&,
                  const matrix_view<float>&, const top_k_ref&, const call_ref&, const policy_ref&, const policy_ref&);
    void (*top_k_rescored)(const rows_ref& queries, const rows_ref& gallery, const rows_ref& rows, idx_t factor,
                           idx_t truncate_dim, const matrix_view<idx_t>&, const matrix_view<float>&, const call_ref&,
                           const policy_ref&, const policy_ref&);
    void (*softmax)(const matrix_view<const float>&, const float* scale, const matrix_view<float>&, const call_ref&);

    void (*prompt_ensemble)(const rows_ref& prompts, const matrix_view<const idx_t>& class_of_prompt,
                            const matrix_view<float>&, const call_ref&, const policy_ref& prompts_policy,
                            const policy_ref& classes_policy);

    gallery_functions galleries[int(packing::count)];
    /// A shadow_gallery of rows that the caller keeps.
    void* (*shadow_over)(const rows_ref&, const call_ref&, const mean_ref&);

    object_functions classifier;
    void* (*classifier_new)(const rows_ref& classes, float scale, const call_ref&);
    void (*classifier_logits)(const void*, const rows_ref&, const matrix_view<float>&, const call_ref&,
                              const policy_ref&);
    void (*classifier_proba)(const void*, const rows_ref&, const matrix_view<float>&, const call_ref&,
                             const policy_ref&);
    void (*classifier_labels)(const void*, const rows_ref&, const matrix_view<idx_t>&, const call_ref&,
                              const policy_ref&);
    void (*classifier_top_k)(const void*, const rows_ref&, const matrix_view<idx_t>&, const matrix_view<float>&,
                             const call_ref&, const policy_ref&);

    // Of a head's parameters [heads, dim + 1].
    void (*head_decisions)(const matrix_view<const double>&, const rows_ref&, const matrix_view<double>&,
                           const call_ref&, const policy_ref&);
    void (*head_proba)(const matrix_view<const double>&, const rows_ref&, const matrix_view<double>&, const call_ref&,
                       const policy_ref&);
    void (*head_labels)(const matrix_view<const double>&, const rows_ref&, const double* threshold,
                        const matrix_view<idx_t>&, const call_ref&, const policy_ref&);
};

/// An error of a level, on its way to the caller's own type. Defined in dispatch/choice.hpp, as all below.
struct raised : std::invalid_argument {
    raised(error_kind what, const char* text);
    raised(const raised&);
    ~raised() override;
    error_kind kind;
};

/// Throws `raised`.
[[noreturn]] void raise_error(error_kind kind, const char* text);
/// The level that runs, chosen at the first call.
const table& running();
/// Lets calls and new handles use another level that this machine runs; for tests.
void run(const table& level);
/// All levels of the program in the order of its list: the first `count`. Whether this machine runs one.
const table* const* all(idx_t& count);
bool is_supported(const table& level);

}  // namespace UNITSPHERE_LEVELS_VERSION
}  // namespace levels
}  // namespace unitsphere
