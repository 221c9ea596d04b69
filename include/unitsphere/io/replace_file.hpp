/// Files that outlive a crash: replaced as a whole.
#pragma once

#include <string>

#include "durable_file.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

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

/// Gives a file the name of `source`, and what had that name is gone. sync_folder_of writes the names to the disk.
inline void rename_to(const file_source& source, const std::string& from) {
#if defined(_WIN32)
    if (::MoveFileExW(path_of(from).c_str(), path_of(source.name).c_str(),
                      MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) == 0) {
        const DWORD why = ::GetLastError();
        const bool in_use =
            why == ERROR_ACCESS_DENIED || why == ERROR_SHARING_VIOLATION || why == ERROR_USER_MAPPED_FILE;
        source.refuse("cannot be replaced: ", windows_error(why),
                      in_use ? "; Windows replaces no file that is open or mapped" : "");
    }
#else
    std::error_code error;
    std::filesystem::rename(from, source.name, error);
    if (error) source.refuse("cannot be replaced: ", error.message());
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

/// Keeps a file from those who would change it, until it is replaced.
class lock_of_old_file {
public:
    explicit lock_of_old_file(const file_source& source) {
#if defined(_WIN32)
        file_ = open_alone(source, source.name, _O_RDONLY);
#else
        file_ = ::open(source.name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (file_ < 0 || ::flock(file_, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
        ::close(file_);
        source.refuse("is being written elsewhere");
#endif
    }
    lock_of_old_file(const lock_of_old_file&) = delete;
    lock_of_old_file& operator=(const lock_of_old_file&) = delete;
    ~lock_of_old_file() { close(); }

    /// Just before the file is replaced: Windows does not replace it while it is open, by us or a writer.
    void allow_rename() noexcept {
#if defined(_WIN32)
        close();
#endif
    }

private:
    void close() noexcept {
        if (file_ >= 0) close_descriptor(file_);
        file_ = -1;
    }

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
    lock_of_old_file lock(source);
    lock.allow_rename();
    rename_to(source, temporary.name);
    temporary.is_there = false;
    sync_folder_of(source);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
