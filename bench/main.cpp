// The main of every benchmark program: its own rows, the machine's rates among them, and who took part.
#include <cstdlib>

#include "peers.hpp"
#include "rates.hpp"
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

/// BENCH_THREADS is the number of threads of the rates and of the rows that use several.
int main(int argc, char** argv) {
    const char* threads = std::getenv("BENCH_THREADS");
    bench::peer::use_one_thread();
    bench::register_rates(1);
    if (threads != nullptr && std::atoi(threads) > 1) bench::register_rates(std::atoi(threads));
    bench::register_rows();
    bench::say_who_takes_part();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
