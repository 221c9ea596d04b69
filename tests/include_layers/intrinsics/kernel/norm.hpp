#include <xsimd/xsimd.hpp>
inline void stop() { _mm_pause(); }
