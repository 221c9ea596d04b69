#include "detector_inputs.hpp"

#include <stdexcept>

#include <unitsphere/io/linear_head.hpp>

#include "command_line.hpp"

namespace support {

using unitsphere::idx_t;

detector_arguments parse_detector(int argc, char** argv) {
    detector_arguments arguments;
    command_line line("detector",
                      "Which images are flagged? A linear head of two classes on raw features.\n"
                      "Without files: six rows and a head written by hand.");
    line.file("HEAD", arguments.head, "one row [weights..., bias], .npy: linear_probe --save, or numpy");
    line.file("IMAGES", arguments.images, "encode_image rows, .npy, f2, f4, f8 or i1");
    line.number("--threshold", arguments.threshold, "flagged are images whose probability of class 1 reaches it");
    line.output("--out", arguments.out, "writes the flags of all images: 1, 0, or -1 for none, .npy, i8");
    arguments.files_given = line.parse(argc, argv);
    return arguments;
}

unitsphere::linear_head load_detector(const std::string& file) {
    unitsphere::linear_head head = unitsphere::load_head(file);
    if (head.heads() != 1)
        throw std::runtime_error(file + ": has " + std::to_string(head.heads()) +
                                 " rows, a detector has one row of weights");
    return head;
}

detector_example written_by_hand() {
    const double head[] = {4.0, -2.5, 1.5, 0.5, -1.75};  // the bias comes last
    const float images[6][4] = {{9.1f, -3.2f, 2.4f, 1.0f}, {6.0f, 1.5f, 7.5f, -2.5f}, {-7.0f, 5.5f, 1.0f, 4.0f},
                                {7.2f, -5.9f, 3.1f, 0.3f}, {2.5f, -8.0f, 5.0f, 3.0f}, {8.8f, 3.9f, 1.6f, 2.2f}};
    detector_example example{unitsphere::linear_head(unitsphere::matrix_view<const double>(head, 1, 5)),
                             unitsphere::matrix<float>(6, 4)};
    for (idx_t i = 0; i < 6; ++i)
        for (idx_t k = 0; k < 4; ++k) example.images(i, k) = images[i][k];
    return example;
}

}  // namespace support
