"""Training crops: what is read of a data set, and what must never be."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.mini.pictures import IGNORED, STRANGE, draw_batch, learnt_names, read_pictures

PAVEMENT, SKY = 7, 9
CLASSES = [f"class {number}" for number in range(10)]
RED, GREEN = (200, 20, 20), (20, 200, 20)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    """Write two pictures: pavement under sky, a red suitcase and a green strange object."""
    root = tmp_path_factory.mktemp("set")
    for name in ("images", "semantic"):
        (root / name).mkdir()
    images, annotations = [], []
    for number in range(2):
        rgb = np.full((256, 320, 3), 120, np.uint8)
        labels = np.full((256, 320), PAVEMENT, np.uint8)
        rgb[:80], labels[:80] = (90, 140, 220), SKY
        for category, (x, y), colour in ((1, (60, 120), RED), (2, (200, 160), GREEN)):
            rgb[y : y + 40, x : x + 50] = colour
            labels[y : y + 40, x : x + 50] = 254
            annotations.append(
                {"image_id": number, "category_id": category, "bbox": [x, y, 50, 40], "anomalous": True}
            )
        cv2.imwrite(str(root / f"images/{number}.png"), rgb[..., ::-1])
        cv2.imwrite(str(root / f"semantic/{number}.png"), labels)
        images.append({"id": number, "file_name": f"images/{number}.png"})
    categories = [{"id": 1, "name": "suitcase"}, {"id": 2, "name": "object"}]
    index = {
        "info": {"class_names": CLASSES},
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }
    (root / "instances.json").write_text(json.dumps(index))
    return root


def test_masks_of_anomalies_leave_no_trace(data_set):
    assert learnt_names(data_set) == ["suitcase"]
    (picture, other) = read_pictures(data_set, CLASSES, {"suitcase": 4})
    assert set(np.unique(picture.labels)) == {PAVEMENT, SKY, IGNORED}
    left, top, right, bottom = picture.boxes[0].astype(int)
    assert (picture.labels[top:bottom, left:right] == IGNORED).all()
    assert picture.words.tolist() == [4, STRANGE]
    assert other.labels.shape == picture.labels.shape


def test_what_is_held_out_is_refused(data_set):
    with pytest.raises(BundleError, match="'suitcase' is held out"):
        read_pictures(data_set, CLASSES, {"tyre": 0})
    with pytest.raises(BundleError, match="expected labels"):
        read_pictures(data_set, ["sky"], {"suitcase": 0})
    with pytest.raises(BundleError, match="clipomaly simulate images"):
        learnt_names(data_set / "images")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_boxes_labels_and_picture_move_together(data_set, seed):
    pictures = read_pictures(data_set, CLASSES, {"suitcase": 0})
    batch = draw_batch(pictures, 3, 128, np.random.default_rng(seed))
    assert batch.images.shape == (3, 128, 128, 3)
    assert batch.labels.shape == (3, 16, 16, 4)
    for (crop, *edges), word in zip(batch.boxes, batch.words, strict=True):
        left, top, right, bottom = np.array(edges) * 8
        assert 0 <= left < right <= 128
        assert 0 <= top < bottom <= 128
        x, y = int((left + right) / 2), int((top + bottom) / 2)
        red, green, _ = batch.images[int(crop), min(y, 127), min(x, 127)].astype(int)
        assert (red > green) == (word == 0)  # recolouring keeps which of the two is stronger
        assert (batch.labels[int(crop), min(y // 8, 15), min(x // 8, 15)] == IGNORED).all()


def test_the_same_seed_draws_the_same_crops(data_set):
    pictures = read_pictures(data_set, CLASSES, {"suitcase": 0})
    first, second = (draw_batch(pictures, 12, 64, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.images, second.images)


@pytest.mark.parametrize("split", ["validation", "test", "nofod"])
def test_a_split_that_measures_is_not_trained_on(data_set, tmp_path, split):
    index = json.loads((data_set / "instances.json").read_text())
    index["info"]["split"] = split
    (tmp_path / "instances.json").write_text(json.dumps(index))
    with pytest.raises(BundleError, match=f"'{split}', which only measures"):
        learnt_names(tmp_path)


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("images", {"id": 0}),
        ("images", 3),
        ("categories", {"id": 1}),
        ("annotations", {"image_id": 0, "category_id": 1, "bbox": [0, 0, 9, 9]}),  # as COCO has it
        ("annotations", {"image_id": 0, "category_id": 9, "bbox": [0, 0, 9, 9], "anomalous": True}),
        ("annotations", {"image_id": 0, "category_id": 1, "bbox": [0, 0, 9], "anomalous": True}),
    ],
)
def test_an_index_of_another_kind_is_refused(data_set, tmp_path, kind, entry):
    index = json.loads((data_set / "instances.json").read_text())
    index[kind].append(entry)
    (tmp_path / "instances.json").write_text(json.dumps(index))
    with pytest.raises(BundleError, match="expected a data set made by"):
        learnt_names(tmp_path)


def test_no_pictures_are_refused(data_set, tmp_path):
    for limit in (0, -1):
        with pytest.raises(BundleError, match="limit"):
            read_pictures(data_set, CLASSES, {"suitcase": 0}, limit)
    index = json.loads((data_set / "instances.json").read_text()) | {"images": [], "annotations": []}
    (tmp_path / "instances.json").write_text(json.dumps(index))
    with pytest.raises(BundleError, match="without any"):
        read_pictures(tmp_path, CLASSES, {})
    (tmp_path / "instances.json").write_text(json.dumps(index | {"info": []}))
    with pytest.raises(BundleError, match="no object"):
        learnt_names(tmp_path)
