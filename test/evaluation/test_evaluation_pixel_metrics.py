import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from clipomaly_ros.evaluation.pixel_metrics import frame_histogram, pooled_metrics

seeds = st.integers(0, 2**32 - 1)


def small_frame(generator, levels, separation):
    """At most 384 pixels of each kind, so that every score gets an edge of its own."""
    label = generator.choice([0, 1, 255], size=(15, 25), p=[0.6, 0.3, 0.1]).astype(np.uint8)
    label.flat[:2] = (0, 1)
    score = generator.normal(size=label.shape) + separation * (label == 1)
    if levels:
        score = np.round(score * levels) / levels
    return score.astype(np.float16), label


@given(seed=seeds, levels=st.sampled_from([0, 1, 8]), separation=st.floats(-1, 3), frames=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_small_frames_give_what_scikit_learn_gives(seed, levels, separation, frames):
    generator = np.random.default_rng(seed)
    pictures = [small_frame(generator, levels, separation) for _ in range(frames)]
    metrics = pooled_metrics([frame_histogram(score, label) for score, label in pictures])
    score = np.concatenate([part[mask != 255] for part, mask in pictures]).astype(np.float64)
    truth = np.concatenate([mask[mask != 255] for _, mask in pictures])
    assert metrics.average_precision == pytest.approx(average_precision_score(truth, score), abs=1e-12)
    assert metrics.auroc == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
    fpr, tpr, _ = roc_curve(truth, score, drop_intermediate=False)
    assert metrics.fpr95 == pytest.approx(fpr[np.flatnonzero(tpr >= 0.95)[0]], abs=1e-12)
    predicted = score > metrics.best_f1_threshold
    best = 2 * (predicted & (truth == 1)).sum() / (predicted.sum() + truth.sum())
    assert metrics.best_f1 == pytest.approx(best, abs=1e-12)
    for limit in np.unique(score):
        chosen = score >= limit
        f1 = 2 * (chosen & (truth == 1)).sum() / (chosen.sum() + truth.sum())
        assert f1 <= metrics.best_f1 + 1e-12


def slow_histogram(score, label):
    """The definition, written down with numpy's own quantile and histogram."""
    valid = label != 255
    values = score.astype(np.float16)[valid].astype(np.float64)
    truth = label[valid] == 1
    margin = max(0.01 * np.ptp(values), 0.01)
    edges = [[values.min() - margin, values.max() + margin]]
    for part in (values[truth], values[~truth]):
        if part.size:
            edges.append(np.quantile(part, np.linspace(0, 1, min(384, part.size))))
    edges = np.unique(np.concatenate(edges))
    return edges, np.histogram(values[truth], edges)[0], np.histogram(values[~truth], edges)[0]


@given(seed=seeds, share=st.sampled_from([0.0, 0.02, 0.5, 1.0]))
@settings(max_examples=25, deadline=None)
def test_bins_of_a_large_frame_follow_the_definition(seed, share):
    generator = np.random.default_rng(seed)
    label = (generator.random((80, 100)) < share).astype(np.uint8)
    label[:5] = 255
    score = generator.normal(size=label.shape) + label
    histogram = frame_histogram(score, label)
    edges, anomalous, normal = slow_histogram(score, label)
    # Quantiles equal but for rounding may be one edge here and two there, so compare cumulated
    # counts at the thresholds, which is all that the metrics use.
    for limit in histogram.thresholds:
        nearest = np.abs(edges - limit).argmin()
        assert edges[nearest] == pytest.approx(limit, abs=1e-9)
    ours = pooled_metrics([histogram])
    assert ours.anomalous_pixels == anomalous.sum()
    assert ours.normal_pixels == normal.sum()
    if 0 < share < 1:
        values, truth = score.astype(np.float16)[label != 255], label[label != 255]
        exact = average_precision_score(truth, values.astype(np.float64))
        assert ours.average_precision == pytest.approx(exact, abs=0.01)
        assert ours.auroc == pytest.approx(roc_auc_score(truth, values.astype(np.float64)), abs=0.005)


def test_void_pixels_change_nothing():
    generator = np.random.default_rng(0)
    score, label = small_frame(generator, 0, 1.0)
    other = np.where(label == 255, np.float16(9.0), score)
    one, two = (pooled_metrics([frame_histogram(picture, label)]) for picture in (score, other))
    assert one.average_precision == two.average_precision
    assert one.fpr95 == two.fpr95


def test_a_frame_of_void_counts_for_nothing():
    generator = np.random.default_rng(1)
    score, label = small_frame(generator, 0, 1.0)
    void = frame_histogram(score, np.full_like(label, 255))
    whole = frame_histogram(score, label)
    assert pooled_metrics([void, whole]).average_precision == pooled_metrics([whole]).average_precision


def test_a_perfect_binary_score_reaches_its_operating_point():
    label = np.zeros((20, 20), np.uint8)
    label[5:9, 5:9] = 1
    metrics = pooled_metrics([frame_histogram(label.astype(np.float32), label)])
    assert (metrics.average_precision, metrics.fpr95, metrics.auroc, metrics.best_f1) == (1.0, 0.0, 1.0, 1.0)
    assert ((label > metrics.best_f1_threshold) == (label == 1)).all()


def test_without_anomalies_there_is_no_precision():
    label = np.zeros((20, 20), np.uint8)
    metrics = pooled_metrics([frame_histogram(np.ones((20, 20), np.float32), label)])
    assert np.isnan(metrics.average_precision)
    assert np.isnan(metrics.fpr95)
    assert metrics.normal_pixels == 400


def test_the_curve_can_be_read_at_a_threshold():
    generator = np.random.default_rng(3)
    score, label = small_frame(generator, 0, 1.5)
    metrics = pooled_metrics([frame_histogram(score, label)])
    values, truth = score[label != 255].astype(np.float64), label[label != 255] == 1
    for limit in (-0.51, 0.33, 1.7):
        chosen = values > limit
        recall, precision, _ = metrics.at(limit)
        assert recall == pytest.approx(chosen[truth].mean())
        assert precision == pytest.approx(truth[chosen].mean())


@pytest.mark.parametrize(
    ("score", "label", "text"),
    [
        (np.zeros((4, 4)), np.zeros((4, 5), np.uint8), "alike"),
        (np.zeros((4, 4)), np.full((4, 4), 7, np.uint8), "labels 0, 1 and 255"),
        (np.full((4, 4), np.nan), np.zeros((4, 4), np.uint8), "finite"),
    ],
)
def test_bad_input_is_refused(score, label, text):
    with pytest.raises(ValueError, match=text):
        frame_histogram(score, label)
