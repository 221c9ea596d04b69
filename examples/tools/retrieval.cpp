// How often do images find their captions, and captions their images? Recall@k both ways, without the scores.
#include <cstdio>
#include <string>
#include <vector>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "support/command_line.hpp"
#include "support/embeddings.hpp"
#include "support/made_up_rows.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"
#include "support/text_files.hpp"

namespace us = unitsphere;

namespace {

void add_ranks(support::table& ranks, const char* direction, const us::retrieval_ranks& found) {
    if (found.evaluated_queries() == 0) return;
    ranks.add({direction, std::to_string(found.evaluated_queries()), std::to_string(found.candidates),
               support::decimals(us::mean_rank(found), 4), support::decimals(us::median_rank(found), 0),
               support::decimals(us::mean_reciprocal_rank(found), 4)});
}

void print_recall(const char* direction, const us::retrieval_ranks& found) {
    if (found.evaluated_queries() == 0) return void(std::printf("%s undefined (0 pairs)\n", direction));
    std::printf("%s R@1 %.4f R@5 %.4f R@10 %.4f\n", direction, us::recall_at(found, 1), us::recall_at(found, 5),
                us::recall_at(found, 10));
}

void print(const us::retrieval_result& found) {
    support::table ranks(
        {{""}, {"queries", true}, {"candidates", true}, {"mean rank", true}, {"median", true}, {"MRR", true}});
    add_ranks(ranks, "image->text", found.image_to_text);
    add_ranks(ranks, "text->image", found.text_to_image);
    ranks.print();
    const us::idx_t alone = found.image_to_text.queries() - found.image_to_text.evaluated_queries();
    if (alone > 0) std::printf("images without a text, left out: %lld\n", static_cast<long long>(alone));
    std::printf("\n");
    print_recall("image->text", found.image_to_text);
    print_recall("text->image", found.text_to_image);
}

void retrieve_made_up_rows() {
    const support::captioned_images made = support::make_captioned_images();
    std::printf("No files given, so these are 200 made-up images with five captions each.\n\n");
    print(us::retrieval(made.images, made.texts, made.image_of_text));
}

/// The image of each text: from the file, else the row of the same number.
std::vector<us::idx_t> read_pairs(const std::string& file, const std::string& image_file,
                                  const std::string& text_file) {
    const us::idx_t images = us::inspect_npy(image_file).rows, texts = us::inspect_npy(text_file).rows;
    std::vector<us::idx_t> image_of_text;
    if (file.empty()) {
        support::require_equal({image_file, images, "rows"},
                               {text_file, texts, "rows; --pairs says which belong together"});
        for (us::idx_t j = 0; j < texts; ++j) image_of_text.push_back(j);
    } else {
        image_of_text = support::read_integers(file, -1, images - 1);
        support::require_equal({file, us::idx_t(image_of_text.size()), "pairs"}, {text_file, texts, "rows"});
    }
    return image_of_text;
}

us::retrieval_result rank(const us::unit_embeddings<>& images, const us::unit_embeddings<>& texts,
                          const std::vector<us::idx_t>& image_of_text) {
    support::progress show("ranking");
    return us::retrieval(images, texts, image_of_text, us::execution(us::sequential{}).on_progress(show));
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("retrieval", [&] {
        std::string image_file, text_file, pair_file;
        support::command_line line("retrieval",
                                   "How often do images find their captions, and captions their images?\n"
                                   "Without arguments: 200 made-up images with five captions each.");
        line.file("IMAGES", image_file, "encode_image rows, .npy, f2, f4, f8 or i1");
        line.file("TEXTS", text_file, "encode_text rows, .npy");
        line.optional_file("--pairs", pair_file,
                           "the image row of each text, one integer per line or .npy, -1 for none; else row by row");
        if (!line.parse(argc, argv)) return retrieve_made_up_rows();
        support::require_same_dim(image_file, text_file);
        const std::vector<us::idx_t> image_of_text = read_pairs(pair_file, image_file, text_file);
        const support::row_loader loader{"retrieval", us::on_row::nan};  // what has no direction is never found
        const us::unit_embeddings<> images = loader.load(image_file, "images");
        const us::unit_embeddings<> texts = loader.load(text_file, "texts");
        print(rank(images, texts, image_of_text));
    });
}
