/// Whole pages of memory, and what may be done with them.
#pragma once

#include <cstddef>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX  // libstdc++ defines it too
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace tests {

#if defined(_WIN32)
inline constexpr DWORD no_access = PAGE_NOACCESS, read_only = PAGE_READONLY;

inline std::size_t page_size() {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}
/// Null where there are none.
inline void* allocate_pages(std::size_t bytes) {
    return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}
inline void free_pages(void* pages, std::size_t) { VirtualFree(pages, 0, MEM_RELEASE); }
inline void protect(void* pages, std::size_t bytes, DWORD access) { VirtualProtect(pages, bytes, access, &access); }
#else
inline constexpr int no_access = PROT_NONE, read_only = PROT_READ;

inline std::size_t page_size() { return std::size_t(sysconf(_SC_PAGESIZE)); }
/// Null where there are none.
inline void* allocate_pages(std::size_t bytes) {
    void* const pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? nullptr : pages;
}
inline void free_pages(void* pages, std::size_t bytes) { munmap(pages, bytes); }
inline void protect(void* pages, std::size_t bytes, int access) { mprotect(pages, bytes, access); }
#endif

}  // namespace tests
