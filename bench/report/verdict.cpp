#include "verdict.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace report {

namespace {

constexpr double tolerance = 0.05;
constexpr double largest_error = 1e-5;  // no result of ours is nearly so far from double: a wrong answer is never fast

struct rival {
    std::string who;
    double seconds, ratio;
};

bool belongs_to(const std::string& who, const std::string& library) {
    return who == library || who.rfind(library + "_", 0) == 0;
}

const run* run_with(const goal& wanted, const std::vector<run>& runs, measurement& ours) {
    for (const run& r : runs)
        for (const measurement& m : r.rows)
            if (m.goal == wanted.id && m.shape == wanted.shape && m.type == wanted.type && m.who == "unitsphere") {
                ours = m;
                return &r;
            }
    return nullptr;
}

/// Everybody who did the same, in the same run or in alternating rounds.
std::vector<rival> rivals_of(const judged& j, const run& in, const std::vector<pair_of_rows>& alternating,
                             statistic how) {
    std::vector<rival> all;
    for (const measurement& m : in.rows)
        if (m.who != "unitsphere" && m.same_work(*j.ours)) {
            const double seconds = time_of(m.seconds, how);
            all.push_back({m.who, seconds, seconds / j.seconds});
        }
    for (const pair_of_rows& p : alternating)
        if (p.theirs.same_work(*j.ours) && !p.our_seconds.empty()) {
            const double seconds = time_of(p.theirs.seconds, how);
            all.push_back({p.theirs.who, seconds, seconds / time_of(p.our_seconds, how)});
        }
    return all;
}

std::string text(double value) {
    std::ostringstream out;
    out << std::setprecision(3) << value;
    return out.str();
}

/// Collects what is short and what is absent.
struct checks {
    std::string short_of, absent;

    void require(double reached, double wanted, const std::string& what) {
        if (reached < (1 - tolerance) * wanted)
            short_of += (short_of.empty() ? "" : ", ") + what + " " + text(reached) + " of " + text(wanted);
    }
    void require_right(double error) {
        if (!(error <= largest_error)) short_of += (short_of.empty() ? "error " : ", error ") + text(error);
    }
    void miss(const std::string& who) { absent += (absent.empty() ? "no " : ", ") + who; }
};

void compare(checks& c, const against& a, const std::vector<rival>& rivals) {
    double slowest_ratio = 0;
    std::string fastest;
    for (const std::string& library : a.libraries) {
        bool here = false;
        for (const rival& r : rivals) {
            if (!belongs_to(r.who, library)) continue;
            if (fastest.empty() || r.ratio < slowest_ratio) slowest_ratio = r.ratio, fastest = r.who;
            here = true;
        }
        if (!here) c.miss(library);
    }
    if (!fastest.empty()) c.require(slowest_ratio, a.at_least, "x " + fastest);
}

}  // namespace

const char* name_of(verdict v) { return v == verdict::met ? "met" : v == verdict::missed ? "missed" : "skipped"; }

judged judge(const goal& wanted, const std::vector<run>& runs, const std::vector<pair_of_rows>& alternating,
             statistic how, int cpus) {
    judged j;
    j.wanted = wanted;
    if (wanted.needs_threads && cpus < 2) {
        j.why = "one CPU";
        return j;
    }
    measurement ours;
    const run* in = run_with(wanted, runs, ours);
    if (in == nullptr) {
        const bool failed = std::any_of(runs.begin(), runs.end(), [&](const run& r) {
            return r.failed && (r.program == program_of(wanted.id) || r.program == wanted.id);
        });
        j.result = failed ? verdict::missed : verdict::skipped;
        j.why = failed ? "its program failed" : "not built";
        return j;
    }
    j.ours = ours;
    j.seconds = time_of(ours.seconds, how);
    j.bound = limit_of(ours, *in, how);
    const auto rivals = rivals_of(j, *in, alternating, how);
    const auto best = std::min_element(rivals.begin(), rivals.end(),
                                       [](const rival& a, const rival& b) { return a.ratio < b.ratio; });
    if (best != rivals.end()) j.peer = best->who, j.peer_seconds = best->seconds, j.ratio = best->ratio;

    checks c;
    c.require_right(ours.error);
    if (wanted.seconds) c.require(*wanted.seconds / j.seconds, 1.0, "time");
    if (wanted.fraction && j.bound) c.require(j.fraction(), *wanted.fraction, "limit");
    if (wanted.fraction && !j.bound) c.miss("rates");
    for (const against& a : wanted.peers) compare(c, a, rivals);
    j.result = !c.short_of.empty() ? verdict::missed : !c.absent.empty() ? verdict::skipped : verdict::met;
    j.why = !c.short_of.empty() ? c.short_of : c.absent;
    return j;
}

}  // namespace report
