#include "../support/progress.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "../../../tests/support/catch.hpp"

namespace tests {

using support::progress;

namespace {

/// A new root file system may have none: then ctest says "skipped".
bool no_terminal() {
    const int near = posix_openpt(O_RDWR | O_NOCTTY);
    const bool usable = near >= 0 && grantpt(near) == 0 && unlockpt(near) == 0 && ptsname(near) != nullptr &&
                        access(ptsname(near), R_OK | W_OK) == 0;
    if (near >= 0) close(near);
    if (!usable) std::puts("skipped: there is no pseudo-terminal");
    return !usable;
}

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
    /// All of it: what is written to a terminal arrives piece by piece, some time later.
    std::string text() const {
        std::string all;
        for (pollfd waiting{near_, POLLIN, 0}; poll(&waiting, 1, 300) > 0 && (waiting.revents & POLLIN) != 0;) {
            char bytes[4096];
            const ssize_t count = read(near_, bytes, sizeof bytes);
            if (count <= 0) break;
            all.append(bytes, std::size_t(count));
        }
        return all;
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

TEST_CASE("progress is printed on a terminal after the first second, and erased at the end", "[progress]") {
    if (no_terminal()) return;
    CHECK(shown_by(true, std::chrono::milliseconds(1100)) == "\rsearching  50 %\r               \r");
    CHECK(shown_by(true, std::chrono::milliseconds(10)) == "");
    CHECK(shown_by(false, std::chrono::milliseconds(1100)) == "");
}

TEST_CASE("progress without a whole prints the current step over the whole of the line before", "[progress]") {
    if (no_terminal()) return;
    const captured_stderr stderr_now(true);
    {
        progress show("fitting");
        std::this_thread::sleep_for(std::chrono::milliseconds(1010));
        show.say("iteration 10");
        std::this_thread::sleep_for(std::chrono::milliseconds(210));
        show.say("done");
    }
    const std::string first = "fitting, iteration 10", second = "fitting, done        ";
    CHECK(stderr_now.text() == "\r" + first + "\r" + second + "\r" + std::string(first.size(), ' ') + "\r");
}

TEST_CASE("progress is a part of the whole in percent", "[progress]") {
    CHECK(progress::percent(0, 3) == "  0 %");
    CHECK(progress::percent(2, 3) == " 66 %");
    CHECK(progress::percent(3, 3) == "100 %");
    CHECK(progress::percent(0, 0) == "100 %");
}

}  // namespace tests
