// expect: unitsphere: this argument is used in place, so its rows must be contiguous
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

void wrong(const Eigen::MatrixXf& rows, Eigen::MatrixXf& scores) {
    unitsphere::cosine_similarity_into(rows, rows, scores);
}
