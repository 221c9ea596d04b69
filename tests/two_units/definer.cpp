#include "hand_over.hpp"

void take_classifier(const us::zero_shot_classifier&) {}
void take_gallery(const us::gallery&) {}
void take_report(const us::row_report&) {}

us::zero_shot_classifier* make_classifier() { return nullptr; }
us::gallery make_gallery() { return {}; }
us::row_report make_report() { return {}; }

us::zero_shot_classifier* kept_classifier = nullptr;
us::gallery kept_gallery;
us::row_report kept_report;
