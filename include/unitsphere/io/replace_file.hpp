/// Files that outlive a crash: written to the disk, and replaced as a whole.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

#include "../data/matrix.hpp"
#include "file_source.hpp"

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#else
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

enum class open_mode { create, change };

/// A file that is written at given places. Every failure is refused with path and reason.
class durable_file {
public:
    /// create: a new file, whose name nobody has. change: one that is there, and that nobody else changes.
    durable_file(const file_source& source, const std::string& name, open_mode mode) : source_(source) {
        const bool is_new = mode == open_mode::create;
        errno = 0;
#if defined(_WIN32)
        const int flags = _O_RDWR | _O_BINARY | _O_NOINHERIT | (is_new ? _O_CREAT | _O_EXCL : 0);
        ::_wsopen_s(&file_, path_of(name).c_str(), flags, _SH_DENYWR, _S_IREAD | _S_IWRITE);
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
        if (::_commit(file_) != 0) source_.refuse("cannot be written to the disk: ", last_error());
#else
        if (::fsync(file_) != 0) source_.refuse("cannot be written to the disk: ", last_error());
#endif
    }
    void close() {
        errno = 0;
        const int file = file_;
        file_ = -1;
#if defined(_WIN32)
        if (::_close(file) != 0) source_.refuse("cannot be written: ", last_error());
#else
        if (::close(file) != 0) source_.refuse("cannot be written: ", last_error());
#endif
    }

private:
    void close_quietly() noexcept {
        if (file_ < 0) return;
#if defined(_WIN32)
        ::_close(file_);
#else
        ::close(file_);
#endif
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

/// Writes the names in a file's folder to the disk. Windows does that with the rename.
inline void sync_folder_of(const file_source& source) {
#if defined(_WIN32)
    static_cast<void>(source);
#else
    const std::string folder = path_of(source.name).parent_path().string();
    errno = 0;
    const int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = opened >= 0 && (::fsync(opened) == 0 || errno == EINVAL);  // EINVAL: no folder is synced there
    const std::string reason = last_error();
    if (opened >= 0) ::close(opened);
    if (!synced) source.refuse("its folder cannot be written to the disk: ", reason);
#endif
}

/// Removes a file that did not get its name.
struct temporary_name {
    std::string name;
    bool is_there = false;

    ~temporary_name() { remove(); }
    void remove() noexcept {
        std::error_code error;
        if (is_there) std::filesystem::remove(path_of(name), error);
        is_there = false;
    }
};

/// Keeps a file that is to be replaced from those who would change it. Windows does not replace a file that is open.
class lock_of_old_file {
public:
    explicit lock_of_old_file(const file_source& source) {
#if defined(_WIN32)
        static_cast<void>(source);
#else
        file_ = ::open(source.name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (file_ < 0 || ::flock(file_, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
        ::close(file_);
        source.refuse("is being written elsewhere");
#endif
    }
    lock_of_old_file(const lock_of_old_file&) = delete;
    lock_of_old_file& operator=(const lock_of_old_file&) = delete;
    ~lock_of_old_file() {
#if !defined(_WIN32)
        if (file_ >= 0) ::close(file_);
#endif
    }

private:
    int file_ = -1;
};

/// What becomes of a file that has the name already.
enum class if_there { replace, keep };

/// write(file) a new file in the same folder, then gives it the name of `source`: atomic, and on the disk on return.
/// keep: unless a file has the name by then. File systems without links do not say so of one that came in between.
template <class File = durable_file, class Write>
void replace_file(const file_source& source, Write&& write, if_there old = if_there::replace) {
    temporary_name temporary;
    std::error_code error;
    for (idx_t number = 0;; ++number) {  // a crash may have left some
        message name;
        name.add(source.name), name.add(".tmp"), name.add(number);
        temporary.name = name.text;
        if (!std::filesystem::exists(std::filesystem::symlink_status(path_of(temporary.name), error))) break;
    }
    {
        File file(source, temporary.name, open_mode::create);
        temporary.is_there = true;
        write(file);
        file.sync();
        file.close();
    }
    if (old == if_there::keep) {
        std::filesystem::create_hard_link(path_of(temporary.name), path_of(source.name), error);
        const bool has_name = !error;
        if (has_name) temporary.remove();
        if (has_name) sync_folder_of(source);
        if (has_name || std::filesystem::exists(std::filesystem::symlink_status(path_of(source.name), error))) return;
    }
    const lock_of_old_file lock(source);
    std::filesystem::rename(path_of(temporary.name), path_of(source.name), error);
    if (error) source.refuse("cannot be replaced: ", error.message());
    temporary.is_there = false;
    sync_folder_of(source);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
