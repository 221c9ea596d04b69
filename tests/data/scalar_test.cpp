#include <unitsphere/data/scalar.hpp>

#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <type_traits>

#include "catch.hpp"
#include "reference.hpp"

namespace tests {

using reference::bits;
using unitsphere::bfloat16;
using unitsphere::float16;

static_assert(sizeof(float16) == 2 && alignof(float16) == 2, "float16 is two bytes, as GPUs and NumPy write it");
static_assert(std::is_trivially_copyable_v<float16> && std::is_standard_layout_v<float16>);
static_assert(std::is_convertible_v<float16, float>, "widening is exact, so it is implicit");
static_assert(!std::is_convertible_v<float, float16>, "narrowing rounds, so it is explicit");
static_assert(std::is_constructible_v<float16, float>);

namespace {

float16 half(int pattern) { return float16::from_bits(std::uint16_t(pattern)); }

/// The first of these floats whose conversion is not what IEEE 754 asks for; empty where all are right.
struct rounding_check {
    std::string wrong;
    void operator()(float x) {
        const std::uint16_t expected = reference::half_bits(double(x)), got = float16(x).bits;
        if (expected == got || !wrong.empty()) return;
        std::ostringstream text;
        text << std::hexfloat << x << " became " << std::hex << got << ", not " << expected;
        wrong = text.str();
    }
    void around(float x) {
        for (const float y : {x, std::nextafter(x, -INFINITY), std::nextafter(x, INFINITY)}) (*this)(y), (*this)(-y);
    }
};

}  // namespace

TEST_CASE("every finite half widens to exactly its value", "[scalar]") {
    int wrong = 0;
    for (int pattern = 0; pattern < 65536; ++pattern) {
        if ((pattern & 0x7c00) == 0x7c00) continue;
        const float wide = half(pattern);
        wrong +=
            (long double)(wide) != reference::widen(half(pattern)) || (bits(wide) >> 31) != unsigned(pattern >> 15);
    }
    CHECK(wrong == 0);
}

TEST_CASE("an infinite half is an infinite float and a NaN keeps its sign and payload and is quiet", "[scalar]") {
    CHECK(bits(float(half(0x7c00))) == 0x7f800000u);
    CHECK(bits(float(half(0xfc00))) == 0xff800000u);
    int wrong = 0;
    for (int pattern = 0; pattern < 65536; ++pattern) {
        if ((pattern & 0x7c00) != 0x7c00 || (pattern & 0x03ff) == 0) continue;
        const std::uint32_t expected =
            (std::uint32_t(pattern & 0x8000) << 16) | 0x7fc00000u | (std::uint32_t(pattern & 0x03ff) << 13);
        wrong += bits(float(half(pattern))) != expected;
    }
    CHECK(wrong == 0);
}

TEST_CASE("every half that is not a NaN survives the way to float and back", "[scalar]") {
    int wrong = 0;
    for (int pattern = 0; pattern < 65536; ++pattern) {
        if ((pattern & 0x7c00) == 0x7c00 && (pattern & 0x03ff) != 0) continue;
        wrong += float16(float(half(pattern))).bits != pattern;
    }
    CHECK(wrong == 0);
}

TEST_CASE("a quiet NaN survives the way to float and back", "[scalar]") {
    int wrong = 0;
    for (int pattern = 0x7e00; pattern < 0x8000; ++pattern) {
        wrong += float16(float(half(pattern))).bits != pattern;
        wrong += float16(float(half(pattern | 0x8000))).bits != (pattern | 0x8000);
    }
    CHECK(wrong == 0);
}

TEST_CASE("every NaN of float becomes a NaN of half with the same sign", "[scalar]") {
    for (const std::uint32_t pattern : {0x7f800001u, 0x7f801fffu, 0x7f802000u, 0x7fbfffffu, 0x7fc00000u, 0x7fffffffu}) {
        CAPTURE(pattern);
        const float16 positive(reference::float_from_bits(pattern)),
            negative(reference::float_from_bits(pattern | 0x80000000u));
        CHECK((reference::is_nan(positive) && positive.bits < 0x8000));
        CHECK((reference::is_nan(negative) && negative.bits >= 0x8000));
    }
}

TEST_CASE("a float rounds to the nearest half, ties to even, at every half, every tie and their neighbours",
          "[scalar]") {
    rounding_check check;
    for (int pattern = 0; pattern < 0x7c00; ++pattern) {
        const double value = double(reference::widen(half(pattern)));
        const double next = pattern == 0x7bff ? 65536.0 : double(reference::widen(half(pattern + 1)));
        check.around(float(value));
        check.around(float((value + next) / 2));  // the tie, exact in float
    }
    CHECK(check.wrong == "");
}

TEST_CASE("a float rounds to the nearest half in every binade", "[scalar]") {
    rounding_check check;
    for (std::uint32_t exponent = 0; exponent < 255; ++exponent)
        for (std::uint32_t top = 0; top < 2048; ++top)
            for (const std::uint32_t rest : {0u, 1u, 0x7ffu, 0x800u, 0x801u, 0xfffu})
                check(reference::float_from_bits((exponent << 23) | (top << 12) | rest));
    CHECK(check.wrong == "");
}

TEST_CASE("overflow, the smallest subnormal and signed zeros of half are where IEEE 754 puts them", "[scalar]") {
    CHECK(float16(65504.0f).bits == 0x7bff);
    CHECK(float16(std::nextafter(65520.0f, 0.0f)).bits == 0x7bff);
    CHECK(float16(65520.0f).bits == 0x7c00);
    CHECK(float16(-65520.0f).bits == 0xfc00);
    CHECK(float16(3e38f).bits == 0x7c00);
    CHECK(float16(reference::float_from_bits(0xff800000u)).bits == 0xfc00);
    CHECK(float16(0x1p-24f).bits == 0x0001);
    CHECK(float16(0x1p-25f).bits == 0x0000);  // a tie: even
    CHECK(float16(std::nextafter(0x1p-25f, 1.0f)).bits == 0x0001);
    CHECK(float16(0x1.8p-24f).bits == 0x0002);    // a tie: even
    CHECK(float16(0x1.ffcp-15f).bits == 0x0400);  // a tie between the largest subnormal and the smallest normal
    CHECK(float16(reference::float_from_bits(1u)).bits == 0x0000);
    CHECK(float16(0.0f).bits == 0x0000);
    CHECK(float16(-0.0f).bits == 0x8000);
    CHECK(float16(-1e-30f).bits == 0x8000);
}

TEST_CASE("every bfloat16 widens to its float exactly, and comes back", "[scalar]") {
    int wrong = 0;
    for (int pattern = 0; pattern < 65536; ++pattern) {
        const bfloat16 brain = bfloat16::from_bits(std::uint16_t(pattern));
        const float wide = brain;
        if (reference::is_nan(brain)) {
            wrong += !reference::is_nan(wide) || bfloat16(wide).bits != (pattern | 0x40);
        } else if (!reference::is_finite(brain)) {
            wrong += reference::bits(wide) != (std::uint32_t(pattern) << 16) || bfloat16(wide).bits != pattern;
        } else {
            wrong += (long double)(wide) != reference::widen(brain) || bfloat16(wide).bits != pattern;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a float rounds to the nearest bfloat16, ties to even, at every bfloat16, every tie and their neighbours",
          "[scalar]") {
    int wrong = 0;
    for (std::uint32_t upper = 0; upper < 0x7f80; ++upper)
        for (const std::uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
            for (const std::uint32_t sign : {0u, 0x80000000u}) {
                const float x = reference::float_from_bits(sign | (upper << 16) | lower);
                wrong += bfloat16(x).bits != reference::bfloat16_bits(double(x));
            }
    CHECK(wrong == 0);
    CHECK(bfloat16(3.4e38f).bits == 0x7f80);
    CHECK(bfloat16(reference::float_from_bits(0xff7f7fffu)).bits == 0xff7f);  // the last that is not infinity
    CHECK(bfloat16(reference::float_from_bits(0xff7f8000u)).bits == 0xff80);
    CHECK(reference::is_nan(bfloat16(reference::float_from_bits(0x7f800001u))));
    CHECK(bfloat16(reference::float_from_bits(0xffc00000u)).bits == 0xffc0);
}

}  // namespace tests
