#include "hardware.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <thread>

namespace report {

namespace {

/// The value behind "name : value" in a file of such lines.
std::string line_of(const char* path, const std::string& name) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.compare(0, name.size(), name) != 0) continue;
        const auto end_of_name = line.find_last_not_of(" \t", colon - 1);
        if (end_of_name + 1 != name.size()) continue;
        const auto start = line.find_first_not_of(" \t", colon + 1);
        return start == std::string::npos ? "" : line.substr(start);
    }
    return "";
}

std::string processor() {
    const char* file = "/proc/cpuinfo";
    std::string name = line_of(file, "model name");
    if (name.empty()) return "unknown";
    return name + " (family " + line_of(file, "cpu family") + ", model " + line_of(file, "model") + ")";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> hardware() {
    char date[32] = "";
    const std::time_t now = std::time(nullptr);
    std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
    utsname system{};
    ::uname(&system);
    const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
    return {{"date", date},
            {"processor", processor()},
            {"CPUs", std::to_string(std::thread::hardware_concurrency())},
            {"memory", std::to_string(double(pages) * double(page) / double(1 << 30)).substr(0, 4) + " GiB"},
            {"system", std::string(system.sysname) + " " + system.release + " " + system.machine}};
}

}  // namespace report
