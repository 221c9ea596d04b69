#include "progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace support {

progress::progress(std::string what)
    : what_(std::move(what)), on_terminal_(isatty(STDERR_FILENO) == 1), next_(clock::now() + std::chrono::seconds(1)) {}

progress::~progress() {
    if (drawn_) std::fprintf(stderr, "\r%*s\r", int(line(what_, 1, 1).size()), "");
}

void progress::operator()(unitsphere::index part, unitsphere::index whole) {
    const unitsphere::index done = done_ += part;
    if (!on_terminal_) return;
    const std::unique_lock<std::mutex> lock(drawing_, std::try_to_lock);  // nobody waits for a drawing
    if (!lock || clock::now() < next_) return;
    next_ = clock::now() + std::chrono::milliseconds(200);
    drawn_ = true;
    std::fprintf(stderr, "\r%s", line(what_, done, whole).c_str());
    std::fflush(stderr);
}

std::string progress::line(const std::string& what, unitsphere::index done, unitsphere::index whole) {
    const int percent = whole > 0 ? int(double(done) / double(whole) * 100.0) : 100;
    char text[8];
    std::snprintf(text, sizeof text, "%3d %%", percent);
    return what + " " + text;
}

}  // namespace support
