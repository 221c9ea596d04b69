// Whatever a .npy file holds: each function that reads either gives what the header says or throws file_error.
#include <unitsphere/io/npy.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

#include "input_file.hpp"

namespace {

us::npy_info read_header(const std::string& bytes) {
    std::istringstream stream(bytes);
    return us::detail::read_npy_header({"read_header", "memory"}, stream, true);
}

/// Reads every element, so that the sanitizers see each of them.
template <class T>
us::npy_info described(const us::matrix<T>& rows) {
    for (us::idx_t k = 0; k < rows.rows() * rows.dim(); ++k) {
        const volatile T element = rows.data()[k];
        static_cast<void>(element);
    }
    return {us::detail::npy_type_of<T>(), rows.rows(), rows.dim(), false};
}

bool agree(const us::npy_info& a, const us::npy_info& b) {
    return a.type == b.type && a.rows == b.rows && a.dim == b.dim;
}

/// T reads the types whose values it holds, and the file's own.
template <class T>
void check_load(const std::string& path, const std::optional<us::npy_info>& info) {
    const auto loaded = unless_refused([&] { return described(us::load_npy<T>(path)); });
    const bool taken = info && us::detail::with_npy_element(info->type, [](auto element) {
                           return us::detail::npy_widens<T, decltype(element)>();
                       });
    require(loaded ? taken && loaded->rows == info->rows && loaded->dim == info->dim
                   : !taken || info->type == us::npy_type::b1);
    require(!loaded || loaded->type == us::detail::npy_type_of<T>());
}

/// A file is a stream of one array, and what follows in a stream is no error.
void check_stream(const std::string& bytes, const std::optional<us::npy_info>& info) {
    std::istringstream stream(bytes + "more");
    const auto read = unless_refused([&] { return described(us::load_npy<double>(stream)); });
    if (info && read) require(agree({us::npy_type::f8, info->rows, info->dim, false}, *read) && stream.get() == 'm');
    const bool taken = info && info->type != us::npy_type::i8 && info->type != us::npy_type::u8;
    require(read || !taken || info->type == us::npy_type::b1);
}

void check_visit(const std::string& path, const std::optional<us::npy_info>& info) {
    const auto visited = unless_refused([&] { return us::visit_npy(path, [](auto&& x) { return described(x); }); });
    const bool taken = info && info->type <= us::npy_type::i1;  // f2, f4, f8, i1
    require(visited ? taken && agree(*visited, *info) : !taken);
}

void check_integers(const std::string& path, const std::optional<us::npy_info>& info) {
    const auto integers = unless_refused([&] { return us::load_npy_integers(path); });
    const bool taken = info && (info->rows == 1 || info->dim == 1);
    const bool all_are = info && info->type >= us::npy_type::i1 && info->type < us::npy_type::u8;
    require(integers ? taken && us::idx_t(integers->size()) == info->rows * info->dim : !taken || !all_are);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const input_file file;
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const auto in_memory = unless_refused([&] { return read_header(bytes); });
    if (!in_memory && size % 16 != 0) return 0;  // most inputs end here: now and then one goes to a file all the same
    const std::string& path = file.write(data, size);
    const auto info = unless_refused([&] { return us::inspect_npy(path); });
    require(info ? in_memory && agree(*info, *in_memory) : !in_memory);
    check_load<us::float16>(path, info);
    check_load<float>(path, info);
    check_load<double>(path, info);
    check_load<std::int8_t>(path, info);
    check_load<std::int32_t>(path, info);
    check_load<std::int64_t>(path, info);
    check_load<std::uint16_t>(path, info);
    check_load<bool>(path, info);
    check_visit(path, info);
    check_integers(path, info);
    check_stream(bytes, info);
    return 0;
}
