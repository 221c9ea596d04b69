#include <unitsphere/io/linear_head.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lists.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

namespace tests {

using unitsphere::linear_head;
using unitsphere::load_head;
using unitsphere::save_head;
using unitsphere::save_npy;

TEST_CASE("a head loaded from its file has the same bits and predictions", "[head][npy]") {
    const idx_t heads = GENERATE(1, 5);
    const temporary_directory directory;
    const linear_head head(random_rows<double>(heads, 34, 111));
    save_head(directory.path(), head);
    const linear_head loaded = load_head(directory.path());
    CHECK(first_difference(loaded.parameters(), head.parameters()) == "");
    const matrix<float> images = random_rows<float>(30, 33, 112);
    CHECK(first_difference(loaded.predict_proba(images), head.predict_proba(images)) == "");
    CHECK(listed(loaded.predict(images)) == listed(head.predict(images)));
    CHECK(read(directory.path()).substr(0, 128) ==
          numpy_header("'<f8'", "False", "(" + std::to_string(heads) + ", 34)"));
}

TEST_CASE("save_head writes the labels of a head behind its rows, and load_head reads them", "[head][npy]") {
    const temporary_directory directory;
    const linear_head plain(random_rows<double>(3, 4, 113)), head = plain.with_labels(std::vector<idx_t>{7, 1, -3});
    save_head(directory.path(), plain);
    const std::string rows = read(directory.path()), path = directory.path("labelled.npy");
    save_head(path, head);
    const std::string bytes = read(path);
    CHECK(bytes == rows + numpy_header("'<i8'", "False", "(3,)") + bytes.substr(rows.size() + 128));
    CHECK(listed(load_head(path).labels()) == listed(head.labels()));
    CHECK(first_difference(load_head(path).parameters(), head.parameters()) == "");
    const auto message_of_labels = [&](const std::string& labels) {
        directory.write(rows + labels);
        return refusal([&] { load_head(directory.path()); }).substr(("load_head: " + directory.path() + ": ").size());
    };
    CHECK(message_of_labels(bytes).find("holds ") == 0);
    CHECK(message_of_labels(npy(dict("'|i1'", "False", "(2,)"), "ab")) == "holds 2 labels, the head has 3 classes");
    CHECK(message_of_labels(npy(dict("'|i1'", "False", "(3,)"), "aba")) == "holds the label 97 twice");
}

TEST_CASE("a head that numpy saved as one row loads: (dim + 1,) of doubles, floats or halves", "[head][npy]") {
    const temporary_directory directory;
    directory.write(npy(dict("'<f4'", "False", "(4,)"), f4_numbers));
    const linear_head single = load_head(directory.path());
    CHECK((single.heads() == 1 && single.dim() == 3 && single.classes() == 2));
    CHECK((single.parameters()(0, 0) == 1.0 && single.parameters()(0, 2) == -0.5 && single.bias(0) == 65504.0));
    directory.write(npy(dict("'<f2'", "False", "(4,)"), f2_numbers));
    CHECK(first_difference(load_head(directory.path()).parameters(), single.parameters()) == "");
    directory.write(npy(dict("'<f4'", "True", "(2, 2)"), f4_numbers));
    const linear_head two = load_head(directory.path());
    CHECK((two.heads() == 2 && two.parameters()(0, 1) == -0.5 && two.parameters()(1, 0) == 2.0));
}

TEST_CASE("load_head refuses a file that is no head, with its path and the reason", "[head][npy]") {
    const temporary_directory directory;
    const auto message = [&] { return refusal([&] { load_head(directory.path()); }); };
    const std::string begin = "load_head: " + directory.path() + ": ";
    save_npy(directory.path(), matrix<double>(3, 1));
    CHECK(message() == begin + "has shape (3, 1); a head is (dim + 1,) or (heads, dim + 1)");
    save_npy(directory.path(), matrix<float>(0, 5));
    CHECK(message() == begin + "has shape (0, 5); a head is (dim + 1,) or (heads, dim + 1)");
    matrix<double> bad(2, 3);
    bad(1, 0) = std::nan("");
    save_npy(directory.path(), bad);
    CHECK(message() == begin + "row 1, column 0 is not finite");
    save_npy(directory.path(), std::vector<idx_t>{1, 2, 3});
    CHECK(message().find(begin + "holds '<i8' (std::int64_t), asked for '<f8' (double); ") == 0);
    const std::string missing = directory.path("none/missing.npy");
    CHECK(refusal([&] { load_head(missing); }).find("load_head: " + missing + ": cannot be opened: ") == 0);
    CHECK(refusal([&] {
              save_head(missing, linear_head(matrix<double>(1, 3)));
          }).find("save_head: " + missing + ": cannot be created: ") == 0);
}

}  // namespace tests
