// What must not pass between units with different flags, in the three ways in which it could: as a parameter, as a
// result and as a variable. caller.cpp uses these, definer.cpp defines them.
#pragma once

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

void take_classifier(const us::zero_shot_classifier& given);
void take_gallery(const us::gallery& given);
void take_report(const us::row_report& given);

us::zero_shot_classifier* make_classifier();
us::gallery make_gallery();
us::row_report make_report();

extern us::zero_shot_classifier* kept_classifier;
extern us::gallery kept_gallery;
extern us::row_report kept_report;
