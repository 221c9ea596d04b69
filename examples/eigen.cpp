// How do Eigen's matrices go in and come out? (Needs Eigen.)
#include <cstdio>

#include <Eigen/Core>
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

int main() {
    row_major images(2, 3);  // an embedding per row: read where it is
    images << 3, 4, 0, 1, 2, 2;
    Eigen::MatrixXf texts(3, 2);  // an embedding per column: its transpose is read where it is
    texts << 6, 0, 8, 0, 0, 5;

    row_major scores(2, 2);
    us::cosine_similarity_into(images, texts.transpose(), scores);  // written into Eigen's memory

    const us::unit_embeddings<> unit = us::normalize(images);
    const auto mapped = us::as_eigen(unit);  // a map, without a copy: valid as long as `unit` is
    std::printf("the sum of the first unit row is %.4f\n", mapped.row(0).sum());
    std::printf("cosines %.4f %.4f %.4f %.4f\n", scores(0, 0), scores(0, 1), scores(1, 0), scores(1, 1));
}
