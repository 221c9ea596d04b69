#pragma once

#include "data/low.hpp"
