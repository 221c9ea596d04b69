/// The galleries of dispatch.hpp, and the arguments that they are.
#pragma once

#include "../data/options.hpp"
#include "../data/search_results.hpp"
#include "../data/storages.hpp"
#include "dispatched_call.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// A mean on its way to a level, as numbers of double.
class sent_mean {
public:
    explicit sent_mean(const number_list& mean = {})
        : numbers_(array<double>::uninitialized(mean.is_given() ? mean.count() : 0)),
          mean_{numbers_.data(), mean.is_given() ? mean.count() : -1} {
        for (idx_t i = 0; i < mean_.count; ++i) numbers_[i] = mean[i];
    }
    sent_mean(const sent_mean&) = delete;
    template <class Options>
    static sent_mean of(const Options& options) {
        if constexpr (std::is_same_v<Options, gallery_options>)
            return sent_mean();
        else
            return sent_mean(options.mean);
    }

    const levels::mean_ref& sent() const noexcept { return mean_; }

private:
    array<double> numbers_;
    levels::mean_ref mean_;
};

/// What all galleries are: rows that a level packs, that which runs when the first of them come, and searches.
template <levels::packing Packing, class Options>
class level_gallery {
public:
    level_gallery() noexcept = default;

    idx_t rows() const noexcept { return about().rows; }
    idx_t dim() const noexcept { return about().dim; }
    idx_t bytes() const noexcept { return about().bytes; }
    row_report report() const noexcept {
        const levels::row_counts counts = about().counts;
        return {counts.zero_rows, counts.non_finite_rows, counts.first_zero, counts.first_non_finite};
    }

    void append(const any_rows& rows, const execution& how = {}, const Options& options = {}) {
        const sent_call call(how);
        const sent_policy policy(options.rows);
        const sent_mean mean = sent_mean::of(options);
        translated([&] {
            if (packed_.object() == nullptr) {
                const levels::table& level = levels::running();
                hold(level, of(level).object.copy(nullptr));
            }
            of(packed_.level()).append(packed_.object(), rows.sent(), call.sent(), policy.sent(), mean.sent());
        });
    }

    /// For functions that take galleries.
    levels::rows_ref sent() const noexcept {
        const levels::gallery_facts facts = about();
        return {facts.elements,           facts.rows, facts.dim,        facts.dim,
                levels::element::float32, true,       packed_.object(), Packing};
    }
    /// Null before the first append.
    const levels::table* level() const noexcept { return packed_.object() != nullptr ? &packed_.level() : nullptr; }

protected:
    static const levels::gallery_functions& of(const levels::table& level) noexcept {
        return level.galleries[int(Packing)];
    }
    void hold(const levels::table& level, void* object) noexcept { packed_ = handle(level, of(level).object, object); }
    levels::gallery_facts about() const noexcept {
        if (packed_.object() == nullptr) return {0, 0, 0, {0, 0, -1, -1}, nullptr};
        return of(packed_.level()).about(packed_.object());
    }
    unit_embeddings<float> copied_unit_rows(const char* name, idx_t first, idx_t count) const {
        if (first < 0 || count < 0 || count > rows() - first)
            fail<shape_error>(name, "::unit_rows: ", count, " rows from ", first, " on, of ", rows());
        auto out = matrix<float>::uninitialized(count, dim());
        if (count > 0) translated([&] { of(packed_.level()).unit_rows(packed_.object(), first, out.view()); });
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }

private:
    handle packed_ = {};
};

/// The room for the results of a search.
inline neighbours room_for_best(const char* function, idx_t queries, idx_t gallery_rows, idx_t k) {
    if (k < 0) fail<value_error>(function, ": k is ", k, ", it must not be negative");
    const idx_t columns = k < gallery_rows ? k : gallery_rows;
    return {matrix<idx_t>::uninitialized(queries, columns), matrix<float>::uninitialized(queries, columns)};
}

static_assert(std::uint32_t(levels::packing::shadow) == storages::count);
template <class Storage>
inline constexpr levels::packing packing_of = levels::packing(storage_number<Storage>);

}  // namespace detail

namespace dispatched {

using namespace unitsphere;

/// As unitsphere::gallery.
class gallery : public detail::level_gallery<levels::packing::float32, gallery_options> {
public:
    gallery() noexcept = default;
    explicit gallery(const detail::any_rows& rows, const execution& how = {}, const gallery_options& options = {}) {
        append(rows, how, options);
    }

    unit_embeddings<float> unit_rows(idx_t first, idx_t count) const {
        return copied_unit_rows("gallery", first, count);
    }
    unit_embeddings<float> unit_rows() const { return unit_rows(0, rows()); }
};

/// As unitsphere::shadow_gallery.
class shadow_gallery : public detail::level_gallery<levels::packing::shadow, shadow_gallery_options> {
public:
    shadow_gallery() noexcept = default;
    explicit shadow_gallery(const detail::any_rows& rows, const execution& how = {},
                            const shadow_gallery_options& options = {}) {
        append(rows, how, options);
    }
    static shadow_gallery over(const unit_view<float>& rows, const execution& how = {},
                               const shadow_gallery_over_options& options = {}) {
        shadow_gallery result;
        const detail::any_rows sent(rows);
        const detail::sent_call call(how);
        const detail::sent_mean mean(options.mean);
        detail::translated([&] {
            const levels::table& level = levels::running();
            result.hold(level, level.shadow_over(sent.sent(), call.sent(), mean.sent()));
        });
        return result;
    }

    unit_view<float> unit_rows() const noexcept UNITSPHERE_LIFETIMEBOUND {
        const levels::gallery_facts facts = about();
        return unit_access::view<float>(matrix_view<const float>(facts.elements, facts.rows, facts.dim));
    }
};

/// As unitsphere::compact_gallery: the gallery of top_k and top_k_rescored.
template <class Storage>
class compact_gallery : public detail::level_gallery<detail::packing_of<Storage>, compact_gallery_options> {
    static_assert(detail::storage_number<Storage> != 0,
                  "unitsphere: a compact_gallery stores float16, bfloat16, fast_bfloat16, std::int8_t, int4 or "
                  "one_bit");

public:
    using value_type = Storage;

    compact_gallery() noexcept = default;
    explicit compact_gallery(const detail::any_rows& rows, const execution& how = {},
                             const compact_gallery_options& options = {}) {
        this->append(rows, how, options);
    }

    unit_embeddings<float> unit_rows(idx_t first, idx_t count) const {
        return this->copied_unit_rows("compact_gallery", first, count);
    }
    unit_embeddings<float> unit_rows() const { return unit_rows(0, this->rows()); }
};

/// Rows, or a gallery of floats: an argument that is scored against queries.
class any_side {
public:
    template <class Rows, detail::if_any_rows<Rows> = 0>
    any_side(const Rows& rows) : rows_(rows) {}
    any_side(const gallery& packed) noexcept : any_side(packed, 0) {}
    any_side(const shadow_gallery& packed) noexcept : any_side(packed, 0) {}

    idx_t rows() const noexcept { return sent().rows; }
    const levels::rows_ref& sent() const noexcept { return rows_.sent(); }
    /// Of the gallery, else the one that runs.
    const levels::table& level() const { return level_ != nullptr ? *level_ : levels::running(); }

protected:
    template <class Gallery>
    any_side(const Gallery& packed, int) noexcept : rows_(packed.sent()), level_(packed.level()) {}

private:
    detail::any_rows rows_;
    const levels::table* level_ = nullptr;
};

/// Any gallery: an argument that is searched.
class any_searched : public any_side {
public:
    template <class Side, std::enable_if_t<std::is_convertible_v<const Side&, any_side>, int> = 0>
    any_searched(const Side& side) : any_side(side) {}
    template <class Storage>
    any_searched(const compact_gallery<Storage>& packed) noexcept : any_side(packed, 0) {}
};

}  // namespace dispatched
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
