/// What zero_shot and prompt_ensemble are told on the command line.
#pragma once

#include <string>

#include <unitsphere/data/config.hpp>

namespace support {

struct zero_shot_arguments {
    bool files_given = false;              ///< images and texts; neither: the built-in example
    std::string images, texts;             ///< .npy files
    std::string classes, labels, prompts;  ///< text files; empty: not given
    float logit_scale = 100.0f;            ///< the multiplier
    unitsphere::idx_t top = 5;             ///< classes per image in the table
};

/// Throws what CLI11 throws for bad arguments; --help prints and ends the program.
zero_shot_arguments parse_zero_shot(int argc, char** argv);
zero_shot_arguments parse_prompt_ensemble(int argc, char** argv);

}  // namespace support
