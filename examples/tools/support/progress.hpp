/// How far long work has come: a line on stderr, after the first second, only on a terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include <unitsphere/data/config.hpp>

namespace support {

/// Made where the work begins, and gone with it, its line too:
///
///   support::progress show("searching");
///   us::top_k(queries, gallery, 10, us::execution(us::openmp{}).on_progress(show));
class progress {
public:
    explicit progress(std::string what);
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress();

    /// "searching 37 %": `part` more of `whole` is done. From any thread.
    void operator()(unitsphere::idx_t part, unitsphere::idx_t whole);
    /// "fitting, iteration 12 ...": where nobody knows how long it will take. From any thread.
    void say(const std::string& state);

    static std::string percent(unitsphere::idx_t done, unitsphere::idx_t whole);

private:
    using clock = std::chrono::steady_clock;

    bool is_due() const { return on_terminal_ && clock::now() >= next_; }
    void draw(const std::string& state);

    const std::string what_;
    const bool on_terminal_;
    std::atomic<unitsphere::idx_t> done_{0};
    std::mutex drawing_;
    clock::time_point next_;
    std::size_t drawn_ = 0;  ///< characters of the line that stands there
};

}  // namespace support
