/// Where and when: what stands above every table.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace report {

/// (what, which): date, processor, CPUs, memory, system.
std::vector<std::pair<std::string, std::string>> hardware();

}  // namespace report
