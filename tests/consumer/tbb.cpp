#include <atomic>
#include <cstdio>

#include <unitsphere/engine/tbb.hpp>

int main() {
    std::atomic<unitsphere::idx_t> sum{0};
    unitsphere::onetbb{2}(10, [&](unitsphere::idx_t i) { sum += i; });
    std::printf("sum %d by tbb\n", int(sum));
    return sum == 45 ? 0 : 1;
}
