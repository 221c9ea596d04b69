#include "zero_shot_inputs.hpp"

#include <algorithm>
#include <stdexcept>
#include <unitsphere/io/npy.hpp>

#include "embeddings.hpp"
#include "text_files.hpp"

namespace support {
namespace {

using unitsphere::idx_t;
using unitsphere::inspect_npy;
using unitsphere::npy_info;

template <class T>
idx_t count(const std::vector<T>& entries) {
    return static_cast<idx_t>(entries.size());
}

/// Reads --prompts and returns the number of classes.
idx_t read_prompts(const std::string& file, const std::string& texts, idx_t rows, zero_shot_inputs& inputs) {
    const std::vector<idx_t> classes = read_integers(file, -1, rows - 1);  // more classes than rows cannot be
    require_equal({file, count(classes), "prompts"}, {texts, rows, "rows"});
    for (idx_t i = 0; i < rows; ++i) {
        const idx_t label = classes[std::size_t(i)];
        if (label < 0) continue;
        inputs.prompt_rows.push_back(i);
        inputs.class_of_prompt.push_back(label);
    }
    if (inputs.prompt_rows.empty()) throw std::runtime_error(file + ": no row belongs to a class");
    inputs.classes_from += " with " + file;
    if (inputs.prompt_rows.back() + 1 != count(inputs.prompt_rows))
        inputs.classes_from += ", not counting rows of class -1";  // or the row of an error would be misread
    return 1 + *std::max_element(classes.begin(), classes.end());
}

}  // namespace

zero_shot_inputs read_inputs(const zero_shot_arguments& arguments) {
    const std::string &images_file = arguments.images, &texts_file = arguments.texts;
    const npy_info images = inspect_npy(images_file), texts = inspect_npy(texts_file);
    require_same_dim(images_file, texts_file);
    if (texts.rows == 0) throw std::runtime_error(texts_file + ": no rows, so there are no classes");

    zero_shot_inputs inputs;
    inputs.classes_from = texts_file;
    idx_t classes = texts.rows;
    if (!arguments.prompts.empty()) classes = read_prompts(arguments.prompts, texts_file, texts.rows, inputs);
    inputs.class_names = arguments.classes.empty() ? numbered_names("class", classes) : read_names(arguments.classes);
    require_equal({arguments.classes, count(inputs.class_names), "names"},
                  {arguments.prompts.empty() ? texts_file : arguments.prompts, classes, "classes"});
    if (!arguments.labels.empty()) {
        inputs.labels = read_integers(arguments.labels, 0, classes - 1);
        require_equal({arguments.labels, count(inputs.labels), "labels"}, {images_file, images.rows, "rows"});
    }
    return inputs;
}

}  // namespace support
