/// Every header that needs only xsimd. Bridges and files are opt-in: unitsphere/interop, unitsphere/io.
#pragma once

#include "clip_loss.hpp"
#include "contrastive_loss.hpp"
#include "contrastive_pairs.hpp"
#include "directions.hpp"
#include "evaluation.hpp"
#include "gallery.hpp"
#include "logits.hpp"
#include "normalize.hpp"
#include "probability.hpp"
#include "search.hpp"
#include "siglip_loss.hpp"
#include "similarity.hpp"
#include "version.hpp"
#include "zero_shot.hpp"
