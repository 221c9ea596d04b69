/// The goals: what is to be reached, and against whom.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace report {

/// Our speed as a multiple of theirs: the fastest row of all these libraries counts. A row belongs to a library when
/// its `who` is that name, alone or before an underscore.
struct against {
    std::vector<std::string> libraries;
    double at_least = 1.0;
};

struct goal {
    std::string id, shape, type = "f32";
    std::optional<double> fraction;  // of the limit
    std::optional<double> seconds;   // at most
    std::vector<against> peers;
    bool needs_threads = false;
};

/// In the order of the report.
std::vector<goal> goals();

/// The program that measures a goal, and the parts of PyTorch and scikit-learn: whether they can be asked for the same.
std::string program_of(const std::string& id);
bool pytorch_can(const goal& g);
bool sklearn_can(const goal& g);

}  // namespace report
