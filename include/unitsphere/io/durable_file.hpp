/// Files that are written to the disk, at given places or from front to back.
#pragma once

#include <cstring>
#include <string>

#include "../data/matrix.hpp"
#include "file_source.hpp"
#include "windows_api.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#if defined(_WIN32)
#include <io.h>
#include <share.h>
#include <stdio.h>
#else
#include <sys/file.h>
#include <unistd.h>
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

enum class open_mode { create, change };

#if defined(_WIN32)
/// A descriptor of a file that nobody else may write meanwhile, or -1.
inline int open_alone(const file_source& source, const std::string& name, int flags) {
    int file = -1;
    ::_wsopen_s(&file, path_of(name).c_str(), flags | _O_BINARY | _O_NOINHERIT, _SH_DENYWR, _S_IREAD | _S_IWRITE);
    if (file < 0 && _doserrno == ERROR_SHARING_VIOLATION) source.refuse("is being written elsewhere");
    return file;
}
#endif
/// Not 0 if it fails.
inline int close_descriptor(int file) noexcept {
#if defined(_WIN32)
    return ::_close(file);
#else
    return ::close(file);
#endif
}

/// A file that is written at given places. Every failure is refused with path and reason.
class durable_file {
public:
    /// create: a new file, whose name nobody has. change: one that is there, and that nobody else changes.
    durable_file(const file_source& source, const std::string& name, open_mode mode) : source_(source) {
        const bool is_new = mode == open_mode::create;
        errno = 0;
#if defined(_WIN32)
        file_ = open_alone(source_, name, _O_RDWR | (is_new ? _O_CREAT | _O_EXCL : 0));
#else
        file_ = ::open(name.c_str(), O_RDWR | O_CLOEXEC | (is_new ? O_CREAT | O_EXCL : 0), 0666);
#endif
        if (file_ < 0) source_.refuse(is_new ? "cannot be created: " : "cannot be opened: ", last_error());
#if !defined(_WIN32)
        if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
            const bool taken = errno == EWOULDBLOCK;
            const std::string reason = last_error();
            close_quietly();
            source_.refuse(taken ? "is being written elsewhere" : "cannot be locked: " + reason);
        }
        struct stat opened, named;
        if (!is_new && (::fstat(file_, &opened) != 0 || ::stat(name.c_str(), &named) != 0 ||
                        opened.st_dev != named.st_dev || opened.st_ino != named.st_ino)) {
            close_quietly();
            source_.refuse("is being replaced");
        }
#endif
    }
    durable_file(const durable_file&) = delete;
    durable_file& operator=(const durable_file&) = delete;
    ~durable_file() { close_quietly(); }

    void write(idx_t at, const void* bytes, idx_t count) {
        const char* from = static_cast<const char*>(bytes);
        while (count > 0) {
            const idx_t most = count < (idx_t(1) << 30) ? count : idx_t(1) << 30;
            errno = 0;
#if defined(_WIN32)
            const bool there = ::_lseeki64(file_, at, SEEK_SET) == at;
            const idx_t done = there ? ::_write(file_, from, unsigned(most)) : -1;
#else
            if (idx_t(off_t(at + most)) != at + most) source_.refuse("is longer than this system's files");
            const idx_t done = ::pwrite(file_, from, std::size_t(most), off_t(at));
            if (done < 0 && errno == EINTR) continue;
#endif
            if (done <= 0) source_.refuse("cannot be written: ", last_error());
            from += done, at += done, count -= done;
        }
    }
    /// Returns once the disk has all bytes that were written.
    void sync() {
        errno = 0;
#if defined(_WIN32)
        const int failed = ::_commit(file_);
#else
        const int failed = ::fsync(file_);
#endif
        if (failed != 0) source_.refuse("cannot be written to the disk: ", last_error());
    }
    void close() {
        errno = 0;
        const int file = file_;
        file_ = -1;
        if (close_descriptor(file) != 0) source_.refuse("cannot be written: ", last_error());
    }

private:
    void close_quietly() noexcept {
        if (file_ >= 0) close_descriptor(file_);
    }

    file_source source_;
    int file_ = -1;
};

/// Writes one piece behind the other, from `at` on, in blocks of 2 MiB that begin at multiples of that. Linux then has
/// pages of 2 MiB in its page cache, which a mapping of the file touches 512 times less often.
template <class File>
class sequential_writes {
public:
    sequential_writes(File& file, idx_t at) : file_(file), at_(at), block_(matrix<char>::uninitialized(1, size)) {}

    void write(const void* bytes, idx_t count) {
        const char* from = static_cast<const char*>(bytes);
        while (count > 0) {
            const idx_t room = size - (at_ + filled_) % size, some = count < room ? count : room;
            std::memcpy(block_.data() + filled_, from, std::size_t(some));
            filled_ += some, from += some, count -= some;
            if (some == room) flush();
        }
    }
    void flush() {
        if (filled_ > 0) file_.write(at_, block_.data(), filled_);
        at_ += filled_, filled_ = 0;
    }

private:
    static constexpr idx_t size = idx_t(1) << 21;
    File& file_;
    idx_t at_, filled_ = 0;
    matrix<char> block_;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
