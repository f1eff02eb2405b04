"""The unknown score against scipy, its bounds, and its stability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp, softmax
from scipy.stats import entropy

from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.unknown_score import (
    Similarities,
    candidate_mass_score,
    class_probabilities,
    entropy_score,
)

cosines = arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(2, 30)),
    elements=st.floats(-1, 1, width=32),
)
scales = st.floats(0.1, 1000)


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


def test_entropy_sees_approved_classes_only():
    values = np.random.default_rng(0).uniform(-1, 1, (3, 4, 8)).astype(np.float32)
    alone = entropy_score(Similarities(values[..., :5].copy(), 5, 40))
    np.testing.assert_array_equal(entropy_score(Similarities(values, 5, 40)), alone)
    with pytest.raises(VisionError):
        entropy_score(Similarities(values, 1, 40))


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
