#include "verdict.hpp"

#include <limits>

#include "catch.hpp"
#include "runs_for_tests.hpp"
#include "tables.hpp"

using namespace report;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

run with(std::vector<measurement> rows) {
    run r = small_machine();
    r.rows = rows;
    return r;
}
judged judge_alone(const goal& wanted, const run& r, int cpus = 2) {
    return judge(wanted, {r}, {}, statistic::median, cpus);
}

}  // namespace

TEST_CASE("a fraction of the limit is missed when it is more than 5 % short", "[report]") {
    // the limit is 1 ms: 0.856 and 0.854 of it, where 0.95 * 0.9 = 0.855 is asked for
    CHECK(judge_alone(goal_of(0.9), with({row_of("unitsphere", {1e-3 / 0.856})})).result == verdict::met);
    const judged missed = judge_alone(goal_of(0.9), with({row_of("unitsphere", {1e-3 / 0.854})}));
    CHECK(missed.result == verdict::missed);
    CHECK(missed.why == "limit 0.854 of 0.9");
    CHECK_THAT(missed.fraction(), WithinRel(0.854, 1e-9));
}

TEST_CASE("a time is missed when it is more than 5 % longer", "[report]") {
    goal wanted = goal_of(0);
    wanted.fraction.reset();
    wanted.seconds = 0.95;
    CHECK(judge_alone(wanted, with({row_of("unitsphere", {0.999})})).result == verdict::met);
    CHECK(judge_alone(wanted, with({row_of("unitsphere", {1.001})})).result == verdict::missed);
}

TEST_CASE("the fastest of a library's rows is the one to beat", "[report]") {
    const auto ours = row_of("unitsphere", {1e-3}), slow = row_of("onednn_sgemm", {4e-3}),
               fast = row_of("onednn_matmul", {2e-3});
    const judged met = judge_alone(goal_of(0.9, {{{"onednn"}, 2.0}}), with({ours, slow, fast}));
    CHECK(met.result == verdict::met);
    CHECK(met.peer == "onednn_matmul");
    CHECK_THAT(met.ratio, WithinRel(2.0, 1e-9));
    CHECK(judge_alone(goal_of(0.9, {{{"onednn"}, 2.2}}), with({ours, slow, fast})).result == verdict::missed);
    CHECK(judge_alone(goal_of(0.9, {{{"onednn"}, 3.8}}), with({ours, slow})).result == verdict::met);
}

TEST_CASE("an absent peer means skipped, unless something is missed", "[report]") {
    const against both{{"eigen", "faiss"}, 1.0};
    const auto eigen = row_of("eigen", {2e-3});
    const judged skipped = judge_alone(goal_of(0.9, {both}), with({row_of("unitsphere", {1e-3}), eigen}));
    CHECK(skipped.result == verdict::skipped);
    CHECK(skipped.why == "no faiss");
    CHECK(judge_alone(goal_of(0.9, {both}), with({row_of("unitsphere", {3e-3}), eigen})).result == verdict::missed);
}

TEST_CASE("only the same goal, shape and type are compared", "[report]") {
    measurement other = row_of("eigen", {1e-9});
    other.type = "f16";
    CHECK(judge_alone(goal_of(0.9), with({row_of("unitsphere", {1e-3}), other})).peer.empty());
}

TEST_CASE("what ran in alternating rounds is compared with our time in those rounds", "[report]") {
    const pair_of_rows pytorch{row_of("pytorch", {6e-3}), {3e-3}};
    const judged j = judge(goal_of(0.9, {{{"pytorch"}, 2.0}}), {with({row_of("unitsphere", {1e-3})})}, {pytorch},
                           statistic::median, 1);
    CHECK(j.result == verdict::met);
    CHECK_THAT(j.ratio, WithinRel(2.0, 1e-9));
}

TEST_CASE("a wrong result misses every goal", "[report]") {
    measurement wrong = row_of("unitsphere", {1e-3});
    for (const double error : {1e-3, std::numeric_limits<double>::quiet_NaN()}) {
        wrong.error = error;
        CHECK(judge_alone(goal_of(0.9), with({wrong})).result == verdict::missed);
    }
}

TEST_CASE("a row that is not built and threads without CPUs are skipped, a program that failed is missed", "[report]") {
    CHECK(judge_alone(goal_of(0.9), with({})).why == "not built");
    goal threads = goal_of(0.9);
    threads.needs_threads = true;
    CHECK(judge_alone(threads, with({row_of("unitsphere", {1e-3})}), 1).why == "one CPU");
    run failed;
    failed.program = "similarity_bench";
    failed.failed = true;
    CHECK(judge_alone(goal_of(0.9), failed).result == verdict::missed);
}

TEST_CASE("the table has a line for each goal and the counts above", "[report]") {
    results all;
    all.rates = small_machine();
    all.goals = {judge_alone(goal_of(0.9, {{{"eigen"}, 1.0}}),
                             with({row_of("unitsphere", {1.25e-3}), row_of("eigen", {2.5e-3})})),
                 judge_alone(goal_of(0.9), with({}))};
    const std::string text = markdown(all);
    CHECK_THAT(text, ContainsSubstring("0 met, 1 missed, 1 skipped"));
    CHECK_THAT(text, ContainsSubstring("| cosine_large | 2x3x4 | f32 |  | 1 | 1.25 ms | 0.80 (fma) | 2.00 eigen | "
                                       "1e-07 | 0.90 of the limit, 1.00 x eigen | missed: limit 0.8 of 0.9 |"));
    CHECK_THAT(text, ContainsSubstring("| multiply-add float, GFLOP/s | 100.0 |"));
    CHECK_THAT(text, ContainsSubstring("| copy DRAM, non-temporal, GB/s | 8.0 |"));
    CHECK(to_json(all).at("goals").at(0).at("verdict") == "missed");
}

TEST_CASE("times have three digits and a unit", "[report]") {
    CHECK(time_text(70e-9) == "70.0 ns");
    CHECK(time_text(0.5e-6) == "500 ns");
    CHECK(time_text(1.234e-3) == "1.23 ms");
    CHECK(time_text(0.99996) == "1.00 s");
    CHECK(time_text(12.3) == "12.3 s");
}
