/// Real CLIP embeddings and what numpy in float64 makes of them: the README.md beside the data has the numbers.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <unitsphere/data/config.hpp>

#ifndef UNITSPHERE_DATA_DIR
#define UNITSPHERE_DATA_DIR ""
#endif

namespace tests {

using unitsphere::idx_t;  // POSIX has an index() of its own

inline std::string path(const std::string& name) { return std::string(UNITSPHERE_DATA_DIR) + "/" + name; }

/// All integers of a text file, in order.
inline std::vector<idx_t> integers(const std::string& name) {
    std::ifstream file(path(name));
    std::vector<idx_t> result;
    for (idx_t number; file >> number;) result.push_back(number);
    return result;
}

/// The first column of a tab-separated file with a header line, as integers.
inline std::vector<int> first_column(const std::string& name) {
    std::ifstream file(path(name));
    std::string line;
    std::getline(file, line);
    std::vector<int> result;
    while (std::getline(file, line)) result.push_back(std::stoi(line));
    return result;
}

}  // namespace tests
