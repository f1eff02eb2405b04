"""Shapes in boxes, from the picture alone."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.model.mini.box_shapes import estimate_shape, whole_box


def disc(centre=(80, 60), radius=20, colour=(220, 60, 40)):
    noise = np.random.default_rng(0).normal(0, 4, (128, 160, 3))
    rgb = np.clip(np.full((128, 160, 3), 120.0) + noise, 0, 255).astype(np.uint8)
    mask = np.zeros((128, 160), np.uint8)
    cv2.circle(mask, centre, radius, 1, -1)
    rgb[mask > 0] = colour
    return rgb, mask > 0


@pytest.mark.parametrize("radius", [8, 20, 40])
def test_a_disc_is_found_in_its_box(radius):
    rgb, mask = disc(radius=radius)
    box = (80 - radius, 60 - radius, 81 + radius, 61 + radius)
    found = estimate_shape(rgb, box)
    true = mask[box[1] : box[3], box[0] : box[2]]
    assert (found & true).sum() / (found | true).sum() > 0.9


def test_the_same_picture_gives_the_same_shape():
    rgb, _ = disc()
    cv2.setRNGSeed(1)
    first = estimate_shape(rgb, (60, 40, 101, 81))
    cv2.setRNGSeed(2)
    np.testing.assert_array_equal(first, estimate_shape(rgb, (60, 40, 101, 81)))


def test_what_cannot_be_told_apart_is_not_guessed():
    rgb, _ = disc(colour=(120, 120, 120))
    flat = np.full_like(rgb, 120)
    assert estimate_shape(flat, (60, 40, 100, 80)) is None
    assert estimate_shape(rgb, (60, 40, 65, 44)) is None  # too small
    assert estimate_shape(rgb, (0, 0, 160, 128)) is None  # nothing around it


@given(
    st.tuples(st.floats(-20, 150), st.floats(-20, 120), st.floats(0.5, 60), st.floats(0.5, 60)),
)
def test_any_box_gives_a_shape_of_its_size_or_none(box):
    rgb, _ = disc()
    left, top, width, height = box
    edges = (left, top, left + width, top + height)
    found = estimate_shape(rgb, edges)
    x0, y0, x1, y1 = whole_box(edges, 160, 128)
    assert found is None or found.shape == (y1 - y0, x1 - x0)
