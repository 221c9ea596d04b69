#include "hand_over.hpp"

int main() {
    take_classifier(*make_classifier());
    take_classifier(*kept_classifier);
    take_gallery(make_gallery());
    take_gallery(kept_gallery);
    take_report(make_report());
    take_report(kept_report);
}
