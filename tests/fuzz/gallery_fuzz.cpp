// Whatever a gallery file holds: it is refused by a file_error, or is a gallery of unit rows. Random bytes have no
// checksum that fits, so half the inputs are made into files whose checksums do.
#include <unitsphere/io/gallery.hpp>
#include <unitsphere/normalize.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>

#include "input_file.hpp"

namespace {

us::gallery load(const std::string& bytes) {
    std::istringstream stream(bytes);
    return us::load_gallery(stream);
}

void check(const us::gallery& rows) {
    const double deviation = rows.packed().deviation, tolerance = deviation > 0x1p-13 ? deviation : 0x1p-13;
    const auto unit = rows.unit_rows();
    for (const double norm : us::norms(unit.values()))
        require(norm == 0 || !us::detail::is_finite(norm) || std::fabs(norm - 1) <= tolerance * (1 + 1e-5));
    std::ostringstream to;
    us::save_gallery(to, rows);
    require(load(to.str()).rows() == rows.rows());
}

/// In place: what loads is what is searched there, where the file has this build's panels.
void check_in_place(const std::string& bytes) {
    const auto view = unless_refused([&] { return us::gallery_view(bytes.data(), us::idx_t(bytes.size())); });
    if (!view) return;
    const bool is_right = bool(unless_refused([&] { return view->verify(), true; }));
    const auto loaded = unless_refused([&] { return load(bytes); });
    require(is_right == bool(loaded));
    if (!loaded || loaded->rows() == 0) return;
    require(view->rows() == loaded->rows() && view->dim() == loaded->dim());
    const us::idx_t last = view->rows() - 1;
    const auto a = view->unit_rows(last, 1), b = loaded->unit_rows(last, 1);
    require(std::memcmp(a.data(), b.data(), std::size_t(a.dim()) * sizeof(float)) == 0);
}

/// A file of one or two commits and panels, with the checksums that it should have; or the newest commit has a wrong
/// one of its last panel, or the pages have any sequence numbers.
std::string with_checksums(const std::uint8_t* data, std::size_t size, bool spoils_newest, bool any_sequence) {
    constexpr std::size_t head = sizeof(us::detail::gallery_commit);
    us::detail::gallery_commit commits[2];
    if (size < 2 * head) return "";
    std::memcpy(commits, data, 2 * head);
    const std::string rest(reinterpret_cast<const char*>(data) + 2 * head, size - 2 * head);
    std::string file(2 * us::detail::file_page, '\0');
    for (us::detail::gallery_commit& commit : commits) {
        std::memcpy(commit.magic, us::detail::gallery_magic, sizeof commit.magic);
        commit.version = 3, commit.panel_rows = commit.panel_rows % 2 == 0 ? 16 : 32, commit.element = 0;
        commit.rows &= 127, commit.dim = (commit.dim & 15) + (commit.rows > 0);
        if (!(commit.deviation >= 0.0f)) commit.deviation = 1e-3f;
        if (!any_sequence) commit.sequence = (commit.sequence & (INT64_MAX - 1)) + (&commit - commits);
        const us::detail::gallery_layout layout(commit);
        if (us::idx_t(file.size()) < layout.bytes()) file.resize(std::size_t(layout.bytes()));
    }
    for (std::size_t at = 2 * us::detail::file_page, k = 0; at < file.size() && !rest.empty(); ++at, ++k)
        file[at] = rest[k % rest.size()];
    for (us::detail::gallery_commit& commit : commits) {
        const us::detail::gallery_layout layout(commit);
        commit.last_panel_sum =
            us::detail::checksum_of(file.data() + layout.last_at(commit.sequence), layout.last_bytes());
        std::memcpy(&file[std::size_t(layout.last_in_place())], file.data() + layout.last_at(commit.sequence),
                    std::size_t(layout.last_bytes()));
        commit.panels_sum = us::detail::first_hash;
        for (us::idx_t p = 0; p < layout.full_panels(); ++p)
            commit.panels_sum = us::detail::mix_word(
                commit.panels_sum, us::detail::checksum_of(file.data() + layout.panels_at() + p * layout.panel_bytes(),
                                                           layout.panel_bytes()));
        if (spoils_newest && commit.sequence >= commits[&commit == commits].sequence) commit.last_panel_sum ^= 1;
        const us::detail::commit_page page(commit);
        std::memcpy(&file[std::size_t(&commit - commits) * us::detail::file_page], page.bytes, sizeof page.bytes);
    }
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes = data[0] % 2 == 0
                                  ? std::string(reinterpret_cast<const char*>(data) + 1, size - 1)
                                  : with_checksums(data + 1, size - 1, (data[0] & 2) != 0, (data[0] & 4) != 0);
    if (const auto loaded = unless_refused([&] { return load(bytes); })) check(*loaded);
    check_in_place(bytes);
    return 0;
}
