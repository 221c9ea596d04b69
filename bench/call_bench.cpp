// Calls of a few microseconds, as a service makes them for one image, beside their kernels alone, on operands that are
// packed and in L1: what is between the two is views, checks, plan, workspace and the loops.
#include <memory>

#include <unitsphere/unitsphere.hpp>

#include "exact.hpp"
#include "peers.hpp"
#include "rows.hpp"

namespace {

namespace us = unitsphere;
namespace kernel = unitsphere::kernel;
using bench::use;
using us::idx_t;

constexpr idx_t dim = 512, k = 10;
constexpr float scale = 100.0f;
const auto to_logits = us::logit_scale::from_multiplier(scale);

template <class Run, class Error>
void add(const char* who, const std::string& call, const bench::work& w, const Run& run, const Error& error) {
    bench::add({"calls", who, call}, w, [=] { return bench::task{run, error}; });
}

/// A query in a block of rows, and a gallery in panels.
class packed_operands {
public:
    packed_operands(const us::matrix<float>& query, const us::matrix<float>& rows)
        : query_(query),
          block_(1, kernel::packed_block_size<float>(dim)),
          panels_(1, us::engine::rows_of_panels(rows.rows()) * dim),
          scores_(1, us::engine::rows_of_panels(rows.rows())),
          packed_{panels_.data(), rows.rows(), dim} {
        us::row_report seen;
        const us::engine::row_source<float> source(us::matrix_view<const float>(rows), {}, "", "");
        us::engine::pack_panels(source, 0, rows.rows(), panels_.data(), seen);
    }

    /// Cosines of the query with all rows.
    float* multiply() {
        const kernel::row_length length = kernel::length_of_single_row(query_.data(), dim);
        const auto factors = kernel::factors_of<float>(length, us::on_row::keep);
        kernel::pack_block_row(query_.data(), dim, factors, 0, block_.data());
        for (idx_t j = 0; j < packed_.rows; j += us::engine::panels<float>::columns)
            kernel::multiply<float>(
                {block_.data(), packed_.panel(j), 1, packed_.width_from(j), dim, scores_.data() + j, 0});
        return scores_.data();
    }

private:
    const us::matrix<float>& query_;
    us::matrix<float> block_, panels_, scores_;
    us::engine::panels<float> packed_;
};

const us::matrix<float>& one_query() { return bench::raw(use::queries, 1, dim); }

void add_normalize() {
    auto& row = bench::output(1, dim);
    row = one_query();
    const auto error = [&] { return bench::unit_error(one_query(), row); };
    const bench::work w{4.0 * double(dim), 4.0 * double(dim), 4.0 * double(dim), true};
    add(
        "unitsphere", "normalize 1x512", w, [&] { us::normalize_in_place(row); }, error);
    const auto by_kernels = [&] {
        const kernel::row_length length = kernel::length_of_single_row(row.data(), dim);
        kernel::scale_row(row.data(), dim, kernel::factors_of<float>(length, us::on_row::keep), row.data());
    };
    add("kernels", "normalize 1x512", w, by_kernels, error);
}

void add_softmax(idx_t n) {
    const us::matrix<float>& logits = bench::raw(use::logits, 1, n);
    auto& out = bench::output(1, n);
    const auto error = [&] { return bench::softmax_error(logits, out); };
    const bench::work w{2.0 * bench::exp_operations * double(n), 4.0 * double(n), 4.0 * double(n)};
    add(
        "unitsphere", "softmax " + bench::shape(1, n), w, [&] { us::softmax_into(logits, out); }, error);
    const auto by_kernels = [&, n] { kernel::softmax_rows(logits.data(), 1, n, n, out.data(), n); };
    add("kernels", "softmax " + bench::shape(1, n), w, by_kernels, error);
}

void add_zero_shot(idx_t classes) {
    const us::matrix<float>& rows = bench::raw(use::gallery, classes, dim);
    const auto classifier = std::make_shared<us::zero_shot_classifier>(rows, to_logits);
    const auto space = std::make_shared<us::workspace>();
    auto& out = bench::output(1, classes);
    const auto error = [&] { return bench::zero_shot_error(one_query(), rows, out); };
    const std::string call = "zero-shot " + bench::shape(1, classes);
    const bench::work w = bench::zero_shot_work(1, classes, dim);
    const auto by_call = [&, classifier, space] { classifier->predict_proba_into(one_query(), out, *space); };
    add("unitsphere", call, w, by_call, error);
    const auto operands = std::make_shared<packed_operands>(one_query(), rows);
    const auto by_kernels = [&, classes, operands] {
        kernel::softmax_rows(operands->multiply(), 1, classes, classes, scale, out.data(), classes);
    };
    add("kernels", call, w, by_kernels, error);
}

void add_top_k(idx_t n) {
    const us::matrix<float>& rows = bench::raw(use::gallery, n, dim);
    const auto gallery = std::make_shared<us::gallery>(rows);
    auto& indices = bench::made_once(use::logits, 1, k, [] { return us::matrix<idx_t>(1, k); });
    auto& scores = bench::output(1, k);
    const auto space = std::make_shared<us::workspace>();
    const auto error = [&] { return bench::top_error(one_query(), rows, scores); };
    const std::string call = "top-10 " + bench::shape(1, n);
    const bench::work w = bench::cosine_work(1, n, dim);
    const auto by_call = [&, gallery, space] { us::top_k_into(one_query(), *gallery, indices, scores, *space); };
    add("unitsphere", call, w, by_call, error);
    const auto operands = std::make_shared<packed_operands>(one_query(), rows);
    const auto by_kernels = [&, n, operands] {
        kernel::select_best(operands->multiply(), n, k, indices.data(), scores.data());
    };
    add("kernels", call, w, by_kernels, error);
}

void add_cosine() {
    const us::matrix<float>& rows = bench::raw(use::gallery, 1, dim);
    auto& out = bench::output(1, 1);
    const auto error = [&] { return bench::cosine_error(one_query(), rows, out); };
    const bench::work w = bench::cosine_work(1, 1, dim);
    add(
        "unitsphere", "cosine 1x1", w, [&] { out(0, 0) = us::cosine(one_query()[0], rows[0]); }, error);
    const auto by_kernels = [&] {
        const auto unit_row = [](const float* x) {
            return kernel::scaled_row<float>{x, kernel::factors_of<float>(kernel::length_of(x, dim), us::on_row::keep)};
        };
        out(0, 0) = kernel::score_pair<float>(unit_row(one_query().data()), unit_row(rows.data()), dim);
    };
    add("kernels", "cosine 1x1", w, by_kernels, error);
    const auto in_double = [&] {
        us::cosine_options options;
        options.in_double = true;
        out(0, 0) = us::cosine(one_query()[0], rows[0], options);
    };
    add("in_double", "cosine 1x1", w, in_double, error);
    for (const auto& peer : bench::peer::pairwise_cosines())
        add(peer.who, "cosine 1x1", w, peer.prepare(one_query(), rows, out), error);
}

}  // namespace

void bench::register_rows() {
    add_normalize();
    for (const idx_t n : {10, 100, 1000}) add_softmax(n);
    for (const idx_t classes : {10, 100}) add_zero_shot(classes);
    add_top_k(1000);
    add_cosine();
}
