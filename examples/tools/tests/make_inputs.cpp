// make_inputs DIRECTORY [A.npy B.npy]: writes what the tests of the examples read, and nothing else stays there.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <unitsphere/io/keyed_gallery.hpp>
#include <unitsphere/io/npy.hpp>
#include <unitsphere/io/safetensors.hpp>

namespace us = unitsphere;

namespace {

/// Rows of norm 5, 0, NaN, 2 and 1; the same by ids.
void write_odd_rows(const std::string& file, const std::string& gallery_file) {
    us::matrix<float> rows(5, 4);
    rows(0, 0) = 3, rows(0, 1) = 4, rows(2, 0) = std::nanf(""), rows(3, 3) = 2, rows(4, 1) = 1;
    us::save_npy(file, rows.view());
    const int ids[] = {70, 60, 50, 40, 30};
    us::keyed<us::compact_gallery<us::bfloat16>> by_id;
    by_id.add(ids, rows);
    us::save_gallery(gallery_file, by_id);
}

/// 300 raw rows of two classes, one of them rarer; the last row but one is zero, a failed image.
void write_two_classes(const std::string& rows_file, const std::string& labels_file) {
    us::matrix<float> rows(300, 40);
    std::vector<us::idx_t> labels;
    unsigned state = 1;
    for (us::idx_t i = 0; i < 300; ++i) {
        labels.push_back(i % 4 == 1 ? 1 : 0);
        for (us::idx_t k = 0; k < 40; ++k) {
            state = state * 1664525u + 1013904223u;
            rows(i, k) = float(state >> 8) * 0x1p-20f - 8.0f + (labels.back() == 1 && k % 2 == 0 ? 1.5f : 0.0f);
        }
    }
    std::fill_n(rows.row(298), 40, 0.0f);
    us::save_npy(rows_file, rows.view());
    us::save_npy(labels_file, labels);
}

/// The rows of two files below each other, and the number that each has in its file: its class.
void write_stacked(const std::string& rows_file, const std::string& map_file, const char* a_file, const char* b_file) {
    const us::matrix<float> a = us::load_npy<float>(a_file), b = us::load_npy<float>(b_file);
    us::matrix<float> rows(a.rows() + b.rows(), a.dim());
    std::copy_n(a.data(), a.rows() * a.dim(), rows.data());
    std::copy_n(b.data(), b.rows() * b.dim(), rows.row(a.rows()));
    us::save_npy(rows_file, rows.view());
    std::FILE* const map = std::fopen(map_file.c_str(), "w");
    if (map == nullptr) throw us::file_error(map_file + ": cannot be created");
    for (us::idx_t i = 0; i < rows.rows(); ++i) std::fprintf(map, "%d\n", int(i < a.rows() ? i : i - a.rows()));
    std::fclose(map);
}

void write_two_tensors(const std::string& file) {
    us::matrix<float> images(3, 2), texts(4, 2);
    std::fill_n(images.data(), 6, 1.0f), std::fill_n(texts.data(), 8, 2.0f);
    us::save_safetensors(file, {{"images", images}, {"texts", texts}});
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 2 && argc != 4) return 2;
    const std::string directory = std::string(argv[1]) + "/";
    std::filesystem::remove_all(argv[1]);  // what an earlier run wrote must not pass for this one's
    std::filesystem::create_directories(argv[1]);
    write_odd_rows(directory + "odd_rows.npy", directory + "odd_ids.gallery");
    std::filesystem::create_symlink("odd_rows.npy", directory + "odd_link.npy");
    write_two_classes(directory + "two_classes.npy", directory + "two_labels.npy");
    write_two_tensors(directory + "two_tensors.safetensors");
    if (argc == 4) write_stacked(directory + "stacked.npy", directory + "stacked_classes.txt", argv[2], argv[3]);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "make_inputs: %s\n", error.what());
    return 2;
}
