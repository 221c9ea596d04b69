#include "../kernel/high.hpp"
