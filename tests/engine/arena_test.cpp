#include <cstdint>
#include <limits>
#include <stdexcept>

#include <unitsphere/engine/arena.hpp>

#include "catch.hpp"
#include "checks.hpp"

namespace tests {

using unitsphere::execution;
using unitsphere::idx_t;
using unitsphere::workspace;
using unitsphere::engine::arena;
using unitsphere::engine::worker_arrays;

namespace {

template <class T>
idx_t address(const T* array) {
    return idx_t(reinterpret_cast<std::uintptr_t>(array));
}

}  // namespace

TEST_CASE("the arrays of an arena begin at cache lines of one block, in the order in which they were added",
          "[arena]") {
    workspace space;
    arena memory(space, "f");
    char* bytes = nullptr;
    double* numbers = nullptr;
    float *nothing = nullptr, *last = nullptr;
    memory.add(bytes, 65);
    memory.add(numbers, 3, 5);
    memory.add(nothing, 0, 9);
    memory.add(last, 16);
    CHECK(memory.bytes() == 320);
    CHECK(space.bytes() == 0);  // nothing is allocated before reserve()
    CHECK(bytes == nullptr);

    memory.reserve();
    CHECK(space.bytes() == 320);
    CHECK(address(bytes) == address(space.reserve(1)));
    CHECK(address(numbers) - address(bytes) == 128);
    CHECK(address(nothing) - address(bytes) == 256);
    CHECK(address(last) - address(bytes) == 256);
}

TEST_CASE("the arrays of two workers share no cache line", "[arena]") {
    arena memory({}, "f");
    worker_arrays<float> scores;
    worker_arrays<idx_t> labels;
    memory.add(scores, 3, 17);
    memory.add(labels, 3, 8);
    CHECK(memory.bytes() == 3 * 128 + 3 * 64);
    memory.reserve();
    for (idx_t worker = 0; worker < 3; ++worker) {
        CHECK(address(scores.of(worker)) % 64 == 0);
        CHECK(address(scores.of(worker)) == address(scores.of(0)) + worker * 128);
        CHECK(address(labels.of(worker)) == address(scores.of(0)) + 3 * 128 + worker * 64);
        for (int i = 0; i < 17; ++i) scores.of(worker)[i] = float(i);
    }
}

TEST_CASE("an arena allocates nothing where the workspace of the call is large enough", "[arena]") {
    workspace space;
    const std::byte* const block = space.reserve(1000);
    float* numbers = nullptr;
    arena memory(space, "f");
    memory.add(numbers, 250);
    memory.reserve();
    CHECK(address(numbers) == address(block));
    CHECK(space.bytes() == 1024);
}

TEST_CASE("arrays of an arena that exceed the address space are an error", "[arena]") {
    constexpr idx_t largest = std::numeric_limits<idx_t>::max();
    arena memory({}, "f");
    char* bytes = nullptr;
    double* numbers = nullptr;
    worker_arrays<double> of_workers;
    memory.add(bytes, 1000);
    const auto text = [&](idx_t rows, idx_t dim) {
        return message_of<std::length_error>([&] { memory.add(numbers, rows, dim); });
    };
    CHECK(text(largest, 1) == "workspace: 9223372036854775807 rows of dim 1 exceed the address space");
    CHECK(text(idx_t(1) << 32, idx_t(1) << 32) ==
          "workspace: 4294967296 rows of dim 4294967296 exceed the address space");
    CHECK(text(1, largest / 8) == "workspace: 1 rows of dim 1152921504606846975 exceed the address space");
    CHECK_THROWS_AS(memory.add(of_workers, 2, largest), std::length_error);
    CHECK_THROWS_AS(memory.add(of_workers, 2, largest / 16), std::length_error);
    CHECK(memory.bytes() == 1024);
    CHECK(text(1, largest / 8 - 200) == "(no exception)");
    CHECK_THROWS_AS(memory.reserve(), std::length_error);
}

TEST_CASE("an arena holds 32 arrays", "[arena]") {
    arena memory({}, "f");
    float* arrays[33] = {};
    for (int i = 0; i < 32; ++i) memory.add(arrays[i], 1);
    CHECK(message_of<std::length_error>([&] { memory.add(arrays[32], 1); }) == "arena: more than 32 arrays");
    memory.reserve();
    CHECK(address(arrays[31]) - address(arrays[0]) == 31 * 64);
}

}  // namespace tests
