"""Crops: picture, labels and boxes go together, and every kind gets its turn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.model.mini.crops import CropPlaces, draw_batch
from clipomaly_ros.model.mini.pictures import IGNORED, SHAPE, STRANGE, Picture

RED, GREEN = (200, 20, 20), (20, 200, 20)


def picture(boxes=True):
    """Return pavement with a red suitcase, a green strange object, and ten cones."""
    rgb = np.full((256, 320, 3), 120, np.uint8)
    labels = np.zeros((256, 320), np.uint8)
    edges = [(60, 120, 110, 160), (200, 160, 250, 200)] if boxes else []
    for (left, top, right, bottom), colour in zip(edges, (RED, GREEN), strict=False):
        rgb[top:bottom, left:right], labels[top:bottom, left:right] = colour, SHAPE
    places = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in edges]
    cones = [(20.0 * k + 10, 240.0) for k in range(10)]
    return Picture(
        rgb,
        labels,
        np.array(edges, np.float32).reshape(-1, 4),
        np.array([0, STRANGE][: len(edges)], np.int64),
        np.array([*places, *cones], np.float32),
        (*("suitcase", "object")[: len(edges)], *["cone"] * 9, "bus"),
        np.array([False] * len(edges) + [True] * 10),
    )


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_boxes_labels_and_picture_move_together(seed):
    batch = draw_batch(CropPlaces([picture()]), 3, 128, np.random.default_rng(seed))
    assert batch.images.shape == (3, 128, 128, 3)
    assert batch.labels.shape == (3, 16, 16, 4)
    for (crop, *edges), word in zip(batch.boxes, batch.words, strict=True):
        left, top, right, bottom = np.array(edges) * 8
        assert 0 <= left < right <= 128
        assert 0 <= top < bottom <= 128
        x, y = int((left + right) / 2), int((top + bottom) / 2)
        red, green, _ = batch.images[int(crop), min(y, 127), min(x, 127)].astype(int)
        assert (red > green) == (word == 0)  # recolouring keeps which of the two is stronger
        assert (batch.labels[int(crop), min(y // 8, 15), min(x // 8, 15)] == SHAPE).any()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_crops_of_a_picture_no_larger_than_they_are_show_little_beyond_it(seed):
    batch = draw_batch(CropPlaces([picture()]), 3, 256, np.random.default_rng(seed))
    beyond = (batch.labels == IGNORED).mean(axis=(1, 2, 3))  # the thing's box has a border of its own
    # At least 0.8 of each side is covered, less a tenth by which the middle may lie outside.
    assert (beyond < 1 - (0.8 - 0.1) ** 2).all()


def test_the_same_seed_draws_the_same_crops():
    first, second = (draw_batch(CropPlaces([picture()]), 12, 64, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.images, second.images)


def test_rare_kinds_are_drawn_more_often_than_they_are_there():
    places, generator = CropPlaces([picture(), picture()]), np.random.default_rng(0)
    drawn = [places.draw(generator)[1] for _ in range(4000)]
    assert 0.15 < np.mean([place is None for place in drawn]) < 0.25
    known = np.array([place[0] for place in drawn if place is not None and place[1] == 240])
    # One bus for nine cones: by the root of their numbers 1 in 4.
    assert np.mean(known == 190) == pytest.approx(0.25, abs=0.04)
    assert 0.35 < 1 - np.mean([place is None for place in drawn]) - len(known) / 4000 < 0.49


def test_pictures_without_anything_strange_are_drawn_too():
    batch = draw_batch(CropPlaces([picture(boxes=False)]), 8, 64, np.random.default_rng(3))
    assert len(batch.boxes) == 0
    assert batch.boxes.shape == (0, 5)
