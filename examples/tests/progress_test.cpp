#include "../support/progress.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "../../tests/catch.hpp"

namespace tests {

using support::progress;

namespace {

/// stderr is the far end of a pseudo-terminal, or of a pipe, until this ends.
class captured_stderr {
public:
    explicit captured_stderr(bool terminal) : before_(dup(STDERR_FILENO)) {
        int far = -1;
        if (terminal) {
            near_ = posix_openpt(O_RDWR | O_NOCTTY);
            REQUIRE(near_ >= 0);
            REQUIRE(grantpt(near_) == 0);
            REQUIRE(unlockpt(near_) == 0);
            far = open(ptsname(near_), O_RDWR | O_NOCTTY);
        } else {
            int ends[2];
            REQUIRE(pipe(ends) == 0);
            near_ = ends[0], far = ends[1];
        }
        REQUIRE(far >= 0);
        dup2(far, STDERR_FILENO);
        close(far);
        fcntl(near_, F_SETFL, O_NONBLOCK);
    }
    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;
    ~captured_stderr() {
        dup2(before_, STDERR_FILENO);
        close(before_);
        close(near_);
    }
    std::string text() const {
        char bytes[4096];
        const ssize_t count = read(near_, bytes, sizeof bytes);
        return count > 0 ? std::string(bytes, std::size_t(count)) : "";
    }

private:
    int near_ = -1, before_;
};

std::string shown_by(bool terminal, std::chrono::milliseconds first_wait) {
    const captured_stderr stderr_now(terminal);
    {
        progress show("searching");
        show(25, 100);
        std::this_thread::sleep_for(first_wait);
        show(25, 100);
        show(10, 100);  // too soon after the last
    }
    return stderr_now.text();
}

}  // namespace

TEST_CASE("progress stands on a terminal after the first second, and is gone at the end", "[progress]") {
    CHECK(shown_by(true, std::chrono::milliseconds(1100)) == "\rsearching  50 %\r               \r");
    CHECK(shown_by(true, std::chrono::milliseconds(10)) == "");
    CHECK(shown_by(false, std::chrono::milliseconds(1100)) == "");
}

TEST_CASE("a line of progress says how much of the whole is done", "[progress]") {
    CHECK(progress::line("fitting", 0, 3) == "fitting   0 %");
    CHECK(progress::line("fitting", 2, 3) == "fitting  66 %");
    CHECK(progress::line("fitting", 3, 3) == "fitting 100 %");
    CHECK(progress::line("fitting", 0, 0) == "fitting 100 %");
}

}  // namespace tests
