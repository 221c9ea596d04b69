// What xsimd costs alone.
#include <xsimd/xsimd.hpp>
