#include "limits.hpp"

#include "catch.hpp"
#include "runs_for_tests.hpp"

using namespace report;
using Catch::Matchers::WithinRel;

TEST_CASE("the limit is the longest of the three times", "[report]") {
    const run machine = small_machine();
    measurement m = row_of("unitsphere", {1});

    SECTION("multiply-adds, at the median of their rates") {
        const auto bound = limit_of(m, machine, statistic::median);
        REQUIRE(bound);
        CHECK(bound->what == "fma");
        CHECK_THAT(bound->seconds, WithinRel(1e-3, 1e-9));
    }
    SECTION("reading, at the rate of the level that holds the bytes") {
        m.bytes_read = 50e6;
        CHECK(limit_of(m, machine, statistic::median)->what == "copy");  // 50 MB at 8 GB/s, above 50 MB at 10 GB/s
        m.flops = 1;
        m.bytes_read = 5e6, m.bytes_written = 0;
        CHECK_THAT(limit_of(m, machine, statistic::median)->seconds, WithinRel(5e6 / 40e9, 1e-9));
    }
    SECTION("copying, the fastest way: non-temporal stores in DRAM, plain ones in the cache") {
        m.bytes_read = 20e6, m.bytes_written = 20e6;
        CHECK_THAT(limit_of(m, machine, statistic::median)->seconds, WithinRel(40e6 / 8e9, 1e-9));
        m.flops = 1;
        m.bytes_read = 2e6, m.bytes_written = 2e6;
        CHECK_THAT(limit_of(m, machine, statistic::median)->seconds, WithinRel(4e6 / 40e9, 1e-9));
    }
    SECTION("scaling, where the work is in place") {
        m.bytes_read = 20e6, m.bytes_written = 20e6, m.in_place = true;
        const auto bound = limit_of(m, machine, statistic::median);
        CHECK(bound->what == "scale");
        CHECK_THAT(bound->seconds, WithinRel(40e6 / 16e9, 1e-9));
    }
}

TEST_CASE("a rate of exactly the row's size counts before its level", "[report]") {
    run machine = small_machine();
    machine.rates.push_back({"read", "exact", "loop", 50000000, 1, {12e9}});
    CHECK(rate_at(machine, "read", 50e6, 1, statistic::median) == 12e9);
    CHECK(rate_at(machine, "read", 49.5e6, 1, statistic::median) == 12e9);
    CHECK(rate_at(machine, "read", 40e6, 1, statistic::median) == 10e9);
}

TEST_CASE("there is no limit without the rate of multiply-adds on the row's threads", "[report]") {
    run machine = small_machine();
    measurement m = row_of("unitsphere", {1});
    m.threads = 2;
    CHECK_FALSE(limit_of(m, machine, statistic::median));
    machine.rates.push_back({"read", "L1", "loop", 500, 2, {1e9}});
    CHECK_FALSE(limit_of(m, machine, statistic::median));
}
