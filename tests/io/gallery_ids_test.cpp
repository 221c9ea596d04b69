#include <algorithm>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/io/keyed_gallery.hpp>
#include <unitsphere/io/repack_gallery.hpp>
#include <unitsphere/knn_classify.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "gallery_bytes.hpp"
#include "gallery_files.hpp"
#include "npy_files.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

constexpr idx_t dim_of_rows = 21;

template <class Keyed>
Keyed keyed_from(const std::string& bytes) {
    std::istringstream stream(bytes);
    return load_gallery<Keyed>(stream, on_threads{2});
}
template <class Keyed = keyed_gallery>
std::string refused_ids(const std::string& bytes) {
    return message_of<file_error>([&] { keyed_from<Keyed>(bytes); });
}

/// A file of rows becomes that of a keyed gallery: its commit says so, and the ids follow.
std::string with_ids(std::string file, const std::vector<idx_t>& ids) {
    file[69] = 1;
    std::string list;
    for (const idx_t id : ids) list += stored(id);
    return with_page_sum(file) + list + stored(sum_of(list));
}

/// A keyed gallery of rows of ids 10, 20, .. that came in another order, some of which have gone, and what is left.
template <class Gallery>
struct past_of_ids {
    keyed<Gallery> rows = {};
    std::vector<idx_t> ids = {};
    matrix<float> left;

    explicit past_of_ids(idx_t count) : left(0, dim_of_rows) {
        const auto all = rows_with_ties<float>(60, dim_of_rows, 901);
        std::vector<std::vector<float>> kept;
        for (idx_t i = 0; i < count; ++i) {
            const idx_t id = 10 * ((7 * i + 3) % count) + 10;
            const float* const row = all.row(i % 60);
            rows.add(id, matrix_view<const float>(row, 1, dim_of_rows));
        }
        for (idx_t id = 10; id <= 10 * count; id += 10) {
            if (id % 70 == 0) {
                rows.remove(id);
                continue;
            }
            for (idx_t i = 0; i < count; ++i)
                if (10 * ((7 * i + 3) % count) + 10 == id)
                    kept.emplace_back(all.row(i % 60), all.row(i % 60) + dim_of_rows);
            ids.push_back(id);
        }
        left = matrix<float>(idx_t(kept.size()), dim_of_rows);
        for (idx_t i = 0; i < left.rows(); ++i)
            std::copy(kept[std::size_t(i)].begin(), kept[std::size_t(i)].end(), left.row(i));
    }
    /// The rows without ids; of integers seen from the same mean.
    Gallery plain() const {
        Gallery result;
        if (left.rows() == 0) return result;
        if constexpr (std::is_same_v<Gallery, compact_gallery<std::int8_t>> ||
                      std::is_same_v<Gallery, compact_gallery<one_bit>> ||
                      std::is_same_v<Gallery, compact_gallery<fast_bfloat16>>) {
            const float* const mean = detail::keyed_access::rows(rows).packed().space.mean;
            const std::vector<float> list(mean, mean + dim_of_rows);
            result.append(left, {}, {{}, list});
        } else {
            result.append(left);
        }
        return result;
    }
};

template <class Rows, class Same>
void check_answers(const Rows& found_in, const Same& expected_of) {
    const auto queries = rows_with_ties<float>(9, dim_of_rows, 902);
    row_filter filters[3];
    const row_mask mask = found_in.mask([](idx_t id) { return id % 3 == 0; }),
                   same_mask = expected_of.mask([](idx_t id) { return id % 3 == 0; });
    matrix<idx_t> lists(9, 4);
    for (idx_t n = 0; n < 36; ++n) lists.data()[n] = 5 * n - 5;
    filters[1].allowed = lists;
    top_k_options options, same;
    for (const row_filter& filter : filters) {
        options.filter = same.filter = filter;
        if (&filter == filters + 2) options.filter.mask = mask, same.filter.mask = same_mask;
        const neighbours found = top_k(queries, found_in, 6, {}, options),
                         expected = top_k(queries, expected_of, 6, {}, same);
        CHECK(first_difference(found.indices, expected.indices) == "");
        CHECK(first_difference(found.scores, expected.scores) == "");
    }
    const array<idx_t> ids = found_in.ids(), all = expected_of.ids();
    CHECK(std::equal(ids.begin(), ids.end(), all.begin(), all.end()));
    CHECK((found_in.contains(10) == expected_of.contains(10) && !found_in.contains(70) && !found_in.contains(-1)));
    const row_report seen = found_in.report(), report = expected_of.report();
    CHECK((seen.zero_rows == report.zero_rows && seen.first_zero == report.first_zero));
    CHECK((seen.non_finite_rows == report.non_finite_rows && seen.first_non_finite == report.first_non_finite));
}

}  // namespace

TEMPLATE_TEST_CASE("a keyed gallery comes back from a file, a stream and a mapping with its ids", "[gallery]", gallery,
                   shadow_gallery, compact_gallery<float16>, compact_gallery<std::int8_t>, compact_gallery<one_bit>,
                   compact_gallery<fast_bfloat16>) {
    const idx_t count = GENERATE(0, 1, 16, 40, 100);
    past_of_ids<TestType> past(count);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery"), bytes = stream_of(past.rows);
    if (count > 0) CHECK((bytes == with_ids(stream_of(past.plain()), past.ids)));
    save_gallery(path, past.rows);
    CHECK((read(path) == bytes));
    using rows_type = keyed<TestType>;
    rows_type loaded = load_gallery<rows_type>(path);
    CHECK((stream_of(loaded) == bytes));
    std::istringstream stream(bytes + "more");
    CHECK((stream_of(load_gallery<rows_type>(stream)) == bytes));
    CHECK(stream.get() == 'm');
    if (count > 0) check_answers(loaded, past.rows);
    if (maps) {
        if constexpr (!std::is_same_v<TestType, shadow_gallery>) {
            auto first = map_gallery<rows_type>(path), mapped = std::move(first);
            first = map_gallery<rows_type>(path);
            mapped = std::move(first);
            mapped.verify();
            CHECK((first.rows() == 0 && first.ids().empty() && !first.contains(10)));
            if (count > 0) check_answers(mapped, past.rows);
        }
    }
    if constexpr (std::is_same_v<TestType, gallery>)
        for (const idx_t width : {16, 32})
            if (count > 0)
                CHECK((stream_of(keyed_from<rows_type>(with_ids(version_3(past.plain(), width), past.ids))) == bytes));
    const auto more = random_rows<float>(20, dim_of_rows, 903);  // seen from the same mean
    std::vector<idx_t> ids;
    for (idx_t id = 1; id <= 20; ++id) ids.push_back(id * 9 + 1 - (id == 1));
    for (rows_type* const rows : {&past.rows, &loaded}) {
        if (rows->contains(40)) rows->remove(40);
        for (std::size_t i = 0; i < 20; ++i)
            if (!rows->contains(ids[i]))
                rows->add(ids[i], matrix_view<const float>(more.row(idx_t(i)), 1, dim_of_rows));
    }
    CHECK((stream_of(loaded) == stream_of(past.rows)));
}

TEMPLATE_TEST_CASE("the file of a keyed gallery has no bytes of rows that have gone", "[gallery]",
                   compact_gallery<std::int8_t>, compact_gallery<one_bit>, compact_gallery<float16>, gallery) {
    past_of_ids<TestType> past(0);
    const auto rows = random_rows<float>(40, dim_of_rows, 905);
    std::vector<idx_t> ids, gone;
    for (idx_t id = 0; id < 40; ++id) ids.push_back(id), id < 10 ? void() : gone.push_back(id);
    past.rows.add(ids, rows);
    past.rows.remove(gone);  // so many that the holes are closed
    past.ids.assign(ids.begin(), ids.begin() + 10);
    past.left = matrix<float>(10, dim_of_rows);
    std::copy(rows.row(0), rows.row(10), past.left.row(0));
    CHECK((stream_of(past.rows) == with_ids(stream_of(past.plain()), past.ids)));
}

TEST_CASE("a mapped keyed gallery is rescored with, classifies, and has near duplicates", "[gallery]") {
    if (!maps) return;
    const past_of_ids<gallery> past(100);
    const past_of_ids<compact_gallery<std::int8_t>> small(100);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery"), path_of_small = directory.path("small.gallery");
    save_gallery(path, past.rows);
    save_gallery(path_of_small, small.rows);
    const auto mapped = map_gallery<keyed_gallery>(path);
    const auto mapped_small = map_gallery<keyed<compact_gallery<std::int8_t>>>(path_of_small);
    const auto queries = rows_with_ties<float>(9, dim_of_rows, 904);
    const neighbours expected = top_k_rescored(queries, small.rows, past.rows, 4, 3),
                     found = top_k_rescored(queries, mapped_small, mapped, 4, 3);
    CHECK(first_difference(found.indices, expected.indices) == "");
    CHECK(first_difference(found.scores, expected.scores) == "");
    const auto label_of = [](idx_t id) { return id / 10 % 4; };
    CHECK(first_difference(knn_classify(queries, mapped, label_of, 5).labels,
                           knn_classify(queries, past.rows, label_of, 5).labels) == "");
    CHECK(near_duplicates(mapped, 0.9f).members == near_duplicates(past.rows, 0.9f).members);
}

TEMPLATE_TEST_CASE("a file of a keyed gallery that is cut, changed or another one is refused", "[gallery]", gallery,
                   compact_gallery<int4>) {
    using rows_type = keyed<TestType>;
    const past_of_ids<TestType> past(40);
    const std::string bytes = stream_of(past.rows);
    const std::size_t begin = bytes.size() - 8 * past.ids.size() - 8;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const auto refused_map = [&](const std::string& content) {
        put(path, content);
        return refusal([&] { map_gallery<rows_type>(path); });
    };
    int accepted = 0;
    for (std::size_t size = 0; size < bytes.size(); size += (bytes.size() < size + 500) ? 1 : 977)
        accepted += refused_ids<rows_type>(bytes.substr(0, size)) == "(no exception)";
    for (std::size_t at = begin; at < bytes.size(); ++at) {
        std::string changed = bytes;
        changed[at] = char(changed[at] ^ 1);
        accepted += refused_ids<rows_type>(changed) != "load_gallery: the ids are not those that were written";
    }
    CHECK(accepted == 0);
    const auto other_ids = [&](std::size_t row, idx_t id) {
        std::string list = bytes.substr(begin, 8 * past.ids.size());
        list.replace(8 * row, 8, stored(id));
        return bytes.substr(0, begin) + list + stored(sum_of(list));
    };
    CHECK(refused_ids<rows_type>(other_ids(3, 30)) == "load_gallery: row 3 has id 30, row 2 id 30: ids ascend");
    CHECK(refused_ids<rows_type>(other_ids(3, 1000)) == "load_gallery: row 4 has id 50, row 3 id 1000: ids ascend");
    CHECK(refused_ids<rows_type>(other_ids(0, -2)) == "load_gallery: row 0 has the negative id -2");
    CHECK(refused_ids<rows_type>(stream_of(past.plain())) ==
          "load_gallery: its rows have no ids, asked for was a keyed gallery");
    CHECK(refused_ids<keyed<compact_gallery<float16>>>(bytes).find("load_gallery: stores ") == 0);
    CHECK(refused_ids<keyed_gallery>(version_2(gallery(past.left))) ==
          "load_gallery: its rows have no ids, asked for was a keyed gallery");
    if (!maps) return;
    const std::string begins = "map_gallery: " + path + ": ";
    CHECK(refused_map(bytes) == "(no exception)");
    CHECK(refused_map(bytes.substr(0, bytes.size() - 1)) ==
          begins + "ends after " + std::to_string(bytes.size() - 1) + " bytes, " + std::to_string(past.ids.size()) +
              " rows and their ids take " + std::to_string(bytes.size()));
    CHECK(refused_map(other_ids(3, 30)) == begins + "row 3 has id 30, row 2 id 30: ids ascend");
    CHECK(refused_map(stream_of(past.plain())) == begins + "its rows have no ids, asked for was a keyed gallery");
    put(path, bytes);
    const auto refused_plain = [&](const char* function, auto&& call) {
        CHECK(refusal(call) ==
              std::string(function) + ": " + path + ": its rows have ids; load_gallery<keyed<..>> reads it");
    };
    refused_plain("load_gallery", [&] {
        if constexpr (std::is_same_v<TestType, gallery>)
            load_gallery(path);
        else
            load_gallery<TestType>(path);
    });
    refused_plain("gallery_writer", [&] { gallery_writer writer(path); });
    if (std::is_same_v<TestType, gallery>) {
        refused_plain("map_gallery", [&] { map_gallery(path); });
        refused_plain("repack_gallery", [&] { repack_gallery(path, path, 16); });
    }
    CHECK((read(path) == bytes));
}

}  // namespace tests
