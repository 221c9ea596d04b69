/// Work in a forked child, with a limit on its time.
#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace tests {

/// Forks; the child leaves with 0 if works() is true. What came of it, "exits with 0" if all is well.
template <class Works>
std::string child_of_fork(Works&& works) {
    using clock = std::chrono::steady_clock;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(works() ? 0 : 1);
    if (child < 0) return "does not fork";
    const auto end = clock::now() + std::chrono::seconds(60);
    for (;;) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? "exits with " + std::to_string(WEXITSTATUS(status)) : "is killed";
        if (clock::now() > end) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return "hangs";
}

}  // namespace tests
