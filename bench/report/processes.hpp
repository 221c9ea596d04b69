/// Starting other programs.
#pragma once

#include <string>
#include <vector>

namespace report {

struct finished {
    int code = -1;  // what it returned; -1 if it could not be started or was killed
    double wall_seconds = 0;
    double cpu_seconds = 0;  // its own and its children's
};

/// Runs `command` (found on the path) with standard output and error into these files; an empty name leaves it alone.
finished run_command(const std::vector<std::string>& command, const std::string& output = "",
                     const std::string& errors = "");

/// `command`, bound to these cores ("0" or "0,1") with taskset; no cores, no binding.
std::vector<std::string> pinned(const std::string& cores, std::vector<std::string> command);

/// The first of some cores.
std::string first_core(const std::string& cores);

/// How many CPUs a program may use that is bound to `cores`; without cores, those of this process.
int cpus_of(const std::string& cores);

}  // namespace report
