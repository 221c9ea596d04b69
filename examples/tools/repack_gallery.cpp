// How does a gallery file come to a machine of the other kind? With panels of the width that is mapped there.
#include <cstdio>
#include <cstring>
#include <string>

#include <unitsphere/io/gallery.hpp>
#include <unitsphere/io/repack_gallery.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"

namespace us = unitsphere;

namespace {

constexpr us::idx_t own_width = us::engine::panels<float>::columns;

void show_both_widths() {
    const char* const path = "repack_gallery_example.gallery";
    us::matrix<float> rows(100, 8);
    for (us::idx_t i = 0; i < 100; ++i)
        for (us::idx_t k = 0; k < 8; ++k) rows(i, k) = float((i * 37 + k * 11) % 101) - 50.0f;
    const us::gallery saved(rows);
    us::save_gallery(path, saved);
    us::repack_gallery(path, path, 48 - own_width);
    const us::unit_embeddings<> before = saved.unit_rows(), after = us::load_gallery(path).unit_rows();
    const bool same = std::memcmp(before.data(), after.data(), 100 * 8 * sizeof(float)) == 0;
    std::printf("this build maps panels of %d rows; of the other width, loaded: the same rows: %s\n", int(own_width),
                same ? "yes" : "no");
    std::remove(path);
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("repack_gallery", [&] {
        std::string in, out;
        us::idx_t panel_rows = own_width;
        support::command_line line("repack_gallery",
                                   "How does a gallery file come to a machine of the other kind?\n"
                                   "Without arguments: a small file, both ways.");
        line.file("IN", in, "a gallery file");
        line.file("OUT", out, "where to write it, with panels of --panel-rows rows");
        line.count("--panel-rows", panel_rows, "32 for builds with AVX-512, 16 for all others; this build's");
        if (!line.parse(argc, argv)) return show_both_widths();
        us::repack_gallery(in, out, panel_rows);
    });
}
