// Whatever a safetensors file holds: its header is refused by a file_error, or describes every byte behind it once.
#include <unitsphere/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "input_file.hpp"

namespace {

us::detail::safetensors_header read_header(const std::string& bytes) {
    return us::detail::read_safetensors_header({"read_header", "memory"}, bytes.data(), us::idx_t(bytes.size()));
}

/// Reads every element, so that the sanitizers see each of them.
template <class T>
void check_rows(const std::string& path, const us::safetensors_info& tensor) {
    const auto loaded = unless_refused([&] { return us::load_safetensors<T>(path, tensor.name); });
    if (!loaded) return;
    for (us::idx_t k = 0; k < loaded->rows() * loaded->dim(); ++k) {
        const volatile T element = loaded->data()[k];
        static_cast<void>(element);
    }
    const us::mapped_safetensors mapped = us::map_safetensors(path);
    const auto rows = unless_refused([&] { return mapped.rows<T>(tensor.name); });
    if (rows) require(rows->rows() == loaded->rows() && rows->dim() == loaded->dim());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const input_file file;
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const auto header = unless_refused([&] { return read_header(bytes); });
    if (!header) return 0;
    us::idx_t end = 0;
    for (const us::safetensors_info& tensor : header->tensors) {
        require(tensor.begin == end && tensor.end >= end);
        end = tensor.end;
    }
    require(header->data_at + end == us::idx_t(size));

    // What was read is written as a header that reads as the same.
    const std::string again = us::detail::safetensors_header_text(header->tensors);
    const auto second = read_header(again + bytes.substr(std::size_t(header->data_at)));
    require(second.tensors.size() == header->tensors.size());
    const std::string& path = file.write(data, size);
    for (std::size_t i = 0; i < second.tensors.size(); ++i) {
        const us::safetensors_info &a = header->tensors[i], &b = second.tensors[i];
        require(a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.begin == b.begin && a.end == b.end);
        if (i >= 4) continue;
        check_rows<float>(path, a);
        check_rows<us::float16>(path, a);
        check_rows<us::bfloat16>(path, a);
        check_rows<std::int8_t>(path, a);
    }
    return 0;
}
