/// What the units of levels and their callers exchange: plain types, and a table of functions for each level.
///
/// Units of any flags read them, so they live outside of the instruction set's namespace, and no code here is inline.
/// Their namespace names the version: units of two versions of the library do not link.
#pragma once

#include "../data/matrix.hpp"
#include "../engine/workspace.hpp"
#include "../version.hpp"

#define UNITSPHERE_LEVELS_VERSION \
    UNITSPHERE_JOIN(v, UNITSPHERE_VERSION_MAJOR, _, UNITSPHERE_VERSION_MINOR, _, UNITSPHERE_VERSION_PATCH, , )

namespace unitsphere {
namespace levels {
inline namespace UNITSPHERE_LEVELS_VERSION {

enum class element { float32, float64, float16, bfloat16, int8 };

/// Rows of a caller, raw or unit, or a level's gallery.
struct rows_ref {
    const void* data;
    idx_t rows, dim, stride;
    element type;
    bool unit;
    const void* gallery;  ///< a gallery of the level; the rows above are then empty
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

struct gallery_facts {
    idx_t rows, dim, bytes;
    row_counts counts;
};

/// A level: what its compiler was allowed to use, and its functions. Each is the direct function of that name.
struct table {
    const char* name;
    const char* instruction_set;
    std::uint64_t features;
    int vector_bytes;  ///< of a register
    int sve_bits;      ///< 0: of any length, or no SVE

    void (*normalize)(const rows_ref&, matrix_view<float>, const call_ref&, const policy_ref&);
    void (*normalize_double)(const rows_ref&, matrix_view<double>, const call_ref&, const policy_ref&);
    void (*cosine_similarity)(const rows_ref& queries, const rows_ref& gallery, matrix_view<float>, const call_ref&,
                              const policy_ref& queries_policy, const policy_ref& gallery_policy);
    void (*cosine_similarity_double)(const rows_ref& queries, const rows_ref& gallery, matrix_view<double>,
                                     const call_ref&, const policy_ref&, const policy_ref&);
    void (*clip_logits)(const rows_ref& images, const rows_ref& texts, float scale, matrix_view<float> per_image,
                        matrix_view<float> per_text, const call_ref&, const policy_ref&, const policy_ref&);
    void (*siglip_logits)(const rows_ref& images, const rows_ref& texts, float scale, float bias, matrix_view<float>,
                          const call_ref&, const policy_ref&, const policy_ref&);
    void (*top_k)(const rows_ref& queries, const rows_ref& gallery, matrix_view<idx_t>, matrix_view<float>,
                  bool rescore, const call_ref&, const policy_ref&, const policy_ref&);
    void (*softmax)(matrix_view<const float>, const float* scale, matrix_view<float>, const call_ref&);

    void (*prompt_ensemble)(const rows_ref& prompts, matrix_view<const idx_t> class_of_prompt, matrix_view<float>,
                            const call_ref&, const policy_ref& prompts_policy, const policy_ref& classes_policy);

    void* (*gallery_copy)(const void* gallery);  ///< a new one of null
    void (*gallery_delete)(void* gallery);
    void (*gallery_append)(void* gallery, const rows_ref&, const call_ref&, const policy_ref&);
    gallery_facts (*gallery_about)(const void* gallery);
    void (*gallery_unit_rows)(const void* gallery, idx_t first, matrix_view<float>);

    void* (*classifier_new)(const rows_ref& classes, float scale, const call_ref&);
    void* (*classifier_copy)(const void* classifier);
    void (*classifier_delete)(void* classifier);
    void (*classifier_logits)(const void*, const rows_ref&, matrix_view<float>, const call_ref&, const policy_ref&);
    void (*classifier_proba)(const void*, const rows_ref&, matrix_view<float>, const call_ref&, const policy_ref&);
    void (*classifier_labels)(const void*, const rows_ref&, matrix_view<idx_t>, const call_ref&, const policy_ref&);
    void (*classifier_top_k)(const void*, const rows_ref&, matrix_view<idx_t>, matrix_view<float>, const call_ref&,
                             const policy_ref&);

    // Of a head's parameters [heads, dim + 1].
    void (*head_decisions)(matrix_view<const double>, const rows_ref&, matrix_view<double>, const call_ref&,
                           const policy_ref&);
    void (*head_proba)(matrix_view<const double>, const rows_ref&, matrix_view<double>, const call_ref&,
                       const policy_ref&);
    void (*head_labels)(matrix_view<const double>, const rows_ref&, const double* threshold, matrix_view<idx_t>,
                        const call_ref&, const policy_ref&);
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
