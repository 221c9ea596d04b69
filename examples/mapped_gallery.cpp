// How does a search service keep more rows than it wants to load? In a gallery file: it grows on the disk, and is
// searched there.
#include <cstdint>
#include <cstdio>

#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

/// What an encoder returns for images first .. first + count - 1.
us::matrix<float> encode(us::idx_t first, us::idx_t count) {
    us::matrix<float> rows(count, 64);
    for (us::idx_t i = 0; i < count; ++i) {
        std::uint32_t state = std::uint32_t(first + i + 1) * 2654435761u;
        for (float& x : rows[i]) x = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1.0f;
    }
    return rows;
}

int main() {
    const char* const path = "mapped_gallery_example.gallery";
    std::remove(path);
    {
        us::gallery_writer writer(path);
        for (us::idx_t done = 0; done < 10000; done += 500) writer.append(encode(done, 500));  // a piece at a time
        writer.commit();  // from here on a crash loses none of them
    }
    const us::mapped_gallery catalogue = us::map_gallery(path);  // reads two pages; a search reads the rest

    us::gallery_writer writer(path);  // more rows come while others search
    writer.append(encode(10000, 3));
    writer.commit();
    std::printf("the service has %d rows, the file %d\n", int(catalogue.rows()), int(us::map_gallery(path).rows()));

    const us::neighbours hits = us::top_k(encode(4321, 1), catalogue, 2);
    for (const auto [row, score] : hits[0]) std::printf("row %d, cosine %.4f\n", int(row), score);
    us::map_gallery(path).verify();  // every byte is what was written
    std::remove(path);
}
