/// What the benchmark programs measured, read from Google Benchmark's JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace report {

/// One row of one contestant, in all repetitions.
struct measurement {
    std::string goal, who, shape, type, instruction_set;
    int threads = 1;
    std::vector<double> seconds;
    double flops = 0, bytes_read = 0, bytes_written = 0, error = 0;
    bool in_place = false;

    /// Whether the other did the same work.
    bool same_work(const measurement& other) const {
        return goal == other.goal && shape == other.shape && type == other.type;
    }
};

/// One of the machine's rates: FLOP/s, or bytes/s read and written.
struct rate {
    std::string motion, level, variant;
    std::int64_t footprint = 0;
    int threads = 1;
    std::vector<double> per_second;
};

/// What one program measured in one run; only figures of the same run are compared.
struct run {
    std::string program;
    std::vector<measurement> rows;
    std::vector<rate> rates;
    std::map<std::string, std::string> context;
    bool failed = false;  // the program ended badly or wrote nothing that can be read
};

/// Reads the output of a program; rows that ended in an error, and names that are none of ours, are left out. Throws
/// nlohmann::json::exception where the text is none of Google Benchmark's.
run parse(const std::string& program, const std::string& output);

/// How repetitions become one figure. The best is for machines whose cores are shared: what disturbs only adds time.
enum class statistic { median, best };
double time_of(const std::vector<double>& seconds, statistic how);
double rate_of(const std::vector<double>& per_second, statistic how);

}  // namespace report
