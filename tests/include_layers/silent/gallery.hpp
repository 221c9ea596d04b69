/// Packed rows.
#pragma once

struct gallery {};
