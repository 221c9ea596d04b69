// Which images does a trained linear head flag?
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    // numpy.c_[clf.coef_, clf.intercept_] of a scikit-learn head that was trained on unit rows: the bias comes last.
    const double trained[] = {4.0, -2.5, 1.5, 0.5, -1.75};
    const us::linear_head head(us::matrix_view(trained, 1, 5));

    // Raw features of the encoder: the head normalizes them. The last image could not be read, and its row is zero.
    const float features[] = {9.1f, -3.2f, 2.4f, 1.0f, 6.0f, 1.5f,  7.5f, -2.5f, -7.0f, 5.5f, 1.0f, 4.0f,
                              7.2f, -5.9f, 3.1f, 0.3f, 2.5f, -8.0f, 5.0f, 3.0f,  0.0f,  0.0f, 0.0f, 0.0f};
    const us::matrix_view<const float> images{features, 6, 4};

    us::linear_head_options options;
    options.rows.zero_rows = us::on_row::nan;  // a failed image has no label and no probability: -1, NaN
    const us::array<us::idx_t> flags = head.predict(images, 0.93, {}, options);
    const us::matrix<double> p = head.predict_proba(images, {}, options);
    int flagged = 0;
    for (int i = 0; i < images.rows(); ++i) {
        std::printf("image %d: %s  %.4f\n", i, flags[i] < 0 ? "none" : flags[i] == 1 ? "FLAG" : "-   ", p(i, 1));
        flagged += flags[i] == 1 ? 1 : 0;
    }
    std::printf("flagged %d of %d\n", flagged, int(images.rows()));
}
