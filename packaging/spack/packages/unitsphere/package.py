import os

from spack.package import *
from spack_repo.builtin.build_systems.cmake import CMakePackage


class Unitsphere(CMakePackage):
    """Unit embeddings, similarities and zero-shot labels from the rows of CLIP-like encoders."""

    git = "file://" + os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))

    license("MIT")

    version("main", branch="main")

    variant("eigen", default=False, description="unitsphere::eigen")
    variant("tbb", default=False, description="unitsphere::tbb")

    depends_on("cxx", type="build")
    depends_on("cmake@3.16:", type="build")
    depends_on("xsimd@8.1:")
    depends_on("eigen@3.4:", when="+eigen")
    depends_on("intel-oneapi-tbb", when="+tbb")

    def cmake_args(self):
        return [self.define("UNITSPHERE_FETCH", False)]
