#pragma once

#include "kernel/high.hpp"
