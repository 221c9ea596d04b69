#include <atomic>
#include <cstdio>

#include <unitsphere/engine/openmp.hpp>

int main() {
    std::atomic<unitsphere::idx_t> sum{0};
    unitsphere::openmp{2}(10, [&](unitsphere::idx_t i) { sum += i; });
    std::printf("sum %d by openmp\n", int(sum));
    return sum == 45 ? 0 : 1;
}
