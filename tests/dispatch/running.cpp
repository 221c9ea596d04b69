// Says which level runs, chosen by two threads at once, and asks it something. With an argument, the levels that this
// machine runs.
#include <cstdio>
#include <thread>

#include <unitsphere/dispatch.hpp>

namespace us = unitsphere::dispatched;

int main(int count, char**) {
    try {
        if (count > 1) {
            us::idx_t levels = 0;
            const auto* const all = unitsphere::levels::all(levels);
            for (us::idx_t i = 0; i < levels; ++i)
                if (unitsphere::levels::is_supported(*all[i])) std::printf("%s\n", all[i]->name);
            return 0;
        }
        const char* names[2] = {};
        const auto choose = [&](int i) {
            try {
                names[i] = us::running().name();
            } catch (const us::value_error&) {  // as below
            }
        };
        std::thread other(choose, 1);
        choose(0);
        other.join();
        const us::level level = us::running();
        us::matrix<float> images(40, 64), texts(100, 64);
        for (us::idx_t i = 0; i < 100; ++i)
            for (us::idx_t k = 0; k < 64; ++k) texts(i, k) = images(i % 40, k) = float((i * 31 + k * 17) % 23) - 11.0f;
        const us::gallery packed(texts);
        const us::zero_shot_classifier classifier(texts, us::logit_scale::from_multiplier(10.0f));
        const us::compact_gallery<std::int8_t> compact(texts);
        const bool right = names[0] == level.name() && names[1] == level.name() &&
                           us::top_k(texts, packed, 1).indices(7, 0) % 23 == 7 &&
                           us::top_k(texts, us::shadow_gallery(texts), 1).indices(7, 0) == 7 &&
                           us::top_k_rescored(texts, compact, packed, 1, 8).indices(7, 0) == 7 &&
                           classifier.predict(images).size() == 40 &&
                           us::softmax(us::cosine_similarity(images, texts))(0, 0) > 0.0f;
        std::printf("%s %s, %d bytes, %s\n", level.name(), level.instruction_set(), level.vector_bytes(),
                    right ? "right" : "wrong");
        return right ? 0 : 1;
    } catch (const us::value_error& error) {
        std::printf("%s\n", error.what());
        return 2;
    }
}
