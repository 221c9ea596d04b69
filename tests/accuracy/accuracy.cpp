// How far is each public function from exact, at worst? A Markdown table of the largest errors that were found, beside
// their bounds. Ends with 1 if a bound does not hold. `accuracy --quick` takes seconds.
#include <chrono>
#include <cstdio>
#include <cstring>

#include <unitsphere/data/config.hpp>

#include "table.hpp"

namespace accuracy {

void table::add(const subject& what, const measurement& found) {
    char figures[120];
    std::snprintf(figures, sizeof figures, "%.3g | %.4g", found.error(), found.bound());
    lines_.push_back("| " + what.function + " | " + what.elements + " | " + what.rows + " | " + what.dims + " | " +
                     std::to_string(found.results()) + " | " + what.unit + " | " + figures + " |");
    if (!found.broken()) return;
    broken_ = true;
    std::fprintf(stderr, "broken: %s\n", lines_.back().c_str());
}

void table::print() const {
    std::printf("| function | elements | rows | dims, columns, range | results | error in | %s | bound |\n",
                unitsphere::instruction_set());
    std::printf("|---|---|---|---|---|---|---|---|\n");
    for (const std::string& line : lines_) std::printf("%s\n", line.c_str());
}

}  // namespace accuracy

int main(int count, char** arguments) {
    const bool quick = count == 2 && std::strcmp(arguments[1], "--quick") == 0;
    if (count != (quick ? 2 : 1)) {
        std::fprintf(stderr, "accuracy [--quick]\n");
        return 2;
    }
    using clock = std::chrono::steady_clock;
    accuracy::table results(quick);
    for (const auto measure : {accuracy::measure_rows, accuracy::measure_cosines, accuracy::measure_logits,
                               accuracy::measure_directions, accuracy::measure_exp, accuracy::measure_probabilities}) {
        const auto start = clock::now();
        measure(results);
        std::fprintf(stderr, "%.1f s\n", std::chrono::duration<double>(clock::now() - start).count());
    }
    results.print();
    return results.broken() ? 1 : 0;
}
