#include "arguments.hpp"

#include <stdexcept>

#include "command_line.hpp"

namespace support {

zero_shot_arguments parse_zero_shot(int argc, char** argv) {
    zero_shot_arguments arguments;
    command_line line("zero_shot",
                      "Which class does each image belong to? Zero-shot classification of raw CLIP features.\n"
                      "Without arguments: the example of the CLIP README, rebuilt from its published numbers.");
    line.file("IMAGES", arguments.images, "encode_image rows, .npy, f2, f4, f8 or i1");
    line.file("TEXTS", arguments.texts, "encode_text rows, .npy: one per class, or see --prompts");
    line.optional_file("--classes", arguments.classes, "class names, one per line, the text before the first tab");
    line.optional_file("--labels", arguments.labels,
                       "the class of each image, one integer per line or .npy: adds accuracy");
    line.optional_file("--prompts", arguments.prompts,
                       "the class of each text row, one integer per line or .npy, -1 for none: ensembles");
    line.number("--logit-scale", arguments.logit_scale, "multiplies the cosines");
    line.count("--top", arguments.top, "classes in the table");
    arguments.files_given = line.parse(argc, argv);
    return arguments;
}

zero_shot_arguments parse_prompt_ensemble(int argc, char** argv) {
    zero_shot_arguments arguments;
    command_line line("prompt_ensemble",
                      "Does the recipe of averaging prompts matter? The right and the wrong one, side by side.\n"
                      "Without arguments: two classes, two templates and four images, 4 wide.");
    line.file("IMAGES", arguments.images, "encode_image rows, .npy, f2, f4, f8 or i1");
    line.file("PROMPTS", arguments.texts, "encode_text rows, .npy: several per class");
    line.optional_file("--prompts", arguments.prompts,
                       "the class of each prompt, one integer per line or .npy, -1 for none (required with files)");
    line.optional_file("--classes", arguments.classes, "class names, one per line, the text before the first tab");
    line.optional_file("--labels", arguments.labels,
                       "the class of each image, one integer per line or .npy: adds accuracy");
    arguments.files_given = line.parse(argc, argv);
    if (arguments.files_given && arguments.prompts.empty())
        throw std::runtime_error("--prompts is missing: it says which class each row of " + arguments.texts +
                                 " belongs to");
    return arguments;
}

}  // namespace support
