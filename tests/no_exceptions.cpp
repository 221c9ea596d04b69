// Built with -fno-exceptions -fno-rtti; the argument chooses how it ends: none, shape, value, load, save.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>

#ifdef OWN_FAIL
[[noreturn]] inline void own_fail(const char* message) {
    std::printf("%s\n", message);
    std::exit(3);
}
#define UNITSPHERE_FAIL(message) own_fail(message)
#endif

#include "every_header.hpp"

namespace us = unitsphere;

int main(int, char** arguments) {
    const char* error = arguments[1];
    std::set_terminate([] {
        std::printf("terminate\n");
        std::exit(4);
    });

    us::matrix<float> queries(2, 3), gallery(2, std::strcmp(error, "shape") == 0 ? 4 : 3);
    for (us::idx_t i = 0; i < 2; ++i) queries(i, i) = gallery(i, i) = 1.0f;
    if (std::strcmp(error, "value") == 0) gallery(1, 0) = std::numeric_limits<float>::infinity();
    const us::matrix<float> scores = us::cosine_similarity(queries, gallery);
    const us::zero_shot_classifier classifier(gallery, us::logit_scale::from_multiplier(100.0f));
    const us::matrix<float> probabilities = classifier.predict_proba(queries);

    if (std::strcmp(error, "load") == 0) us::load_npy<float>("no_such_file.npy");
    us::save_npy(std::strcmp(error, "save") == 0 ? "no_such_directory/scores.npy" : "no_exceptions.npy", scores);
    const us::idx_t rows = us::visit_npy("no_exceptions.npy", [](auto&& loaded) { return loaded.rows(); });
    std::remove("no_exceptions.npy");
    if (scores(0, 0) == 1.0f && probabilities(0, 0) > 0.9f && rows == 2) std::printf("no error\n");
}
