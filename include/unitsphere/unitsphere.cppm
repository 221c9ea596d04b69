// import unitsphere; where the compiler has C++20 modules: everything in <unitsphere/unitsphere.hpp>, .npy files and
// printing. Build it, and what imports it, with the same instruction set and optimization: `optimized` and
// `instruction_set` are those of the module. Macros (UNITSPHERE_VERSION) come from <unitsphere/version.hpp>.
module;

#include "io/compact_gallery.hpp"
#include "io/gallery_writer.hpp"
#include "io/inspect_gallery.hpp"
#include "io/keyed_gallery.hpp"
#include "io/linear_head.hpp"
#include "io/mapped_npy.hpp"
#include "io/ostream.hpp"
#include "io/repack_gallery.hpp"
#include "io/safetensors.hpp"
#include "io/shadow_gallery.hpp"
#include "unitsphere.hpp"

export module unitsphere;

export namespace unitsphere {

// normalize.hpp
using unitsphere::adopt_unit;
using unitsphere::adopt_unit_options;
using unitsphere::is_unit;
using unitsphere::is_unit_options;
using unitsphere::normalize;
using unitsphere::normalize_in_place;
using unitsphere::normalize_into;
using unitsphere::normalize_options;
using unitsphere::norms;
using unitsphere::norms_into;
using unitsphere::truncate_dim;
using unitsphere::truncate_dim_into;
using unitsphere::truncate_dim_options;

// directions.hpp
using unitsphere::add_directions;
using unitsphere::add_directions_options;
using unitsphere::center;
using unitsphere::center_into;
using unitsphere::center_options;
using unitsphere::centroid;
using unitsphere::centroid_into;
using unitsphere::centroid_options;
using unitsphere::mean_direction;
using unitsphere::mean_direction_into;
using unitsphere::mean_direction_options;
using unitsphere::slerp;
using unitsphere::slerp_into;
using unitsphere::slerp_options;

// similarity.hpp
using unitsphere::clip_logit_matrices;
using unitsphere::clip_logits;
using unitsphere::clip_logits_into;
using unitsphere::clip_logits_options;
using unitsphere::cosine_similarity;
using unitsphere::cosine_similarity_into;
using unitsphere::cosine_options;
using unitsphere::cosine_similarity_options;
using unitsphere::pairwise_cosine;
using unitsphere::pairwise_cosine_into;
using unitsphere::pairwise_cosine_options;
using unitsphere::siglip_logits;
using unitsphere::siglip_logits_into;
using unitsphere::siglip_logits_options;

// probability.hpp
using unitsphere::log_softmax;
using unitsphere::log_softmax_into;
using unitsphere::log_sum_exp;
using unitsphere::log_sum_exp_into;
using unitsphere::sigmoid;
using unitsphere::sigmoid_into;
using unitsphere::softmax;
using unitsphere::softmax_into;

// zero_shot.hpp
using unitsphere::prompt_ensemble;
using unitsphere::prompt_ensemble_into;
using unitsphere::prompt_ensemble_options;
using unitsphere::zero_shot_classifier;
using unitsphere::zero_shot_classifier_options;

// gallery.hpp
using unitsphere::gallery;
using unitsphere::gallery_options;

// compact_gallery.hpp
using unitsphere::compact_gallery;
using unitsphere::compact_gallery_options;
using unitsphere::fast_bfloat16;
using unitsphere::int4;
using unitsphere::one_bit;

// shadow_gallery.hpp
using unitsphere::shadow_gallery;
using unitsphere::shadow_gallery_options;
using unitsphere::shadow_gallery_over_options;

// rescored_search.hpp
using unitsphere::fetch_rows;
using unitsphere::fetched_rows;
using unitsphere::top_k_rescored;
using unitsphere::top_k_rescored_into;
using unitsphere::top_k_rescored_options;
// keyed_gallery.hpp
using unitsphere::keyed;
using unitsphere::keyed_gallery;
using unitsphere::keyed_gallery_options;

// search.hpp
using unitsphere::for_each_in_range;
using unitsphere::for_each_in_range_options;
using unitsphere::near_duplicates;
using unitsphere::near_duplicates_into;
using unitsphere::near_duplicates_options;
using unitsphere::range_search;
using unitsphere::range_search_options;
using unitsphere::row_filter;
using unitsphere::row_mask;
using unitsphere::row_mask_view;
using unitsphere::top_k;
using unitsphere::top_k_into;
using unitsphere::top_k_options;

// knn_classify.hpp
using unitsphere::knn_classify;
using unitsphere::knn_classify_into;
using unitsphere::knn_classify_options;

// max_sim.hpp
using unitsphere::max_sim;
using unitsphere::max_sim_into;
using unitsphere::max_sim_options;
using unitsphere::max_sim_top_k;
using unitsphere::max_sim_top_k_into;
using unitsphere::max_sim_top_k_options;
// shards.hpp
using unitsphere::merge_neighbours;
using unitsphere::merge_range_results;
using unitsphere::merge_range_results_options;

// retrieval.hpp
using unitsphere::clip_score;
using unitsphere::clip_score_options;
using unitsphere::pair_ranks;
using unitsphere::pair_ranks_into;
using unitsphere::pair_ranks_options;
using unitsphere::ranks_of_pairs;
using unitsphere::retrieval;
using unitsphere::retrieval_options;
using unitsphere::retrieval_result;

// metrics.hpp
using unitsphere::accuracy;
using unitsphere::accuracy_at;
using unitsphere::confusion;
using unitsphere::confusion_matrix;
using unitsphere::mean_average_precision;
using unitsphere::mean_per_class_recall;
using unitsphere::mean_rank;
using unitsphere::mean_reciprocal_rank;
using unitsphere::median_rank;
using unitsphere::ndcg_at;
using unitsphere::rank_scores;
using unitsphere::recall_at;
using unitsphere::relevant_recall_at;

// contrastive_loss.hpp
using unitsphere::add_clip_loss_block;
using unitsphere::clip_loss;
using unitsphere::clip_loss_block_gradients;
using unitsphere::clip_loss_block_options;
using unitsphere::clip_loss_gradient;
using unitsphere::clip_loss_gradients;
using unitsphere::clip_loss_gradients_into;
using unitsphere::clip_loss_of_states;
using unitsphere::clip_loss_options;
using unitsphere::clip_loss_states;
using unitsphere::clip_loss_value;
using unitsphere::siglip_loss;
using unitsphere::siglip_loss_gradient;
using unitsphere::siglip_loss_gradients;
using unitsphere::siglip_loss_gradients_into;
using unitsphere::siglip_loss_options;

// linear_head.hpp
using unitsphere::linear_head;
using unitsphere::linear_head_options;

// linear_probe.hpp
using unitsphere::best_c_fit;
using unitsphere::fit_best_c;
using unitsphere::fit_best_c_options;
using unitsphere::fit_step;
using unitsphere::logistic_fit;
using unitsphere::logistic_regression;
using unitsphere::logistic_regression_options;

// rows, results, errors
using unitsphere::array;
using unitsphere::bfloat16;
using unitsphere::cancelled_error;
using unitsphere::copied_rows;
using unitsphere::duplicate_groups;
using unitsphere::file_error;
using unitsphere::float16;
using unitsphere::hit;
using unitsphere::hit_list;
using unitsphere::idx_t;
using unitsphere::instruction_set;
using unitsphere::label_list;
using unitsphere::labelled_probability;
using unitsphere::logit_scale;
using unitsphere::matrix;
using unitsphere::matrix_view;
using unitsphere::neighbours;
using unitsphere::on_row;
using unitsphere::optimized;
using unitsphere::range_result;
using unitsphere::required;
using unitsphere::retrieval_ranks;
using unitsphere::row_policy;
using unitsphere::row_report;
using unitsphere::row_view;
using unitsphere::scored_list;
using unitsphere::shape_error;
using unitsphere::to_view;
using unitsphere::top_labels;
using unitsphere::unit_embeddings;
using unitsphere::unit_view;
using unitsphere::value_error;

// how a call runs
using unitsphere::execution;
using unitsphere::sequential;
using unitsphere::workspace;

// files and printing
using unitsphere::gallery_view;
using unitsphere::gallery_writer;
using unitsphere::gallery_info;
using unitsphere::inspect_gallery;
using unitsphere::inspect_npy;
using unitsphere::inspect_safetensors;
using unitsphere::load_gallery;
using unitsphere::load_head;
using unitsphere::load_npy;
using unitsphere::load_npy_integers;
using unitsphere::load_safetensors;
using unitsphere::map_gallery;
using unitsphere::map_npy;
using unitsphere::map_safetensors;
using unitsphere::mapped_compact_gallery;
using unitsphere::mapped_gallery;
using unitsphere::mapped_keyed;
using unitsphere::mapped_rows;
using unitsphere::mapped_safetensors;
using unitsphere::named_rows;
using unitsphere::npy_info;
using unitsphere::npy_type;
using unitsphere::operator<<;
using unitsphere::repack_gallery;
using unitsphere::save_gallery;
using unitsphere::save_head;
using unitsphere::safetensors_info;
using unitsphere::save_npy;
using unitsphere::save_safetensors;
using unitsphere::visit_npy;

}  // namespace unitsphere
