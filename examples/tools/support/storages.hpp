/// The storages of galleries, by their names.
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unitsphere/io/compact_gallery.hpp>
#include <unitsphere/io/gallery.hpp>
#include <unitsphere/unitsphere.hpp>

namespace support {

namespace us = unitsphere;

/// In the order of their numbers in gallery files.
inline const std::vector<std::string>& storage_names() {
    static const std::vector<std::string> names{"float", "float16", "bfloat16", "int8", "int4", "one_bit"};
    return names;
}

/// visit(gallery), an empty one of that storage.
template <class Visit>
void with_storage(const std::string& name, Visit&& visit) {
    if (name == "float16") return visit(us::compact_gallery<us::float16>());
    if (name == "bfloat16") return visit(us::compact_gallery<us::bfloat16>());
    if (name == "int8") return visit(us::compact_gallery<std::int8_t>());
    if (name == "int4") return visit(us::compact_gallery<us::int4>());
    if (name == "one_bit") return visit(us::compact_gallery<us::one_bit>());
    return visit(us::gallery());
}

/// The storage of a gallery file, by the number at byte 68 of its header; "float" where there is none, for
/// load_gallery says what is wrong with such a file.
inline std::string storage_of_file(const std::string& path) {
    char header[72] = {};
    std::ifstream(path, std::ios::binary).read(header, sizeof header);
    const unsigned number = static_cast<unsigned char>(header[68]);
    const bool has_storage = header[8] == 3;  // the version of the file
    return has_storage && number < storage_names().size() ? storage_names()[number] : storage_names()[0];
}

inline void load(const std::string& path, us::gallery& rows) { rows = us::load_gallery(path); }
template <class Storage>
void load(const std::string& path, us::compact_gallery<Storage>& rows) {
    rows = us::load_gallery<us::compact_gallery<Storage>>(path);
}

}  // namespace support
