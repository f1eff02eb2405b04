import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from clipomaly_ros.evaluation.component_metrics import (
    OBSTACLE_TRACK,
    ComponentSizes,
    frame_components,
    pooled_components,
)


def brute_force(predicted, label, sizes):
    """One component after the other, with whole-picture masks."""
    eight = np.ones((3, 3))
    found, count = ndimage.label(predicted & (label != 255), eight)
    parts = [found == i for i in range(1, count + 1) if (found == i).sum() >= sizes.predicted]
    truth, count = ndimage.label(label == 1, eight)
    labelled = [truth == i for i in range(1, count + 1) if (truth == i).sum() >= sizes.labelled]
    small = (truth > 0) & ~np.any([np.zeros(label.shape, bool), *labelled], axis=0)
    parts = [part & ~small for part in parts]
    parts = [part for part in parts if part.any()]
    siou = []
    for mask in labelled:
        others = np.any([np.zeros(label.shape, bool)] + [m for m in labelled if m is not mask], axis=0)
        union = np.any([np.zeros(label.shape, bool)] + [p for p in parts if (p & mask).any()], axis=0)
        inside = (union & mask).sum()
        siou.append(inside / (union.sum() + mask.sum() - inside - (union & others).sum()))
    anomaly = np.any([np.zeros(label.shape, bool), *labelled], axis=0)
    ppv = [(part & anomaly).sum() / part.sum() for part in parts]
    return siou, ppv


@given(
    seed=st.integers(0, 2**32 - 1),
    smooth=st.floats(0.6, 2.5),
    least=st.tuples(st.integers(1, 12), st.integers(1, 12)),
)
@settings(max_examples=80, deadline=None)
def test_vectorised_scores_equal_the_brute_force(seed, smooth, least):
    generator = np.random.default_rng(seed)
    fields = [ndimage.gaussian_filter(generator.normal(size=(40, 50)), smooth) for _ in range(3)]
    label = (fields[0] > 0.5 * fields[0].std()).astype(np.uint8)
    label[fields[2] > 1.3 * fields[2].std()] = 255
    predicted = fields[0] + 0.8 * fields[1] > 0.6 * fields[0].std()
    sizes = ComponentSizes(*least)
    ours = frame_components(predicted, label, sizes)
    siou, ppv = brute_force(predicted, label, sizes)
    assert sorted(ours.siou) == pytest.approx(sorted(siou))
    assert sorted(ours.ppv) == pytest.approx(sorted(ppv))


def test_counts_are_pooled_over_frames():
    label = np.zeros((40, 40), np.uint8)
    label[5:15, 5:15] = 1
    hit = frame_components(label == 1, label, OBSTACLE_TRACK)
    missed = frame_components(np.zeros(label.shape, bool), label, OBSTACLE_TRACK)
    false = frame_components(np.roll(label, 20, axis=1) == 1, np.zeros_like(label), OBSTACLE_TRACK)
    metrics = pooled_components([hit, missed, false])
    assert (metrics.siou, metrics.ppv) == (0.5, 0.5)
    assert metrics.mean_f1 == pytest.approx(0.5)  # 1 hit, 1 missed, 1 false
    assert (metrics.labelled, metrics.predicted) == (2, 2)


def test_one_prediction_over_two_objects_is_not_punished_for_the_other():
    label = np.zeros((30, 60), np.uint8)
    label[10:20, 10:20] = label[10:20, 30:40] = 1
    predicted = np.zeros(label.shape, bool)
    predicted[10:20, 10:40] = True
    scores = frame_components(predicted, label, OBSTACLE_TRACK)
    assert scores.siou == pytest.approx([100 / 200, 100 / 200])  # the gap only, not the neighbour
    assert scores.ppv == pytest.approx([2 / 3])


def test_nothing_at_all_is_not_a_number():
    empty = frame_components(np.zeros((9, 9), bool), np.zeros((9, 9), np.uint8), OBSTACLE_TRACK)
    metrics = pooled_components([empty])
    assert np.isnan([metrics.siou, metrics.ppv, metrics.mean_f1]).all()


def test_masks_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="alike"):
        frame_components(np.zeros((4, 4), bool), np.zeros((4, 5), np.uint8), OBSTACLE_TRACK)
