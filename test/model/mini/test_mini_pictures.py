"""Training pictures: what is read of a data set, and what must never be."""

import json
import shutil

import cv2
import numpy as np
import pytest

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.mini.pictures import (
    BEHIND,
    IGNORED,
    SHAPE,
    STRANGE,
    learnt_names,
    read_pictures,
)

PAVEMENT, SKY = 7, 9
CLASSES = [f"class {number}" for number in range(10)]
RED, GREEN = (200, 20, 20), (20, 200, 20)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    """Write two pictures: pavement under sky, a round red suitcase and a green strange object."""
    root = tmp_path_factory.mktemp("set")
    for name in ("images", "semantic"):
        (root / name).mkdir()
    images, annotations = [], []
    for number in range(2):
        rgb = np.full((256, 320, 3), 120, np.uint8)
        labels = np.full((256, 320), PAVEMENT, np.uint8)
        rgb[:80], labels[:80] = (90, 140, 220), SKY
        for category, (x, y), colour in ((1, (60, 120), RED), (2, (200, 160), GREEN)):
            centre, axes = (x + 25, y + 20), (24, 19)
            cv2.ellipse(rgb, centre, axes, 0, 0, 360, colour, -1)
            cv2.ellipse(labels, centre, axes, 0, 0, 360, 254, -1)
            annotations.append(
                {"image_id": number, "category_id": category, "bbox": [x, y, 50, 40], "anomalous": True}
            )
        for side in (8, 3):
            box = [160 - side / 2, 220 - side / 2, side, side]
            annotations.append({"image_id": number, "category_id": 3, "bbox": box, "anomalous": False})
        cv2.imwrite(str(root / f"images/{number}.png"), rgb[..., ::-1])
        cv2.imwrite(str(root / f"semantic/{number}.png"), labels)
        images.append({"id": number, "file_name": f"images/{number}.png"})
    categories = [{"id": 1, "name": "suitcase"}, {"id": 2, "name": "object"}, {"id": 3, "name": "cone"}]
    index = {
        "info": {"class_names": CLASSES},
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }
    (root / "instances.json").write_text(json.dumps(index))
    return root


def test_masks_of_anomalies_leave_no_trace(data_set, tmp_path):
    """Whatever the labels say inside the boxes: what is learnt there comes from the picture alone."""
    assert learnt_names(data_set) == ["suitcase"]
    pictures = read_pictures(data_set, CLASSES, {"suitcase": 4})
    assert pictures[0].words.tolist() == [4, STRANGE]
    assert set(np.unique(pictures[0].labels)) <= {PAVEMENT, SKY, SHAPE, BEHIND, IGNORED}
    shutil.copytree(data_set, tmp_path / "other")
    for number, file in enumerate(sorted((tmp_path / "other" / "semantic").iterdir())):
        labels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        for left, top, right, bottom in pictures[number].boxes.astype(int):
            noise = np.random.default_rng(number).integers(0, 256, (bottom - top, right - left))
            labels[top:bottom, left:right] = noise
        cv2.imwrite(str(file), labels)
    for picture, other in zip(
        pictures, read_pictures(tmp_path / "other", CLASSES, {"suitcase": 4}), strict=True
    ):
        np.testing.assert_array_equal(picture.labels, other.labels)


def test_shapes_are_estimated_and_no_label_counts_in_or_around_a_box(data_set):
    picture = read_pictures(data_set, CLASSES, {"suitcase": 4})[0]
    for left, top, right, bottom in picture.boxes.astype(int):
        inside = picture.labels[top:bottom, left:right]
        disc = (picture.rgb[top:bottom, left:right] != 120).any(axis=-1)
        assert (inside[disc] == SHAPE).mean() > 0.95
        assert (inside[~disc] == BEHIND).mean() > 0.8  # estimated at fewer pixels
        assert (picture.labels[top - 2 : bottom + 2, left - 2 : right + 2] >= BEHIND).all()


def test_places_know_what_is_there(data_set):
    picture = read_pictures(data_set, CLASSES, {"suitcase": 4})[0]
    assert picture.kinds == ("suitcase", "object", "cone")
    assert picture.known.tolist() == [False, False, True]
    assert picture.places.tolist() == [[85, 140], [225, 180], [160, 220]]  # the smallest is left out


def test_what_is_held_out_is_refused(data_set):
    with pytest.raises(BundleError, match="'suitcase' is held out"):
        read_pictures(data_set, CLASSES, {"tyre": 0})
    with pytest.raises(BundleError, match="expected labels"):
        read_pictures(data_set, ["sky"], {"suitcase": 0})
    with pytest.raises(BundleError, match="clipomaly simulate images"):
        learnt_names(data_set / "images")


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
