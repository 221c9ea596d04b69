#include "first.hpp"
