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
    us::idx_t threads;

    us::idx_t workers() const { return threads; }
    template <class Body>
    void operator()(us::idx_t count, Body body) const {
        std::vector<std::thread> team;
        for (us::idx_t i = 0; i < count; ++i) team.emplace_back([&body, i] { body(i); });
        for (std::thread& thread : team) thread.join();
    }
};

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 7) return 2;
    const us::linear_head head = us::load_head(argv[1]);
    const us::matrix<float> images = us::load_npy<float>(argv[2]);
    const us::idx_t batch = std::atoll(argv[4]);
    const on_threads how{std::atoll(argv[5])};
    us::linear_head_options options;
    options.rows.zero_rows = us::on_row::nan;
    std::vector<us::idx_t> flags;
    for (us::idx_t first = 0; first < images.rows(); first += batch) {
        const us::matrix_view<const float> some(images.row(first), std::min(batch, images.rows() - first),
                                                images.dim());
        for (const us::idx_t flag : head.predict(some, std::atof(argv[3]), how, options)) flags.push_back(flag);
    }
    us::save_npy(argv[6], flags);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "flags: %s\n", error.what());
    return 2;
}
