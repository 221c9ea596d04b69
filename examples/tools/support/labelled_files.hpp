/// Labelled embeddings of two files, or of none: what linear_probe learns from and is tested on.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace support {

struct probe_arguments {
    bool files_given = false;  ///< the four files; none: generated rows
    std::string train, train_labels, test, test_labels;
    double C = 1.0;
    bool balanced = false;
    std::string save;  ///< where the head goes; empty: nowhere
};

/// Throws what CLI11 throws for bad arguments; --help prints and ends the program.
probe_arguments parse_linear_probe(int argc, char** argv);

struct labelled {
    unitsphere::unit_embeddings<> rows;
    std::vector<unitsphere::idx_t> labels;
};

/// Rows and labels of both files, checked against each other. Training rows that are not finite are an error; what has
/// no direction otherwise is counted on stderr.
struct labelled_pair {
    labelled train, test;
    unitsphere::idx_t classes;
};
labelled_pair load_labelled(const probe_arguments& arguments);

/// 90 and 60 raw rows of three classes, 24 wide: a direction for each class, noise, lengths around 10. The same on
/// every machine.
labelled_pair generate_labelled();

/// "class 0  12  1  0" for each class on stdout: how often it was taken for which; the last column is for no label.
void print_confusion(const unitsphere::confusion& counted);

}  // namespace support
