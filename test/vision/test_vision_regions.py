"""Thresholds and connected regions against scipy.ndimage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from clipomaly_ros.vision.regions import PictureScale, find_components, unknown_mask
from clipomaly_ros.vision.types import VisionError

EIGHT = np.ones((3, 3), int)


def smooth_score(size, seed):
    score = ndimage.gaussian_filter(np.random.default_rng(seed).random(size), 1.5)
    return ((score - score.min()) / max(np.ptp(score), 1e-9)).astype(np.float32)


pictures = st.tuples(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.floats(0.1, 1),
    st.integers(0, 999),
    st.integers(1, 3),
)


def picture_of(drawn):
    """Return a working picture with values 0 to k, and its scale."""
    source, factor, seed, kinds = drawn
    size = (max(1, round(source[0] * factor)), max(1, round(source[1] * factor)))
    levels = np.linspace(0.5, 1, kinds + 1)[:-1]
    return np.digitize(smooth_score(size, seed), levels).astype(np.uint8), PictureScale(size, source)


@settings(max_examples=200, deadline=None)
@given(pictures)
def test_components_are_those_of_scipy_at_source_size(drawn):
    picture, scale = picture_of(drawn)
    found, cut = find_components(picture, scale, 1, float("inf"), 10_000)
    source = scale.to_source(picture)
    assert source.shape == scale.source_size
    expected = []
    for value in range(1, int(picture.max()) + 1):
        labels, count = ndimage.label(source == value, EIGHT)
        for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
            area = int((labels == index).sum())
            width, height = columns.stop - columns.start, rows.stop - rows.start
            expected.append((-area, value, (columns.start, rows.start, width, height)))
        assert count == sum(row[1] == value for row in expected)
    assert sorted((-part.area, part.value, part.box) for part in found) == sorted(expected)
    assert [part.area for part in found] == sorted((part.area for part in found), reverse=True)
    assert cut == 0


@settings(max_examples=100, deadline=None)
@given(pictures)
def test_painting_gives_the_region_back_and_means_weigh_source_pixels(drawn):
    picture, scale = picture_of(drawn)
    values = smooth_score(scale.size, 7)
    painted = np.zeros_like(picture)
    for part in find_components(picture, scale, 1, float("inf"), 10_000)[0]:
        part.paint(painted, part.value)
        alone = np.zeros_like(picture)
        part.paint(alone, 1)
        mask = scale.to_source(alone).astype(bool)
        assert mask.sum() == part.area
        assert part.mean(values, scale) == pytest.approx(scale.to_source(values)[mask].mean(), abs=1e-5)
    np.testing.assert_array_equal(painted, picture)


@settings(max_examples=100, deadline=None)
@given(pictures, st.integers(1, 300), st.integers(1, 2000), st.integers(1, 4))
def test_area_limits_and_the_number_kept(drawn, low, high, limit):
    picture, scale = picture_of(drawn)
    every, _ = find_components(picture, scale, 1, float("inf"), 10_000)
    found, cut = find_components(picture, scale, low, high, limit)
    fitting = [part for part in every if low <= part.area <= high]
    assert [part.area for part in found] == [part.area for part in fitting[:limit]]
    assert cut == max(0, len(fitting) - limit) + sum(part.area > high for part in every)


def test_a_single_pixel_and_pixels_that_all_differ():
    for values in ([[1]], [[1, 2], [3, 4]]):
        picture = np.array(values, np.uint8)
        found, _ = find_components(picture, PictureScale(picture.shape, picture.shape), 1, 9, 9)
        assert sorted(part.value for part in found) == sorted(picture.ravel().tolist())


@settings(max_examples=100, deadline=None)
@given(pictures)
def test_working_pixels_are_taken_from_their_own_cell(drawn):
    picture, scale = picture_of(drawn)
    np.testing.assert_array_equal(scale.to_working(scale.to_source(picture)), picture)


def test_thresholds():
    score = np.linspace(0, 1, 101, dtype=np.float32)[None]
    assert unknown_mask(score, "fixed", 0.75, 0.0).sum() == 25
    assert unknown_mask(score, "frame_quantile", 0.0, 0.9).sum() == 10
    assert unknown_mask(score, "frame_quantile", 0.95, 0.5).sum() == 5
    flat = np.full((5, 5), 0.7, np.float32)
    assert not unknown_mask(flat, "frame_quantile", 0.0, 0.5).any()
    with pytest.raises(VisionError, match="frame_quantile"):
        unknown_mask(score, "oracle", 0.5, 0.5)


def brute_hysteresis(score, high, low):
    """Return the regions of scipy above the low threshold that hold a pixel above the high one."""
    labels, count = ndimage.label(score > np.float32(low), EIGHT)
    kept = np.zeros(score.shape, bool)
    for index in range(1, count + 1):
        region = labels == index
        kept |= region & (score[region] > np.float32(high)).any()
    return kept


@settings(max_examples=200, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 999),
    high=st.floats(0, 1),
    fraction=st.floats(0, 1),
    mode=st.sampled_from(["fixed", "frame_quantile"]),
    quantile=st.floats(0, 1),
)
def test_hysteresis_is_that_of_brute_force(size, seed, high, fraction, mode, quantile):
    score = smooth_score(size, seed)
    limit = high if mode == "fixed" else max(high, float(np.quantile(score, quantile)))
    mask = unknown_mask(score, mode, high, quantile, fraction)
    np.testing.assert_array_equal(mask, brute_hysteresis(score, limit, fraction * limit))
    plain = unknown_mask(score, mode, high, quantile)
    np.testing.assert_array_equal(plain, score > np.float32(limit))
    np.testing.assert_array_equal(unknown_mask(score, mode, high, quantile, 1.0), plain)
    assert not (plain & ~mask).any()
    if not plain.any():
        assert not mask.any()


def test_hysteresis_joins_what_a_weak_bridge_parts_and_drops_what_stays_weak():
    score = np.array([[0.9, 0.5, 0.9, 0.0, 0.5, 0.5, 0.0, 0.3, 0.9]], np.float32)
    scale = PictureScale(score.shape, score.shape)

    def areas(fraction):
        mask = unknown_mask(score, "fixed", 0.8, 0.0, fraction)
        return [part.area for part in find_components(mask.view(np.uint8), scale, 1, 99, 9)[0]]

    assert areas(1.0) == [1, 1, 1]
    assert areas(0.5) == [3, 1]
    assert areas(0.25) == [3, 2]
