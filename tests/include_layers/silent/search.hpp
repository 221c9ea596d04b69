/// The nearest rows.
#pragma once

#include "gallery.hpp"

struct neighbours {};
