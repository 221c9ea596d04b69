#include <cstdio>

#include <unitsphere/interop/mpi.hpp>

int main() {
    int version = 0, subversion = 0;
    MPI_Get_version(&version, &subversion);  // needs no MPI_Init, so no mpirun either
    std::printf("MPI %d.%d\n", version, subversion);
    const auto search = [](const unitsphere::matrix<float>& rows) {
        return unitsphere::mpi::top_k(MPI_COMM_WORLD, rows, rows, 1);
    };
    return version >= 3 && sizeof(search) > 0 ? 0 : 1;
}
