// How do the .npy files that Python wrote become probabilities, in a file that Python reads?
#include <cstdio>
#include <filesystem>
#include <string>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const std::string folder = (std::filesystem::temp_directory_path() / "unitsphere_example_").string();
    const std::string image_file = folder + "images.npy", text_file = folder + "texts.npy", out = folder + "out.npy";

    // In Python: numpy.save("images.npy", model.encode_image(..).cpu().numpy()), and the same for the texts.
    const float image_features[] = {-3.2f, 4.6f, 4.4f, -7.5f, 4.9f, -2.6f, 1.8f, -6.4f};
    const float text_features[] = {2.5f, 1.4f, 3.8f, 0.3f, 2.7f, 1.3f, 3.6f, 0.2f, 3.2f, 1.0f, 5.5f, 0.5f};
    us::save_npy(image_file, us::matrix_view(image_features, 2, 4));
    us::save_npy(text_file, us::matrix_view(text_features, 3, 4));

    // visit_npy loads float16, float32, float64 and int8 as they are; load_npy<float> loads that one type.
    const us::zero_shot_classifier classifier(us::load_npy<float>(text_file), us::logit_scale::from_multiplier(100.0f));
    us::save_npy(out, us::visit_npy(image_file, [&](const auto& images) { return classifier.predict_proba(images); }));

    const us::npy_info saved = us::inspect_npy(out);
    for (const auto row : us::load_npy<float>(out)) std::printf("%.4f %.4f %.4f\n", row[0], row[1], row[2]);
    for (const std::string& file : {image_file, text_file, out}) std::filesystem::remove(file);
    std::printf("saved the probabilities of %d images and %d classes\n", int(saved.rows), int(saved.dim));
}
