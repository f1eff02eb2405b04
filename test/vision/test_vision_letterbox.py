"""Letterbox geometry, preprocessing, interpolation and pooling."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.upsampling import PatchInterpolation, picture_rows

sides = st.integers(1, 3000)
letterboxes = st.builds(
    lambda source, grid, patch, fit: Letterbox.fit(source, (grid[0] * patch, grid[1] * patch), patch, fit),
    st.tuples(sides, sides),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from([8, 14, 16, 32]),
    st.sampled_from(["letterbox", "stretch"]),
)


@settings(max_examples=200, deadline=None)
@given(letterboxes)
def test_content_lies_inside_the_input_and_starts_on_a_patch(letterbox):
    for axis in (0, 1):
        size, offset, limit = (
            letterbox.content_size[axis],
            letterbox.offset[axis],
            letterbox.input_size[axis],
        )
        assert size >= 1
        assert 0 <= offset <= offset + size <= limit
        assert offset % letterbox.patch_size == 0
        valid = letterbox.valid[axis]
        assert 0 <= valid.start < valid.stop <= letterbox.grid_size[axis]
        # Every valid patch but a lone first one holds at least half a patch of image.
        assert valid.stop - valid.start == 1 or (
            (valid.stop - 0.5) * letterbox.patch_size <= offset + size + 0.5
        )


@settings(max_examples=200, deadline=None)
@given(letterboxes)
def test_source_and_patch_coordinates_are_inverse(letterbox):
    for axis in (0, 1):
        position = np.linspace(-0.5, letterbox.source_size[axis] - 0.5, 7)
        patch = letterbox.source_to_patch(position, axis)
        np.testing.assert_allclose(letterbox.patch_to_source(patch, axis), position, atol=1e-6)
        edges = (patch[[0, -1]] + 0.5) * letterbox.patch_size - letterbox.offset[axis]
        np.testing.assert_allclose(edges, [0, letterbox.content_size[axis]], atol=1e-6)


def test_the_aspect_ratio_is_kept_or_not():
    kept = Letterbox.fit((720, 1280), (448, 448), 16)
    assert (kept.content_size, kept.offset) == ((252, 448), (96, 0))
    assert kept.valid == (slice(6, 22), slice(0, 28))
    assert Letterbox.fit((720, 1280), (448, 448), 16, "stretch").content_size == (448, 448)


@pytest.mark.parametrize(
    "arguments",
    [((0, 5), (32, 32), 16), ((5, 5), (30, 32), 16), ((5, 5), (32, 32), 0), ((5, 5), (32, 32), 16, "crop")],
)
def test_impossible_geometry_is_refused(arguments):
    with pytest.raises(VisionError):
        Letterbox.fit(*arguments)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from(["letterbox", "stretch"]))
def test_preprocessing_equals_resizing_and_normalising(height, width, fit):
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    mean, std = (0.48, 0.45, 0.40), (0.26, 0.27, 0.28)
    letterbox = Letterbox.fit((height, width), (32, 48), 16, fit)
    batch = preprocess(rgb, letterbox, mean, std)
    assert (batch.shape, batch.dtype, batch.flags.c_contiguous) == ((1, 3, 32, 48), np.float32, True)
    (h, w), (top, left) = letterbox.content_size, letterbox.offset
    expected = (cv2.resize(rgb, (w, h), interpolation=cv2.INTER_LINEAR) / 255.0 - mean) / std
    inside = batch[0, :, top : top + h, left : left + w]
    np.testing.assert_allclose(inside, expected.transpose(2, 0, 1), atol=1e-5)
    assert np.count_nonzero(batch) == np.count_nonzero(inside)


@settings(max_examples=50, deadline=None)
@given(letterboxes, st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_upsampling_is_linear_in_between_and_constant_outside(letterbox, size):
    grid = PatchInterpolation(letterbox, size)
    values = np.random.default_rng(1).random(grid.grid, dtype=np.float32)
    picture = grid.upsample(values)
    np.testing.assert_allclose(picture, grid.rows @ values @ grid.columns.T, atol=1e-5)
    assert values.min() - 1e-6 <= picture.min() <= picture.max() <= values.max() + 1e-6
    # A ramp over the patches comes back as the clipped patch coordinate itself.
    ramp = np.broadcast_to(np.arange(grid.grid[1], dtype=np.float32), grid.grid)
    source = (np.arange(size[1]) + 0.5) * letterbox.source_size[1] / size[1] - 0.5
    expected = letterbox.source_to_patch(source, 1) - letterbox.valid[1].start
    expected = expected.clip(0, grid.grid[1] - 1)
    np.testing.assert_allclose(grid.upsample(ramp)[0], expected, atol=1e-3)


def test_upsampling_agrees_with_opencv_where_the_image_fills_the_input():
    letterbox = Letterbox.fit((96, 160), (48, 80), 16)
    values = np.random.default_rng(2).random((3, 5), dtype=np.float32)
    expected = cv2.resize(values, (160, 96), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(PatchInterpolation(letterbox, (96, 160)).upsample(values), expected, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(letterboxes, st.integers(0, 99))
def test_pooling_is_the_mean_of_the_upsampled_map(letterbox, seed):
    rng = np.random.default_rng(seed)
    grid = PatchInterpolation(letterbox, (30, 40))
    top, left = rng.integers(0, 20, 2)
    mask = rng.random((rng.integers(1, 11), rng.integers(1, 21))) < 0.5
    mask[0, 0] = True
    values = rng.random((*grid.grid, 3), dtype=np.float32)
    planes = np.stack([grid.upsample(values[:, :, plane]) for plane in range(3)], axis=2)
    crop = planes[top : top + mask.shape[0], left : left + mask.shape[1]]
    pooled = grid.mean(values, mask, int(top), int(left))
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, crop[mask].mean(axis=0), atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(letterboxes, st.integers(0, 99))
def test_samples_are_those_of_the_upsampled_planes(letterbox, seed):
    rng = np.random.default_rng(seed)
    grid = PatchInterpolation(letterbox, (30, 40))
    values = rng.random((*grid.grid, 3), dtype=np.float32)
    planes = np.stack([grid.upsample(values[:, :, plane]) for plane in range(3)])
    pixels, chosen = rng.integers(0, 30 * 40, 200), rng.integers(0, 3, 200)
    expected = planes.reshape(3, -1)[chosen, pixels]
    np.testing.assert_allclose(grid.sample(values, pixels, chosen), expected, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(letterboxes, st.integers(0, 99))
def test_samples_look_at_the_patches_that_are_said(letterbox, seed):
    interpolation = PatchInterpolation(letterbox, (23, 31))
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 23 * 31, generator.integers(1, 40))
    values = generator.random((*interpolation.grid, 3), np.float32)
    planes = generator.integers(0, 3, len(pixels))
    said = interpolation.patches_of(pixels)
    kept = np.where(said[:, :, None], values, np.nan)
    expected = interpolation.sample(values, pixels, planes)
    np.testing.assert_array_equal(interpolation.sample(kept, pixels, planes), expected)
    assert said.sum() <= 4 * len(pixels)


@given(st.integers(1, 400), st.data())
def test_every_source_pixel_belongs_to_the_cell_around_it(source, data):
    size = data.draw(st.integers(1, source))
    cells = picture_rows(size, source)
    assert cells[0] == 0
    assert cells[-1] == size - 1
    assert np.isin(np.diff(cells), [0, 1]).all()
    centres = (np.arange(size) + 0.5) * source / size - 0.5
    assert (np.abs(centres[cells] - np.arange(source)) <= source / size / 2 + 1e-9).all()
