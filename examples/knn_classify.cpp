// Which label do the nearest labelled rows give a new one, while rows and labels come and go?
#include <cstdio>
#include <map>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const char* const names[] = {"cat", "dog", "bird"};
    const float features[8][2] = {{10, 1}, {9, 2}, {11, 3}, {5, 6}, {4, 6}, {1, 9}, {2, 12}, {1, 7}};
    const int labels[8] = {0, 0, 0, 1, 1, 2, 2, -1};  // the last one has none yet
    us::keyed_gallery catalogue;
    std::map<us::idx_t, int> label_of;
    for (int i = 0; i < 8; ++i) {
        const us::idx_t id = 100 + i;
        catalogue.add(id, us::matrix_view<const float>(features[i], 1, 2));
        label_of[id] = labels[i];
    }

    const float picture[2] = {5, 7};
    const us::matrix_view<const float> query(picture, 1, 2);
    us::knn_classify_options options;
    options.temperature = 0.07f;  // near neighbours count more; without it each counts 1
    const auto classify = [&](const char* when) {
        const us::top_labels found = us::knn_classify(
            query, catalogue, [&](us::idx_t id) { return label_of.at(id); }, 5, {}, options);
        std::printf("%s:", when);
        for (const auto [label, probability] : found[0]) std::printf(" %s %.2f", names[label], probability);
        std::printf("\n");
    };
    classify("at first");
    label_of[107] = 2;
    classify("with another label");
    catalogue.remove(103);
    classify("without one row");
}
