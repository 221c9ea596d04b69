// The main of the tests on real embeddings. Without the data it says so and ends with 77, which ctest calls skipped.
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"

#include <cstdio>

#include "real.hpp"

int main(int argc, char* argv[]) {
    if (!std::ifstream(tests::path("official_example/image.npy"))) {
        std::printf("skipped: no embeddings in \"%s\" (UNITSPHERE_DATA_DIR)\n", UNITSPHERE_DATA_DIR);
        return 77;
    }
    return Catch::Session().run(argc, argv);
}
