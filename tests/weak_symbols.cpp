// A unit that uses everything: what it emits for other units to share must name the instruction set.
#include <iostream>

#include <Eigen/Core>

#include <unitsphere/engine/arena.hpp>
#ifdef _OPENMP
#include <unitsphere/engine/openmp.hpp>
#endif
#if __has_include(<oneapi/tbb/parallel_for.h>)
#include <unitsphere/engine/tbb.hpp>
#endif
#include <unitsphere/dispatch.hpp>
#include <unitsphere/interop/eigen.hpp>
#if __has_include(<mpi.h>)
#include <unitsphere/interop/mpi.hpp>
#endif
#include <unitsphere/io/compact_gallery.hpp>
#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/io/inspect_gallery.hpp>
#include <unitsphere/io/keyed_gallery.hpp>
#include <unitsphere/io/linear_head.hpp>
#include <unitsphere/io/mapped_npy.hpp>
#include <unitsphere/io/repack_gallery.hpp>
#include <unitsphere/io/safetensors.hpp>
#include <unitsphere/io/shadow_gallery.hpp>
#include <unitsphere/linear_probe.hpp>
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

namespace {

template <class T>
us::idx_t use_rows(us::matrix<T> rows) {
    us::row_report report;
    us::row_policy counted;
    counted.report = &report;
    const us::matrix<T> copy(rows);
    rows = copy;
    us::unit_embeddings<> unit = us::normalize(rows, {}, {counted});
    us::unit_embeddings<> other(unit);
    unit = other;
    other = us::normalize(copy);
    us::matrix<float> out(rows.rows(), rows.dim());
    const us::unit_view<> in_place = us::normalize_into(rows, out.view());
    const auto logits = us::clip_logits(rows, unit, us::logit_scale::from_log(4.6f, 100.0f));
    const us::zero_shot_classifier classifier(
        us::prompt_ensemble(
            rows, us::matrix_view<const int>().rows() == 0 ? std::array<int, 2>{0, 1} : std::array<int, 2>{1, 0}),
        us::logit_scale::from_multiplier(100.0f));
    const us::top_labels best = classifier.top_k(us::softmax(logits.per_text), 2);
    const us::matrix<float> cosines = us::cosine_similarity(in_place, classifier.predict_proba(rows));
    us::array<us::idx_t> labels = classifier.predict(rows);
    const us::array<us::idx_t> same_labels(labels);
    labels = same_labels;
    us::idx_t sum = 0;
    for (const auto [label, probability] : best[0]) sum += label + us::idx_t(probability);
    for (const auto row : cosines) sum += us::idx_t(row[0]);
    for (const us::idx_t label : labels) sum += label;
    const us::matrix<float> pairs =
        us::sigmoid(us::log_softmax(logits.per_image), us::logit_scale::from_multiplier(10.0f),
                    -float(us::log_sum_exp(us::sigmoid(logits.per_image))[0]));
    const std::array<int, 2> truth{0, 1};
    const double recall = us::mean_per_class_recall(us::confusion_matrix(best.labels, truth, 2)) +
                          us::mean_per_class_recall(us::confusion_matrix(truth, truth, 2));
    return sum + best.labels(0, 0) + report.zero_rows + us::idx_t(us::norms(copy).size()) + us::is_unit(other) +
           us::adopt_unit(unit.values()).rows() + cosines.rows() + pairs.rows() +
           us::idx_t(recall + us::accuracy_at(best.labels, truth, 1).value() +
                     us::accuracy_at(labels, truth, 1).value()) +
           classifier.decision_function(rows).rows();
}

template <class T>
us::idx_t use_directions(const us::matrix<T>& rows) {
    const us::unit_embeddings<> mean = us::mean_direction(rows),
                                weighted = us::mean_direction(rows, {}, {{}, {}, std::array<float, 2>{}});
    const us::matrix<float> centered = us::center(rows, us::centroid(rows));
    us::matrix<double> direction_sums(1, rows.dim());
    us::add_directions(rows, direction_sums);
    const us::matrix<float> logits = us::siglip_logits(rows, centered, us::logit_scale::from_log(2.3f), -10.0f);
    return us::slerp(mean, weighted, 0.5).rows() + us::truncate_dim(rows, 1).rows() + logits.rows() +
           us::idx_t(us::pairwise_cosine(rows, centered).size());
}

template <class T>
us::idx_t use_losses(const us::matrix<T>& rows) {
    us::workspace space;
    const us::logit_scale scale = us::logit_scale::from_multiplier(10.0f);
    us::matrix<float> of_images(rows.rows(), rows.dim()), of_texts(rows.rows(), rows.dim());
    const us::clip_loss_value value = us::clip_loss(rows, us::normalize(rows), scale, space);
    const us::clip_loss_gradient clip = us::clip_loss_gradients(rows, rows, scale), copy(clip);
    us::matrix<double> of_images_so_far = us::clip_loss_states(rows.rows()), of_texts_so_far(of_images_so_far);
    us::add_clip_loss_block(rows, rows, scale, 0, of_images_so_far, of_texts_so_far);
    us::clip_loss_block_gradients(rows, rows, scale, 0, of_images_so_far, of_texts_so_far, 2);
    us::clip_loss_of_states(of_images_so_far, of_texts_so_far);
    const us::siglip_loss_gradient siglip = us::siglip_loss_gradients(rows, rows, scale, -1.0f), another(siglip);
    const auto slope = us::clip_loss_gradients_into(rows, rows, scale, of_images, of_texts);
    const auto other = us::siglip_loss_gradients_into(rows, rows, scale, -1.0f, of_images, of_texts);
    return copy.images.rows() + another.texts.rows() +
           us::idx_t(value.loss + slope.loss + other.loss + us::siglip_loss(rows, rows, scale, -1.0f));
}

us::idx_t use_double(const us::matrix<double>& rows) {
    const us::unit_embeddings<double> unit = us::normalize<double>(rows);
    return us::cosine_similarity<double>(unit, rows).rows() + us::adopt_unit(unit.values()).rows();
}

template <class T>
us::idx_t use_search(const us::matrix<T>& rows) {
    us::workspace space;
    us::gallery catalogue(rows), copy(catalogue);
    copy.append(rows, {us::sequential{}, space});
    catalogue = copy;
    copy = us::gallery(rows);
    us::compact_gallery<us::float16> compact(rows), compact_copy(compact);
    compact.append(rows);
    compact_copy = static_cast<us::compact_gallery<us::float16>&&>(compact);
    us::shadow_gallery shadow(rows), shadow_copy(shadow);
    shadow.append(rows);
    shadow_copy = static_cast<us::shadow_gallery&&>(shadow);
    us::compact_gallery<std::int8_t> bytes(rows), bytes_copy(bytes);
    us::compact_gallery<us::int4> nibbles(rows);
    us::compact_gallery<us::one_bit> bits(rows);
    us::compact_gallery<us::fast_bfloat16> fast(rows);
    bytes_copy = static_cast<us::compact_gallery<std::int8_t>&&>(bytes);
    const us::idx_t by_integers =
        us::top_k(rows, shadow_copy, 2, space).indices(0, 0) + us::top_k(rows, bytes_copy, 2).indices(0, 0) +
        us::range_search(rows, nibbles, 0.5f).offsets[1] + us::idx_t(us::cosine_similarity(rows, bits)(0, 0)) +
        us::top_k(rows, fast, 2).indices(0, 0);
    const us::neighbours found = us::top_k(rows, catalogue, 2, space), raw = us::top_k(rows, rows, 1),
                         halves = us::top_k_rescored(rows, compact_copy, rows, 1, 2);
    const auto stored =
        us::fetch_rows<float>([](us::row_view<const us::idx_t>, us::matrix_view<float> to) { to(0, 0) = 1; });
    us::idx_t pairs = us::top_k_rescored(rows, compact_copy, stored, 1, 2).indices(0, 0);
    pairs += found.indices(0, 0) + raw.indices(0, 0) + halves.indices(0, 0) + by_integers;
    us::for_each_in_range(rows, catalogue, 0.5f, [&](us::idx_t, us::idx_t, float) { ++pairs; });
    us::row_mask mask(catalogue.rows(), [](us::idx_t row) { return row > 0; });
    us::top_k_options filtered;
    filtered.filter.mask = mask, filtered.filter.allowed = found.indices, filtered.filter.exclude_self = true;
    us::top_k(rows, catalogue, 1, {}, filtered);
    us::keyed_gallery keyed(found.indices[0], rows), other(keyed);
    other = static_cast<us::keyed_gallery&&>(keyed);
    other.add(std::vector<int>{7}, rows), other.replace(7, rows), other.remove(7);
    filtered.filter.mask = other.mask([](us::idx_t id) { return id > 0; });
    pairs += us::top_k(rows, other, 1).indices(0, 0) + us::range_search(rows, other, 0.5f).indices[0];
    us::for_each_in_range(rows, other, 0.5f, [&](us::idx_t, us::idx_t, float) { ++pairs; });
    us::keyed<us::compact_gallery<us::int4>> small_keyed(7, rows);
    small_keyed.add(8, rows), small_keyed.replace(8, rows), small_keyed.remove(7);
    us::keyed<us::shadow_gallery> shadow_keyed(7, rows);
    shadow_keyed.add(8, rows), shadow_keyed.replace(8, rows), shadow_keyed.remove(7);
    pairs += us::top_k(rows, small_keyed, 1).indices(0, 0) + us::top_k(rows, shadow_keyed, 1).indices(0, 0);
    pairs += us::top_k_rescored(rows, small_keyed, shadow_keyed, 1, 2).indices(0, 0);
    pairs += us::knn_classify(
                 rows, small_keyed, [](us::idx_t) { return 1; }, 1)
                 .labels(0, 0);
    pairs += us::near_duplicates(other, 0.9f).representative[0];
    pairs += other.ids()[0] + other.unit_rows(7).rows() + other.report().zero_rows + other.contains(7);
    us::range_result in_range = us::range_search(rows, catalogue, 0.5f);
    const us::range_result same_range(in_range);
    in_range = same_range;
    const std::array<int, 1> first_rows{7};
    pairs += us::merge_neighbours(std::array<us::neighbours, 1>{found}, first_rows, 2).indices(0, 0);
    pairs += us::merge_range_results(std::array<us::range_result, 1>{in_range}, first_rows).indices[0];
#ifdef MPI_VERSION
    pairs += us::mpi::top_k(MPI_COMM_WORLD, rows, catalogue, 2).queries();
    pairs += us::mpi::range_search(MPI_COMM_WORLD, rows, catalogue, 0.5f).queries();
    const auto scale = us::logit_scale::from_multiplier(1.0f);
    pairs += us::mpi::clip_loss_gradients(MPI_COMM_WORLD, rows, rows, scale).images.rows();
    pairs += us::mpi::siglip_loss_gradients(MPI_COMM_WORLD, rows, rows, scale, 1.0f).images.rows();
    const std::array<int, 2> labels{0, 1};
    pairs += us::mpi::retrieval(MPI_COMM_WORLD, rows, rows, labels).text_to_image.candidates;
    pairs += us::mpi::prompt_ensemble(MPI_COMM_WORLD, rows, labels).rows();
    pairs += us::mpi::mean_direction(MPI_COMM_WORLD, us::mpi::centroid(MPI_COMM_WORLD, rows)).rows();
    us::mpi::together(MPI_COMM_WORLD, [] {});
    pairs += us::idx_t(us::mpi::clip_loss(MPI_COMM_WORLD, rows, rows, scale).loss +
                       us::mpi::siglip_loss(MPI_COMM_WORLD, rows, rows, scale, 1.0f));
#endif
    for (const auto [row, score] : found[0]) pairs += row + us::idx_t(score);
    for (const auto [row, score] : in_range[0]) pairs += row + us::idx_t(score);
    const std::array<int, 2> groups{0, 0};
    pairs += us::idx_t(us::max_sim(rows, groups, catalogue, groups, space)(0, 0)) +
             us::max_sim_top_k(rows, groups, rows, groups, 1).indices(0, 0);
    pairs += us::knn_classify(rows, catalogue, std::array<int, 2>{}, 1).labels(0, 0);
    const us::matrix<float> scores = us::cosine_similarity(rows, catalogue, space);
    return pairs + scores.rows() + catalogue.unit_rows().rows() + us::softmax(scores, space).rows() + copy.bytes() +
           us::normalize(rows, space).rows() + us::log_softmax(scores, space).rows();
}

template <class T>
us::idx_t use_retrieval(const us::matrix<T>& rows) {
    const std::array<int, 2> image_of_text{1, -1};
    const us::retrieval_result found = us::retrieval(rows, rows, image_of_text), same = us::retrieval(rows, rows);
    const us::retrieval_ranks& texts = found.image_to_text;
    const double measures = us::recall_at(texts, 1) + us::relevant_recall_at(texts, 1) + us::mean_rank(texts) +
                            us::median_rank(texts) + us::mean_reciprocal_rank(texts) +
                            us::mean_average_precision(same.text_to_image) + us::ndcg_at(texts, 2) +
                            us::clip_score(rows, rows);
    const us::matrix<float> scores = us::cosine_similarity(rows, rows);
    us::duplicate_groups groups = us::near_duplicates(rows, 0.9f);
    const us::duplicate_groups copy(groups);
    groups = copy;
    return us::idx_t(measures + us::ndcg_at(scores, scores, 1)) + us::idx_t(groups[0].size()) + groups.duplicates() +
           us::idx_t(us::pair_ranks(rows, rows, image_of_text).text_ranks.size()) +
           us::rank_scores(scores, us::matrix_view<const us::idx_t>(groups.members)).evaluated_queries();
}

template <class T>
us::idx_t use_heads(const us::matrix<T>& rows, const std::string& path) {
    us::logistic_regression_options options;
    options.on_iteration = [](const us::fit_step&) {};
    options.class_weight = {1.0, 2.0};
    const us::logistic_fit two = us::logistic_regression(rows, std::array<int, 2>{0, 1}, {}, options);
    us::logistic_fit many = us::logistic_regression(rows, std::array<int, 3>{0, 1, 2});
    const us::best_c_fit best = us::fit_best_c(rows, std::array<int, 2>{0, 1}, rows, std::array<int, 2>{0, 1}, {1.0});
    many = two;
    us::save_head(path, many.head);
    const us::linear_head head = us::load_head(path), same(rows, std::array<double, 2>{});
    return us::idx_t(head.predict(rows).size() + head.predict(us::normalize(rows), 0.5).size() + best.tried.size()) +
           same.predict_proba(rows).rows() + us::linear_head(rows).decision_function(rows).rows();
}

us::idx_t use_streams(std::istream& from, std::ostream& to) {
    const us::gallery loaded = us::load_gallery(from);
    us::save_gallery(to, loaded);
    us::save_npy(to, loaded.unit_rows());
    us::save_npy(to, us::array<us::idx_t>(3));
    return loaded.rows() + us::load_npy(from).rows() + us::idx_t(us::load_npy_integers(from).size());
}

template <class Storage>
us::idx_t use_compact_files(const std::string& path, std::ostream& to) {
    using rows_type = us::compact_gallery<Storage>;
    const auto rows = us::load_gallery<rows_type>(path);
    us::save_gallery(path, rows);
    us::save_gallery(to, rows);
    const auto mapped = us::map_gallery<rows_type>(path);
    mapped.verify();
    const auto with_ids = us::load_gallery<us::keyed<rows_type>>(path);
    us::save_gallery(path, with_ids);
    const auto ids_in_place = us::map_gallery<us::keyed<rows_type>>(path);
    ids_in_place.verify();
    const auto shadow = us::load_gallery<us::shadow_gallery>(path);
    us::save_gallery(path, shadow);
    return us::top_k(us::matrix<float>(3, 4), mapped, 1).queries() + shadow.rows();
}

us::idx_t use_gallery_files(const std::string& path) {
    us::gallery_writer writer(path);
    writer.append(us::matrix<float>(3, 4));
    writer.append(us::normalize(us::matrix<float>(3, 4)));
    writer.commit();
    us::save_gallery(path, us::load_gallery(path));
    us::repack_gallery(path, path, 16);
    const us::mapped_gallery mapped = us::map_gallery(path);
    mapped.verify();
    const us::gallery_view view(path.data(), us::idx_t(path.size()));
    view.verify();
    return us::top_k(view.unit_rows(0, 1), mapped, 1).queries() + writer.rows() +
           us::top_k(mapped.unit_rows(0, 1), view, 1).queries() + us::inspect_gallery(path).rows;
}

us::idx_t use_safetensors(const std::string& path) {
    const us::matrix<us::float16> half(2, 3);
    us::save_safetensors(path, {{"a", us::load_safetensors(path, "a")}, {"b", half}, {"c", std::vector<float>(3)}});
    const us::mapped_rows<float> in_place = us::map_npy(path);
    return us::gallery(in_place).rows() + us::map_npy<double>(path).rows() +
           us::map_safetensors(path).rows<us::bfloat16>("a").rows() + us::idx_t(us::inspect_safetensors(path).size()) +
           us::load_safetensors<us::bfloat16>(path, "b").rows() + us::load_safetensors<std::int8_t>(path, "b").rows();
}

us::idx_t use_one_row() {
    const std::vector<float> a(3, 1.0f);
    const us::float16 b[3] = {us::float16(1.0f)};  // a std::vector of these is the caller's own template, not ours
    const us::matrix_view<const us::float16> half(b, 1, 3);
    return us::idx_t(us::cosine(a, std::array<float, 3>{}) + us::cosine(half, half));
}

us::idx_t use_files(const std::string& path) {
    try {
        us::save_npy(path, us::load_npy<float>(path));
        us::save_npy(path, us::load_npy<us::float16>(path));
        us::save_npy(path, us::load_npy<double>(path));
        us::save_npy(path, us::load_npy_integers(path));
        return us::inspect_npy(path).rows + us::visit_npy(path, [](auto rows) { return us::normalize(rows).rows(); });
    } catch (const us::file_error&) {
        return 0;
    } catch (const us::shape_error&) {
        return 1;
    } catch (const us::value_error&) {
        return 2;
    }
}

template <class T>
us::idx_t use_eigen() {
    const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> columns(3, 2);
    const Eigen::Matrix<T, 1, 3> row;
    us::matrix<float> cosines = us::cosine_similarity(columns.transpose(), row);
    const us::matrix<float> copy(cosines);
    return us::as_eigen(cosines).rows() + us::as_eigen(copy).rows() + us::as_eigen(us::normalize(row)).rows();
}

/// A user's own lambda, a function_ref and the library's tasks, on every executor.
template <class Executor>
us::idx_t use_executor(Executor&& executor) {
    us::workspace taken, space(static_cast<us::workspace&&>(taken));
    taken = static_cast<us::workspace&&>(space);
    const us::execution how(executor, taken), plain(executor), in_space(space);
    us::engine::arena scratch(how, "use_executor");
    us::idx_t* sum = nullptr;
    us::float16* halves = nullptr;
    us::engine::worker_arrays<float> of_workers;
    scratch.add(sum, 1);
    scratch.add(halves, 2, 3);
    scratch.add(of_workers, 2, 3);
    scratch.reserve();
    executor(us::idx_t(1), [&](us::idx_t i) { *sum = i; });
    us::engine::for_each_task(how, 9, [&](us::idx_t worker, us::idx_t) { __atomic_fetch_add(sum, worker, 0); });
    us::engine::for_each_task(in_space, 9, [&](us::idx_t, us::idx_t task) { *sum += task; });
    plain.run(3, [&](us::idx_t) { __atomic_fetch_add(sum, us::idx_t(1), 0); });
    return *sum;
}

us::idx_t use_executors() {
    us::idx_t sum = use_executor(us::sequential()) + use_executor([](us::idx_t, const us::engine::function_ref&) {});
#ifdef _OPENMP
    sum += use_executor(us::openmp{2});
#endif
#if __has_include(<oneapi/tbb/parallel_for.h>)
    sum += use_executor(us::onetbb{2}) + use_executor(us::onetbb{});
#endif
    return sum;
}

namespace dispatched {
namespace us = unitsphere::dispatched;

template <class T>
us::idx_t use(const us::matrix<T>& rows) {
    const auto scale = us::logit_scale::from_multiplier(2.0f);
    us::row_report report;
    us::row_policy counted;
    counted.report = &report;
    us::gallery packed(us::normalize(rows, us::sequential(), {counted}));
    us::gallery copy(packed);
    copy = packed;
    copy = static_cast<us::gallery&&>(packed);
    const auto logits = us::clip_logits(rows, copy, scale);
    const us::zero_shot_classifier classifier(us::prompt_ensemble(rows, std::array<int, 2>{0, 1}), scale);
    const us::zero_shot_classifier same(classifier);
    const us::linear_head head(logits.per_image);
    us::idx_t sum = us::top_k(rows, copy, 1).indices(0, 0) + same.top_k(rows, 1).labels(0, 0) + copy.report().zero_rows;
    sum += same.predict(rows)[0] + head.with_labels(std::array<int, 2>{3, 4}).predict(logits.per_text)[0];
    sum += us::idx_t(us::softmax(us::cosine_similarity(copy.unit_rows(), rows), scale)(0, 0));
    return sum + us::idx_t(us::siglip_logits(rows, rows, scale, 1.0f)(0, 0) + same.predict_proba(rows)(0, 0));
}

us::idx_t use_all() {
    return use(us::matrix<float>(2, 2)) + use(us::matrix<double>(2, 2)) + use(us::matrix<us::float16>(2, 2)) +
           us::idx_t(*us::running().name());
}
}  // namespace dispatched

}  // namespace

int main(int, char** arguments) {
    us::matrix<float> raw(2, 2);
    us::normalize_in_place(raw);
    const auto use = [&](auto rows) {
        return use_rows(rows) + use_directions(rows) + use_search(rows) + use_retrieval(rows) + use_losses(rows) +
               use_heads(rows, arguments[0]);
    };
    return int(
        use(us::matrix<float>(2, 2)) + use(us::matrix<us::float16>(2, 2)) + use(us::matrix<us::bfloat16>(2, 2)) +
        use(us::matrix<double>(2, 2)) + use(us::matrix<std::int8_t>(2, 2)) + use_double(us::matrix<double>(2, 2)) +
        use_one_row() + use_files(arguments[0]) + use_streams(std::cin, std::cout) + use_gallery_files("a") +
        use_compact_files<std::int8_t>("a", std::cout) + use_compact_files<us::bfloat16>("a", std::cout) +
        use_safetensors("a") + use_eigen<float>() + use_eigen<Eigen::half>() + use_executors() + dispatched::use_all());
}
