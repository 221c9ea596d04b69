/// Command lines of the examples that take files: parsed by CLI11; one line and exit code 2 for a mistake.
#pragma once

#include <functional>
#include <string>

#include <unitsphere/data/config.hpp>

namespace support {

struct zero_shot_arguments {
    bool files_given = false;              ///< images and texts; neither: the published example
    std::string images, texts;             ///< .npy files
    std::string classes, labels, prompts;  ///< text files; empty: not given
    float logit_scale = 100.0f;            ///< the multiplier
    unitsphere::index top = 5;             ///< classes per image in the table
};

/// Throws what CLI11 throws for bad arguments; --help prints and ends the program.
zero_shot_arguments parse_zero_shot(int argc, char** argv);

/// Runs `body` and returns the exit code of `program`: 0, or 2 after one line on stderr that says what went wrong.
int run_example(const std::string& program, const std::function<void()>& body);

}  // namespace support
