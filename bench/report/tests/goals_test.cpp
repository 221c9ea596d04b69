#include "goals.hpp"

#include <set>
#include <tuple>

#include "catch.hpp"

using namespace report;

TEST_CASE("every goal asks for something, once, and a program measures it", "[report]") {
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    for (const goal& g : goals()) {
        INFO(g.id << " " << g.shape << " " << g.type);
        CHECK(seen.insert({g.id, g.shape, g.type}).second);
        CHECK((g.fraction || g.seconds || !g.peers.empty()));
        CHECK((g.id == "compile" || !program_of(g.id).empty()));
        for (const against& a : g.peers) CHECK_FALSE(a.libraries.empty());
    }
}

TEST_CASE("PyTorch is asked wherever it must be beaten", "[report]") {
    for (const goal& g : goals())
        for (const against& a : g.peers)
            for (const std::string& library : a.libraries)
                if (library == "pytorch") CHECK(pytorch_can(g));
}
