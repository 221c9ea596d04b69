#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <unitsphere/data/error.hpp>

namespace support {
namespace {

std::string check_file_name(const std::string& text) { return text.empty() ? "the file name is empty" : ""; }

std::string check_count(const std::string& text) {
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    return digits && text.find_first_not_of('0') != std::string::npos ? "" : "'" + text + "' is not a positive integer";
}

}  // namespace

struct command_line::parser {
    CLI::App app;
    CLI::Option* first = nullptr;  ///< the first file
    CLI::Option* last = nullptr;   ///< the last file that must come with it

    std::vector<const std::string*> inputs = {}, outputs = {};  ///< their names, once they are parsed

    CLI::Option* add_file(const std::string& name, std::string& value, const std::string& help, bool is_output) {
        (is_output ? outputs : inputs).push_back(&value);
        return app.add_option(name, value, help)->type_name("FILE")->check(check_file_name);
    }
};

command_line::command_line(const std::string& program, const std::string& description)
    : parser_(new parser{CLI::App(description, program)}) {}

command_line::~command_line() = default;

void command_line::file(const std::string& name, std::string& value, const std::string& help) {
    CLI::Option* added = parser_->add_file(name, value, help, false);
    if (parser_->first == nullptr) parser_->first = added;
    if (parser_->last != nullptr) parser_->last->needs(added);
    parser_->last = added;
}

void command_line::optional_file(const std::string& name, std::string& value, const std::string& help) {
    parser_->add_file(name, value, help, false)->needs(parser_->first);
}

void command_line::output(const std::string& name, std::string& value, const std::string& help) {
    CLI::Option* added = parser_->add_file(name, value, help, true);
    if (name[0] != '-') added->needs(parser_->first);
}

void command_line::number(const std::string& name, float& value, const std::string& help) {
    parser_->app.add_option(name, value, help)->capture_default_str()->needs(parser_->first);
}

void command_line::number(const std::string& name, double& value, const std::string& help) {
    parser_->app.add_option(name, value, help)->capture_default_str()->needs(parser_->first);
}

void command_line::cosine(const std::string& name, float& value, const std::string& help) {
    const auto check = [](const std::string& text) {
        const float number = std::strtof(text.c_str(), nullptr);  // what is no number fails when it is converted
        return number >= -1 && number <= 1 ? "" : "cosines are in -1 .. 1, not " + text;
    };
    parser_->app.add_option(name, value, help)->capture_default_str()->check(check)->needs(parser_->first);
}

void command_line::flag(const std::string& name, bool& value, const std::string& help) {
    parser_->app.add_flag(name, value, help)->needs(parser_->first);
}

void command_line::count(const std::string& name, unitsphere::idx_t& value, const std::string& help) {
    parser_->app.add_option(name, value, help)->capture_default_str()->check(check_count)->needs(parser_->first);
}

void command_line::text(const std::string& name, std::string& value, const std::string& help) {
    parser_->app.add_option(name, value, help)->needs(parser_->first);
}

void command_line::choice(const std::string& name, std::string& value, const std::vector<std::string>& words,
                          const std::string& help) {
    const auto check = [words](const std::string& text) {
        std::string known;
        for (const std::string& word : words) {
            if (word == text) return std::string();
            known += (known.empty() ? "" : ", ") + word;
        }
        return "'" + text + "' is none of " + known;
    };
    parser_->app.add_option(name, value, help)->capture_default_str()->check(check)->needs(parser_->first);
}

bool command_line::parse(int argc, char** argv) {
    try {
        parser_->app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::fputs(parser_->app.help().c_str(), stdout);
        std::exit(0);
    }
    for (const std::string* out : parser_->outputs)
        for (const std::string* in : parser_->inputs) {
            std::error_code missing;
            if (std::filesystem::equivalent(*out, *in, missing))
                throw std::runtime_error(*out + " would be overwritten: it is the input " + *in);
        }
    return parser_->first->count() > 0;
}

int run_tool(const std::string& program, const std::function<void()>& body) {
    try {
        body();
        if (std::fflush(stdout) != 0) throw std::runtime_error(std::string("stdout: ") + std::strerror(errno));
        return 0;
    } catch (const std::exception& error) {
        std::string text = error.what();
        if (dynamic_cast<const unitsphere::file_error*>(&error) != nullptr)
            text.erase(0, text.find(": ") + 2);  // the library's function: whoever runs a tool called none
        std::string line = program + ": " + text;
        std::replace_if(
            line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
        std::fprintf(stderr, "%s\n", line.c_str());
        return 2;
    }
}

}  // namespace support
