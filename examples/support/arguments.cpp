#include "arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace support {

namespace {

std::string check_file_name(const std::string& text) { return text.empty() ? "the file name is empty" : ""; }

std::string check_count(const std::string& text) {
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    return digits && text.find_first_not_of('0') != std::string::npos ? "" : "'" + text + "' is not a positive integer";
}

}  // namespace

zero_shot_arguments parse_zero_shot(int argc, char** argv) {
    zero_shot_arguments arguments;
    CLI::App app{
        "Which class does each image belong to? Zero-shot classification of raw CLIP features.\n"
        "Without arguments: the example of the CLIP README, rebuilt from its published numbers.",
        "zero_shot"};
    const auto add_file = [&](const char* name, std::string& value, const char* help) {
        return app.add_option(name, value, help)->type_name("FILE")->check(check_file_name);
    };
    auto* images = add_file("IMAGES", arguments.images, "encode_image rows, .npy, f2, f4, f8 or i1");
    auto* texts = add_file("TEXTS", arguments.texts, "encode_text rows, .npy: one per class, or see --prompts");
    images->needs(texts);
    add_file("--classes", arguments.classes, "class names, one per line, the text before the first tab")->needs(images);
    add_file("--labels", arguments.labels, "the class of each image, one integer per line or .npy: adds accuracy")
        ->needs(images);
    add_file("--prompts", arguments.prompts,
             "the class of each text row, one integer per line or .npy, -1 for none: ensembles")
        ->needs(images);
    app.add_option("--logit-scale", arguments.logit_scale, "multiplies the cosines")
        ->capture_default_str()
        ->needs(images);
    app.add_option("--top", arguments.top, "classes in the table")
        ->capture_default_str()
        ->check(check_count)
        ->needs(images);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::fputs(app.help().c_str(), stdout);
        std::exit(0);
    }
    arguments.files_given = images->count() > 0;
    return arguments;
}

int run_example(const std::string& program, const std::function<void()>& body) {
    try {
        body();
        if (std::fflush(stdout) != 0) throw std::runtime_error(std::string("stdout: ") + std::strerror(errno));
        return 0;
    } catch (const std::exception& error) {
        std::string line = program + ": " + error.what();
        std::replace_if(
            line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
        std::fprintf(stderr, "%s\n", line.c_str());
        return 2;
    }
}

}  // namespace support
