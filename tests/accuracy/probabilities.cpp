// exp, softmax and its logarithm, the log-sum-exp, the sigmoid.
#include <unitsphere/probability.hpp>

#include "table.hpp"

namespace accuracy {
namespace {

namespace kernel = unitsphere::kernel;

constexpr std::uint32_t bits_of_2_to_minus_26 = 0x32800000u, bits_of_104 = 0x42d00000u;

/// step(16 floats) from 2^-26 up to 104, in steps of `stride` times 16; stride 1: every float there is.
template <class Step>
void for_each_float(std::uint32_t stride, Step&& step) {
    for (std::uint32_t first = bits_of_2_to_minus_26; first <= bits_of_104; first += 16 * stride) {
        float y[16];
        for (std::uint32_t i = 0; i < 16; ++i) y[i] = reference::float_from_bits(first + i);
        step(y);
    }
}

/// |got - exact| in units of the last place of float, for 2^-151 < exact. A double is exact enough: 2^-52 of it are
/// 4e-9 ulp. A long double for each of 277 million floats would take long.
double float_ulps(float got, double exact) {
    const int exponent = int(reference::bits(exact) >> 52) - 1023;
    const std::uint64_t inverse = std::uint64_t(1023 - (exponent < -126 ? -149 : exponent - 23)) << 52;
    double inverse_of_ulp;
    std::memcpy(&inverse_of_ulp, &inverse, sizeof inverse);
    return std::fabs(double(got) - exact) * inverse_of_ulp;
}

/// Of a row's logits: the largest, and log sum exp(l - largest) by log1p, so that nothing small is lost against 1.
struct exact_log_sum {
    long double largest, log;

    exact_log_sum(const float* logits, idx_t columns) {
        idx_t place = 0;
        for (idx_t j = 1; j < columns; ++j)
            if (logits[j] > logits[place]) place = j;
        largest = logits[place];
        long double others = 0;
        for (idx_t j = 0; j < columns; ++j)
            if (j != place) others += std::exp((long double)(logits[j]) - largest);
        log = std::log1p(others);
    }
};

struct softmax_errors {
    measurement sum, relative;

    void add(const matrix<float>& logits, double bound) {
        const matrix<float> got = unitsphere::softmax(logits);
        for (idx_t i = 0; i < logits.rows(); ++i) {
            const auto exact = reference::softmax(logits.row(i), logits.dim());
            long double total = 0;
            for (idx_t j = 0; j < logits.dim(); ++j) {
                const long double p = exact[std::size_t(j)];
                total += got(i, j);
                if (p >= 0x1p-126L) relative.add(std::fabs(got(i, j) - p) / p, bound);
            }
            sum.add(std::fabs(total - 1), 2e-7);
        }
    }
};

void measure_softmax(table& results, const std::vector<idx_t>& columns) {
    for (const float range : {1.0f, 100.0f}) {
        softmax_errors found;
        for (const idx_t count : columns)
            found.add(tests::random_logits(count > 2000 ? 1 : 20, count, range, 5000), range <= 1 ? 4e-7 : 5e-6);
        const std::string rows = "logits in +-" + std::to_string(int(range));
        results.add({"softmax, sum", "float", rows, range_of(columns), "\\|sum - 1\\|"}, found.sum);
        results.add({"softmax", "float", rows, range_of(columns), "relative"}, found.relative);
    }
    measurement equal;  // here all roundings go the same way
    const idx_t most = results.quick() ? 200 : 4000;
    for (idx_t count = 1; count <= most; ++count) {
        const matrix<float> got = unitsphere::softmax(matrix<float>(1, count));
        long double total = 0;
        for (idx_t j = 0; j < count; ++j) total += got(0, j);
        equal.add(std::fabs(total - 1), 2e-7);
    }
    results.add({"softmax, sum", "float", "equal logits", "1 to " + std::to_string(most), "\\|sum - 1\\|"}, equal);
}

void measure_logarithms(table& results, const std::vector<idx_t>& columns) {
    for (const float range : {1.0f, 100.0f, 10000.0f}) {
        measurement log_p, log_sum;
        for (const idx_t count : columns) {
            const matrix<float> logits = tests::random_logits(count > 2000 ? 1 : 20, count, range, 5100);
            const matrix<float> got = unitsphere::log_softmax(logits);
            const auto sums = unitsphere::log_sum_exp(logits);
            for (idx_t i = 0; i < logits.rows(); ++i) {
                const exact_log_sum exact(logits.row(i), count);
                log_sum.add(std::fabs(sums[i] - (exact.largest + exact.log)),
                            1.2e-7L + 0x1p-52L * std::fabs(exact.largest));
                for (idx_t j = 0; j < count; ++j) {
                    const volatile long double difference = (long double)(logits(i, j)) - exact.largest;
                    const long double wanted = difference - exact.log;
                    if (wanted <= -0x1p-126L) log_p.add(std::fabs(got(i, j) - wanted) / -wanted, 2e-7);
                }
            }
        }
        const std::string rows = "logits in +-" + std::to_string(int(range));
        results.add({"log_softmax", "float", rows, range_of(columns), "relative"}, log_p);
        results.add({"log_sum_exp", "float", rows, range_of(columns), "absolute"}, log_sum);
    }
}

void measure_sigmoid(table& results) {
    measurement alone;
    for_each_float(results.quick() ? 97 : 13, [&](float* l) {
        for (const float sign : {1.0f, -1.0f}) {
            matrix<float> logits(1, 16);
            for (int i = 0; i < 16; ++i) logits(0, i) = sign * l[i];
            const matrix<float> got = unitsphere::sigmoid(logits);
            for (int i = 0; i < 16; ++i) {
                const double exact = 1 / (1 + std::exp(-double(logits(0, i))));
                if (exact >= 0x1p-126) alone.add(std::fabs(got(0, i) - exact) / exact, 2.4e-7);
            }
        }
    });
    // The logit itself is rounded (twice without fused multiply-add): 2^-24 of at most 20 and of at most 10.
    const double bound = 2.4e-7 + 30 * 0x1p-24;
    measurement biased;
    const matrix<float> cosines = tests::random_logits(1, results.quick() ? 10000 : 1000000, 1.0f, 5200);
    const matrix<float> got = unitsphere::sigmoid(cosines, unitsphere::logit_scale::from_multiplier(10.0f), -10.0f);
    for (idx_t j = 0; j < cosines.dim(); ++j) {
        const long double exact = 1 / (1 + std::exp(10 - 10 * (long double)(cosines(0, j))));
        biased.add(std::fabs(got(0, j) - exact) / exact, bound);
    }
    results.add({"sigmoid", "float", "normal results", "logits in +-104", "relative"}, alone);
    results.add({"sigmoid, scale 10, bias -10", "float", "every result", "cosines in +-1", "relative"}, biased);
}

}  // namespace

void measure_exp(table& results) {
    const bool flushes = flushes_subnormals();
    const std::uint32_t stride = results.quick() ? 97 : 1;
    measurement single;
    for_each_float(stride, [&](float* y) {
        float out[16];
        kernel::store16(out, kernel::exp_negated(kernel::load16(y)));
        for (int i = 0; i < 16; ++i) {
            const double exact = std::exp(-double(y[i]));
            if (!flushes || exact >= 0x1p-126) single.add(float_ulps(out[i], exact), 1);
        }
    });
    results.add({"exp (kernel)", "float", "floats", "[-104, -2^-26]", "ulp"}, single);
    measurement wide;
    for (int i = 0; i < 100000; ++i) {
        const double y = i * 0.00699;
        const long double exact = std::exp(-(long double)(y));
        wide.add(std::fabs(kernel::exp_negated(y) - exact) / exact, 3e-16);
    }
    results.add({"exp in double (kernel)", "double", "100000 doubles", "[-699, 0]", "relative"}, wide);
}

void measure_probabilities(table& results) {
    const std::vector<idx_t> columns =
        results.quick() ? std::vector<idx_t>{1, 2, 33, 1000, 1025}
                        : std::vector<idx_t>{1, 2, 3, 10, 31, 32, 33, 1000, 1023, 1024, 1025, 10000, 100000, 1000000};
    measure_softmax(results, columns);
    measure_logarithms(results, columns);
    measure_sigmoid(results);
}

}  // namespace accuracy
