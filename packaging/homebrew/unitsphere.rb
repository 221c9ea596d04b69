class Unitsphere < Formula
  desc "Unit embeddings, similarities and zero-shot labels for CLIP-like encoders"
  license "MIT"
  head "file://#{File.expand_path("../..", __dir__)}", using: :git, branch: "main"

  depends_on "cmake" => [:build, :test]
  depends_on "xsimd"

  def install
    system "cmake", "-S", ".", "-B", "build", "-DUNITSPHERE_FETCH=OFF", *std_cmake_args
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"test.cpp").write <<~CPP
      #include <unitsphere/unitsphere.hpp>
      int main() {
        const float row[] = {3, 4};
        const unitsphere::matrix_view<const float> rows(row, 1, 2);
        return unitsphere::cosine_similarity(rows, rows)(0, 0) > 0.999f ? 0 : 1;
      }
    CPP
    system ENV.cxx, "-std=c++17", "-O1", "test.cpp", "-I#{include}", "-I#{Formula["xsimd"].opt_include}", "-o", "test"
    system "./test"
  end
end
