#include "processes.hpp"

#include "catch.hpp"

using namespace report;

TEST_CASE("a command's code comes back, and -1 where there is none", "[report]") {
    CHECK(run_command({"sh", "-c", "exit 3"}).code == 3);
    CHECK(run_command({"sh", "-c", "kill -9 $$"}).code == -1);
    CHECK(run_command({"no-such-program-here"}).code != 0);
}

TEST_CASE("a command's children count among its CPU time", "[report]") {
    const finished done = run_command({"sh", "-c", "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; true"});
    CHECK(done.code == 0);
    CHECK(done.cpu_seconds > 0.005);
    CHECK(done.cpu_seconds < 2 * done.wall_seconds + 0.1);
}

TEST_CASE("cores are a list or a range", "[report]") {
    CHECK(cpus_of("0") == 1);
    CHECK(cpus_of("0,1") == 2);
    CHECK(cpus_of("2-5") == 4);
    CHECK(first_core("3,4") == "3");
    CHECK(first_core("2-5") == "2");
    CHECK(pinned("", {"a"}).size() == 1);
    CHECK(pinned("0,1", {"a", "b"}) == std::vector<std::string>{"taskset", "-c", "0,1", "a", "b"});
}
