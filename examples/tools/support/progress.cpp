#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace support {

progress::progress(std::string what)
    : what_(std::move(what)), on_terminal_(isatty(STDERR_FILENO) == 1), next_(clock::now() + std::chrono::seconds(1)) {}

progress::~progress() {
    if (drawn_ > 0) std::fprintf(stderr, "\r%*s\r", int(drawn_), "");
}

void progress::operator()(unitsphere::idx_t part, unitsphere::idx_t whole) {
    const unitsphere::idx_t done = done_ += part;
    const std::unique_lock<std::mutex> lock(drawing_, std::try_to_lock);  // nobody waits for a drawing
    if (lock && is_due()) draw(" " + percent(done, whole));
}

void progress::say(const std::string& state) {
    const std::unique_lock<std::mutex> lock(drawing_, std::try_to_lock);
    if (lock && is_due()) draw(", " + state);
}

void progress::draw(const std::string& state) {
    const std::string line = what_ + state;
    std::fprintf(stderr, "\r%-*s", int(drawn_), line.c_str());  // over all of the line before
    std::fflush(stderr);
    drawn_ = std::max(drawn_, line.size());
    next_ = clock::now() + std::chrono::milliseconds(200);
}

std::string progress::percent(unitsphere::idx_t done, unitsphere::idx_t whole) {
    const int hundredths = whole > 0 ? int(double(done) / double(whole) * 100.0) : 100;
    char text[8];
    std::snprintf(text, sizeof text, "%3d %%", hundredths);
    return text;
}

}  // namespace support
