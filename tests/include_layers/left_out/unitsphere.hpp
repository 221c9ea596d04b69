#pragma once

#include "older.hpp"
