#include "limits.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace report {

namespace {

std::string level_of(const run& in, double footprint) {
    double l1 = 32 << 10, l2 = 1 << 20, l3 = 32 << 20;
    const auto sizes = in.context.find("cache_sizes");
    if (sizes != in.context.end()) std::istringstream(sizes->second) >> l1 >> l2 >> l3;
    return footprint <= l1 ? "L1" : footprint <= l2 ? "L2" : footprint <= l3 ? "L3" : "DRAM";
}

template <class Accept>
double fastest(const run& in, statistic how, Accept accept) {
    double best = 0;
    for (const rate& r : in.rates)
        if (accept(r)) best = std::max(best, rate_of(r.per_second, how));
    return best;
}

void take_longer(std::optional<limit>& so_far, double amount, double per_second, const char* what) {
    if (amount <= 0 || per_second <= 0) return;
    const double seconds = amount / per_second;
    if (!so_far || seconds > so_far->seconds) so_far = limit{seconds, what};
}

}  // namespace

double rate_at(const run& in, const std::string& motion, double footprint, int threads, statistic how) {
    const auto same = [&](const rate& r) { return r.motion == motion && r.threads == threads; };
    const double exact = fastest(in, how, [&](const rate& r) {
        return same(r) && r.level == "exact" && std::abs(double(r.footprint) - footprint) <= 0.02 * footprint;
    });
    if (exact > 0) return exact;
    const std::string level = level_of(in, footprint);
    return fastest(in, how, [&](const rate& r) { return same(r) && r.level == level; });
}

std::optional<limit> limit_of(const measurement& row, const run& in, statistic how) {
    const double pipes = fastest(
        in, how, [&](const rate& r) { return r.motion == "fma" && r.variant == "float" && r.threads == row.threads; });
    if (row.flops > 0 && pipes <= 0) return {};  // half a limit would flatter
    std::optional<limit> result;
    take_longer(result, row.flops, pipes, "fma");
    const double moved = row.bytes_read + row.bytes_written;
    if (row.in_place) {
        take_longer(result, moved, rate_at(in, "scale", row.bytes_read, row.threads, how), "scale");
    } else {
        take_longer(result, row.bytes_read, rate_at(in, "read", row.bytes_read, row.threads, how), "read");
        take_longer(result, moved, rate_at(in, "copy", moved, row.threads, how), "copy");
    }
    return result;
}

}  // namespace report
