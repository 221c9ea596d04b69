/// A plain text table: columns as wide as their widest cell, two spaces between them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace support {

class table {
public:
    struct column {
        std::string title;
        bool number = false;  ///< aligned to the right
    };

    explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    void print() const;  ///< to stdout; a cell of more than 40 characters is cut and ends in "..."

private:
    std::vector<column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// A number with so many digits behind the point; probabilities have 7.
std::string decimals(double value, int digits = 7);

/// A probability as a bar of up to 30 characters.
std::string bar(double probability);

}  // namespace support
