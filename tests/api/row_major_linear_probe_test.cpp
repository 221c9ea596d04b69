// The tests of linear_probe_test where the user has made row-major Eigen's default: no fit changes.
#define EIGEN_DEFAULT_TO_ROW_MAJOR
#include "linear_probe_test.cpp"
