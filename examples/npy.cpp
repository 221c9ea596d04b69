// How do the .npy files that Python wrote become probabilities and labels, in files that Python reads?
#include <cstdio>
#include <filesystem>
#include <string>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const std::string folder = (std::filesystem::temp_directory_path() / "unitsphere_example_").string();
    const std::string image_file = folder + "images.npy", text_file = folder + "texts.npy";
    const std::string probability_file = folder + "probabilities.npy", label_file = folder + "labels.npy";

    // In Python: numpy.save("images.npy", model.encode_image(..).cpu().numpy()), and the same for the texts.
    const float image_features[] = {-3.2f, 4.6f, 4.4f, -7.5f, 4.9f, -2.6f, 1.8f, -6.4f};
    const float text_features[] = {2.5f, 1.4f, 3.8f, 0.3f, 2.7f, 1.3f, 3.6f, 0.2f, 3.2f, 1.0f, 5.5f, 0.5f};
    us::save_npy(image_file, us::matrix_view(image_features, 2, 4));
    us::save_npy(text_file, us::matrix_view(text_features, 3, 4));

    // Float16 becomes float, which is exact. Files of float64: load_npy<double>. Of any type, as it is: visit_npy.
    const us::matrix<float> images = us::load_npy(image_file), texts = us::load_npy(text_file);
    const us::zero_shot_classifier classifier(texts, us::logit_scale::from_multiplier(100.0f));
    us::save_npy(probability_file, classifier.predict_proba(images));  // (2, 3), float32
    us::save_npy(label_file, classifier.predict(images));              // (2,), int64

    for (const auto row : us::load_npy(probability_file)) std::printf("%.4f %.4f %.4f\n", row[0], row[1], row[2]);
    for (const us::idx_t label : us::load_npy_integers(label_file)) std::printf("class %d\n", int(label));
    const us::npy_info saved = us::inspect_npy(probability_file);
    for (const auto& file : {image_file, text_file, probability_file, label_file}) std::filesystem::remove(file);
    std::printf("saved the probabilities of %d images and %d classes\n", int(saved.rows), int(saved.dim));
}
