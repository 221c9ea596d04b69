#include <string>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"

#if UNITSPHERE_VERSION < 100
#error "the preprocessor can compare UNITSPHERE_VERSION"
#endif

namespace tests {

TEST_CASE("the version's number and text agree with its three parts", "[version]") {
    CHECK(UNITSPHERE_VERSION / 10000 == UNITSPHERE_VERSION_MAJOR);
    CHECK(UNITSPHERE_VERSION / 100 % 100 == UNITSPHERE_VERSION_MINOR);
    CHECK(UNITSPHERE_VERSION % 100 == UNITSPHERE_VERSION_PATCH);
    CHECK(std::string(UNITSPHERE_VERSION_TEXT) == std::to_string(UNITSPHERE_VERSION_MAJOR) + "." +
                                                      std::to_string(UNITSPHERE_VERSION_MINOR) + "." +
                                                      std::to_string(UNITSPHERE_VERSION_PATCH));
}

}  // namespace tests
