#include <Eigen/Core>

#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;
using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

TEST_CASE("Eigen rows score as the same rows in a view", "[eigen]") {
    const auto queries = random_rows<float>(5, 33, 61), gallery = random_rows<float>(7, 33, 62);
    const row_major a = as_eigen(queries);
    const Eigen::MatrixXf b = as_eigen(gallery).transpose();  // column-major, an embedding per column
    const auto expected = cosine_similarity(queries, gallery);

    CHECK((as_eigen(cosine_similarity(a, b.transpose())) == as_eigen(expected)));
    CHECK((as_eigen(cosine_similarity(a.middleRows(1, 3), gallery)) == as_eigen(expected).middleRows(1, 3)));
    CHECK((as_eigen(cosine_similarity(Eigen::Map<const row_major>(queries.data(), 5, 33), normalize(gallery))) ==
           as_eigen(expected)));
    const Eigen::VectorXf first = a.row(0).transpose(), second = b.col(1);
    CHECK(cosine(first, second) == expected(0, 1));
}

TEST_CASE("a block of columns keeps its stride", "[eigen]") {
    const auto wide = random_rows<float>(4, 40, 63);
    const row_major block = as_eigen(wide).middleCols(3, 20);
    CHECK((as_eigen(normalize(as_eigen(wide).middleCols(3, 20))) == as_eigen(normalize(block))));
}

TEST_CASE("Eigen::half is float16", "[eigen]") {
    const auto rows = random_rows<float16>(3, 20, 64);
    Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> half(3, 20);
    for (index i = 0; i < 3; ++i)
        for (index k = 0; k < 20; ++k) half(i, k) = Eigen::numext::bit_cast<Eigen::half>(rows(i, k).bits);
    CHECK((as_eigen(normalize(half)) == as_eigen(normalize(rows))));
}

}  // namespace tests
