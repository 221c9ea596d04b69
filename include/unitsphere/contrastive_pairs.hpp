/// What both contrastive losses do with a batch of pairs, whatever the loss: checks, memory, the passes over all scores.
#pragma once

#include <optional>

#include "data/logit_scale.hpp"
#include "engine/weighted_sums.hpp"
#include "similarity.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Gradients that are wanted, or empty views.
struct pair_gradients {
    matrix_view<float> images, texts;
};

inline bool is_wanted(const matrix_view<float>& gradients) noexcept {
    return gradients.rows() != 0 || gradients.dim() != 0;
}

/// Refuses gradients of another shape, or in the memory of a side or of each other.
template <class Images, class Texts>
void require_gradients(const side_names& names, const Images& images, const Texts& texts, const pair_gradients& out) {
    const auto require = [&](const char* name, const matrix_view<float>& gradients, const auto& rows) {
        if (!is_wanted(gradients)) return;
        require_shape(names.function, name, gradients, rows.rows(), rows.dim());
        require_apart_from_sides(names, name, gradients, images, texts);
    };
    require("image_gradients", out.images, images);
    require("text_gradients", out.texts, texts);
    require_apart(names.function, "image_gradients", out.images, "text_gradients", out.texts);
}

template <class Images, class Texts>
void require_batch(const side_names& names, const Images& images, const Texts& texts) {
    require_same_dim(names, images, texts);
    if (images.rows() == 0) fail<value_error>(names.function, ": images have 0 rows, there is no mean of no loss");
}

/// Refuses images whose text is not among the texts.
template <class Images, class Texts>
void require_labels(const side_names& names, const Images& images, const Texts& texts, index first_label) {
    if (first_label < 0) fail<shape_error>(names.function, ": first_label is ", first_label);
    const index left = first_label < texts.rows() ? texts.rows() - first_label : 0;
    if (images.rows() > left)
        fail<shape_error>(names.function, ": images have ", images.rows(), " rows, texts from first_label ",
                          first_label, " on ", left);
}

/// Rows and columns that one tile's labels meet: row r's is column `first + r`.
struct labels_of_tile {
    index first;
    int rows, columns;

    labels_of_tile(const engine::score_tile<>& tile, index first_label) noexcept
        : first(first_label + tile.first_row - tile.first_column), rows(tile.rows), columns(tile.columns) {}

    bool any() const noexcept { return first < columns && first + rows > 0; }
    /// seen(r, c) for each label in the tile.
    template <class Seen>
    void each(Seen&& seen) const noexcept {
        for (int r = first < 0 ? int(-first) : 0; r < rows && first + r < columns; ++r) seen(r, int(first) + r);
    }
};

/// The two sides of a batch, measured, and the memory of one call. T and G are the types of their elements.
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
                const normalize_options& image_options, const normalize_options& text_options, bool gradients)
        : how_(how),
          image_source_(images, image_options, names.function, names.query_row),
          text_source_(texts, text_options, names.function, names.gallery_row),
          image_chunks_(chunks_of(images.rows(), images.dim(), gradients)),
          text_chunks_(chunks_of(texts.rows(), texts.dim(), gradients)),
          of_cell_(engine::elements_of_cell(image_chunks_, text_chunks_, images.dim())) {
        const index most = image_chunks_.count() > text_chunks_.count() ? image_chunks_.count() : text_chunks_.count();
        workers_ = engine::workers_for(how, most);
        each_ = of_cell_ + (gradients ? sums<no_weights>::elements(image_chunks_, text_chunks_, images.dim()) : 0);
    }

    index images() const noexcept { return image_source_.rows(); }
    index texts() const noexcept { return text_source_.rows(); }

    /// Takes memory, measures all rows, and says whether they are numbers. `arrays` are the caller's own: each(place)
    /// calls place(pointer, count) for each of them, the same each time.
    template <class Arrays>
    bool begin(Arrays& arrays) {
        image_factors* of_images = nullptr;
        text_factors* of_texts = nullptr;
        const auto each = [&](auto&& place) {
            place(of_images, images());
            place(of_texts, texts());
            arrays.each(place);
        };
        engine::block_layout needed, placed;
        each([&](auto*& pointer, index count) { needed.add<std::remove_reference_t<decltype(*pointer)>>(1, count); });
        memory_.emplace(how_, 0, workers_, each_, needed.bytes());
        each([&](auto*& pointer, index count) {
            using element = std::remove_reference_t<decltype(*pointer)>;
            pointer = reinterpret_cast<element*>(memory_->of_consumers() + placed.add<element>(1, count));
        });
        images_.emplace(image_source_, of_images);
        texts_.emplace(text_source_, of_texts);
        const bool images_are_numbers = images_->measure(how_), texts_are_numbers = texts_->measure(how_);
        return images_are_numbers && texts_are_numbers;
    }
    /// Every tile of scores; each cell has a consumer of its own, made by `consumer()`.
    template <class MakeConsumer>
    void forward(MakeConsumer&& consumer) {
        engine::score_cells(how_, *images_, image_chunks_, *texts_, text_chunks_, memory_of(),
                            [&](index) { return consumer(); });
    }
    /// The gradients of rows as they are given, for `weights` of scores times `factor`.
    template <class Weights>
    void backward(const Weights& weights, double factor, const pair_gradients& asked) {
        const auto wanted = [](const matrix_view<float>& g) { return is_wanted(g) ? g : matrix_view<float>(); };
        const pair_gradients out{wanted(asked.images), wanted(asked.texts)};  // below, no data says no wish
        engine::clear_gradients(how_, out.images);
        engine::clear_gradients(how_, out.texts);
        const auto consumer_of = [&](index worker) {
            return sums<Weights>(*images_, *texts_, image_chunks_, text_chunks_, out.images, out.texts, weights,
                                 memory_->of_worker(worker) + of_cell_);
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
    /// Packed rows of a chunk and, for gradients, their slices, are to stay in L2.
    static engine::chunks chunks_of(index rows, index dim, bool gradients) noexcept {
        constexpr index megabyte = index(1) << 20;
        return engine::chunks::of(rows, engine::rows_of_chunk(dim, gradients ? 2 * megabyte : 4 * megabyte));
    }
    auto memory_of() const noexcept {
        return [this](index worker) { return memory_->of_worker(worker); };
    }

    const execution& how_;
    engine::row_source<T> image_source_;
    engine::row_source<G> text_source_;
    engine::chunks image_chunks_, text_chunks_;
    index of_cell_, each_ = 0, workers_ = 1;
    std::optional<engine::call_memory<float>> memory_;
    std::optional<engine::measured_rows<T>> images_;
    std::optional<engine::measured_rows<G>> texts_;
};

/// NaN in every gradient that is wanted: a row of the batch is not a number, and so is every sum over all rows.
inline void spoil_gradients(const pair_gradients& out) noexcept {
    const auto spoil = [](const matrix_view<float>& gradients) {
        for (index i = 0; i < gradients.rows(); ++i)
            for (index k = 0; k < gradients.dim(); ++k) gradients(i, k) = quiet_nan();
    };
    spoil(out.images);
    spoil(out.texts);
}

/// log(1 + exp(x)).
inline double softplus(double x) noexcept { return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
