// Which text fits which image? The matrix of their cosines, as a table and as a heat map.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"
#include "support/cosine_picture.hpp"
#include "support/embeddings.hpp"
#include "support/matrix_table.hpp"
#include "support/notebook_example.hpp"
#include "support/table.hpp"

namespace us = unitsphere;

namespace {

struct arguments {
    std::string images, texts, rows, columns, picture;
};

void answer(const us::matrix<float>& cosines, const std::vector<std::string>& texts,
            const std::vector<std::string>& images, const std::string& picture) {
    support::print_matrix(cosines, texts, images, 4);
    if (!picture.empty()) support::draw_cosines(picture, cosines, texts, images);

    support::table answers({{"image"}, {"best text"}, {"cosine", true}});
    for (us::idx_t j = 0; j < std::min<us::idx_t>(cosines.columns(), 10); ++j) {
        us::idx_t best = -1;  // a row without a direction has only NaN, which is never greater
        for (us::idx_t i = 0; i < cosines.rows(); ++i)
            if (cosines(i, j) > (best < 0 ? -2.0f : cosines(best, j))) best = i;
        const std::string& image = images[std::size_t(j)];
        if (best < 0)
            answers.add({image, "none: zero or not finite"});
        else
            answers.add({image, texts[std::size_t(best)], support::decimals(cosines(best, j), 4)});
    }
    std::printf("\n");
    answers.print();
}

void answer_files(const arguments& given) {
    support::require_same_dim(given.images, given.texts);
    const auto texts = support::names_of_rows(given.texts, given.rows, "text");
    const auto images = support::names_of_rows(given.images, given.columns, "image");
    const support::row_loader loader{"similarity_matrix", us::on_row::nan};
    const us::unit_embeddings<> first_images = loader.load(given.images, "images", support::most_drawn);
    answer(us::cosine_similarity(loader.load(given.texts, "texts"), first_images), texts, images, given.picture);
}

void answer_example(const std::string& picture) {
    const support::notebook_example example = support::make_notebook_example();
    std::printf("Eight images and texts as in CLIP's notebook, with made-up cosines. (--out FILE.svg draws them.)\n\n");
    answer(us::cosine_similarity(example.texts, example.images), example.text_names, example.image_names, picture);
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("similarity_matrix", [&] {
        arguments given;
        support::command_line line("similarity_matrix",
                                   "Which text fits which image? Texts down the side, images across the top.\n"
                                   "Without files: eight images and texts as in CLIP's notebook.");
        line.file("IMAGES", given.images, "encode_image rows, .npy, f2, f4, f8 or i1");
        line.file("TEXTS", given.texts, "encode_text rows, .npy, f2, f4, f8 or i1");
        line.optional_file("--rows", given.rows, "names of the rows, the texts, one per line");
        line.optional_file("--columns", given.columns, "names of the columns, the images, one per line");
        line.output("--out", given.picture, "where to draw the heat map, .svg, up to 64 x 64");
        line.parse(argc, argv) ? answer_files(given) : answer_example(given.picture);
    });
}
