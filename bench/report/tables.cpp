#include "tables.hpp"

#include <algorithm>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>

namespace report {

namespace {

using nlohmann::json;

std::string number(double value, int digits) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << value;
    return out.str();
}

/// 2.4e-07, or nothing for a row without an error.
std::string error_text(const measurement& m) {
    if (m.flops <= 0) return "";
    std::ostringstream out;
    out << std::setprecision(2) << m.error;
    return out.str();
}

/// What a goal asks for.
std::string wish(const goal& g) {
    std::string text;
    const auto also = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (g.fraction) also(number(*g.fraction, 2) + " of the limit");
    if (g.seconds) also("at most " + time_text(*g.seconds));
    for (const against& a : g.peers) {
        std::string names;
        for (const std::string& library : a.libraries) names += (names.empty() ? "" : "/") + library;
        also(number(a.at_least, 2) + " x " + names);
    }
    return text;
}

void goal_row(std::ostream& out, const judged& j) {
    const goal& g = j.wanted;
    out << "| " << g.id << " | " << g.shape << " | " << g.type << " | ";
    if (j.ours) {
        out << j.ours->instruction_set << " | " << j.ours->threads << " | " << time_text(j.seconds) << " | ";
        out << (j.bound ? number(j.fraction(), 2) + " (" + j.bound->what + ")" : "") << " | ";
        out << (j.peer.empty() ? "" : number(j.ratio, 2) + " " + j.peer) << " | " << error_text(*j.ours) << " | ";
    } else {
        out << " |  |  |  |  |  | ";
    }
    out << wish(g) << " | " << name_of(j.result) << (j.why.empty() ? "" : ": " + j.why) << " |\n";
}

/// Where a rate stands in the table: multiply-adds first, then motion by motion from L1 to DRAM.
std::string order_of(const rate& r) {
    const std::string motions = "fma read copy scale", levels = "L1 L2 L3 DRAM";
    return std::to_string(10 + motions.find(r.motion)) + std::to_string(10 + levels.find(r.level)) +
           (r.variant == "nontemporal" ? "1"
            : r.variant == "double"    ? "2"
                                       : "0");
}

std::string title_of(const rate& r) {
    if (r.motion == "fma") return "multiply-add " + r.variant + ", GFLOP/s";
    return r.motion + " " + r.level + (r.variant == "nontemporal" ? ", non-temporal" : "") + ", GB/s";
}

/// The fastest variant of each; copies with non-temporal stores by themselves.
void rates_table(std::ostream& out, const run& rates, statistic how) {
    std::map<std::string, std::pair<std::string, std::map<int, double>>> rows;
    std::set<int> threads;
    for (const rate& r : rates.rates) {
        auto& [title, values] = rows[order_of(r)];
        title = title_of(r);
        values[r.threads] = std::max(values[r.threads], rate_of(r.per_second, how) / 1e9);
        threads.insert(r.threads);
    }
    out << "| rate |";
    for (const int count : threads) out << " " << count << (count == 1 ? " thread |" : " threads |");
    out << "\n|---|";
    for (std::size_t i = 0; i < threads.size(); ++i) out << "---|";
    for (const auto& [order, row] : rows) {
        out << "\n| " << row.first << " |";
        for (const int count : threads)
            out << " " << (row.second.count(count) > 0 ? number(row.second.at(count), 1) : "") << " |";
    }
    out << "\n";
}

json to_json(const measurement& m) {
    return {{"goal", m.goal},       {"who", m.who},           {"shape", m.shape},
            {"type", m.type},       {"threads", m.threads},   {"instruction_set", m.instruction_set},
            {"seconds", m.seconds}, {"flops", m.flops},       {"bytes_read", m.bytes_read},
            {"error", m.error},     {"in_place", m.in_place}, {"bytes_written", m.bytes_written}};
}

json to_json(const rate& r) {
    return {{"motion", r.motion},       {"level", r.level},     {"variant", r.variant},
            {"footprint", r.footprint}, {"threads", r.threads}, {"per_second", r.per_second}};
}

json to_json(const run& r) {
    json rows = json::array(), rates = json::array();
    for (const measurement& m : r.rows) rows.push_back(to_json(m));
    for (const rate& one : r.rates) rates.push_back(to_json(one));
    return {{"program", r.program}, {"context", r.context}, {"rows", rows}, {"rates", rates}};
}

json to_json(const judged& j) {
    json out{{"goal", j.wanted.id},      {"shape", j.wanted.shape},      {"type", j.wanted.type},
             {"wanted", wish(j.wanted)}, {"verdict", name_of(j.result)}, {"why", j.why}};
    if (!j.ours) return out;
    out.update({{"seconds", j.seconds},
                {"threads", j.ours->threads},
                {"error", j.ours->error},
                {"instruction_set", j.ours->instruction_set}});
    if (j.bound)
        out.update({{"limit_seconds", j.bound->seconds}, {"limit", j.bound->what}, {"fraction", j.fraction()}});
    if (!j.peer.empty()) out.update({{"peer", j.peer}, {"peer_seconds", j.peer_seconds}, {"ratio", j.ratio}});
    return out;
}

}  // namespace

std::string time_text(double seconds) {
    const std::pair<double, const char*> units[] = {{1.0, " s"}, {1e-3, " ms"}, {1e-6, " us"}, {1e-9, " ns"}};
    for (const auto& [size, name] : units)
        if (seconds >= 0.9995 * size || size == 1e-9) {
            const double value = seconds / size;
            return number(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + name;
        }
    return "";
}

std::string summary(const std::vector<judged>& goals) {
    const auto count = [&](verdict v) {
        return std::to_string(
            std::count_if(goals.begin(), goals.end(), [&](const judged& j) { return j.result == v; }));
    };
    return count(verdict::met) + " met, " + count(verdict::missed) + " missed, " + count(verdict::skipped) + " skipped";
}

std::string markdown(const results& all) {
    std::ostringstream out;
    out << "# unitsphere beside the machine and other libraries\n\n";
    for (const auto& [what, which] : all.machine) out << "- " << what << ": " << which << "\n";
    out << "\nTimes are " << (all.how == statistic::median ? "medians" : "the best")
        << " of interleaved rounds, of the thread's CPU time where there is one thread and of the clock where there "
           "are\n"
           "several; only ratios within one run count. *of the limit*: the longest of operations of the\n"
           "multiply-add pipes, bytes read, and bytes read and written (copied, or scaled in place), each at the\n"
           "machine's rate in the same run. *best peer*: our speed as a multiple of theirs. *error*: the largest\n"
           "difference from double.\n\n## Goals: "
        << summary(all.goals)
        << "\n\n| goal | shape | type | instruction set | threads | time | of the limit | best peer | error | wanted | "
           "verdict |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
    for (const judged& j : all.goals) goal_row(out, j);
    out << "\n## The machine\n\n";
    rates_table(out, all.rates, all.how);
    return out.str();
}

json to_json(const results& all) {
    json runs = json::array(), goals = json::array(), alternating = json::array(), machine = json::object();
    for (const run& r : all.runs) runs.push_back(to_json(r));
    for (const judged& j : all.goals) goals.push_back(to_json(j));
    for (const pair_of_rows& p : all.alternating) {
        json row = to_json(p.theirs);
        row["our_seconds"] = p.our_seconds;
        alternating.push_back(row);
    }
    for (const auto& [what, which] : all.machine) machine[what] = which;
    return {{"machine", machine}, {"statistic", all.how == statistic::median ? "median" : "best"},
            {"goals", goals},     {"rates", to_json(all.rates)},
            {"runs", runs},       {"alternating", alternating}};
}

}  // namespace report
