#include "row_files.hpp"

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <unitsphere/io/mapped_npy.hpp>
#include <unitsphere/io/safetensors.hpp>

namespace support {

namespace us = unitsphere;
using us::idx_t;

namespace {

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

const us::safetensors_info& chosen_tensor(const std::string& path, const std::vector<us::safetensors_info>& tensors,
                                          const std::string& tensor) {
    std::string names;
    for (const us::safetensors_info& one : tensors) {
        if (one.name == tensor || (tensor.empty() && tensors.size() == 1)) return one;
        names += " " + one.name;
    }
    if (tensor.empty()) throw std::runtime_error(path + " has several tensors, --tensor says which:" + names);
    throw std::runtime_error(path + " has no tensor " + tensor + ", it has:" + names);
}

}  // namespace

/// The rows, a view or what owns them, stay with the function that normalizes them.
template <class Rows>
void row_file::keep(Rows&& rows) {
    const auto kept = std::make_shared<std::decay_t<Rows>>(std::forward<Rows>(rows));
    using T = typename std::decay_t<Rows>::value_type;
    const us::matrix_view<const T> view(*kept);
    rows_ = view.rows(), dim_ = view.dim();
    if constexpr (std::is_same_v<T, float>) floats_ = view.data();
    unit_rows_ = [kept](idx_t first, idx_t count) {
        const us::matrix_view<const T> all(*kept);
        return us::normalize(us::matrix_view<const T>(all.row(first), count, all.dim()));
    };
}

row_file::row_file(const std::string& path, const std::string& tensor) {
    if (ends_with(path, ".safetensors")) {
        const auto file = std::make_shared<us::mapped_safetensors>(us::map_safetensors(path));
        const us::safetensors_info& chosen = chosen_tensor(path, file->tensors(), tensor);
        if (chosen.dtype == "F16")
            keep(file->rows<us::float16>(chosen.name));
        else if (chosen.dtype == "BF16")
            keep(file->rows<us::bfloat16>(chosen.name));
        else if (chosen.dtype == "I8")
            keep(file->rows<std::int8_t>(chosen.name));
        else
            keep(file->rows<float>(chosen.name));
        unit_rows_ = [file, unit_rows = unit_rows_](idx_t first, idx_t count) { return unit_rows(first, count); };
        return;
    }
    const us::npy_info info = us::inspect_npy(path);
    if (info.fortran_order || info.big_endian)
        us::visit_npy(path, [&](auto&& rows) { keep(std::move(rows)); });
    else if (info.type == us::npy_type::f2)
        keep(us::map_npy<us::float16>(path));
    else if (info.type == us::npy_type::f8)
        keep(us::map_npy<double>(path));
    else if (info.type == us::npy_type::i1)
        keep(us::map_npy<std::int8_t>(path));
    else
        keep(us::map_npy<float>(path));
}

us::matrix_view<const float> row_file::all() {
    if (floats_ != nullptr) return {floats_, rows_, dim_};
    loaded_ = std::make_shared<us::unit_embeddings<>>(unit_rows(0, rows_));
    return loaded_->values();
}

}  // namespace support
