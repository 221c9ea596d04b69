#pragma once

#include "../newest.hpp"
