#include "hand_over.hpp"

int main() {
    take_classifier(*make_classifier());
    take_classifier(*kept_classifier);
    take_packed(make_packed());
    take_packed(kept_packed);
    take_report(make_report());
    take_report(kept_report);
}
