// How small do the rows of a file become, and what does a search still find?
#include <algorithm>
#include <cstdio>
#include <string>

#include "support/answers.hpp"
#include "support/command_line.hpp"
#include "support/made_up_rows.hpp"
#include "support/progress.hpp"
#include "support/row_files.hpp"
#include "support/storages.hpp"
#include "support/table.hpp"

namespace us = unitsphere;

namespace {

constexpr us::idx_t piece = 65536;  // rows: what is in memory at once, beside the gallery

void compress(const std::string& in, const std::string& tensor, const std::string& storage, const std::string& out) {
    const support::row_file rows(in, tensor);
    support::with_storage(storage, [&](auto packed) {
        {
            support::progress show("compressing");
            for (us::idx_t first = 0; first < rows.rows(); first += piece) {
                const us::idx_t count = std::min(piece, rows.rows() - first);
                packed.append(rows.unit_rows(first, count));
                show(count, rows.rows());
            }
        }
        support::warn("compress", in, packed.report(), "rows");
        if (!out.empty()) us::save_gallery(out, packed);
        std::printf("rows %lld  dim %lld  storage %s  bytes a row %.1f, as float %lld\n",
                    static_cast<long long>(packed.rows()), static_cast<long long>(packed.dim()), storage.c_str(),
                    packed.rows() == 0 ? 0.0 : double(packed.bytes()) / double(packed.rows()),
                    static_cast<long long>(4 * packed.dim()));
    });
}

/// Of the ten nearest of each row.
void compare_storages(const us::matrix<float>& rows) {
    const us::neighbours exact = us::top_k(rows, rows, 10);
    const auto found = [&](const us::neighbours& hits) {
        us::idx_t same = 0;
        for (us::idx_t i = 0; i < hits.queries(); ++i)
            for (const us::idx_t row : exact.indices[i])
                same += std::count(hits.indices.row(i), hits.indices.row(i) + 10, row);
        char text[16];
        std::snprintf(text, sizeof text, "%.3f", double(same) / double(10 * hits.queries()));
        return std::string(text);
    };
    support::table answers({{"storage"}, {"bytes a row", true}, {"recall@10", true}, {"x 4", true}});
    for (const std::string& name : support::storage_names())
        support::with_storage(name, [&](auto packed) {
            packed.append(rows);
            answers.add({name, std::to_string(packed.bytes() / packed.rows()), found(us::top_k(rows, packed, 10)),
                         found(us::top_k_rescored(rows, packed, rows, 10, 4))});
        });
    answers.print();
}

}  // namespace

int main(int argc, char** argv) {
    return support::run_tool("compress", [&] {
        std::string in, out, tensor, storage = "int8";
        support::command_line line("compress",
                                   "How small do the rows of a file become? A gallery file, for the tool search.\n"
                                   "Without arguments: 1000 made-up texts, in each storage.");
        line.file("ROWS", in, "rows of an encoder, .npy (f2, f4, f8 or i1) or .safetensors (F32, F16, BF16 or I8)");
        line.output("GALLERY", out, "where to write the gallery");
        line.choice("--storage", storage, support::storage_names(),
                    "float, float16, bfloat16, fast_bfloat16, int8, int4 or one_bit");
        line.text("--tensor", tensor, "the tensor of a .safetensors file that has several");
        if (line.parse(argc, argv)) return compress(in, tensor, storage, out);
        std::printf("No file given, so these are 1000 made-up texts, 64 wide.\n");
        compare_storages(support::make_captioned_images().texts);
    });
}
