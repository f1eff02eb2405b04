import json

import cv2
import numpy as np
import pytest
from tiny_apron import CLASSES, SIZE, write_apron

from clipomaly_ros.evaluation.apron_dataset import ApronImages
from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.smiyc_dataset import SmiycImages

SUITCASE = ("suitcase", "baggage", (20, 50, 30, 24))
WRENCH = ("wrench", "tools", (90, 70, 40, 12))


@pytest.fixture
def apron(tmp_path):
    return write_apron(tmp_path / "apron", [[SUITCASE, WRENCH], []])


def test_the_apron_is_read_with_names_and_numbers(apron):
    data = ApronImages(apron)
    assert data.names == ["scene_0000", "scene_0001"]
    assert data.class_names == CLASSES
    assert data.split == "validation"
    frame = data.frame("scene_0000")
    assert frame.condition == "dry"
    assert [(thing.name, thing.group, thing.value) for thing in frame.things] == [
        ("suitcase", "baggage", 1),
        ("wrench", "tools", 2),
    ]
    assert frame.things[1].size == 0.4
    assert frame.things[1].distance == 28.0
    assert ((frame.instances == 1) == (np.isin(frame.semantic, 254) & (frame.instances != 2))).all()
    assert set(np.unique(frame.anomaly)) == {0, 1, 255}
    assert ((frame.semantic == 254) == (frame.anomaly == 1)).all()
    rgb = data.image("scene_0000")
    assert rgb.shape == (*SIZE, 3)
    assert tuple(rgb[60, 30]) == (200, 30, 30)
    assert data.frame("scene_0001").things == ()


def test_what_is_wrong_with_an_index_is_said(apron):
    path = apron / "instances.json"
    whole = json.loads(path.read_text())
    for change, text in (
        ({"images": 3}, "lists"),
        ({"categories": []}, "COCO-style"),
        ({"images": [{"id": float("inf"), "file_name": "a.png"}]}, "COCO-style"),
        ({"annotations": [{**whole["annotations"][0], "instance": 70000}]}, "1 to 65535"),
        ({"images": [*whole["images"], {"id": 9, "file_name": "gone.jpg"}]}, "lists gone"),
    ):
        path.write_text(json.dumps(whole | change))
        with pytest.raises(DataError, match=text):
            _ = ApronImages(apron).names
    path.write_text("{")
    with pytest.raises(DataError, match="expected JSON"):
        _ = ApronImages(apron).names
    path.unlink()
    with pytest.raises(DataError, match="found none"):
        _ = ApronImages(apron).names


def test_pictures_of_another_size_are_refused(apron):
    cv2.imwrite(str(apron / "semantic" / "scene_0000.png"), np.zeros((8, 8), np.uint8))
    with pytest.raises(DataError, match=r"expected \(120, 160\)"):
        ApronImages(apron).frame("scene_0000")


def test_smiyc_frames_without_a_label_are_left_out(apron):
    (apron / "labels_masks" / "scene_0001_labels_semantic.png").unlink()
    data = SmiycImages(apron)
    assert data.names == ["scene_0000"]
    frame = data.frame("scene_0000")
    assert frame.semantic is None
    assert (frame.anomaly == ApronImages(apron).anomaly("scene_0000")).all()


def test_road_anomaly_marks_anomalies_with_two(tmp_path):
    for folder in ("images", "labels_masks"):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.webp"), np.zeros((20, 30, 3), np.uint8))
    label = np.zeros((20, 30), np.uint8)
    label[3:9, 4:8] = 2
    cv2.imwrite(str(tmp_path / "labels_masks" / "a_labels_semantic.png"), label)
    assert (SmiycImages(tmp_path, anomaly_values=(1, 2)).anomaly("a") == (label == 2)).all()
    with pytest.raises(DataError, match="found 2"):
        SmiycImages(tmp_path).anomaly("a")


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="expected images and labels_masks in it, found nothing"):
        _ = SmiycImages(tmp_path).names
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="expected images"):
        _ = SmiycImages(tmp_path).names
