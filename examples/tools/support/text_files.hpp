/// The files beside the embeddings: class names, labels, prompt maps. Text, one entry per line, in row order.
///
/// Only the text before a line's first tab counts. Windows line ends, a byte order mark and empty lines at the end
/// are accepted. Integers may also come as a .npy file, known by its first bytes. Every error is a std::runtime_error
/// that names the file.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/data/config.hpp>

namespace support {

std::vector<std::string> read_names(const std::string& path);

/// "class 0", "class 1", ...: for what no file names.
std::vector<std::string> numbered_names(const std::string& what, unitsphere::idx_t count);

/// One integer per line, where the first line may be a header, or a .npy file that load_npy_integers reads: each in
/// [lowest, highest].
std::vector<unitsphere::idx_t> read_integers(const std::string& path, unitsphere::idx_t lowest,
                                             unitsphere::idx_t highest);

/// "labels.txt has 2382 labels": how much of something a file holds.
struct amount {
    std::string file;
    unitsphere::idx_t count;
    const char* what;
};

/// Throws "labels.txt has 2382 labels, images.npy has 2383 rows" unless the counts agree.
void require_equal(const amount& a, const amount& b);

}  // namespace support
