#include "measurements.hpp"

#include <cmath>

#include "catch.hpp"

using namespace report;

namespace {

const char* const output = R"({
  "context": {"date": "today", "num_cpus": 2, "instruction_set": "avx2"},
  "benchmarks": [
    {"name": "cosine_32/unitsphere/32x1000x512/f32", "run_type": "iteration", "real_time": 9, "cpu_time": 2,
     "time_unit": "us", "flops": 10, "bytes_read": 20, "bytes_written": 30, "workers": 1, "error": 1e-7, "label": "avx2"},
    {"name": "rate/read/L2/524288/loop/1", "run_type": "iteration", "real_time": 1, "time_unit": "ns", "rate": 5e9},
    {"name": "cosine_32/unitsphere/32x1000x512/f32", "run_type": "iteration", "real_time": 9, "cpu_time": 4,
     "time_unit": "us", "flops": 10, "workers": 1, "error": 1e-7},
    {"name": "cosine_32/unitsphere/32x1000x512/f32_mean", "run_type": "aggregate", "real_time": 9, "cpu_time": 3,
     "time_unit": "us", "flops": 10, "error": NaN},
    {"name": "threads/unitsphere/cosine 1x2x3/f32/real_time", "run_type": "iteration", "real_time": 5, "cpu_time": 1,
     "time_unit": "ms", "flops": 10, "workers": 2, "error": -NaN},
    {"name": "rate/fma/float/2/real_time/threads:2", "run_type": "iteration", "real_time": 1, "rate": 1e11},
    {"name": "softmax/eigen/1x2/f32", "run_type": "iteration", "error_occurred": true, "flops": 1, "cpu_time": 1},
    {"name": "normalize_of_type<double>/1000/512", "run_type": "iteration", "real_time": 1, "cpu_time": 1}
  ]
})";

}  // namespace

TEST_CASE("repetitions of a row are joined, aggregates and failed rows are not rows", "[report]") {
    const run r = parse("similarity_bench", output);
    REQUIRE(r.rows.size() == 2);
    const measurement& m = r.rows[0];
    CHECK(m.goal == "cosine_32");
    CHECK(m.who == "unitsphere");
    CHECK(m.shape == "32x1000x512");
    CHECK(m.type == "f32");
    CHECK(m.instruction_set == "avx2");
    CHECK(m.flops == 10);
    CHECK(m.bytes_read == 20);
    CHECK(m.bytes_written == 30);
    REQUIRE(m.seconds.size() == 2);
    CHECK(m.seconds[0] == 2 * 1e-6);
    CHECK(m.seconds[1] == 4 * 1e-6);
    CHECK(r.context.at("instruction_set") == "avx2");
}

TEST_CASE("rows that are timed by the clock say so in their name", "[report]") {
    const measurement m = parse("threads_bench", output).rows[1];
    CHECK(m.seconds[0] == 5 * 1e-3);
    CHECK(m.threads == 2);
}

TEST_CASE("an error that is no number stays none", "[report]") {
    CHECK(std::isnan(parse("threads_bench", output).rows[1].error));
}

TEST_CASE("rates carry level, footprint, variant and threads", "[report]") {
    const run r = parse("rates", output);
    REQUIRE(r.rates.size() == 2);
    CHECK(r.rates[0].motion == "read");
    CHECK(r.rates[0].level == "L2");
    CHECK(r.rates[0].footprint == 524288);
    CHECK(r.rates[0].variant == "loop");
    CHECK(r.rates[1].motion == "fma");
    CHECK(r.rates[1].threads == 2);
}

TEST_CASE("what is no output of Google Benchmark is an exception", "[report]") {
    CHECK_THROWS_AS(parse("rates", "Segmentation fault"), nlohmann::json::exception);
    CHECK_THROWS_AS(parse("rates", "{}"), nlohmann::json::exception);
    CHECK_THROWS_AS(parse("rates", R"({"context": {}})"), nlohmann::json::exception);
}

TEST_CASE("the median of an even number of rounds lies between the middle two", "[report]") {
    CHECK(time_of({3, 1, 2}, statistic::median) == 2);
    CHECK(time_of({4, 1, 2, 3}, statistic::median) == 2.5);
    CHECK(time_of({4, 1, 2, 3}, statistic::best) == 1);
    CHECK(rate_of({4, 1, 3}, statistic::median) == 3);
    CHECK(rate_of({4, 1, 3}, statistic::best) == 4);
}
