// Whatever a .npy file holds: each function that reads either gives what the header says or throws file_error.
#include <unitsphere/io/npy.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

namespace {

namespace us = unitsphere;

/// One file for the whole run, of a name of its own. With TMPDIR=/dev/shm it never touches a disk.
class input_file {
public:
    input_file()
        : path_((std::filesystem::temp_directory_path() / ("npy_fuzz_" + std::to_string(getpid()))).string()) {}
    input_file(const input_file&) = delete;
    input_file& operator=(const input_file&) = delete;
    ~input_file() { std::remove(path_.c_str()); }

    const std::string& write(const std::uint8_t* data, std::size_t size) const {
        std::FILE* const file = std::fopen(path_.c_str(), "wb");
        if (file == nullptr || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0) {
            std::perror(path_.c_str());
            std::exit(2);  // the machine's fault, not a finding
        }
        return path_;
    }

private:
    std::string path_;
};

void require(bool holds) {
    if (!holds) std::abort();
}

/// What the call returns; nothing if it refuses the file. Every other exception ends the run.
template <class Call>
auto unless_refused(Call&& call) -> std::optional<decltype(call())> {
    try {
        return call();
    } catch (const us::file_error&) {
        return std::nullopt;
    }
}

us::npy_info read_header(const std::uint8_t* data, std::size_t size) {
    const std::string name = "memory";
    std::uint8_t none = 0;
    void* const bytes = size > 0 ? const_cast<std::uint8_t*>(data) : &none;
    const std::unique_ptr<std::FILE, us::detail::close_file> stream(fmemopen(bytes, size > 0 ? size : 1, "rb"));
    require(stream != nullptr);
    return us::detail::read_npy_header({"read_header", name}, stream.get(), us::idx_t(size));
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

template <class T>
void check_load(const std::string& path, const std::optional<us::npy_info>& info) {
    const auto loaded = unless_refused([&] { return described(us::load_npy<T>(path)); });
    const bool asked = info && info->type == us::detail::npy_type_of<T>();
    require(loaded ? asked && agree(*loaded, *info) : !asked || std::is_same_v<T, bool>);
}

void check_visit(const std::string& path, const std::optional<us::npy_info>& info) {
    const auto visited = unless_refused([&] { return us::visit_npy(path, [](auto&& x) { return described(x); }); });
    const bool taken = info && info->type <= us::npy_type::i1;  // f2, f4, f8, i1
    require(visited ? taken && agree(*visited, *info) : !taken);
}

void check_integers(const std::string& path, const std::optional<us::npy_info>& info) {
    const auto integers = unless_refused([&] { return us::load_npy_integers(path); });
    const bool taken = info && info->type >= us::npy_type::i1 && (info->rows == 1 || info->dim == 1);
    require(integers ? taken && us::idx_t(integers->size()) == info->rows * info->dim
                     : !taken || info->type == us::npy_type::b1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const input_file file;
    const auto in_memory = unless_refused([&] { return read_header(data, size); });
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
    check_load<bool>(path, info);
    check_visit(path, info);
    check_integers(path, info);
    return 0;
}
