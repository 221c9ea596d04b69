/// oneDNN: its sgemm, which is the better one for few rows, its matmul primitive, of bytes too, and its softmax.
#pragma once

#if defined(BENCH_HAS_ONEDNN)
#include <oneapi/dnnl/dnnl.hpp>

#include "peers.hpp"

namespace bench {
namespace peer {
namespace onednn {

inline std::string version() {
    const dnnl::version_t* v = dnnl::version();
    return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

inline task sgemm(const rows& queries, const rows& gallery, rows& out) {
    return [&] {
        const us::idx_t q = queries.rows(), g = gallery.rows(), dim = queries.dim();
        dnnl::sgemm('N', 'T', q, g, dim, 1.0f, queries.data(), dim, gallery.data(), dim, 0.0f, out.data(), g);
    };
}

/// One primitive and its arguments; what `run` needs to be called again and again.
struct prepared {
    dnnl::primitive primitive;
    std::unordered_map<int, dnnl::memory> arguments;
    dnnl::stream stream;

    void run() {
        primitive.execute(stream, arguments);
        stream.wait();
    }
};

inline const dnnl::engine& processor() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

inline constexpr dnnl::memory::data_type type_of(float) { return dnnl::memory::data_type::f32; }
inline constexpr dnnl::memory::data_type type_of(us::bfloat16) { return dnnl::memory::data_type::bf16; }
inline constexpr dnnl::memory::data_type type_of(std::int8_t) { return dnnl::memory::data_type::s8; }
inline constexpr dnnl::memory::data_type type_of(std::int32_t) { return dnnl::memory::data_type::s32; }

template <class T>
dnnl::memory::desc layout(us::idx_t rows, us::idx_t columns, dnnl::memory::format_tag order) {
    return {{rows, columns}, type_of(T{}), order};
}
template <class T>
dnnl::memory as_memory(const dnnl::memory::desc& desc, const us::matrix<T>& held) {
    return dnnl::memory(desc, processor(), const_cast<T*>(held.data()));
}

/// queries x gallery^T, the gallery as it lies in memory.
template <class T, class Product>
dnnl::matmul::primitive_desc product_of(us::idx_t q, us::idx_t g, us::idx_t dim) {
    using tag = dnnl::memory::format_tag;
    const auto left = layout<T>(q, dim, tag::ab), right = layout<T>(dim, g, tag::ba);
    const auto result = layout<Product>(q, g, tag::ab);
#if DNNL_VERSION_MAJOR >= 3
    return {processor(), left, right, result};
#else
    return {dnnl::matmul::desc(left, right, result), processor()};
#endif
}

/// Whether it has code for these types on this machine.
template <class T, class Product>
bool multiplies() {
    try {
        product_of<T, Product>(16, 16, 16);
        return true;
    } catch (const dnnl::error&) {
        return false;
    }
}

template <class T, class Product>
task matmul(const us::matrix<T>& queries, const us::matrix<T>& gallery, us::matrix<Product>& out) {
    const auto desc = product_of<T, Product>(queries.rows(), gallery.rows(), queries.dim());
    prepared p{dnnl::matmul(desc),
               {{DNNL_ARG_SRC, as_memory(desc.src_desc(), queries)},
                {DNNL_ARG_WEIGHTS, as_memory(desc.weights_desc(), gallery)},
                {DNNL_ARG_DST, as_memory(desc.dst_desc(), out)}},
               dnnl::stream(processor())};
    return [p]() mutable { p.run(); };
}

inline task softmax(const rows& from, rows& out) {
    const auto desc_of_rows = layout<float>(from.rows(), from.dim(), dnnl::memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::softmax_forward::primitive_desc desc(processor(), dnnl::prop_kind::forward_inference,
                                                     dnnl::algorithm::softmax_accurate, desc_of_rows, desc_of_rows, 1);
#else
    const dnnl::softmax_forward::primitive_desc desc(
        dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, desc_of_rows, 1), processor());
#endif
    prepared p{dnnl::softmax_forward(desc),
               {{DNNL_ARG_SRC, as_memory(desc_of_rows, from)}, {DNNL_ARG_DST, as_memory(desc_of_rows, out)}},
               dnnl::stream(processor())};
    return [p]() mutable { p.run(); };
}

}  // namespace onednn
}  // namespace peer
}  // namespace bench
#endif
