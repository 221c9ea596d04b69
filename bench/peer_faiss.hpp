/// FAISS: its flat index, exact, and what it has of smaller storages that are read from end to end.
#pragma once

#if defined(BENCH_HAS_FAISS)
#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/AuxIndexStructures.h>

#include <algorithm>
#include <map>
#include <memory>

#include "peers.hpp"

namespace bench {
namespace peer {
namespace faiss_index {

inline std::string version() {
    return std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) + "." +
           std::to_string(FAISS_VERSION_PATCH);
}

/// One copy of a gallery for all rows of the report.
inline std::shared_ptr<faiss::IndexFlatIP> flat_index(const rows& gallery) {
    static std::map<const float*, std::shared_ptr<faiss::IndexFlatIP>> indexes;
    auto& index = indexes[gallery.data()];
    if (!index) {
        index = std::make_shared<faiss::IndexFlatIP>(gallery.dim());
        index->add(gallery.rows(), gallery.data());
    }
    return index;
}
inline task search(const rows& queries, const rows& gallery, us::idx_t k, rows& scores) {
    return [&, k, held = flat_index(gallery),
            found = std::vector<std::int64_t>(std::size_t(queries.rows() * k))]() mutable {
        held->search(queries.rows(), queries.data(), k, scores.data(), found.data());
    };
}

inline task vote(const rows& queries, const rows& gallery, const std::vector<int>& labels, us::idx_t k,
                 std::vector<int>& found) {
    return [&, k, held = flat_index(gallery)] {
        std::vector<std::int64_t> numbers(std::size_t(queries.rows() * k));
        std::vector<float> scores(numbers.size());
        std::vector<int> counts;
        held->search(queries.rows(), queries.data(), k, scores.data(), numbers.data());
        for (us::idx_t i = 0; i < queries.rows(); ++i)
            found[std::size_t(i)] = vote_of(numbers.data() + i * k, k, labels, counts);
    };
}

inline task range_search(const rows& unit_rows, float threshold, us::idx_t& found) {
    const auto index = std::make_shared<faiss::IndexFlatIP>(unit_rows.dim());
    index->add(unit_rows.rows(), unit_rows.data());
    return [&, threshold, index] {
        faiss::RangeSearchResult result(unit_rows.rows());
        index->range_search(unit_rows.rows(), unit_rows.data(), threshold, &result);
        found = us::idx_t(result.lims[std::size_t(unit_rows.rows())]);
    };
}

/// The row numbers, as many as `found` has columns. Its row numbers are 64-bit integers, as ours.
inline void write(const std::vector<std::int64_t>& numbers, us::matrix_view<us::idx_t> found) {
    std::copy(numbers.begin(), numbers.end(), found.data());
}

/// An index of floats, or of what they are rounded to; the ranges of scalar quantizers are those of the first rows.
template <class Index>
storage stored(const char* name, double bytes, us::matrix_view<const float> rows, const std::shared_ptr<Index>& index) {
    const double seconds = cpu_seconds([&] {
        index->train(std::min<us::idx_t>(rows.rows(), 65536), rows.data());
        index->add(rows.rows(), rows.data());
    });
    const auto search = [index](us::matrix_view<const float> queries, us::matrix_view<us::idx_t> found, us::idx_t) {
        std::vector<std::int64_t> numbers(std::size_t(found.rows() * found.columns()));
        std::vector<float> scores(numbers.size());
        index->search(queries.rows(), queries.data(), found.columns(), scores.data(), numbers.data());
        write(numbers, found);
    };
    return {"FAISS", name, bytes, seconds, search, {}};
}

/// The sign of each element less the mean of the first rows: 8 in a byte.
struct signs {
    std::vector<float> mean;

    explicit signs(us::matrix_view<const float> rows) : mean(std::size_t(rows.dim())) {
        const us::idx_t count = std::min<us::idx_t>(rows.rows(), 65536);
        for (us::idx_t i = 0; i < count; ++i)
            for (us::idx_t k = 0; k < rows.dim(); ++k) mean[std::size_t(k)] += rows(i, k) / float(count);
    }
    std::vector<std::uint8_t> of(us::matrix_view<const float> rows) const {
        std::vector<std::uint8_t> bits(std::size_t(rows.rows() * rows.dim() / 8));
        for (us::idx_t i = 0; i < rows.rows(); ++i)
            for (us::idx_t k = 0; k < rows.dim(); ++k)
                if (rows(i, k) > mean[std::size_t(k)])
                    bits[std::size_t((i * rows.dim() + k) / 8)] |= std::uint8_t(1 << k % 8);
        return bits;
    }
};
inline storage binary(us::matrix_view<const float> rows) {
    std::shared_ptr<signs> to_bits;
    const auto index = std::make_shared<faiss::IndexBinaryFlat>(rows.dim());
    const double seconds = cpu_seconds([&] {
        to_bits = std::make_shared<signs>(rows);
        index->add(rows.rows(), to_bits->of(rows).data());
    });
    const auto search = [to_bits, index](us::matrix_view<const float> queries, us::matrix_view<us::idx_t> found,
                                         us::idx_t) {
        std::vector<std::int64_t> numbers(std::size_t(found.rows() * found.columns()));
        std::vector<std::int32_t> distances(numbers.size());
        index->search(queries.rows(), to_bits->of(queries).data(), found.columns(), distances.data(), numbers.data());
        write(numbers, found);
    };
    return {"FAISS", "binary flat", double(rows.dim()) / 8, seconds, search, {}};
}

inline std::vector<storage> storages(us::matrix_view<const float> rows) {
    const us::idx_t dim = rows.dim();
    const auto quantized = [&](const char* name, faiss::ScalarQuantizer::QuantizerType type, double bytes) {
        return stored(name, bytes * double(dim), rows,
                      std::make_shared<faiss::IndexScalarQuantizer>(int(dim), type, faiss::METRIC_INNER_PRODUCT));
    };
    return {stored("flat", 4 * double(dim), rows, std::make_shared<faiss::IndexFlatIP>(dim)),
            quantized("SQ fp16", faiss::ScalarQuantizer::QT_fp16, 2),
            quantized("SQ8", faiss::ScalarQuantizer::QT_8bit, 1),
            quantized("SQ4", faiss::ScalarQuantizer::QT_4bit, 0.5), binary(rows)};
}

}  // namespace faiss_index
}  // namespace peer
}  // namespace bench
#endif
