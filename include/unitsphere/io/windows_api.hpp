/// The Windows API where files need it: no macros `min` and `max`; nothing on other systems.
#pragma once

#if defined(_WIN32)
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <string>
#include <system_error>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// An error of the Windows API in the words of the C library, where it has some.
inline std::string windows_error(DWORD number) {
    return std::system_category().default_error_condition(int(number)).message();
}
inline std::string last_windows_error() { return windows_error(::GetLastError()); }

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
#endif
