/// Files of rows, .npy or .safetensors, that may be larger than the memory.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <unitsphere/unitsphere.hpp>

namespace support {

/// The rows of a .npy file, or of a tensor of a .safetensors file, read where they lie where their layout allows it.
class row_file {
public:
    /// `tensor` may be empty where the file has one tensor. Throws file_error.
    explicit row_file(const std::string& path, const std::string& tensor = "");

    unitsphere::idx_t rows() const { return rows_; }
    unitsphere::idx_t dim() const { return dim_; }
    /// `count` rows from `first` on, at unit length.
    unitsphere::unit_embeddings<> unit_rows(unitsphere::idx_t first, unitsphere::idx_t count) const {
        return unit_rows_(first, count);
    }
    /// All rows: as they lie in a file of float, else at unit length in memory that this object keeps.
    unitsphere::matrix_view<const float> all();

private:
    template <class Rows>
    void keep(Rows&& rows);

    unitsphere::idx_t rows_ = 0, dim_ = 0;
    const float* floats_ = nullptr;  ///< of a file of float
    std::function<unitsphere::unit_embeddings<>(unitsphere::idx_t, unitsphere::idx_t)> unit_rows_;
    std::shared_ptr<unitsphere::unit_embeddings<>> loaded_;
};

}  // namespace support
