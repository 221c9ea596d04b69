#include "cosine_picture.hpp"

#include <algorithm>

#include "heat_map.hpp"

namespace support {

using unitsphere::idx_t;

void draw_cosines(const std::string& file, const unitsphere::matrix<float>& cosines,
                  const std::vector<std::string>& texts, const std::vector<std::string>& images) {
    const idx_t rows = std::min(cosines.rows(), most_drawn), columns = std::min(cosines.dim(), most_drawn);
    const auto some = [](idx_t shown, std::size_t all, const std::string& what) {
        const std::string part = std::size_t(shown) < all ? "the first " + std::to_string(shown) + " of " : "";
        return part + std::to_string(all) + " " + what + (all == 1 ? "" : "s");
    };
    heat_map map;
    map.title = "Cosines of " + some(rows, texts.size(), "text") + " and " + some(columns, images.size(), "image");
    map.quantity = "cosine";
    map.row_names.assign(texts.begin(), texts.begin() + rows);
    map.column_names.assign(images.begin(), images.begin() + columns);
    map.values = {cosines.data(), rows, columns, cosines.stride()};
    save_text(file, heat_map_svg(map));
}

}  // namespace support
