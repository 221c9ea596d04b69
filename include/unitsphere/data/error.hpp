/// What the library throws, and the one place that throws it.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "config.hpp"

#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#include <exception>
#ifndef UNITSPHERE_FAIL
/// Called with the message where exceptions are off; it must not return.
#define UNITSPHERE_FAIL(message) std::terminate()
#endif
#endif

namespace unitsphere {
namespace levels {
enum class error_kind { shape, value, length };
#if defined(UNITSPHERE_LEVEL)
namespace {
/// Throws for the unit of a level, which throws nothing itself. Defined in dispatch/level.hpp.
[[noreturn]] void raise(error_kind kind, const char* text);
}  // namespace
#endif
}  // namespace levels
inline namespace UNITSPHERE_ISA {

// An error type carries code (its destructor), so it lives in the instruction set's namespace like all code does.
// Units compiled with different flags catch each other's errors as the standard types they derive from.

/// Shapes that do not fit: other dims, too few rows, a stride below dim, overlapping buffers.
struct shape_error : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};
/// A value that has no meaning here: a row that is not finite, a label out of range, a scale that is not positive.
struct value_error : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};
/// A file that cannot be read or written; the text names the path and the reason.
struct file_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// A call whose progress callback returned false. What it was to write is written in part.
struct cancelled_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

namespace detail {

/// The text of an error; what exceeds the room is cut off. Not a std::string, and no std::to_string: their code would
/// be shared by all units, with the instructions of whichever was linked first.
struct message {
    char text[8000] = {};
    int size = 0;

    void add(const char* part) noexcept {
        while (*part != 0 && size + 1 < int(sizeof text)) text[size++] = *part++;
    }
    void add(const std::string& part) noexcept { add(part.c_str()); }
    void add(double part) noexcept {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.9g", part);
        add(digits);
    }
    void add(idx_t part) noexcept {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%lld", static_cast<long long>(part));
        add(digits);
    }
};

/// Throws Error with the parts joined: fail<shape_error>("softmax: logits have ", q, " rows, out has ", r).
template <class Error, class... Parts>
[[noreturn]] UNITSPHERE_COLD void fail(const Parts&... parts) {
    message joined;
    (joined.add(parts), ...);
#if defined(UNITSPHERE_LEVEL)
    levels::raise(std::is_same_v<Error, shape_error>   ? levels::error_kind::shape
                  : std::is_same_v<Error, value_error> ? levels::error_kind::value
                                                       : levels::error_kind::length,
                  joined.text);
#elif defined(__cpp_exceptions) || defined(_CPPUNWIND)
    throw Error(joined.text);
#else
    UNITSPHERE_FAIL(joined.text);
    std::terminate();
#endif
}

/// Ends the program, in a debug build, for a position outside 0 .. size - 1: `what` is noexcept, so nobody catches it.
UNITSPHERE_INLINE void check_position(const char* what, idx_t position, idx_t size) {
    if (UNITSPHERE_CHECKS_POSITIONS && (position < 0 || position >= size))
        fail<shape_error>(what, ": position ", position, " of ", size);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
