#define UNITSPHERE_KERNELS template
#include "compiled_kernels.hpp"
