/// Writes safetensors files: the part of safetensors.hpp that reads none.
#pragma once

#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../data/column.hpp"
#include "npy_file.hpp"
#include "replace_file.hpp"
#include "safetensors_header.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// A view whose rows lie in x itself, with what a file says of them.
template <class X>
using values_of_rows = decltype(npy_values(to_view(std::declval<const X&>())));
template <class X, class = void>
inline constexpr bool is_tensor = false;
template <class X>
inline constexpr bool is_tensor<X, std::void_t<typename values_of_rows<X>::value_type>> =
    safetensors_dtype_of<typename values_of_rows<X>::value_type> != nullptr &&
    !std::is_base_of_v<copied_rows<typename values_of_rows<X>::value_type>,
                       decltype(to_view(std::declval<const X&>()))>;

}  // namespace detail

/// Rows and their name in a file: a view. Rows of float, float16, bfloat16 or int8_t of any type with a to_view that
/// views them in place; what has one dimension, such as a std::vector, is saved as a list.
struct named_rows {
    template <class X, std::enable_if_t<detail::is_tensor<X>, int> = 0>
    named_rows(std::string name_in_file, const X& x) : name(std::move(name_in_file)) {
        const auto values = detail::npy_values(to_view(x));
        using T = typename decltype(values)::value_type;
        data = values.data(), dtype = detail::safetensors_dtype_of<T>, element_bytes = idx_t(sizeof(T));
        rows = values.rows(), dim = values.dim(), stride = values.stride();
        is_list = detail::is_one_dimensional<X> && rows == 1;
    }
    template <class X, std::enable_if_t<!detail::is_tensor<X>, int> = 0>
    named_rows(std::string, const X&) = delete;

    std::string name;
    const void* data;
    const char* dtype;
    idx_t rows, dim, stride, element_bytes;
    bool is_list;
};

namespace detail {

/// In the order of the reference: types from the last to the first, names ascending.
inline bool before_in_file(const named_rows* a, const named_rows* b) noexcept {
    const auto rank = [](const named_rows* of) {
        int r = 0;
        while (std::strcmp(safetensors_dtypes[r].name, of->dtype) != 0) ++r;
        return r;
    };
    return rank(a) != rank(b) ? rank(a) > rank(b) : a->name < b->name;
}

/// The header's tensors, and the rows in the same order.
inline std::vector<safetensors_info> arrange_tensors(const named_rows* first, std::size_t count,
                                                     std::vector<const named_rows*>& order) {
    for (std::size_t i = 0; i < count; ++i) {
        const named_rows& tensor = first[i];
        if (tensor.name == "__metadata__") fail<value_error>("save_safetensors: no tensor is called '__metadata__'");
        if (tensor.rows > largest_npy_size || tensor.dim > largest_npy_size)
            fail<shape_error>("save_safetensors: rows are ", tensor.rows, " x ", tensor.dim, ", each must be at most ",
                              largest_npy_size);
        order.push_back(&tensor);
    }
    std::sort(order.begin(), order.end(), before_in_file);
    std::vector<safetensors_info> infos;
    idx_t at = 0;
    for (const named_rows* tensor : order) {
        for (const safetensors_info& other : infos)
            if (other.name == tensor->name)
                fail<value_error>("save_safetensors: two tensors are called '", npy_excerpt(tensor->name), "'");
        const idx_t end = at + tensor->rows * tensor->dim * tensor->element_bytes;
        infos.push_back({tensor->name, tensor->dtype, {tensor->rows, tensor->dim}, at, end});
        if (tensor->is_list) infos.back().shape = {tensor->dim};
        at = end;
    }
    return infos;
}

/// The bytes of one row, from the machine's byte order to the file's.
template <class Writes>
void write_tensor_row(Writes& writes, const char* row, idx_t count, idx_t element_bytes) {
    if (!big_endian_machine || element_bytes == 1) return writes.write(row, count * element_bytes);
    for (idx_t k = 0; k < count; ++k) {
        char element[8];
        for (idx_t i = 0; i < element_bytes; ++i) element[i] = row[(k + 1) * element_bytes - 1 - i];
        writes.write(element, element_bytes);
    }
}

}  // namespace detail

/// Writes rows as a safetensors file, byte for byte as the reference does: a new one, which takes the name of the old
/// one once it is on the disk.
///
/// Shapes   rows [n, dim] -> a tensor [n, dim]; what has one dimension -> [n]. No size may exceed 2^48.
/// Units    float is F32, float16 F16, bfloat16 BF16, int8_t I8; the bits as they are.
/// Errors   value_error if a name is there twice, or is "__metadata__"; file_error, with path and reason, if a name is
///          no UTF-8 or any byte cannot be written: then the old file is as before.
/// Threads  any number of them, to different files.
/// Memory   the header's text and 2 MiB.   Source  as map_safetensors; safetensors.serialize_file.
inline void save_safetensors(const std::string& path, std::initializer_list<named_rows> tensors) {
    const detail::file_source source{"save_safetensors", path};
    std::vector<const named_rows*> order;
    const std::vector<safetensors_info> infos = detail::arrange_tensors(tensors.begin(), tensors.size(), order);
    const std::string header = detail::safetensors_header_text(infos);
    detail::safetensors_parser(source, header.data() + 8, idx_t(header.size()) - 8).parse();  // a name may be no UTF-8
    detail::replace_file(source, [&](detail::durable_file& file) {
        detail::sequential_writes<detail::durable_file> writes(file, 0);
        writes.write(header.data(), idx_t(header.size()));
        for (const named_rows* tensor : order)
            for (idx_t i = 0; i < tensor->rows && tensor->dim > 0; ++i)
                detail::write_tensor_row(
                    writes, static_cast<const char*>(tensor->data) + i * tensor->stride * tensor->element_bytes,
                    tensor->dim, tensor->element_bytes);
        writes.flush();
    });
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
