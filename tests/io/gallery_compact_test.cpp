#include <cstring>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>

#include <unitsphere/io/compact_gallery.hpp>
#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/io/repack_gallery.hpp>
#include <unitsphere/io/shadow_gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "gallery_bytes.hpp"
#include "gallery_files.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

template <class Gallery>
Gallery loaded_from(const std::string& bytes) {
    std::istringstream stream(bytes);
    return load_gallery<Gallery>(stream, on_threads{2});
}
template <class Gallery>
std::string refused_load(const std::string& bytes) {
    return message_of<file_error>([&] { loaded_from<Gallery>(bytes); });
}
template <class Storage>
constexpr std::uint32_t code_of() {
    return std::is_same_v<Storage, float16>       ? 1
           : std::is_same_v<Storage, bfloat16>    ? 2
           : std::is_same_v<Storage, std::int8_t> ? 3
           : std::is_same_v<Storage, int4>        ? 4
           : std::is_same_v<Storage, one_bit>     ? 5
                                                  : 6;
}
const char* const names[] = {"float", "float16", "bfloat16", "int8", "int4", "one_bit", "fast_bfloat16"};

std::string filled_up(std::string bytes) {
    bytes.resize((bytes.size() + 4095) / 4096 * 4096);
    return bytes;
}
float one_nan(float x) { return x != x ? reference::float_from_bits(0x7fc00000u) : x; }

/// The file, from the layout and what the gallery holds in memory. `width`: of panels of 16 bits.
template <class Storage>
std::string compact_file(const compact_gallery<Storage>& rows, idx_t width) {
    const auto view = rows.packed();
    const idx_t n = rows.rows(), dim = rows.dim();
    std::string panels, all_numbers, mean;
    std::uint64_t sum = 14695981039346656037u, mean_sum = 0;
    if constexpr (code_of<Storage>() <= 2) {
        constexpr idx_t own = own_width;
        for (idx_t first = 0; first < n; first += width) {
            const idx_t columns = n - first <= 16 ? 16 : width;
            std::string factors, elements;
            const auto number = [&](idx_t row, idx_t k) -> std::string {  // k = -1: the factor
                const idx_t begin = row / own * own, pitch = n - begin <= 16 ? 16 : own;
                const char* const panel = reinterpret_cast<const char*>(view.packed.data) + begin * (dim * 2 + 4);
                float factor;
                std::memcpy(&factor, panel + (row - begin) * 4, 4);
                if (k < 0) return stored(row < n ? one_nan(factor) : 0.0f);
                Storage element;
                std::memcpy(&element, panel + pitch * 4 + (k * pitch + row - begin) * 2, 2);
                if (row < n && float(element) != float(element)) element = Storage(one_nan(float(element)));
                return stored(row < n ? element.bits : std::uint16_t(0));
            };
            for (idx_t c = 0; c < columns; ++c) factors += first + c < n ? number(first + c, -1) : stored(0.0f);
            for (idx_t k = 0; k < dim; ++k)
                for (idx_t c = 0; c < columns; ++c)
                    elements += first + c < n ? number(first + c, k) : stored(std::uint16_t(0));
            panels += factors + elements;
            sum = mixed(sum, sum_of(factors + elements));
        }
    } else {
        width = 16;
        for (idx_t k = 0; k < dim; ++k) mean += stored(view.space.mean[k]);
        mean_sum = mean.empty() ? 0 : sum_of(mean);
        constexpr idx_t bits_of_code[] = {8, 4, 1, 8}, bytes = code_of<Storage>() == 6 ? 2 : 1;
        const idx_t size = (bytes * dim + 63) / 64 * 64 * 16 * bits_of_code[code_of<Storage>() - 3] / 8;
        for (idx_t p = 0; p < (n + 15) / 16; ++p) {
            panels += std::string(reinterpret_cast<const char*>(view.bytes) + p * size, std::size_t(size));
            sum = mixed(sum, sum_of(panels.substr(std::size_t(p * size))));
        }
        for (idx_t p = 0; p < (n + 15) / 16; ++p) {
            std::string of_panel;
            for (idx_t r = 0; r < 16; ++r) of_panel += stored(16 * p + r < n ? view.numbers[p].scale[r] : 0.0f);
            for (idx_t r = 0; r < 16; ++r)
                of_panel += stored(16 * p + r < n ? one_nan(view.numbers[p].from_mean[r]) : 0.0f);
            sum = mixed(sum, sum_of(of_panel));
            all_numbers += of_panel;
        }
        panels = filled_up(panels);
    }
    const row_report& report = rows.report();
    std::string page = "USGALERY" + stored(std::uint32_t(3)) + stored(0.0f);
    for (const idx_t number :
         {n, dim, report.zero_rows, report.non_finite_rows, report.first_zero, report.first_non_finite})
        page += stored(number);
    page +=
        stored(std::uint32_t(width)) + stored(code_of<Storage>()) + stored(idx_t(0)) + stored(sum) + stored(mean_sum);
    page.resize(4088);
    return page + stored(sum_of(page)) + std::string(4096, '\0') + filled_up(mean) + panels + all_numbers;
}

matrix<float> some_rows(idx_t n, idx_t dim) {
    matrix<float> rows = random_rows<float>(n, dim, 31);
    if (n > 2) rows(1, 0) = infinity;
    if (n > 20)
        for (idx_t k = 0; k < dim; ++k) rows(19, k) = 0.0f;
    return rows;
}

}  // namespace

TEMPLATE_TEST_CASE("a compact gallery comes back from a file, a stream and a mapping with the same bits", "[gallery]",
                   float16, bfloat16, std::int8_t, int4, one_bit, fast_bfloat16) {
    using rows_type = compact_gallery<TestType>;
    const idx_t n = GENERATE(0, 1, 16, 17, 33, 100), dim = GENERATE(1, 70);
    const auto rows = some_rows(n, dim), queries = random_rows<float>(3, dim, 32);
    rows_type saved;
    if (n > 0) saved.append(rows);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery"), bytes = stream_of(saved);
    CHECK((bytes == compact_file(saved, own_width)));
    save_gallery(path, saved);
    CHECK((read(path) == bytes));
    CHECK((stream_of(load_gallery<rows_type>(path)) == bytes));
    rows_type loaded = loaded_from<rows_type>(bytes);
    CHECK((stream_of(loaded) == bytes));
    CHECK(loaded.report().first_zero == saved.report().first_zero);
    CHECK(loaded.bytes() <= saved.bytes());
    if (code_of<TestType>() <= 2)
        for (const idx_t width : {16, 32})
            CHECK((stream_of(loaded_from<rows_type>(compact_file(saved, width))) == bytes));
    if (n == 0) return;
    const auto scores = cosine_similarity(queries, saved);
    CHECK(first_difference(cosine_similarity(queries, loaded), scores) == "");
    if (maps) {
        const auto mapped = map_gallery<rows_type>(path);
        mapped.verify(on_threads{3});
        CHECK(mapped.report().non_finite_rows == saved.report().non_finite_rows);
        CHECK(first_difference(cosine_similarity(queries, mapped), scores) == "");
    }
    const auto more = random_rows<float>(20, dim, 33);  // seen from the same mean
    saved.append(more);
    loaded.append(more);
    CHECK((stream_of(loaded) == stream_of(saved)));
}

TEMPLATE_TEST_CASE("a compact gallery that is cut or changed anywhere is refused", "[gallery]", float16, bfloat16,
                   std::int8_t, int4, one_bit, fast_bfloat16) {
    using rows_type = compact_gallery<TestType>;
    const std::string bytes = stream_of(rows_type(some_rows(37, 5)));
    int accepted = 0, harmless = 0;
    for (std::size_t size = 0; size < bytes.size(); size += size < 200 || size + 500 > bytes.size() ? 1 : 97)
        accepted += refused_load<rows_type>(bytes.substr(0, size)) == "(no exception)";
    CHECK(accepted == 0);
    for (std::size_t i = 0; i < bytes.size(); i += i < 200 || i > 8190 ? 1 : 61) {
        std::string changed = bytes;
        changed[i] = char(changed[i] ^ 64);
        const std::string message = refused_load<rows_type>(changed);
        if (message != "(no exception)") continue;
        ++harmless;  // zeros between the parts
        CAPTURE(i);
        if ((i < 4096 || bytes[i] != 0) || stream_of(loaded_from<rows_type>(changed)) != bytes) FAIL();
    }
    CHECK(harmless < 8192);
    struct pipe_buffer : std::stringbuf {
        using std::stringbuf::stringbuf;
        pos_type seekoff(off_type, std::ios::seekdir, std::ios::openmode) override { return pos_type(off_type(-1)); }
    };
    pipe_buffer pipe(bytes + "more", std::ios::in);
    std::istream from(&pipe);
    CHECK((stream_of(load_gallery<rows_type>(from)) == bytes));
    CHECK(from.get() == 'm');  // left behind the gallery
    std::string endless = bytes;
    CHECK(
        refused_load<rows_type>(with_page_sum(endless.replace(22, 1, "\x07"))).find("load_gallery: the stream ends") ==
        0);
    endless.replace(22, 2, "\xff\x0f");
    CHECK(refused_load<rows_type>(with_page_sum(endless)).find("load_gallery: 1152640029630136357 rows of dim 5") == 0);
    std::string lying = bytes;
    CHECK(refused_load<rows_type>(with_page_sum(lying.replace(32, 1, "\x2"))) ==
          "load_gallery: the header counts 2 zero rows and 1 that are not finite, the rows are 1 and 1");
}

TEST_CASE("an element that no row of fast_bfloat16 has is refused, padding too", "[gallery]") {
    using rows_type = compact_gallery<fast_bfloat16>;
    const idx_t n = 20, dim = 5, panel = 64 * 16, panels_at = 8192 + 4096;
    const std::string bytes = stream_of(rows_type(random_rows<float>(n, dim, 31)));
    for (const std::string element : {"\xff\xff", "\x80\x7f", "\x81\x40"})  // NaN, Inf, 4.03
        for (const idx_t at : {panel + 4 * 3, panel + 64 * 7 + 2}) {        // of row 19, and of row 16 behind dim
            std::string changed = bytes;
            changed.replace(std::size_t(panels_at + at), 2, element);
            std::uint64_t sum = 14695981039346656037u;
            for (const idx_t p : {0, 1})
                sum = mixed(sum, sum_of(changed.substr(std::size_t(panels_at + p * panel), panel)));
            for (const idx_t p : {0, 1})
                sum = mixed(sum, sum_of(changed.substr(changed.size() - std::size_t(128 * (2 - p)), 128)));
            changed.replace(80, 8, stored(sum));
            CHECK(refused_load<rows_type>(with_page_sum(changed))
                      .find(at % 64 == 12 ? "load_gallery: row 19 has an element of "
                                          : "load_gallery: row 16 has an element of ") == 0);
        }
}

TEMPLATE_TEST_CASE("a gallery of another storage is refused with both names", "[gallery]", float16, bfloat16,
                   std::int8_t, int4, one_bit, fast_bfloat16) {
    using rows_type = compact_gallery<TestType>;
    using other_type = compact_gallery<std::conditional_t<code_of<TestType>() == 3, int4, std::int8_t>>;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const rows_type rows(some_rows(5, 7));
    save_gallery(path, rows);
    const auto refused = [&](const char* function, const std::string& asked, auto&& call) {
        CHECK(refusal(call) == function + (": " + path) + ": stores " + names[code_of<TestType>()] +
                                   ", asked for was a gallery of " + asked);
    };
    refused("load_gallery", code_of<TestType>() == 3 ? "int4" : "int8", [&] { load_gallery<other_type>(path); });
    refused("load_gallery", "float", [&] { load_gallery(path); });
    refused("load_gallery", "float", [&] { load_gallery<shadow_gallery>(path); });
    if (maps) {
        refused("map_gallery", code_of<TestType>() == 3 ? "int4" : "int8", [&] { map_gallery<other_type>(path); });
        refused("map_gallery", "float", [&] { map_gallery(path); });
        refused("gallery_writer", "float", [&] { gallery_writer writer(path); });
    }
    const gallery floats(some_rows(5, 7));
    const std::string asked = std::string("asked for was a gallery of ") + names[code_of<TestType>()];
    CHECK(refused_load<rows_type>(stream_of(floats)) == "load_gallery: stores float, " + asked);
    CHECK(refused_load<rows_type>(version_2(floats)) == "load_gallery: stores float, " + asked);
    std::string unknown = stream_of(rows);
    CHECK(refused_load<rows_type>(with_page_sum(unknown.replace(68, 1, "\x9"))) ==
          "load_gallery: elements of type 9, this library knows 0 (float) to 6 (fast_bfloat16)");
    if (!maps) return;

    const std::string bytes = stream_of(rows);
    const auto refused_map = [&](const std::string& content) {
        put(path, content);
        return refusal([&] { map_gallery<rows_type>(path).verify(); });
    };
    CHECK(refused_map("") == "map_gallery: " + path + ": ends after 0 of 8192 bytes of the header");
    CHECK(refused_map(bytes.substr(0, bytes.size() - 1)).find("map_gallery: " + path + ": ends after ") == 0);
    CHECK(refused_map(std::string(9000, 'x')) == "map_gallery: " + path + ": this is not a gallery");
    std::string altered = bytes;
    altered[20] = char(altered[20] ^ 1);
    CHECK(refused_map(altered) == "map_gallery: " + path + ": the header is not what was written");
    altered = bytes, altered[8192] = char(altered[8192] ^ 1);
    CHECK(refused_map(altered) ==
          (code_of<TestType>() <= 2
               ? "mapped_compact_gallery::verify: " + path + ": the bytes are not those that were written"
               : "map_gallery: " + path + ": the mean is not what was written"));
    if (code_of<TestType>() <= 2)
        CHECK(refused_map(compact_file(rows_type(some_rows(40, 7)), 48 - own_width)).find(": panels of ") !=
              std::string::npos);
    put(path, bytes);
    auto first = map_gallery<rows_type>(path), second = std::move(first);
    CHECK(first.rows() == 0);
    CHECK(first.packed().rows() == 0);
    first = std::move(second);
    first.verify();
    CHECK(first.rows() == 5);
}

TEMPLATE_TEST_CASE("a file of 16-bit rows is rewritten with panels of the other width", "[gallery]", float16,
                   bfloat16) {
    const idx_t n = GENERATE(0, 1, 16, 17, 40, 64, 65);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery"), other = directory.path("other.gallery");
    compact_gallery<TestType> rows;
    if (n > 0) rows.append(some_rows(n, 7));
    for (const idx_t width : {16, 32}) {
        put(path, compact_file(rows, 48 - width));
        repack_gallery(path, other, width);
        CHECK((read(other) == compact_file(rows, width)));
    }
}

TEST_CASE("numbers that no gallery has are refused, whatever the checksum", "[gallery]") {
    const compact_gallery<std::int8_t> rows(random_rows<float>(3, 5, 34));
    const auto with = [&](std::size_t at, float value) {
        std::string file = stream_of(rows);
        file.replace(at, 4, stored(value));
        const std::string panel = file.substr(12288, 1024), of_panel = file.substr(16384, 128);
        file.replace(80, 8, stored(mixed(mixed(14695981039346656037u, sum_of(panel)), sum_of(of_panel))));
        file.replace(88, 8, stored(sum_of(file.substr(8192, 20))));
        return refused_load<compact_gallery<std::int8_t>>(with_page_sum(file));
    };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(with(16384, rows.packed().numbers->scale[0]) == "(no exception)");
    CHECK(with(16384 + 4, -1.0f).find("load_gallery: row 1 has scale -1 and product ") == 0);
    CHECK(with(16384 + 4, infinity).find("load_gallery: row 1 has scale inf and product ") == 0);
    CHECK(with(16384 + 64, infinity).find("load_gallery: row 0 has scale ") == 0);
    CHECK(with(16384 + 64, nan).find("load_gallery: the header counts 0 zero rows and 0 that ") == 0);
    CHECK(with(8192 + 8, nan) == "load_gallery: element 2 of the mean is nan");
}

TEST_CASE("a shadow gallery is saved as its rows, and answers the same once it is loaded", "[gallery]") {
    const idx_t n = GENERATE(0, 1, 17, 33, 300), dim = GENERATE(1, 70);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const auto rows = some_rows(n, dim), queries = random_rows<float>(3, dim, 32);
    const gallery floats(rows);
    const shadow_gallery saved(rows);
    CHECK((stream_of(saved) == stream_of(floats)));
    save_gallery(path, saved);
    CHECK((read(path) == stream_of(floats)));
    const auto unit = normalize(rows);
    CHECK((stream_of(shadow_gallery::over(unit)) == stream_of(gallery(unit))));
    for (const auto& loaded :
         {load_gallery<shadow_gallery>(path, on_threads{3}), loaded_from<shadow_gallery>(stream_of(floats))}) {
        CHECK(loaded.rows() == n);
        CHECK(loaded.report().first_zero == saved.report().first_zero);
        CHECK(first_difference(loaded.unit_rows().values(), saved.unit_rows().values()) == "");
        if (n == 0) continue;
        const neighbours a = top_k(queries, loaded, 4), b = top_k(queries, floats, 4);
        CHECK(first_difference(a.scores, b.scores) == "");
        CHECK((a.indices[2][0] == b.indices[2][0]));
    }
}

}  // namespace tests
