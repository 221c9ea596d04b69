/// What the library throws, and the one place that throws it.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

#include "config.hpp"

#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#include <exception>
#ifndef UNITSPHERE_FAIL
/// Called with the message where exceptions are off; it must not return.
#define UNITSPHERE_FAIL(message) std::terminate()
#endif
#endif

namespace unitsphere {
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

namespace detail {

/// A part of a message: a text, or a number that is written here.
class message_part {
public:
    message_part(const char* text) noexcept : text_(text) {}
    message_part(const std::string& text) noexcept : text_(text.c_str()) {}
    message_part(double number) noexcept : text_(digits_) { std::snprintf(digits_, sizeof digits_, "%.9g", number); }
    // Not std::to_string: its code would be shared by all units, with the instructions of whichever was linked first.
    message_part(idx_t number) noexcept : text_(digits_) {
        std::snprintf(digits_, sizeof digits_, "%lld", static_cast<long long>(number));
    }
    message_part(const message_part&) = delete;

    const char* text() const noexcept { return text_; }

private:
    const char* text_;
    char digits_[32];
};

template <class Error>
[[noreturn]] UNITSPHERE_COLD void fail_with(const message_part* parts, int count) {
    std::string message;
    for (int i = 0; i < count; ++i) message += parts[i].text();
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
    throw Error(message);
#else
    UNITSPHERE_FAIL(message.c_str());
    std::terminate();
#endif
}

/// Throws Error with the parts joined: fail<shape_error>("softmax: logits have ", q, " rows, out has ", r). The joining
/// is compiled once for each type of error, not for each list of parts.
template <class Error, class... Parts>
[[noreturn]] UNITSPHERE_COLD void fail(const Parts&... parts) {
    const message_part all[] = {parts...};
    fail_with<Error>(all, int(sizeof...(parts)));
}

/// Ends the program, in a debug build, for a position outside 0 .. size - 1: `what` is noexcept, so nobody catches it.
UNITSPHERE_INLINE void check_position(const char* what, idx_t position, idx_t size) {
    if (UNITSPHERE_CHECKS_POSITIONS && (position < 0 || position >= size))
        fail<shape_error>(what, ": position ", position, " of ", size);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
