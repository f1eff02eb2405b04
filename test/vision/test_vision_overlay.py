import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.vision.overlay import draw_overlay, label_text, region_colour
from clipomaly_ros.vision.types import AnomalyRegion, RegionState, VisionError
from clipomaly_ros.vocabulary.entries import NameSource


def region(number, box, name="wrench", source=NameSource.DICTIONARY, score=0.7, area=1):
    return AnomalyRegion(number, 0, name, source, (), score, box, area, RegionState.UNKNOWN_OBSTACLE, "tools")


@given(st.integers(40, 120), st.integers(40, 160), st.sampled_from([np.uint8, np.uint16]), st.data())
def test_mask_is_tinted_and_the_input_left_alone(height, width, kind, data):
    x = data.draw(st.integers(0, width - 5))
    y = data.draw(st.integers(0, height - 5))
    box = (x, y, data.draw(st.integers(5, width - x)), data.draw(st.integers(5, height - y)))
    picture = np.random.default_rng(3).integers(0, 255, (height, width, 3)).astype(np.uint8)
    before = picture.copy()
    regions_image = np.zeros((height, width), kind)
    regions_image[y : y + box[3], x : x + box[2]] = 7
    drawn = draw_overlay(picture, regions_image, [region(7, box)], untrained=False)
    assert np.array_equal(picture, before)
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    changed = (drawn != picture).any(axis=2)
    assert changed[regions_image == 7].mean() > 0.9


def test_pixels_of_other_ids_keep_their_colour():
    picture = np.full((200, 300, 3), 90, np.uint8)
    ids = np.zeros((200, 300), np.uint8)
    ids[100:160, 100:200] = 2
    ids[120:140, 120:180] = 3  # inside the box of 2, listed nowhere
    drawn = draw_overlay(picture, ids, [region(2, (100, 100, 100, 60))], untrained=False)
    assert (drawn[125:135, 130:170] == 90).all()
    assert (drawn[105, 110] != 90).any()


def test_untrained_banner_is_drawn_on_any_size():
    for height, width in ((40, 60), (375, 1242), (1080, 1920)):
        picture = np.zeros((height, width, 3), np.uint8)
        ids = np.zeros((height, width), np.uint8)
        plain = draw_overlay(picture, ids, [], untrained=False)
        banner = draw_overlay(picture, ids, [], untrained=True)
        assert not plain.any()
        assert banner[:, :, 0].any()
        assert not banner[height // 2 :].any()


def test_labels_stay_inside_and_names_are_spelt():
    picture = np.zeros((60, 80, 3), np.uint8)
    ids = np.zeros((60, 80), np.uint8)
    ids[0:60, 70:80] = 1
    draw_overlay(picture, ids, [region(1, (70, 0, 10, 60), name="gefährlich — é")], untrained=True)
    assert label_text(region(1, (0, 0, 1, 1))) == "wrench 70% dictionary"
    assert label_text(region(1, (0, 0, 1, 1), name="", source=NameSource.NONE)) == "unknown 70%"
    assert label_text(region(1, (0, 0, 1, 1), name="é")).isascii()


def test_one_name_has_one_colour():
    assert region_colour(region(1, (0, 0, 1, 1))) == region_colour(region(9, (5, 5, 2, 2), score=0.1))
    assert region_colour(region(1, (0, 0, 1, 1))) != region_colour(region(1, (0, 0, 1, 1), name="bolt"))


def test_wrong_shapes_are_refused():
    picture = np.zeros((20, 30, 3), np.uint8)
    with pytest.raises(VisionError, match="region image"):
        draw_overlay(picture, np.zeros((30, 20), np.uint8), [], untrained=False)
    with pytest.raises(VisionError, match="uint8"):
        draw_overlay(picture.astype(np.float32), np.zeros((20, 30), np.uint8), [], untrained=False)
