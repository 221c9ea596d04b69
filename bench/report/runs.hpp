/// Runs the benchmark programs, PyTorch, and the compiler.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "verdict.hpp"

namespace report {

struct settings {
    std::string programs;  // the folder of the benchmark programs
    std::string out;       // where everything is written
    std::string pin;       // cores, or empty
    int threads = 2;
    std::set<std::string> only;  // goal ids, or empty for all
    bool quick = false;
    statistic how = statistic::median;

    bool wants(const std::string& id) const { return only.empty() || only.count(id) > 0; }
    int rounds = 0;  // 0: as many as usual
    int repetitions() const { return rounds > 0 ? rounds : quick ? 3 : 9; }
    double seconds() const { return quick ? 0.01 : 0.1; }  // of each repetition, at least
};

/// Every program that measures a wanted goal, one after the other; its rows and rates are interleaved at random.
std::vector<run> run_programs(const settings& s);

/// The machine's rates alone, on one thread and on several: for the table of rates.
run run_rates(const settings& s);

/// bench/against_pytorch.py, on the first python3 that has torch. `version` is empty if none has.
std::vector<pair_of_rows> run_pytorch(const settings& s, const std::vector<goal>& wanted, std::string& version);

/// The same for bench/against_sklearn.py and scikit-learn; its table of time, memory and error is sklearn_table.md.
std::vector<pair_of_rows> run_sklearn(const settings& s, const std::vector<goal>& wanted, std::string& version);

/// The compiler's CPU time for the umbrella and one call, and for xsimd alone, in turn.
run time_compiler(const settings& s);

}  // namespace report
