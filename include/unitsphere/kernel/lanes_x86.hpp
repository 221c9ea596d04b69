/// What xsimd does not offer on x86, or not alike in all its versions: the intrinsics of SSE2 to AVX-512.
#pragma once

#include "lanes_x86_avx.hpp"
#include "lanes_x86_avx512.hpp"
#include "lanes_x86_sse2.hpp"
