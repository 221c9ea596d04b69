// Whatever a gallery file holds: it is refused by a file_error, or is a gallery of unit rows. Random bytes have no
// checksum that fits, so half the inputs are made into files whose checksums do.
#include <unitsphere/io/gallery.hpp>
#include <unitsphere/io/inspect_gallery.hpp>
#include <unitsphere/io/keyed_gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>

#include "input_file.hpp"

namespace {

const std::string& on_disk(const std::string& bytes) {
    static const input_file file;
    return file.write(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

/// What loads is inspected too, with the same answers.
template <class Gallery>
void check_inspected(const std::string& path, const Gallery& loaded, std::string_view storage, bool has_ids = false) {
    const auto found = unless_refused([&] { return us::inspect_gallery(path); });
    require(found && found->rows == loaded.rows() && found->dim == loaded.dim());
    require(found->storage == storage && found->has_ids == has_ids);
}

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

/// A file of a compact gallery with the checksums that it should have, whose mean, panels and numbers are the bytes
/// behind the commit.
template <class Storage>
std::string compact_with_checksums(const std::uint8_t* data, std::size_t size) {
    us::detail::gallery_commit commit;
    if (size < sizeof commit) return "";
    std::memcpy(&commit, data, sizeof commit);
    data += sizeof commit, size -= sizeof commit;
    std::memcpy(commit.magic, us::detail::gallery_magic, sizeof commit.magic);
    using layout_type = us::detail::compact_layout<Storage>;
    commit.version = 3, commit.element = us::detail::storage_number<Storage>;
    commit.panel_rows = layout_type::has_numbers || commit.panel_rows % 2 == 0 ? 16 : 32;
    commit.rows &= 127, commit.dim = (commit.dim & 15) + (commit.rows > 0);
    if (!(commit.deviation >= 0.0f)) commit.deviation = 1e-3f;
    const layout_type layout(commit);
    std::string file(std::size_t(layout.bytes()), '\0');
    const auto fill = [&](us::idx_t at, us::idx_t count) {
        const std::size_t some = std::size_t(count) < size ? std::size_t(count) : size;
        if (some > 0) std::memcpy(&file[std::size_t(at)], data, some);
        data += some, size -= some;
    };
    fill(layout.mean_at(), layout.mean_bytes());
    fill(layout.panels_at(), layout.all_panels());
    fill(layout.numbers_at(), layout.numbers_bytes());
    const auto sum = [&](us::idx_t at, us::idx_t count) { return us::detail::checksum_of(file.data() + at, count); };
    commit.last_panel_sum = layout.mean_bytes() > 0 ? sum(layout.mean_at(), layout.mean_bytes()) : 0;
    commit.panels_sum = us::detail::first_hash;
    for (us::idx_t p = 0; p < layout.panels(); ++p)
        commit.panels_sum = us::detail::mix_word(commit.panels_sum,
                                                 sum(layout.panels_at() + layout.panel_at(p), layout.panel_bytes(p)));
    for (us::idx_t at = 0; at < layout.numbers_bytes(); at += 128)
        commit.panels_sum = us::detail::mix_word(commit.panels_sum, sum(layout.numbers_at() + at, 128));
    const us::detail::commit_page page(commit);
    std::memcpy(&file[0], page.bytes, sizeof page.bytes);
    return file;
}

/// The same of a keyed gallery: most ids ascend.
std::string keyed_with_checksums(const std::uint8_t* data, std::size_t size) {
    std::string file = compact_with_checksums<std::int8_t>(data, size);
    if (file.empty()) return file;
    us::detail::commit_page page;
    std::memcpy(page.bytes, file.data(), sizeof page.bytes);
    us::detail::gallery_commit commit = page.commit();
    commit.element |= us::detail::element_with_ids;
    page = us::detail::commit_page(commit);
    std::memcpy(&file[0], page.bytes, sizeof page.bytes);
    us::array<us::idx_t> ids(commit.rows);
    us::idx_t id = 0;
    for (us::idx_t i = 0; i < commit.rows; ++i) id = ids[i] = id + data[std::size_t(i) % size] % 64 - (i == 0);
    us::detail::write_ids(static_cast<us::array<us::idx_t>&&>(ids), [&](const void* bytes, us::idx_t count) {
        file.append(static_cast<const char*>(bytes), std::size_t(count));
    });
    return file;
}

/// What loads is searched without a trap, comes back from another file, and is what a mapping finds.
template <class Gallery>
void check_file(const std::string& bytes, std::string_view storage) {
    using rows_type = Gallery;
    const auto load_it = [](const std::string& file) {
        std::istringstream stream(file);
        return us::load_gallery<rows_type>(stream);
    };
    const auto loaded = unless_refused([&] { return load_it(bytes); });
    const std::string& path = on_disk(bytes);
    if (loaded) check_inspected(path, *loaded, storage, us::detail::is_keyed<Gallery>);
    const auto mapped = unless_refused([&] { return us::map_gallery<rows_type>(path); });
    if (mapped && mapped->rows() > 0) us::top_k(us::matrix<float>(1, mapped->dim()), *mapped, 1);  // before verify
    if (mapped) require(bool(loaded) == bool(unless_refused([&] { return mapped->verify(), true; })));
    if (!loaded || loaded->rows() == 0) return;
    std::ostringstream to;
    us::save_gallery(to, *loaded);
    require(load_it(to.str()).rows() == loaded->rows());
    us::matrix<float> query(1, loaded->dim());
    for (us::idx_t k = 0; k < query.dim(); ++k) query(0, k) = float(k % 3) - 1.0f;
    const us::neighbours hits = us::top_k(query, *loaded, 3);
    if constexpr (us::detail::is_keyed<Gallery>) {
        for (const auto [id, score] : hits[0]) require(loaded->contains(id) && score >= -1 && score <= 1);
        require(loaded->unit_rows(loaded->ids()).rows() == loaded->rows());
    } else {
        for (const auto [row, score] : hits[0]) require(row >= 0 && row < loaded->rows() && score >= -1 && score <= 1);
        require(loaded->unit_rows().rows() == loaded->rows());
    }
    if (!mapped) return;
    const us::neighbours in_place = us::top_k(query, *mapped, 3);
    require(std::memcmp(in_place.scores.data(), hits.scores.data(), std::size_t(hits.scores.dim()) * sizeof(float)) ==
            0);
}
template <class Storage>
void check_compact(const std::uint8_t* data, std::size_t size, bool as_it_is) {
    check_file<us::compact_gallery<Storage>>(
        as_it_is ? std::string(reinterpret_cast<const char*>(data), size) : compact_with_checksums<Storage>(data, size),
        us::detail::storage_names[us::detail::storage_number<Storage>]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool as_it_is = data[0] % 2 == 0;
    switch (data[0] >> 3 & 7) {
        case 1:
            return check_compact<us::float16>(data + 1, size - 1, as_it_is), 0;
        case 2:
            return check_compact<us::bfloat16>(data + 1, size - 1, as_it_is), 0;
        case 3:
            return check_compact<std::int8_t>(data + 1, size - 1, as_it_is), 0;
        case 4:
            return check_compact<us::int4>(data + 1, size - 1, as_it_is), 0;
        case 5:
            return check_compact<us::one_bit>(data + 1, size - 1, as_it_is), 0;
        case 6:
            check_file<us::keyed<us::compact_gallery<std::int8_t>>>(
                as_it_is ? std::string(reinterpret_cast<const char*>(data) + 1, size - 1)
                         : keyed_with_checksums(data + 1, size - 1),
                "int8");
            return 0;
        case 7:
            return check_compact<us::fast_bfloat16>(data + 1, size - 1, as_it_is), 0;
    }
    const std::string bytes = as_it_is ? std::string(reinterpret_cast<const char*>(data) + 1, size - 1)
                                       : with_checksums(data + 1, size - 1, (data[0] & 2) != 0, (data[0] & 4) != 0);
    if (const auto loaded = unless_refused([&] { return load(bytes); })) {
        check(*loaded);
        check_inspected(on_disk(bytes), *loaded, "float");
    }
    check_in_place(bytes);
    return 0;
}
