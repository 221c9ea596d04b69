// The main of every benchmark program: its own rows, and who took part.
#include "peers.hpp"
#include "rows.hpp"

namespace bench {

void say_who_takes_part() {
    const cache_sizes cache = caches();
    benchmark::AddCustomContext("instruction_set", us::instruction_set());
    benchmark::AddCustomContext("compiler", compiler());
    benchmark::AddCustomContext(
        "cache_sizes", std::to_string(cache.l1) + " " + std::to_string(cache.l2) + " " + std::to_string(cache.l3));
    for (const auto& [name, version] : peer::versions()) benchmark::AddCustomContext(name, version);
}

}  // namespace bench

int main(int argc, char** argv) {
    bench::peer::use_one_thread();
    bench::register_rows();
    bench::say_who_takes_part();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
