// What compact storage costs on real embeddings, and how many rows an exact search by bytes reads in float.
#include <algorithm>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/io/npy.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shadow_gallery.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "real.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The rows of some files, one after the other.
matrix<float> joined(const std::vector<std::string>& names) {
    std::vector<matrix<float>> parts;
    idx_t rows = 0;
    for (const std::string& name : names) {
        parts.push_back(load_npy<float>(path(name)));
        rows += parts.back().rows();
    }
    matrix<float> result(rows, parts[0].dim());
    float* to = result.data();
    for (const auto& one : parts) to = std::copy(one.data(), one.data() + one.rows() * one.dim(), to);
    return result;
}

struct task {
    const char* name;
    matrix<float> queries, gallery;

    /// Every eighth of the queries is enough.
    task(const char* title, const matrix<float>& some, const matrix<float>& rows)
        : name(title), queries((some.rows() + 7) / 8, some.dim()), gallery(rows) {
        for (idx_t i = 0; i < queries.rows(); ++i) std::copy_n(some.row(8 * i), some.dim(), queries.row(i));
    }
};
std::vector<task> tasks() {
    const std::string pets = "pets_vitb32/", text = "class_text_vitb32/";
    const auto images = joined({pets + "all37_test_image.npy"}), more = joined({pets + "all37_val_image.npy"});
    const auto texts = joined({text + "lvis1203_text.npy", text + "coco80_text.npy", text + "o365_365_text.npy",
                               text + "imagenet1000_t1_text.npy", text + "imagenet1000_t2_text.npy"});
    const auto some = joined({text + "imagenet1000_t1_text.npy"});
    return {{"image -> image", more, images},
            {"text -> text", texts, texts},
            {"text -> image", some, images},
            {"image -> text", more, texts}};
}

/// The share of the exact neighbours that were found.
double recall(const matrix<idx_t>& found, const matrix<idx_t>& exact) {
    idx_t hits = 0;
    for (idx_t i = 0; i < exact.rows(); ++i)
        for (idx_t n = 0; n < exact.columns(); ++n)
            hits += std::count(found.row(i), found.row(i) + found.columns(), exact(i, n)) > 0;
    return double(hits) / double(exact.rows() * exact.columns());
}

template <class Storage>
void check_recall(const task& one, const matrix<idx_t>& exact, idx_t factor, double plain, double rescored) {
    const compact_gallery<Storage> gallery(one.gallery);
    CAPTURE(one.name);
    CHECK(recall(top_k(one.queries, gallery, 10).indices, exact) >= plain);
    CHECK(recall(top_k_rescored(one.queries, gallery, one.gallery, 10, factor).indices, exact) >= rescored);
}

}  // namespace

// The goals of each storage; a float64 model of the same arithmetic gives .996 .989 .977 .982 for int8.
TEST_CASE("compact galleries find the neighbours that their storage promises", "[real]") {
    for (const task& one : tasks()) {
        const auto exact = top_k(one.queries, one.gallery, 10).indices;
        const bool one_modality = one.name == std::string("image -> image") || one.name == std::string("text -> text");
        check_recall<float16>(one, exact, 2, 0.99, 1.0);
        check_recall<bfloat16>(one, exact, 2, 0.98, 1.0);
        check_recall<fast_bfloat16>(one, exact, 2, 0.98, 1.0);
        check_recall<std::int8_t>(one, exact, 2, 0.97, 0.999);
        check_recall<int4>(one, exact, 4, 0.7, 0.99);
        check_recall<one_bit>(one, exact, 4, one_modality ? 0.75 : 0.2, one_modality ? 0.995 : 0.4);
    }
}

TEST_CASE("a shadow gallery gives real rows the answers of float", "[real]") {
    for (const task& one : tasks()) {
        CAPTURE(one.name);
        const neighbours found = top_k(one.queries, shadow_gallery(one.gallery), 10);
        const neighbours exact = top_k(one.queries, one.gallery, 10);
        CHECK(first_difference(found.indices, exact.indices) == "");
        CHECK(first_difference(found.scores, exact.scores) == "");
    }
}

}  // namespace tests
