/// Embeddings in safetensors files: what safetensors.torch.save_file(tensors, path) writes and load_file(path) reads.
///
///   us::load_safetensors("clip.safetensors", "text_projection.weight")              float, from F32, F16, BF16, I8
///   us::map_safetensors("images.safetensors").rows<us::float16>("images")           in place
///   us::save_safetensors("out.safetensors", {{"images", images}, {"texts", texts}})
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "file_mapping.hpp"
#include "npy_file.hpp"
#include "safetensors_write.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

struct safetensors_access;

/// Rows and dim of a shape, as load_npy has them: at most one size before the last may differ from 1.
inline std::pair<idx_t, idx_t> rows_of_shape(const file_source& source, const safetensors_info& tensor) {
    idx_t rows = 1;
    if (tensor.shape.empty()) source.refuse("its tensor '", npy_excerpt(tensor.name), "' is a single number, no rows");
    for (std::size_t axis = 0; axis + 1 < tensor.shape.size(); ++axis) {
        if (tensor.shape[axis] == 1) continue;
        if (rows != 1)
            source.refuse("its tensor '", npy_excerpt(tensor.name), "' has shape ", npy_shape_text(tensor.shape),
                          ", and more than one axis may count the rows");
        rows = tensor.shape[axis];
    }
    return {rows, tensor.shape.back()};
}

}  // namespace detail

/// A safetensors file that is mapped: what map_safetensors returns. Movable.
class mapped_safetensors {
public:
    mapped_safetensors() noexcept = default;

    /// All tensors, in the order of their bytes.
    const std::vector<safetensors_info>& tensors() const noexcept { return header_.tensors; }

    /// The rows of a tensor, in place.
    ///
    /// Shapes   as load_safetensors.
    /// Units    T is the tensor's own type.
    /// Errors   file_error if there is no such tensor, its type is another, or its bytes do not lie as T must: at a
    ///          multiple of its size, little-endian; load_safetensors reads it.
    /// Threads  any number of them.   Memory  none; the rows die with this object.   Source  as load_safetensors.
    template <class T = float>
    matrix_view<const T> rows(const std::string& name) const UNITSPHERE_LIFETIMEBOUND {
        static_assert(detail::safetensors_dtype_of<T> != nullptr,
                      "safetensors: T is float, float16, bfloat16 or int8_t");
        const detail::file_source source{"mapped_safetensors::rows", path_};
        const safetensors_info& tensor = find(source, name);
        if (tensor.dtype != detail::safetensors_dtype_of<T>)
            source.refuse("its tensor '", detail::npy_excerpt(name), "' is of type ", tensor.dtype, ", asked for ",
                          detail::safetensors_dtype_of<T>, "; load_safetensors widens to float");
        const auto [count, dim] = detail::rows_of_shape(source, tensor);
        const std::byte* const at = bytes_of(tensor);
        if (reinterpret_cast<std::uintptr_t>(at) % alignof(T) != 0 || (detail::big_endian_machine && sizeof(T) > 1))
            source.refuse("its tensor '", detail::npy_excerpt(name), "' does not lie as this machine reads ",
                          tensor.dtype, "; load_safetensors reads it");
        return {reinterpret_cast<const T*>(at), count, dim};
    }

private:
    friend struct detail::safetensors_access;
    mapped_safetensors(const char* function, const std::string& path)
        : path_(path),
          mapping_(detail::file_source{function, path}),
          header_(detail::read_safetensors_header({function, path}, mapping_.data(), mapping_.size())) {}

    const safetensors_info& find(const detail::file_source& source, const std::string& name) const {
        for (const safetensors_info& tensor : header_.tensors)
            if (tensor.name == name) return tensor;
        source.refuse("holds no tensor '", detail::npy_excerpt(name), "'");
    }
    const std::byte* bytes_of(const safetensors_info& tensor) const noexcept {
        return mapping_.data() + header_.data_at + tensor.begin;
    }

    /// The elements, widened to T.
    template <class Stored, class T>
    static void copy_elements(const std::byte* from, idx_t count, T* to) noexcept {
        for (idx_t k = 0; k < count; ++k) {
            Stored element;
            std::memcpy(static_cast<void*>(&element), from + k * idx_t(sizeof(Stored)), sizeof(Stored));
            detail::swap_with_file_order(&element, 1);
            to[k] = static_cast<T>(element);
        }
    }
    template <class T>
    matrix<T> load(const char* function, const std::string& name) const {
        const detail::file_source source{function, path_};
        const safetensors_info& tensor = find(source, name);
        const std::pair<idx_t, idx_t> shape = detail::rows_of_shape(source, tensor);
        auto result = matrix<T>::uninitialized(shape.first, shape.second);
        const std::byte* const from = bytes_of(tensor);
        const auto copy = [&](auto stored) {
            using stored_type = decltype(stored);
            if (tensor.dtype != detail::safetensors_dtype_of<stored_type>) return false;
            if constexpr (std::is_same_v<T, float> || std::is_same_v<T, stored_type>)
                return copy_elements<stored_type>(from, result.rows() * result.dim(), result.data()), true;
            else
                return false;
        };
        if (!(copy(float()) || copy(float16()) || copy(bfloat16()) || copy(std::int8_t())))
            source.refuse("its tensor '", detail::npy_excerpt(name), "' is of type ", tensor.dtype, ", asked for ",
                          detail::safetensors_dtype_of<T>);
        return result;
    }

    std::string path_ = {};
    detail::file_mapping mapping_ = {};
    detail::safetensors_header header_ = {};
};

namespace detail {
struct safetensors_access {
    static mapped_safetensors map(const char* function, const std::string& path) { return {function, path}; }
    template <class T>
    static matrix<T> load(const char* function, const std::string& path, const std::string& name) {
        return map(function, path).template load<T>(function, name);
    }
};
}  // namespace detail

/// Maps a safetensors file: its rows are read where they lie, as mapped_safetensors::rows.
///
/// Shapes, Units   as mapped_safetensors.
/// Errors   file_error, with path and reason, if the file is missing, truncated, or its header is not strictly that of
///          the format: JSON in UTF-8, no key or name twice, no unknown type or key, each tensor as long as its shape
///          says, all of them side by side from the first byte to the last. The file must not shrink meanwhile.
/// Threads  any number of them.   Memory  the header's text, at most 100 MB, and address space.
/// Source   github.com/huggingface/safetensors, "Format".
inline mapped_safetensors map_safetensors(const std::string& path) {
    return detail::safetensors_access::map("map_safetensors", path);
}

/// The tensors of a file, in the order of their bytes, from its header alone.
///
/// Shapes, Units   as they are stored.   Errors, Threads, Memory, Source   as map_safetensors.
inline std::vector<safetensors_info> inspect_safetensors(const std::string& path) {
    return detail::safetensors_access::map("inspect_safetensors", path).tensors();
}

/// The rows of a tensor, as they are stored: nothing is rounded or normalized.
///
/// Shapes   as load_npy: the last size is dim, at most one before it differs from 1 and is the number of rows.
/// Units    float holds F32, F16, BF16 and I8 exactly; float16, bfloat16 and int8_t hold F16, BF16 and I8.
/// Errors   as map_safetensors; file_error too if there is no such tensor, or one of another type.
/// Threads  any number of them.   Memory  the result.   Source  as map_safetensors.
template <class T = float>
matrix<T> load_safetensors(const std::string& path, const std::string& name) {
    static_assert(detail::safetensors_dtype_of<T> != nullptr, "safetensors: T is float, float16, bfloat16 or int8_t");
    return detail::safetensors_access::load<T>("load_safetensors", path, name);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
