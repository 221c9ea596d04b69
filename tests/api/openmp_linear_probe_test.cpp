#include <unitsphere/linear_probe.hpp>

#include <filesystem>
#include <iterator>
#include <vector>

#include <omp.h>

#include "catch.hpp"
#include "random_rows.hpp"

// Eigen splits large products over OpenMP's threads by itself; a fit must not: nobody asked for threads.

namespace tests {

namespace {

/// OpenMP keeps its threads once they are begun.
idx_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("a fit begins no threads, also where Eigen could", "[probe][openmp]") {
    if (!std::filesystem::exists("/proc/self/task")) return;
    omp_set_num_threads(4);
    const matrix<float> rows = random_rows<float>(400, 300, 121);
    const idx_t before = threads_of_this_process();
    for (const idx_t classes : {idx_t(2), idx_t(40)}) {
        std::vector<idx_t> labels;
        for (idx_t i = 0; i < 400; ++i) labels.push_back(i % classes);
        unitsphere::logistic_regression_options options;
        options.tolerance = 1e-4;
        CHECK(unitsphere::logistic_regression(rows, labels, {}, options).converged);
    }
    CHECK(threads_of_this_process() == before);
    Eigen::MatrixXd a = Eigen::MatrixXd::Ones(400, 400), b(400, 400);
    b.noalias() = a * a;
    CHECK(threads_of_this_process() > before);  // else the above has proved nothing
}

}  // namespace tests
