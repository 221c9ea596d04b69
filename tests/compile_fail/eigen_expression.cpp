// expect: unitsphere: evaluate the Eigen expression first, it has no memory of its own
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/unitsphere.hpp>

unitsphere::unit_embeddings<> wrong(const Eigen::MatrixXf& a) { return unitsphere::normalize(a + a); }
