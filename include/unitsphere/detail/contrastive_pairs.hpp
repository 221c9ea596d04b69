/// What both contrastive losses do with a batch of pairs: checks, memory, the passes over all scores.
#pragma once

#include <optional>

#include "../data/logit_scale.hpp"
#include "../engine/weighted_sums.hpp"
#include "sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Where the gradients of both sides go; an empty view leaves one of them out.
struct pair_gradients {
    matrix_view<float> images, texts;
    matrix<float>* new_matrices = nullptr;  ///< two, for both gradients; made when the batch has passed all checks
};

inline bool is_requested(const matrix_view<float>& gradients) noexcept {
    return gradients.rows() != 0 || gradients.dim() != 0;
}

/// Makes the new matrices, or refuses gradients of another shape, or in the memory of a side or of each other.
template <class Images, class Texts>
void place_gradients(const side_names& names, const Images& images, const Texts& texts, pair_gradients& out) {
    if (out.new_matrices != nullptr) {
        out.images = (out.new_matrices[0] = matrix<float>::uninitialized(images.rows(), images.dim())).view();
        out.texts = (out.new_matrices[1] = matrix<float>::uninitialized(texts.rows(), texts.dim())).view();
        return;
    }
    const auto require = [&](const char* name, const matrix_view<float>& gradients, const auto& rows) {
        if (is_requested(gradients)) require_output(names, name, gradients, rows.rows(), rows.dim(), images, texts);
    };
    require("image_gradients", out.images, images);
    require("text_gradients", out.texts, texts);
    require_apart(names.function, "image_gradients", out.images, "text_gradients", out.texts);
}

/// What loss(gradients) returns, with new matrices for its gradients.
template <class Loss>
auto with_new_gradients(Loss&& loss) {
    matrix<float> made[2];
    auto found = loss(pair_gradients{{}, {}, made});
    found.images = static_cast<matrix<float>&&>(made[0]);
    found.texts = static_cast<matrix<float>&&>(made[1]);
    return found;
}

template <class Images, class Texts>
void require_batch(const side_names& names, const Images& images, const Texts& texts) {
    require_same_dim(names, images, texts);
    if (images.rows() == 0) fail<value_error>(names.function, ": images have 0 rows, there is no mean of no loss");
}

/// Refuses images whose text is not among the texts.
template <class Images, class Texts>
void require_labels(const side_names& names, const Images& images, const Texts& texts, idx_t first_label) {
    if (first_label < 0) fail<shape_error>(names.function, ": first_label is ", first_label);
    const idx_t left = first_label < texts.rows() ? texts.rows() - first_label : 0;
    if (images.rows() > left)
        fail<shape_error>(names.function, ": images have ", images.rows(), " rows, texts from first_label ",
                          first_label, " on ", left);
}

/// The labels that lie in one tile: row r's is column `first + r`.
struct labels_of_tile {
    idx_t first;
    int rows, columns;

    labels_of_tile(const engine::score_tile<>& tile, idx_t first_label) noexcept
        : first(first_label + tile.first_row - tile.first_column), rows(tile.rows), columns(tile.columns) {}

    bool any() const noexcept { return first < columns && first + rows > 0; }
    /// visit(r, c) for each label in the tile.
    template <class Visit>
    void each(Visit&& visit) const noexcept {
        for (int r = first < 0 ? int(-first) : 0; r < rows && first + r < columns; ++r) visit(r, int(first) + r);
    }
};

/// The two sides of a batch with the factors of their rows, and the memory of one call. T and G are the element types.
template <class T, class G>
class pair_passes {
    using image_factors = typename engine::row_source<T>::factors_type;
    using text_factors = typename engine::row_source<G>::factors_type;
    template <class Weights>
    using sums = engine::weighted_sums<T, G, Weights>;
    struct no_weights {};

public:
    template <class Images, class Texts>
    pair_passes(const execution& how, const side_names& names, const Images& images, const Texts& texts,
                const row_policy& image_policy, const row_policy& text_policy, bool gradients)
        : how_(how),
          image_source_(images, image_policy, names.function, names.query_row),
          text_source_(texts, text_policy, names.function, names.gallery_row),
          image_chunks_(engine::chunks::of(images.rows(), images.dim(), gradients)),
          text_chunks_(engine::chunks::of(texts.rows(), texts.dim(), gradients)),
          of_cell_(engine::elements_of_cell(image_chunks_, text_chunks_, images.dim())),
          memory_(how, names.function) {
        const idx_t most = engine::maximum(image_chunks_.count(), text_chunks_.count());
        workers_ = engine::workers_for(how, most);
        each_ = of_cell_ + (gradients ? sums<no_weights>::elements(image_chunks_, text_chunks_, images.dim()) : 0);
    }

    idx_t images() const noexcept { return image_source_.rows(); }
    idx_t texts() const noexcept { return text_source_.rows(); }

    /// Allocates, computes the factors of all rows, and returns whether every row is finite. `arrays` are the loss's
    /// own: arrays.each(place) calls place(pointer, count) for each of them, the same every time.
    template <class Arrays>
    bool begin(Arrays& arrays) {
        image_factors* of_images = nullptr;
        text_factors* of_texts = nullptr;
        memory_.add(scratch_, workers_, each_);
        memory_.add(of_images, images());
        memory_.add(of_texts, texts());
        arrays.each([this](auto*& array, idx_t count) { memory_.add(array, count); });
        memory_.reserve();
        images_.emplace(image_source_, of_images);
        texts_.emplace(text_source_, of_texts);
        const bool images_are_finite = images_->measure(how_), texts_are_finite = texts_->measure(how_);
        return images_are_finite && texts_are_finite;
    }
    /// Computes every tile of scores; each cell has a consumer of its own, made by `consumer()`.
    template <class MakeConsumer>
    void forward(MakeConsumer&& consumer) {
        engine::score_cells(how_, *images_, image_chunks_, *texts_, text_chunks_, memory_of(),
                            [&](idx_t) { return consumer(); });
    }
    /// The gradients of the given rows, where dL / d score = factor * weight.
    template <class Weights>
    void backward(const Weights& weights, double factor, const pair_gradients& requested) {
        // The engine leaves out a gradient whose data is null; an empty view may have an address.
        const auto or_null = [](const matrix_view<float>& g) { return is_requested(g) ? g : matrix_view<float>(); };
        const pair_gradients out{or_null(requested.images), or_null(requested.texts)};
        engine::clear_gradients(how_, out.images);
        engine::clear_gradients(how_, out.texts);
        const auto consumer_of = [&](idx_t worker) {
            return sums<Weights>(*images_, *texts_, image_chunks_, text_chunks_, out.images, out.texts, weights,
                                 scratch_.of(worker) + of_cell_);
        };
        engine::score_cells(how_, *images_, image_chunks_, *texts_, text_chunks_, memory_of(), consumer_of);
        engine::finish_gradients(how_, *images_, image_chunks_, factor, out.images, memory_of());
        engine::finish_gradients(how_, *texts_, text_chunks_, factor, out.texts, memory_of());
    }
    void report() const noexcept {
        image_source_.report();
        text_source_.report();
    }

private:
    auto memory_of() const noexcept {
        return [this](idx_t worker) { return scratch_.of(worker); };
    }

    const execution& how_;
    engine::row_source<T> image_source_;
    engine::row_source<G> text_source_;
    engine::chunks image_chunks_, text_chunks_;
    idx_t of_cell_, each_ = 0, workers_ = 1;
    engine::arena memory_;
    engine::worker_arrays<float> scratch_;
    std::optional<engine::measured_rows<T>> images_;
    std::optional<engine::measured_rows<G>> texts_;
};

/// Sets every gradient to NaN: a row of the batch is not finite, and every gradient is a sum over all rows.
inline void fill_with_nan(const pair_gradients& out) noexcept {
    const auto fill = [](const matrix_view<float>& gradients) {
        for (idx_t i = 0; i < gradients.rows(); ++i)
            for (idx_t k = 0; k < gradients.dim(); ++k) gradients(i, k) = quiet_nan();
    };
    fill(out.images);
    fill(out.texts);
}

/// log(1 + exp(x)).
inline double softplus(double x) noexcept { return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
