/// The primitives on x86 (SSE2 to AVX-512) that xsimd lacks, or that differ between its versions.
#pragma once

#include "lanes_x86_avx.hpp"
#include "lanes_x86_avx512.hpp"
#include "lanes_x86_sse2.hpp"
