#include <atomic>
#include <cstdio>

#include <unitsphere/engine/tbb.hpp>

int main() {
    std::atomic<unitsphere::index> sum{0};
    unitsphere::onetbb{2}(10, [&](unitsphere::index i) { sum += i; });
    std::printf("sum %d by tbb\n", int(sum));
    return sum == 45 ? 0 : 1;
}
