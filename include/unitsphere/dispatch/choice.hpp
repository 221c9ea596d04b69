/// The unit that chooses a level, beside the units of the levels, which it lists from the lowest to the best:
///
///   #define UNITSPHERE_LEVELS(LEVEL) LEVEL(x86_64) LEVEL(x86_64_v3) LEVEL(x86_64_v4)
///   #include <unitsphere/dispatch/choice.hpp>             compiled with the program's own flags
///
/// It runs before anything is known of the machine. Its functions are no inline ones: the program has them once.
#pragma once

#include "../detail/machine.hpp"

#if defined(UNITSPHERE_LEVELS)

#include <cstdlib>

namespace unitsphere {
namespace levels {
inline namespace UNITSPHERE_LEVELS_VERSION {

#define UNITSPHERE_LEVEL_DECLARED(level) extern const table UNITSPHERE_JOIN(level_, level, , , , , , );
UNITSPHERE_LEVELS(UNITSPHERE_LEVEL_DECLARED)
#undef UNITSPHERE_LEVEL_DECLARED

namespace {

#define UNITSPHERE_LEVEL_LISTED(level) &UNITSPHERE_JOIN(level_, level, , , , , , ),
constexpr const table* list[] = {UNITSPHERE_LEVELS(UNITSPHERE_LEVEL_LISTED)};
#undef UNITSPHERE_LEVEL_LISTED
constexpr idx_t list_size = idx_t(sizeof list / sizeof *list);

const table* chosen = nullptr;  ///< atomic; every thread that finds it null chooses the same

/// The names of the levels that the machine runs, or of all, for errors.
void add_names(unitsphere::detail::message& text, const unitsphere::detail::machine* here) {
    const char* comma = "";
    for (const table* const level : list)
        if (here == nullptr || unitsphere::detail::runs(*here, *level))
            text.add(comma), text.add(level->name), comma = ", ";
    if (*comma == 0) text.add("none");
}

const table& choose() {
    const auto here = unitsphere::detail::this_machine();
    const char* const asked = std::getenv("UNITSPHERE_LEVEL");
    const bool is_asked = asked != nullptr && *asked != 0;
    const table* best = nullptr;
    if (!is_asked) best = unitsphere::detail::best_of(here, list, list_size);
    for (const table* const level : list)
        if (is_asked && std::strcmp(asked, level->name) == 0 && unitsphere::detail::runs(here, *level)) best = level;
    if (best != nullptr) return *best;
    unitsphere::detail::message text;
    if (is_asked) text.add("UNITSPHERE_LEVEL is "), text.add(asked), text.add("; ");
    text.add("this program has the levels ");
    add_names(text, nullptr);
    text.add(", this machine runs of these: ");
    add_names(text, &here);
    raise_error(error_kind::value, text.text);
}

}  // namespace

raised::raised(error_kind what, const char* text) : std::invalid_argument(text), kind(what) {}
raised::raised(const raised& other) : std::invalid_argument(other), kind(other.kind) {}
raised::~raised() {}
void raise_error(error_kind kind, const char* text) {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
    throw raised(kind, text);
#else
    static_cast<void>(kind);
    UNITSPHERE_FAIL(text);
    std::terminate();
#endif
}

const table& running() {
    const table* level = __atomic_load_n(&chosen, __ATOMIC_ACQUIRE);
    if (level == nullptr) run(*(level = &choose()));
    return *level;
}
void run(const table& level) { __atomic_store_n(&chosen, &level, __ATOMIC_RELEASE); }
const table* const* all(idx_t& count) {
    count = list_size;
    return list;
}
bool is_supported(const table& level) { return unitsphere::detail::runs(unitsphere::detail::this_machine(), level); }

}  // namespace UNITSPHERE_LEVELS_VERSION

}  // namespace levels
}  // namespace unitsphere

#endif
