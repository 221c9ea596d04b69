/// The command line of a tool, parsed by CLI11; one line on stderr and exit code 2 for a mistake.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <unitsphere/data/config.hpp>

namespace support {

/// Files come first, by their place: all of them or none, for every tool runs without arguments too. Options are
/// --named and need the files. Values stay as they are where nothing is given.
class command_line {
public:
    command_line(const std::string& program, const std::string& description);
    ~command_line();

    void file(const std::string& name, std::string& value, const std::string& help);           ///< by place
    void optional_file(const std::string& name, std::string& value, const std::string& help);  ///< the last, or --named
    /// Where to write: needs no files where it is --named, and is none of the files that are read.
    void output(const std::string& name, std::string& value, const std::string& help);
    void number(const std::string& name, float& value, const std::string& help);
    void number(const std::string& name, double& value, const std::string& help);
    void cosine(const std::string& name, float& value, const std::string& help);             ///< in -1 .. 1
    void flag(const std::string& name, bool& value, const std::string& help);                ///< true where it is given
    void count(const std::string& name, unitsphere::idx_t& value, const std::string& help);  ///< from 1 on
    void text(const std::string& name, std::string& value, const std::string& help);
    /// One of some words.
    void choice(const std::string& name, std::string& value, const std::vector<std::string>& words,
                const std::string& help);

    /// Whether files were given. Throws what CLI11 throws for bad arguments, and where an output is an input, be it by
    /// a link; --help prints and ends the program.
    bool parse(int argc, char** argv);

private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

/// Runs `body` and returns the exit code of `program`: 0, or 2 after one line on stderr that says what went wrong.
int run_tool(const std::string& program, const std::function<void()>& body);

}  // namespace support
