// Gallery files: the first search of one that is mapped, beside one that was loaded, and how fast one loads. The page
// cache is warm.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/search.hpp>

#include "rows.hpp"

namespace {

namespace us = unitsphere;
using bench::use;

constexpr us::idx_t dim = 512, k = 10;

/// A file of random rows, while the program runs.
class gallery_file {
public:
    explicit gallery_file(us::idx_t rows)
        : path_(
              (std::filesystem::temp_directory_path() / ("unitsphere_files_bench_" + std::to_string(rows))).string()) {
        std::remove(path_.c_str());
        us::gallery_writer writer(path_);
        constexpr us::idx_t piece = 50000;
        for (us::idx_t done = 0; done < rows; done += piece)
            writer.append(bench::random_rows(std::min(piece, rows - done), dim, std::uint32_t(1000 + done / piece)));
        writer.commit();
    }
    gallery_file(const gallery_file&) = delete;
    gallery_file& operator=(const gallery_file&) = delete;
    ~gallery_file() { std::remove(path_.c_str()); }

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

const std::shared_ptr<gallery_file>& file_of(us::idx_t rows) {
    return bench::made_once(use::gallery, rows, dim, [=] { return std::make_shared<gallery_file>(rows); });
}
const us::gallery& loaded(us::idx_t rows) {
    return bench::made_once(use::gallery, rows, dim, [=] { return us::load_gallery(file_of(rows)->path()); });
}

/// 0 if the mapped file has the neighbours of the loaded one.
double difference(us::idx_t rows) {
    const auto& queries = bench::raw(use::queries, 1, dim);
    const us::neighbours a = us::top_k(queries, us::map_gallery(file_of(rows)->path()), k);
    const us::neighbours b = us::top_k(queries, loaded(rows), k);
    for (us::idx_t i = 0; i < k; ++i)
        if (a[0][i].row != b[0][i].row || a[0][i].score != b[0][i].score) return 1;
    return 0;
}

void add_mapped(us::idx_t rows) {
    const bench::work w = bench::cosine_work(1, rows, dim);
    bench::add({"mapped", "unitsphere", bench::shape(1, rows, dim)}, w, [=] {
        const std::string path = file_of(rows)->path();
        return bench::task{[=] { us::top_k(bench::raw(use::queries, 1, dim), us::map_gallery(path), k); },
                           [=] { return difference(rows); }};
    });
    bench::add({"mapped", "loaded", bench::shape(1, rows, dim)}, w, [=] {
        const us::gallery& rows_in_memory = loaded(rows);
        return bench::task{[&] { us::top_k(bench::raw(use::queries, 1, dim), rows_in_memory, k); }, [] { return 0.0; }};
    });
}

void add_load(us::idx_t rows) {
    const double bytes = 4.0 * double(rows * dim);
    bench::add({"load_gallery", "unitsphere", bench::shape(rows, dim)}, bench::work{0, bytes, bytes}, [=] {
        const std::string path = file_of(rows)->path();
        return bench::task{[=] { us::load_gallery(path); }, [=] { return difference(rows); }};
    });
}

}  // namespace

void bench::register_rows() {
    add_load(200000);
    add_mapped(1000000);
}
