#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <unitsphere/engine/workspace.hpp>

#include "aligned_block.hpp"
#include "catch.hpp"
#include "checks.hpp"

namespace {
int blocks_made = 0, blocks_there = 0;
bool no_memory = false;
}  // namespace

// Everything aligned in this program is counted: the library's own memory all is.
// Not inlined, or gcc finds free() where it knows of operator new.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
    void* const block = no_memory ? nullptr : aligned_block(bytes, std::size_t(alignment));
    if (block == nullptr) throw std::bad_alloc();
    ++blocks_made, ++blocks_there;
    return block;
}
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept {
    if (block != nullptr) --blocks_there;
    std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t alignment) noexcept {
    ::operator delete(block, alignment);
}

namespace tests {

using unitsphere::idx_t;
using unitsphere::workspace;

namespace {

constexpr idx_t mebibyte = idx_t(1) << 20;

/// Whether the whole block can be written and read.
bool is_usable(std::byte* block, idx_t bytes) {
    std::memset(block, 0x5a, std::size_t(bytes));
    return block[0] == std::byte(0x5a) && block[bytes - 1] == std::byte(0x5a);
}
idx_t address(const std::byte* block) { return idx_t(reinterpret_cast<std::uintptr_t>(block)); }

}  // namespace

TEST_CASE("a workspace grows to the largest need and never shrinks", "[workspace]") {
    workspace space;
    CHECK(space.bytes() == 0);
    CHECK(blocks_there == 0);
    idx_t largest = 0;
    for (const idx_t need : {1, 63, 64, 65, 10, 1000, 4 << 20, 64, (4 << 20) + 1, 1}) {
        CAPTURE(need);
        largest = need > largest ? need : largest;
        std::byte* const block = space.reserve(need);
        CHECK(space.bytes() >= largest);
        CHECK(address(block) % 64 == 0);
        CHECK(is_usable(block, space.bytes()));
        CHECK(blocks_there == 1);
    }
}

TEST_CASE("a workspace allocates nothing where its block is large enough", "[workspace]") {
    workspace space;
    const std::byte* const block = space.reserve(5000);
    const int made = blocks_made;
    for (const idx_t need : {5000, 1, 0, 4999}) CHECK(space.reserve(need) == block);
    CHECK(space.reserve(space.bytes()) == block);
    CHECK(blocks_made == made);
    space.reserve(space.bytes() + 1);
    CHECK(blocks_made == made + 1);
}

TEST_CASE("a large block begins and ends at a page of 2 MiB, a small one is as small as it can be", "[workspace]") {
    for (const idx_t need : {2 * mebibyte, 2 * mebibyte + 1, 9 * mebibyte}) {
        workspace space;
        CHECK(address(space.reserve(need)) % (2 * mebibyte) == 0);
        CHECK(space.bytes() % (2 * mebibyte) == 0);
        CHECK(space.bytes() < need + 2 * mebibyte);
    }
    workspace space;
    space.reserve(mebibyte + 1);
    CHECK(space.bytes() == mebibyte + 64);
}

TEST_CASE("a moved workspace takes its block along and leaves an empty one that can be used", "[workspace]") {
    STATIC_REQUIRE(!std::is_copy_constructible_v<workspace>);
    STATIC_REQUIRE(!std::is_copy_assignable_v<workspace>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<workspace>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<workspace>);

    workspace first;
    std::byte* const block = first.reserve(1000);
    workspace second(std::move(first));
    CHECK(first.bytes() == 0);
    CHECK(second.reserve(1000) == block);

    first.reserve(5 * mebibyte);
    first = std::move(second);
    CHECK(second.bytes() == 0);
    CHECK(first.reserve(1000) == block);
    CHECK(blocks_there == 1);  // the block of 5 MiB is gone

    workspace& itself = first;
    first = std::move(itself);
    CHECK(first.reserve(1000) == block);
    CHECK(is_usable(second.reserve(10), 10));
    CHECK(blocks_there == 2);
}

TEST_CASE("a workspace that cannot grow is empty and can be used", "[workspace]") {
    constexpr idx_t largest = std::numeric_limits<idx_t>::max();
    workspace space;
    space.reserve(100);
    for (const idx_t need : {largest, largest - 63, largest - 4 * mebibyte + 1}) {
        CHECK(message_of<std::length_error>([&] { space.reserve(need); }) ==
              "workspace: " + std::to_string(need) + " bytes exceed the address space");
        CHECK(space.bytes() == 0);
        CHECK(is_usable(space.reserve(100), 100));
    }
    no_memory = true;
    CHECK_THROWS_AS(space.reserve(1000), std::bad_alloc);
    no_memory = false;
    CHECK(space.bytes() == 0);
    CHECK(blocks_there == 0);
    CHECK(is_usable(space.reserve(1000), 1000));
}

}  // namespace tests
