#include "second.hpp"
