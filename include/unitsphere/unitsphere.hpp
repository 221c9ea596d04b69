/// Every header that needs only xsimd. Bridges and files are opt-in: unitsphere/interop, unitsphere/io.
#pragma once

#include "contrastive_loss.hpp"
#include "directions.hpp"
#include "gallery.hpp"
#include "linear_head.hpp"
#include "linear_probe.hpp"
#include "metrics.hpp"
#include "normalize.hpp"
#include "probability.hpp"
#include "retrieval.hpp"
#include "search.hpp"
#include "shards.hpp"
#include "similarity.hpp"
#include "version.hpp"
#include "zero_shot.hpp"
