// CLIP's two logit matrices and SigLIP's biased logits from raw rows, beside Eigen.
#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/similarity.hpp>

#include "rows.hpp"

namespace {

namespace us = unitsphere;
using rows = us::eigen_map<float>::PlainObject;

struct problem {
    us::matrix<float> images, texts, per_image, per_text;

    explicit problem(const benchmark::State& state)
        : images(bench::random_rows(state.range(0), 512, 1)),
          texts(bench::random_rows(state.range(1), 512, 2)),
          per_image(images.rows(), texts.rows()),
          per_text(texts.rows(), images.rows()) {}
    void report(benchmark::State& state) const {
        bench::count_flops(state, 2.0 * 512.0 * double(images.rows() * texts.rows()));
    }
};

const us::logit_scale scale = us::logit_scale::from_multiplier(100.0f);

void clip_logits_unitsphere(benchmark::State& state) {
    problem p(state);
    for (auto _ : state) {
        us::clip_logits_into(p.images, p.texts, scale, p.per_image, p.per_text);
        benchmark::ClobberMemory();
    }
    state.SetLabel(us::instruction_set());
    p.report(state);
}

void clip_logits_eigen(benchmark::State& state) {
    problem p(state);
    for (auto _ : state) {
        const rows images = us::as_eigen(p.images).rowwise().normalized();
        const rows texts = us::as_eigen(p.texts).rowwise().normalized();
        us::as_eigen(p.per_image).noalias() = 100.0f * images * texts.transpose();
        us::as_eigen(p.per_text) = us::as_eigen(p.per_image).transpose();
        benchmark::ClobberMemory();
    }
    p.report(state);
}

void siglip_logits_unitsphere(benchmark::State& state) {
    problem p(state);
    for (auto _ : state) {
        us::siglip_logits_into(p.images, p.texts, scale, -10.0f, p.per_image);
        benchmark::ClobberMemory();
    }
    p.report(state);
}

void siglip_logits_eigen(benchmark::State& state) {
    problem p(state);
    for (auto _ : state) {
        const rows images = us::as_eigen(p.images).rowwise().normalized();
        const rows texts = us::as_eigen(p.texts).rowwise().normalized();
        us::as_eigen(p.per_image).noalias() = 100.0f * images * texts.transpose();
        us::as_eigen(p.per_image).array() -= 10.0f;
        benchmark::ClobberMemory();
    }
    p.report(state);
}

void shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"images", "texts"})->Unit(benchmark::kMillisecond)->Args({32, 1000})->Args({1000, 1000});
}

}  // namespace

BENCHMARK(clip_logits_unitsphere)->Apply(shapes);
BENCHMARK(clip_logits_eigen)->Apply(shapes);
BENCHMARK(siglip_logits_unitsphere)->Apply(shapes);
BENCHMARK(siglip_logits_eigen)->Apply(shapes);

void bench::register_rows() {}  // none of the goals
