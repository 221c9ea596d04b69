/// What nearly every test, example and tool includes and, of its templates, the kernels that take longest to compile:
/// compiled_kernels.cpp compiles those once for all programs.
#pragma once

#include <unitsphere/unitsphere.hpp>

#ifndef UNITSPHERE_KERNELS
#define UNITSPHERE_KERNELS extern template
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

UNITSPHERE_KERNELS void multiply(const multiply_operands<float>&) noexcept;
UNITSPHERE_KERNELS void multiply(const multiply_operands<double>&) noexcept;
UNITSPHERE_KERNELS void multiply(const multiply_operands<float, float16>&) noexcept;
UNITSPHERE_KERNELS void multiply(const multiply_operands<float, bfloat16>&) noexcept;

#define UNITSPHERE_UNPACKED(C, T)                                                                \
    UNITSPHERE_KERNELS void multiply_unpacked(int, const C*, const unpacked_rows<T>&, idx_t, C*, \
                                              const unpacked_next<T>&) noexcept
UNITSPHERE_UNPACKED(float, float);
UNITSPHERE_UNPACKED(float, float16);
UNITSPHERE_UNPACKED(float, bfloat16);
UNITSPHERE_UNPACKED(float, std::int8_t);
UNITSPHERE_UNPACKED(float, double);
UNITSPHERE_UNPACKED(double, double);
#undef UNITSPHERE_UNPACKED

UNITSPHERE_KERNELS double exp_columns<true>(const float*, int, float, float*) noexcept;
UNITSPHERE_KERNELS double exp_columns<false>(const float*, int, float, float*) noexcept;
UNITSPHERE_KERNELS running_softmax sum_strip_below<true>(float, const float*, int) noexcept;
UNITSPHERE_KERNELS running_softmax sum_strip_below<false>(float, const float*, int) noexcept;
UNITSPHERE_KERNELS void softmax_short_rows<lane_count>(const float*, idx_t, int, idx_t, float*, idx_t) noexcept;
UNITSPHERE_KERNELS void softmax_short_rows<2 * lane_count>(const float*, idx_t, int, idx_t, float*, idx_t) noexcept;

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
