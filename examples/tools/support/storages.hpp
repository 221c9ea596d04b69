/// The storages of galleries, by their names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <unitsphere/io/keyed_gallery.hpp>
#include <unitsphere/unitsphere.hpp>

namespace support {

namespace us = unitsphere;

/// As compress takes them, and inspect_gallery gives them.
inline const std::vector<std::string>& storage_names() {
    static const std::vector<std::string> names{"float", "float16", "bfloat16", "fast_bfloat16",
                                                "int8",  "int4",    "one_bit"};
    return names;
}

/// visit(gallery), an empty one of that storage.
template <class Visit>
void with_storage(const std::string& name, Visit&& visit) {
    if (name == "float16") return visit(us::compact_gallery<us::float16>());
    if (name == "bfloat16") return visit(us::compact_gallery<us::bfloat16>());
    if (name == "fast_bfloat16") return visit(us::compact_gallery<us::fast_bfloat16>());
    if (name == "int8") return visit(us::compact_gallery<std::int8_t>());
    if (name == "int4") return visit(us::compact_gallery<us::int4>());
    if (name == "one_bit") return visit(us::compact_gallery<us::one_bit>());
    return visit(us::gallery());
}

inline void load(const std::string& path, us::gallery& rows) { rows = us::load_gallery(path); }
template <class Storage>
void load(const std::string& path, us::compact_gallery<Storage>& rows) {
    rows = us::load_gallery<us::compact_gallery<Storage>>(path);
}
template <class Gallery>
void load(const std::string& path, us::keyed<Gallery>& rows) {
    rows = us::load_gallery<us::keyed<Gallery>>(path);
}

}  // namespace support
