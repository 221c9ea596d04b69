// Included by dispatch_test.cpp inside of a namespace where `asked` is unitsphere, and of one where it is
// unitsphere::dispatched: a program that changes by one namespace.

template <class Compact, class Texts>
void add_compact(collected& all, const matrix<float>& images, const Texts& texts, const asked::execution& how) {
    Compact compact(texts, how);
    compact.append(texts);
    all.add(compact.unit_rows(texts.rows() - 1, 3).values());
    asked::gallery rows(texts, how);
    rows.append(texts, how);
    const auto best = asked::top_k(images, compact, 6, how);
    const auto rescored = asked::top_k_rescored(images, compact, rows, 3, 2, how);
    all.add(best.indices).add(best.scores).add(rescored.indices).add(rescored.scores);
}

/// The answers to every question about images and texts, as bytes.
template <class Images, class Texts>
std::string answers(const Images& images, const Texts& texts, const asked::execution& how) {
    const auto scale = asked::logit_scale::from_multiplier(56.9953f);
    collected all;
    matrix<float> unit(images.rows(), images.dim());
    asked::normalize_into(images, unit, how);
    all.add(unit).add(asked::normalize(texts, how).values());
    all.add(asked::cosine_similarity(images, texts, how)).add(asked::cosine_similarity(texts, unit));
    const auto logits = asked::clip_logits(images, texts, scale, how);
    all.add(logits.per_text).add(asked::softmax(logits.per_image, how));
    all.add(asked::softmax(logits.per_image, asked::logit_scale::from_multiplier(0.5f)));

    asked::gallery packed(texts, how);
    packed.append(asked::normalize(texts));
    const asked::gallery copy(packed);
    all.add(copy.unit_rows(1, 3).values()).add(asked::siglip_logits(images, packed, scale, -3.5f, how));
    all.add(asked::cosine_similarity(images, copy)).add(asked::top_k(images, copy, 5, how).indices);
    // Galleries of bytes: the integer products of VNNI and AMX where the level has them.
    const asked::shadow_gallery shadow(texts, how);
    all.add(asked::top_k(unit, shadow, 5, how).scores).add(asked::cosine_similarity(unit, shadow));
    all.add(asked::top_k(unit, asked::shadow_gallery::over(shadow.unit_rows()), 5).indices);
    add_compact<asked::compact_gallery<float16>>(all, unit, texts, how);
    add_compact<asked::compact_gallery<bfloat16>>(all, unit, texts, how);
    add_compact<asked::compact_gallery<std::int8_t>>(all, unit, texts, how);
    add_compact<asked::compact_gallery<asked::int4>>(all, unit, texts, how);
    add_compact<asked::compact_gallery<asked::one_bit>>(all, unit, texts, how);
    // The mean of the caller, and queries that are cut for a gallery of the first elements.
    const std::vector<double> mean(std::size_t(images.dim()), 0.05);
    all.add(asked::top_k(unit, asked::compact_gallery<std::int8_t>(texts, how, {{}, mean}), 5, how).scores);
    const asked::idx_t dim = (images.dim() + 1) / 2;
    const asked::compact_gallery<asked::int4> first(asked::truncate_dim(texts, dim), how);
    all.add(asked::top_k_rescored(images, first, asked::gallery(texts), 3, 2, how, {{}, {}, dim}).scores);

    const asked::row_mask some(packed.rows(), [](asked::idx_t i) { return i % 3 != 0; });
    all.add(asked::top_k(unit, packed, 5, how, {{}, {}, false, {some, {}, true}}).indices);
    const auto best = asked::top_k(images, texts, 5, how);
    all.add(best.indices).add(best.scores);

    std::vector<int> labels(std::size_t(texts.rows()));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = int(i) % 7;
    const asked::zero_shot_classifier classifier(asked::prompt_ensemble(texts, labels), scale, how);
    all.add(classifier.decision_function(images, how)).add(classifier.predict_proba(images, how));
    all.add(classifier.predict(images, how)).add(classifier.top_k(images, 3, how).probabilities);

    const asked::linear_head head = asked::linear_head(head_rows(images.dim())).with_labels(std::vector<int>{9, 8, 7});
    all.add(head.decision_function(images, how)).add(head.predict_proba(images, how)).add(head.predict(images));
    return all.bytes;
}
