// flags HEAD.npy IMAGES.npy THRESHOLD BATCH THREADS OUT.npy: a detector's flags, so many images at a time on so many
// threads.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include <unitsphere/io/linear_head.hpp>
#include <unitsphere/io/npy.hpp>

namespace us = unitsphere;

namespace {

struct on_threads {
    us::index threads;

    us::index workers() const { return threads; }
    template <class Body>
    void operator()(us::index count, Body body) const {
        std::vector<std::thread> team;
        for (us::index i = 0; i < count; ++i) team.emplace_back([&body, i] { body(i); });
        for (std::thread& thread : team) thread.join();
    }
};

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 7) return 2;
    const us::linear_head head = us::load_head(argv[1]);
    const us::matrix<float> images = us::load_npy<float>(argv[2]);
    const us::index batch = std::atoll(argv[4]);
    const on_threads how{std::atoll(argv[5])};
    us::normalize_options options;
    options.zero_rows = us::on_row::nan;
    std::vector<us::index> flags;
    for (us::index first = 0; first < images.rows(); first += batch) {
        const us::matrix_view<const float> some(images.row(first), std::min(batch, images.rows() - first),
                                                images.dim());
        for (const us::index flag : head.predict(some, std::atof(argv[3]), how, options)) flags.push_back(flag);
    }
    us::save_npy(argv[6], flags);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "flags: %s\n", error.what());
    return 2;
}
