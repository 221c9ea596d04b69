#include "measurements.hpp"

#include <algorithm>
#include <limits>
#include <regex>
#include <sstream>

namespace report {

namespace {

using nlohmann::json;

std::vector<std::string> split(const std::string& name) {
    std::vector<std::string> parts;
    std::istringstream in(name);
    for (std::string part; std::getline(in, part, '/');) parts.push_back(part);
    return parts;
}

double seconds_in(const std::string& unit) {
    return unit == "ns" ? 1e-9 : unit == "us" ? 1e-6 : unit == "ms" ? 1e-3 : 1.0;
}

/// The element that has this name, at the end if there is none yet.
template <class T, class Same>
T& found_or_added(std::vector<T>& all, const T& wanted, Same same) {
    const auto place = std::find_if(all.begin(), all.end(), [&](const T& t) { return same(t, wanted); });
    if (place != all.end()) return *place;
    all.push_back(wanted);
    return all.back();
}

void add_rate(run& to, const std::vector<std::string>& name, const json& row) {
    rate r;
    r.motion = name[1];
    if (r.motion == "fma" && name.size() >= 4) {
        r.variant = name[2];
        r.threads = std::stoi(name[3]);
    } else if (name.size() >= 6) {
        r.level = name[2];
        r.footprint = std::stoll(name[3]);
        r.variant = name[4];
        r.threads = std::stoi(name[5]);
    } else {
        return;
    }
    const auto same = [](const rate& a, const rate& b) {
        return a.motion == b.motion && a.level == b.level && a.variant == b.variant && a.footprint == b.footprint &&
               a.threads == b.threads;
    };
    found_or_added(to.rates, r, same).per_second.push_back(row.at("rate").get<double>());
}

/// A counter; what is no number there (see parse) is NaN.
double counter(const json& row, const char* name, double otherwise = 0) {
    const auto place = row.find(name);
    if (place == row.end()) return otherwise;
    return place->is_number() ? place->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

void add_row(run& to, const std::vector<std::string>& name, const json& row) {
    measurement m;
    m.goal = name[0], m.who = name[1], m.shape = name[2], m.type = name[3];
    m.instruction_set = row.value("label", "");
    m.threads = int(counter(row, "workers", 1));
    m.flops = counter(row, "flops");
    m.bytes_read = counter(row, "bytes_read");
    m.bytes_written = counter(row, "bytes_written");
    m.in_place = counter(row, "in_place") != 0;
    m.error = counter(row, "error");
    const auto same = [](const measurement& a, const measurement& b) { return a.who == b.who && a.same_work(b); };
    const bool wall = name.back() == "real_time";  // Google Benchmark says so in the name
    const double time = row.at(wall ? "real_time" : "cpu_time").get<double>();
    found_or_added(to.rows, m, same).seconds.push_back(time * seconds_in(row.value("time_unit", "ns")));
}

}  // namespace

/// Google Benchmark writes NaN and Infinity, which JSON does not have.
run parse(const std::string& program, const std::string& text) {
    const json output = json::parse(std::regex_replace(text, std::regex(": -?(NaN|Infinity)"), ": null"));
    run result;
    result.program = program;
    for (const auto& [key, value] : output.at("context").items())
        if (value.is_string()) result.context[key] = value.get<std::string>();
    for (const json& row : output.at("benchmarks")) {
        if (row.value("run_type", "iteration") != "iteration" || row.value("error_occurred", false)) continue;
        const auto name = split(row.at("name").get<std::string>());
        if (name.size() >= 2 && name[0] == "rate" && row.contains("rate"))
            add_rate(result, name, row);
        else if (name.size() >= 4 && row.contains("flops"))
            add_row(result, name, row);
    }
    return result;
}

double time_of(const std::vector<double>& seconds, statistic how) {
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    if (how == statistic::best) return sorted.front();
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double rate_of(const std::vector<double>& per_second, statistic how) {
    return how == statistic::best ? *std::max_element(per_second.begin(), per_second.end())
                                  : time_of(per_second, statistic::median);
}

}  // namespace report
