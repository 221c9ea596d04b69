/// Whether this process was forked: its threads stayed with its parent.
#pragma once

#include <unistd.h>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// The process that loaded this code. Taken then, not at the first use: the parent may have used its thread library
/// without us, and a constant needs no lock and cannot be found half written after a fork.
inline const pid_t loaded_by = ::getpid();

/// A forked child has only the thread that forked, but the thread libraries' tables still list the others, and waiting
/// for those never ends (libgomp). Nothing asks a library whether it had threads before the fork; so work in a child
/// runs on the calling thread. A program that was started by exec is no child in this sense.
inline bool is_forked() noexcept { return ::getpid() != loaded_by; }

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
