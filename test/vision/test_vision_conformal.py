"""The conformal threshold: its coverage by simulation, its rank exactly, and the peak of a frame."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from clipomaly_ros.vision.conformal import conformal_threshold, frames_needed, region_peak
from clipomaly_ros.vision.regions import PictureScale, find_components, unknown_mask
from clipomaly_ros.vision.types import VisionError


@pytest.mark.parametrize(("count", "alpha"), [(19, 0.05), (100, 0.05), (99, 0.1), (37, 0.2)])
@pytest.mark.parametrize("skew", [0.2, 1.0, 5.0])
def test_a_new_nominal_frame_alarms_as_rarely_as_promised_and_not_much_more_rarely(count, alpha, skew):
    trials = 2_000
    peaks = np.random.default_rng(5).beta(skew, 2.0, (trials, count + 1))
    thresholds = [conformal_threshold(row[:-1], alpha) for row in peaks]
    rate = (peaks[:, -1] > thresholds).mean()
    noise = 4 * np.sqrt(alpha / trials)
    assert rate <= alpha + noise
    assert rate >= alpha - 1 / (count + 1) - noise


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.integers(1, 999))
def test_it_is_the_smallest_peak_of_the_rank_that_the_guarantee_needs(peaks, thousandths):
    alpha = thousandths / 1000
    rank = ceil((len(peaks) + 1) * (1 - Fraction(thousandths, 1000)))
    if rank > len(peaks):
        assert len(peaks) < frames_needed(alpha)
        with pytest.raises(VisionError, match=f"at least {frames_needed(alpha)} nominal frames"):
            conformal_threshold(peaks, alpha)
        return
    assert len(peaks) >= frames_needed(alpha)
    threshold = conformal_threshold(peaks, alpha)
    assert threshold == sorted(peaks)[rank - 1]
    # Counting the new frame in, at most the share alpha lies above.
    assert sum(peak > threshold for peak in peaks) <= Fraction(thousandths, 1000) * (len(peaks) + 1)


def test_it_has_the_conformal_rank_of_numpy():
    peaks = np.random.default_rng(1).random(250)
    level = np.ceil(251 * 0.95) / 250
    assert conformal_threshold(peaks, 0.05) == np.quantile(peaks, level, method="inverted_cdf")


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5, float("nan"), float("inf"), True])
def test_an_impossible_alpha_is_refused(alpha):
    with pytest.raises(VisionError, match="alpha between 0 and 1"):
        conformal_threshold([0.5] * 1000, alpha)


@pytest.mark.parametrize("peaks", [[0.1, float("nan")], [1.5] * 99, [[0.1] * 50] * 2])
def test_peaks_that_are_none_are_refused(peaks):
    with pytest.raises(VisionError, match="from 0 to 1"):
        conformal_threshold(peaks, 0.5)


@settings(max_examples=100, deadline=None)
@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    zoom=st.integers(1, 3),
    seed=st.integers(0, 999),
    blur=st.sampled_from([0.0, 1.0, 2.0]),
    area=st.integers(1, 60),
    low=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_the_peak_is_where_the_alarms_of_a_frame_begin(size, zoom, seed, blur, area, low):
    noise = np.random.default_rng(seed).random(size)
    score = np.clip(ndimage.gaussian_filter(noise, blur) if blur else noise, 0, 1).astype(np.float32)
    scale = PictureScale(size, (size[0] * zoom, size[1] * zoom))

    def regions(threshold):
        mask = unknown_mask(score, "fixed", threshold, 0.0, low)
        return find_components(mask.view(np.uint8), scale, area, float("inf"), 99)[0]

    peak = region_peak(score, scale, area, low)
    assert not regions(peak)
    assert not regions((1 + peak) / 2)
    if peak > 0:
        assert regions(float(np.nextafter(np.float32(peak), np.float32(0))))
        assert regions(peak / 2)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), area=st.integers(1, 40))
def test_without_hysteresis_the_peak_is_that_of_every_level_tried(seed, area):
    score = np.random.default_rng(seed).integers(0, 20, (12, 15)).astype(np.float32) / 20
    fitting = [0.0]
    for level in np.unique(score):
        labels, count = ndimage.label(score >= level, np.ones((3, 3)))
        if count and np.bincount(labels.ravel())[1:].max() >= area:
            fitting.append(float(level))
    assert region_peak(score, PictureScale((12, 15), (12, 15)), area) == max(fitting)


def test_a_frame_that_cannot_alarm_has_peak_zero_and_a_wrong_score_is_refused():
    scale = PictureScale((4, 4), (4, 4))
    assert region_peak(np.zeros((4, 4), np.float32), scale, 1) == 0.0
    assert region_peak(np.ones((4, 4), np.float32), scale, 17) == 0.0
    assert region_peak(np.ones((4, 4), np.float32), scale, 16) == 1.0
    for wrong in (np.nan, -0.1, 1.1):
        with pytest.raises(VisionError, match="score from 0 to 1"):
            region_peak(np.full((4, 4), wrong, np.float32), scale, 1)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 99), alpha=st.sampled_from([0.1, 0.3]))
def test_at_the_threshold_the_calibration_frames_keep_alpha_themselves(seed, alpha):
    generator = np.random.default_rng(seed)
    scale = PictureScale((16, 16), (16, 16))
    frames = [
        np.clip(ndimage.gaussian_filter(generator.random((16, 16)), 1), 0, 1).astype(np.float32)
        for _ in range(20)
    ]
    assume(len(frames) >= frames_needed(alpha))
    threshold = conformal_threshold([region_peak(frame, scale, 5) for frame in frames], alpha)
    masks = [unknown_mask(frame, "fixed", threshold, 0.0).view(np.uint8) for frame in frames]
    alarms = sum(bool(find_components(mask, scale, 5, float("inf"), 9)[0]) for mask in masks)
    assert alarms <= alpha * (len(frames) + 1)
