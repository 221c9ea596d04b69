/// Every header that needs only xsimd. Bridges and files are opt-in: unitsphere/interop, unitsphere/io.
#pragma once

#include "directions.hpp"
#include "evaluation.hpp"
#include "gallery.hpp"
#include "logits.hpp"
#include "near_duplicates.hpp"
#include "normalize.hpp"
#include "pair_ranks.hpp"
#include "probability.hpp"
#include "rank_scores.hpp"
#include "ranking.hpp"
#include "retrieval.hpp"
#include "search.hpp"
#include "similarity.hpp"
#include "version.hpp"
#include "zero_shot.hpp"
