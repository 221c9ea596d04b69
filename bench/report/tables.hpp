/// The report as text: Markdown and JSON.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runs.hpp"

namespace report {

/// Everything that is known at the end.
struct results {
    std::vector<std::pair<std::string, std::string>> machine;  // hardware, compiler, peers' versions
    std::vector<run> runs;
    run rates;
    std::vector<pair_of_rows> alternating;
    std::vector<judged> goals;
    statistic how = statistic::median;
};

/// 0.0000123 -> "12.3 us": three digits.
std::string time_text(double seconds);

std::string markdown(const results& all);
nlohmann::json to_json(const results& all);

/// "12 met, 3 missed, 2 skipped"
std::string summary(const std::vector<judged>& goals);

}  // namespace report
