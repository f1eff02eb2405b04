"""The unknown score against scipy, its bounds, and its stability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp, softmax
from scipy.stats import entropy

from clipomaly_ros.vision import unknown_score
from clipomaly_ros.vision.types import TextTable, VisionError
from clipomaly_ros.vision.unknown_score import (
    SCALE_FREE_SCORES,
    UNKNOWN_SCORES,
    Similarities,
    candidate_mass_score,
    class_probabilities,
    energy_score,
    entropy_score,
    margin_score,
    max_logit_score,
    score_patches,
)

cosines = arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(2, 30)),
    elements=st.floats(-1, 1, width=32),
)
scales = st.floats(0.1, 1000)
of_approved = pytest.mark.parametrize("name", sorted(set(UNKNOWN_SCORES) - {"candidate_mass"}))


@settings(max_examples=150, deadline=None)
@given(cosines, scales)
def test_entropy_is_scipys_within_bounds(values, scale):
    score = entropy_score(Similarities(values, values.shape[2], scale))
    expected = entropy(softmax(values.astype(float) * scale, axis=2), axis=2) / np.log(values.shape[2])
    assert score.dtype == np.float32
    assert np.isfinite(score).all()
    assert ((score >= 0) & (score <= 1)).all()
    np.testing.assert_allclose(score, expected, atol=2e-3)


def test_one_clear_class_is_explained_and_a_tie_is_not():
    clear = np.full((1, 1, 9), -1, np.float32)
    clear[0, 0, 4] = 1
    assert entropy_score(Similarities(clear, 9, 1000.0))[0, 0] == 0
    assert entropy_score(Similarities(np.zeros((1, 1, 9), np.float32), 9, 1000.0))[0, 0] == 1


@of_approved
@settings(max_examples=40, deadline=None)
@given(values=cosines, scale=scales, candidates=st.integers(0, 5))
def test_scores_see_approved_classes_only_in_any_order_within_bounds(name, values, scale, candidates):
    count = values.shape[2]
    score = UNKNOWN_SCORES[name](Similarities(values, count, scale))
    assert score.dtype == np.float32
    assert score.shape == values.shape[:2]
    assert ((score >= 0) & (score <= 1)).all()
    generator = np.random.default_rng(candidates)
    more = generator.uniform(-1, 1, (*values.shape[:2], candidates)).astype(np.float32)
    shuffled = np.concatenate([values[..., generator.permutation(count)], more], axis=2)
    before = shuffled.copy()
    again = UNKNOWN_SCORES[name](Similarities(shuffled, count, scale))
    np.testing.assert_allclose(again, score, atol=2e-5)
    np.testing.assert_array_equal(shuffled, before)


@of_approved
def test_a_score_needs_two_approved_classes(name):
    with pytest.raises(VisionError, match="at least 2 approved classes, got 1"):
        UNKNOWN_SCORES[name](Similarities(np.zeros((1, 1, 3), np.float32), 1, 40))


@settings(max_examples=100, deadline=None)
@given(cosines, scales)
def test_max_logit_is_the_largest_cosine_upside_down_whatever_the_scale(values, scale):
    score = max_logit_score(Similarities(values, values.shape[2], scale))
    np.testing.assert_allclose(score, (1 - values.astype(float).max(axis=2)) / 2, atol=1e-7)
    for name in SCALE_FREE_SCORES:
        one, other = (UNKNOWN_SCORES[name](Similarities(values, values.shape[2], s)) for s in (scale, 7.0))
        np.testing.assert_array_equal(one, other)


@settings(max_examples=100, deadline=None)
@given(cosines, scales)
def test_energy_is_scipys_logsumexp_between_mean_and_largest_cosine(values, scale):
    count = values.shape[2]
    score = energy_score(Similarities(values, count, scale))
    free = (logsumexp(values.astype(float) * scale, axis=2) - np.log(count)) / scale
    np.testing.assert_allclose(score, (1 - free) / 2, atol=1e-5)
    assert (score >= max_logit_score(Similarities(values, count, scale)) - 1e-6).all()
    assert (score <= (1 - values.mean(axis=2)) / 2 + 1e-5).all()


@settings(max_examples=100, deadline=None)
@given(cosines, scales, st.floats(-0.5, 0.5))
def test_margin_is_that_of_scipys_softmax_and_blind_to_a_common_shift(values, scale, shift):
    count = values.shape[2]
    score = margin_score(Similarities(values, count, scale))
    second, first = np.moveaxis(
        np.sort(softmax(values.astype(float) * scale, axis=2), axis=2)[..., -2:], 2, 0
    )
    np.testing.assert_allclose(score, 1 - (first - second), atol=1e-3)
    shifted = (values * np.float32(0.5) + np.float32(shift)).astype(np.float32)
    plain = margin_score(Similarities(values * np.float32(0.5), count, min(scale, 50)))
    np.testing.assert_allclose(margin_score(Similarities(shifted, count, min(scale, 50))), plain, atol=1e-4)


@pytest.mark.parametrize("name", ["max_logit", "energy", "entropy", "margin"])
def test_scores_fall_as_one_class_gets_clearer_also_in_half_precision(name):
    # From CLIP's cosines for a class that is none to those for one that fits, one step every 0.005.
    values = np.full((1, 30, 12), 0.18, np.float32)
    values[0, :, 3] = 0.18 + 0.005 * np.arange(30)
    score = UNKNOWN_SCORES[name](Similarities(values, 12, 40.0))[0]
    assert (np.diff(score) < 0).all()
    assert (np.diff(score.astype(np.float16)) < 0).all()


def test_clear_patches_keep_their_order_by_margin():
    # The probabilities of these differ from 1 by less than float32 can say.
    values = np.full((1, 5, 3), 0.0, np.float32)
    values[0, :, 0] = [0.5, 0.6, 0.7, 0.8, 0.9]
    assert (np.diff(margin_score(Similarities(values, 3, 80.0))[0]) < 0).all()


@settings(max_examples=100, deadline=None)
@given(cosines, scales)
def test_candidate_mass_is_the_share_of_the_candidates(values, scale):
    count = max(2, values.shape[2] // 2)
    score = candidate_mass_score(Similarities(values, count, scale))
    logits = values.astype(float) * scale
    if count == values.shape[2]:
        assert (score == 0).all()
        return
    expected = np.exp(logsumexp(logits[..., count:], axis=2) - logsumexp(logits, axis=2))
    np.testing.assert_allclose(score, expected, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(cosines, scales)
def test_probabilities_are_scipys_softmax(values, scale):
    before = values.copy()
    probabilities = class_probabilities(values, scale)
    np.testing.assert_allclose(probabilities, softmax(values.astype(float) * scale, axis=2), atol=2e-4)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("name", sorted(UNKNOWN_SCORES))
@pytest.mark.parametrize("words", [0, 5, 120])
@pytest.mark.parametrize(("patches", "cosines"), [(1 << 14, 1 << 16), (63, 700), (10, 1), (9, 300)])
def test_patches_score_as_their_similarities_do(name, words, patches, cosines, monkeypatch):
    monkeypatch.setattr(unknown_score, "_PATCHES_AT_A_TIME", patches)
    monkeypatch.setattr(unknown_score, "_COSINES_AT_A_TIME", cosines)
    rng = np.random.default_rng(1)
    patches, embeddings = rng.standard_normal((7, 9, 4)), rng.standard_normal((6 + words, 4))
    patches, embeddings = (
        (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
        for rows in (patches, embeddings)
    )
    table = TextTable((), embeddings, 6, "")
    score, known = score_patches(patches, table, name, 8.0)
    every = patches @ embeddings.T
    np.testing.assert_allclose(known, every[..., :6], atol=1e-6)
    np.testing.assert_allclose(score, UNKNOWN_SCORES[name](Similarities(every, 6, 8.0)), atol=1e-5)
