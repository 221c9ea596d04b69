/// The ids behind the rows of a gallery file: ascending, 8 bytes each and little-endian, then their checksum. They
/// begin at a multiple of 8 bytes, since the panels of every storage take a multiple of 8.
#pragma once

#include "../detail/id_table.hpp"
#include "file_mapping.hpp"
#include "gallery_stream.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// write(bytes, count)
template <class Write>
void write_ids(array<idx_t>&& ids, Write&& write) {
    const idx_t bytes = idx_t(ids.size() * sizeof(idx_t));
    swap_with_file_order(ids.data(), idx_t(ids.size()));
    std::uint64_t sum = checksum_of(ids.data(), bytes);
    swap_with_file_order(&sum, 1);
    if (bytes > 0) write(ids.data(), bytes);
    write(&sum, idx_t(sizeof sum));
}

/// Refuses ids with another checksum than `written`, and those that no keyed gallery has. Both in the machine's order,
/// but `sum`, that of the bytes in the file.
inline void require_ids(const gallery_source& source, const idx_t* ids, idx_t count, std::uint64_t sum,
                        std::uint64_t written) {
    if (sum != written) source.refuse("the ids are not those that were written");
    if (count > 0 && ids[0] < 0) source.refuse("row 0 has the negative id ", ids[0]);
    for (idx_t i = 1; i < count; ++i)
        if (ids[i] <= ids[i - 1])
            source.refuse("row ", i, " has id ", ids[i], ", row ", i - 1, " id ", ids[i - 1], ": ids ascend");
}

/// From a stream at the end of the rows.
inline array<idx_t> read_ids(const gallery_source& source, std::istream& from, idx_t count) {
    const idx_t left = bytes_left(from), needed = (count + 1) * idx_t(sizeof(idx_t));
    if (left >= 0 && left < needed)
        source.refuse(source.kind(), " ends after ", left, " of ", needed, " bytes of the ids");
    array<idx_t> ids = read_array<idx_t>(source, from, count, "the ids");
    const std::uint64_t sum = checksum_of(ids.data(), count * idx_t(sizeof(idx_t)));
    std::uint64_t written = 0;
    read_bytes(source, from, &written, idx_t(sizeof written), "the checksum of the ids");
    swap_with_file_order(&written, 1);
    swap_with_file_order(ids.data(), count);
    require_ids(source, ids.data(), count, sum, written);
    return ids;
}

/// In a mapped file of a little-endian machine, where its rows end.
inline id_table ids_in_place(const gallery_source& source, const file_mapping& mapping, idx_t end_of_rows,
                             idx_t count) {
    const std::byte* const file = mapping.data();
    const idx_t size = mapping.size(), bytes = count * idx_t(sizeof(idx_t)), needed = end_of_rows + bytes + 8;
    if (size < needed) source.refuse("ends after ", size, " bytes, ", count, " rows and their ids take ", needed);
    const idx_t* const ids = reinterpret_cast<const idx_t*>(file + end_of_rows);
    std::uint64_t written;
    std::memcpy(&written, file + end_of_rows + bytes, sizeof written);
    require_ids(source, ids, count, checksum_of(ids, bytes), written);
    return id_table::over(ids, count);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
