#include "processes.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <chrono>
#include <thread>

extern char** environ;

namespace report {

namespace {

double seconds_of(const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); }

/// Where the new process writes; forgotten again at the end.
struct file_actions {
    posix_spawn_file_actions_t actions;

    file_actions() { posix_spawn_file_actions_init(&actions); }
    ~file_actions() { posix_spawn_file_actions_destroy(&actions); }
    file_actions(const file_actions&) = delete;
    file_actions& operator=(const file_actions&) = delete;

    void send(int from, const std::string& to) {
        if (!to.empty())
            posix_spawn_file_actions_addopen(&actions, from, to.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    }
};

}  // namespace

finished run_command(const std::vector<std::string>& command, const std::string& output, const std::string& errors) {
    file_actions files;
    files.send(STDOUT_FILENO, output);
    files.send(STDERR_FILENO, errors);
    std::vector<char*> arguments;
    for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
    arguments.push_back(nullptr);

    finished result;
    pid_t child = 0;
    const auto start = std::chrono::steady_clock::now();
    if (posix_spawnp(&child, arguments[0], &files.actions, nullptr, arguments.data(), environ) != 0) return result;
    int status = 0;
    rusage used{};
    if (wait4(child, &status, 0, &used) != child) return result;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    result.wall_seconds = took.count();
    result.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
    return result;
}

std::vector<std::string> pinned(const std::string& cores, std::vector<std::string> command) {
    if (!cores.empty()) command.insert(command.begin(), {"taskset", "-c", cores});
    return command;
}

std::string first_core(const std::string& cores) { return cores.substr(0, cores.find_first_of(",-")); }

int cpus_of(const std::string& cores) {
    if (!cores.empty() && cores.find('-') == std::string::npos)
        return 1 + int(std::count(cores.begin(), cores.end(), ','));
    if (!cores.empty()) return std::stoi(cores.substr(cores.find('-') + 1)) - std::stoi(cores) + 1;
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    return int(std::thread::hardware_concurrency());
}

}  // namespace report
