/// Files as memory: read-only to others, and private where a byte is changed.
#pragma once

#include <cstddef>

#include "../data/error.hpp"
#include "../data/huge_pages.hpp"
#include "file_source.hpp"
#include "windows_api.hpp"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Whether bytes of a mapping are written.
enum class map_mode { read, change };

/// A whole file as memory. Pages are read when they are touched, and shared with all who map the file; a page that is
/// written becomes this mapping's own, and the file stays as it is. The system sets memory aside for pages that may be
/// written, so only those of make_own may; Windows does for the whole file where any may (map_mode::change), which then
/// cannot be larger than what is left of memory and page file. The file may grow meanwhile, but not shrink. Linux maps
/// 2 MiB at a time where the page cache holds the file in pages of that size: where it was written so (see
/// sequential_writes), or read by such a mapping. Else the first touch of 1 GB costs some 30 ms.
class file_mapping {
public:
    file_mapping() noexcept = default;
    explicit file_mapping(const file_source& source, [[maybe_unused]] map_mode mode = map_mode::read) {
        require_regular_file(source, ", which cannot be mapped");
#if defined(_WIN32)
        const HANDLE file = ::CreateFileW(path_of(source.name).c_str(), GENERIC_READ,
                                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                          OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
        if (file == INVALID_HANDLE_VALUE) source.refuse("cannot be opened: ", last_windows_error());
        const bool changes = mode == map_mode::change;
        LARGE_INTEGER size;
        const bool sized = ::GetFileSizeEx(file, &size) != 0;
        size_ = sized ? idx_t(size.QuadPart) : 0;
        HANDLE mapping = nullptr;
        if (size_ > 0 && fits())
            mapping = ::CreateFileMappingW(file, nullptr, changes ? PAGE_WRITECOPY : PAGE_READONLY, 0, 0, nullptr);
        if (mapping != nullptr)
            data_ = static_cast<std::byte*>(
                ::MapViewOfFile(mapping, changes ? FILE_MAP_COPY : FILE_MAP_READ, 0, 0, std::size_t(size_)));
        const std::string why = last_windows_error();
        if (mapping != nullptr) ::CloseHandle(mapping);
        ::CloseHandle(file);
        if (!fits()) refuse_size(source);
        if (!sized || (data_ == nullptr && size_ > 0)) source.refuse("cannot be mapped: ", why);
#else
        errno = 0;
        const int file = ::open(source.name.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) source.refuse("cannot be opened: ", last_error());
        struct stat status;
        void* memory = nullptr;
        const bool sized = ::fstat(file, &status) == 0;
        size_ = sized ? idx_t(status.st_size) : 0;
        if (size_ > 0 && fits()) memory = ::mmap(nullptr, std::size_t(size_), PROT_READ, MAP_PRIVATE, file, 0);
        const std::string why = last_error();
        ::close(file);
        if (!fits()) refuse_size(source);
        if (!sized || memory == MAP_FAILED) source.refuse("cannot be mapped: ", why);
        data_ = static_cast<std::byte*>(memory);
        advise_huge_pages(data_, std::size_t(size_));
#endif
    }
    file_mapping(file_mapping&& other) noexcept : data_(other.data_), size_(other.size_) {
        other.data_ = nullptr, other.size_ = 0;
    }
    file_mapping& operator=(file_mapping&& other) noexcept {
        std::byte* const data = data_;
        const idx_t size = size_;
        data_ = other.data_, size_ = other.size_;
        other.data_ = data, other.size_ = size;
        return *this;
    }
    ~file_mapping() {
        if (data_ == nullptr) return;
#if defined(_WIN32)
        ::UnmapViewOfFile(data_);
#else
        ::munmap(data_, std::size_t(size_));
#endif
    }

    /// `count` bytes from `at` on, which may be written from now on: of map_mode::change.
    std::byte* make_own(const file_source& source, idx_t at, idx_t count) {
#if defined(_WIN32)
        static_cast<void>(source), static_cast<void>(count);
#else
        errno = 0;
        const idx_t begin = at - at % idx_t(::sysconf(_SC_PAGESIZE));
        if (count > 0 && ::mprotect(data_ + begin, std::size_t(at + count - begin), PROT_READ | PROT_WRITE) != 0)
            source.refuse("cannot be mapped: ", last_error());
#endif
        return data_ + at;
    }

    const std::byte* data() const noexcept { return data_; }
    idx_t size() const noexcept { return size_; }

private:
    /// Whether the addresses of this process reach so far: those of 32 bits do not.
    bool fits() const noexcept { return idx_t(std::size_t(size_)) == size_; }
    [[noreturn]] void refuse_size(const file_source& source) const {
        source.refuse("has ", size_, " bytes, which addresses of ", idx_t(8 * sizeof(std::size_t)),
                      " bits do not reach");
    }

    std::byte* data_ = nullptr;
    idx_t size_ = 0;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
