#include <cstdio>

#include <Eigen/Core>

#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

int main() {
    Eigen::Matrix<float, 2, 2, Eigen::RowMajor> rows;
    rows << 3.0f, 4.0f, 0.0f, 2.0f;
    const unitsphere::matrix<float> cosines = unitsphere::cosine_similarity(rows, rows);
    std::printf("cosine %.4f through Eigen\n", double(unitsphere::as_eigen(cosines)(0, 1)));
}
