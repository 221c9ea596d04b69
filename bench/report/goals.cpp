#include "goals.hpp"

namespace report {

namespace {

const std::vector<std::string> products{"eigen", "openblas", "onednn"};
const std::vector<std::string> normalizers{"eigen", "loop", "pytorch"};

void add_cosine(std::vector<goal>& all) {
    for (const char* shape : {"1000x1000x512", "4096x4096x512", "10000x1000x512", "1000x1000x768"})
        all.push_back({"cosine_large", shape, "f32", 0.92, {}, {{products, 0.96}}});
    all.push_back({"cosine_32", "32x1000x512", "f32", 0.90, {}, {{products, 1.0}}});
    all.push_back({"cosine_1", "1x1000x512", "f32", 0.85, {}, {{{"openblas"}, 1.0}}});
}

void add_zero_shot(std::vector<goal>& all) {
    for (const char* shape : {"256x1000x512", "10000x1000x512", "4096x4096x512"})
        all.push_back({"zero_shot_large", shape, "f32", 0.90, {}, {{{"openblas"}, 1.1}, {{"pytorch"}, 1.2}}});
    const std::vector<std::string> everybody{"eigen", "openblas", "pytorch"};
    all.push_back({"zero_shot_tall", "100000x10x512", "f32", 0.75, {}, {{everybody, 4.0}}});
    all.push_back({"zero_shot_tiny", "1x10x512", "f32", {}, 0.5e-6, {{everybody, 1.0}}});
}

void add_rows(std::vector<goal>& all) {
    for (const char* type : {"f32", "f32 in place"}) {
        all.push_back({"normalize", "1x512", type, {}, 70e-9, {{normalizers, 1.0}}});
        for (const char* shape : {"512x512", "1000x512", "100000x512"})
            all.push_back({"normalize", shape, type, 0.92, {}, {{normalizers, 1.0}}});
    }
    for (const char* shape : {"256x1000", "10000x1000", "8x1000000"})
        all.push_back({"softmax", shape, "f32", 0.75, {}, {{{"eigen", "loop", "onednn", "pytorch"}, 1.5}}});
}

void add_search(std::vector<goal>& all) {
    all.push_back({"top10_1", "1x200000x512", "f32", 0.95, {}, {{{"faiss", "pytorch"}, 1.0}}});
    all.push_back({"top10_1_raw", "1x200000x512", "f32", 0.75, {}, {{{"faiss", "pytorch"}, 4.0}}});
    all.push_back({"top10_many", "32x200000x512", "f32", 0.75, {}, {{{"faiss"}, 1.3}}});
    all.push_back({"top10_many", "1024x200000x512", "f32", 0.90, {}, {{{"faiss"}, 1.1}}});
}

void add_retrieval(std::vector<goal>& all) {
    all.push_back(
        {"retrieval", "20000x20000x512", "f32", {}, {}, {{{"cosine_similarity"}, 1 / 1.15}, {{"pytorch"}, 1.0}}});
    all.push_back({"near_duplicates", "20000x512", "f32", 0.80, {}, {{{"faiss", "pytorch"}, 1.6}}});
}

/// To the same gradient, 1e-6.
void add_probe(std::vector<goal>& all) {
    for (const char* shape : {"736x512x2", "10000x512x2", "736x512x37", "10000x512x10"})
        all.push_back({"linear_probe", shape, "f32", {}, {}, {{{"sklearn"}, 1.0}}});
}

void add_loss(std::vector<goal>& all) {
    for (const char* type : {"f32", "f32 gradients"})
        all.push_back({"loss", "16384x16384x512", type, 0.85, {}, {{{"pytorch"}, 2.5}}});
}

void add_ourselves(std::vector<goal>& all) {
    for (const char* type : {"f16", "bf16"}) {
        all.push_back({"half_input", "1000x1000x512", type, {}, {}, {{{"float"}, 1 / 1.05}}});
        all.push_back({"half_input", "100000x10x512", type, {}, {}, {{{"float"}, 1.0}}});
    }
    for (const char* work : {"cosine 32x1000x512", "cosine 1000x1000x512", "cosine 4096x4096x512",
                             "cosine 10000x1000x512", "cosine 1000x1000x768", "zero-shot 256x1000x512",
                             "zero-shot 10000x1000x512", "zero-shot 4096x4096x512", "top-10 1024x200000x512"})
        all.push_back({"threads", work, "f32", {}, {}, {{{"one"}, 1.9}}, true});
    all.push_back({"compile", "umbrella and one call", "-O2", {}, {}, {{{"xsimd"}, 1.0 / 3}}});
}

}  // namespace

std::vector<goal> goals() {
    std::vector<goal> all;
    add_cosine(all);
    add_zero_shot(all);
    add_rows(all);
    add_search(all);
    add_retrieval(all);
    add_probe(all);
    add_loss(all);
    add_ourselves(all);
    return all;
}

std::string program_of(const std::string& id) {
    const auto starts = [&](const char* with) { return id.rfind(with, 0) == 0; };
    return starts("cosine")       ? "similarity_bench"
           : starts("zero_shot")  ? "zero_shot_bench"
           : starts("top10")      ? "search_bench"
           : id == "retrieval"    ? "retrieval_bench"
           : starts("near_")      ? "retrieval_bench"
           : id == "normalize"    ? "normalize_bench"
           : id == "softmax"      ? "probability_bench"
           : id == "half_input"   ? "similarity_types_bench"
           : id == "threads"      ? "threads_bench"
           : id == "loss"         ? "loss_bench"
           : id == "linear_probe" ? "linear_probe_bench"
                                  : "";
}

bool pytorch_can(const goal& g) {
    return program_of(g.id) != "" && g.id != "half_input" && g.id != "threads" && !sklearn_can(g);
}

bool sklearn_can(const goal& g) { return g.id == "linear_probe"; }

}  // namespace report
