"""Data sets of pictures: what the files say agrees, comes again from the seed, and survives a break."""

import json

import cv2
import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.cli.train_mini import data_hash
from clipomaly_ros.simulation.dataset import write_dataset
from clipomaly_ros.simulation.dataset_frames import LEAST_PIXELS, RECORDS, read_record
from clipomaly_ros.simulation.dataset_settings import DatasetSettings, default_settings
from clipomaly_ros.simulation.sources import simulator_hash, sources_hash

TEST = DatasetSettings("test", 3, ("dry", "wet"), camera="vga", views=2, anomalies=6, depth=True)
TRAIN = DatasetSettings("train", 2, ("dry",), camera="hd", window=64, views=2, anomalies=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("set") / "test"
    done = []
    assert len(write_dataset(path, TEST, 2, done.append)) == 64
    assert sum(done) == 3
    return path


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_masks_classes_instances_and_index_agree(folder):
    index = json.loads((folder / "instances.json").read_text())
    names = {category["id"]: category["name"] for category in index["categories"]}
    assert [image["condition"] for image in index["images"]] == ["dry", "dry", "wet"]
    anomalous = 0
    for image in index["images"]:
        name = image["file_name"].removesuffix(".jpg")
        picture = read(folder / "images" / f"{name}.jpg")
        mask = read(folder / "labels_masks" / f"{name}_labels_semantic.png")
        semantic, instances = (
            read(folder / "semantic" / f"{name}.png"),
            read(folder / "instances" / f"{name}.png"),
        )
        depth = read(folder / "depth" / f"{name}.png")
        assert picture.shape == (360, 640, 3)
        assert mask.shape == semantic.shape == instances.shape == depth.shape == (360, 640)
        assert instances.dtype == depth.dtype == np.uint16
        assert set(np.unique(mask)) <= {0, 1, 255}
        np.testing.assert_array_equal(mask == 1, semantic == 254)
        np.testing.assert_array_equal(mask == 255, semantic == 255)
        assert semantic[semantic < 254].max() < len(index["info"]["class_names"])
        listed = [item for item in index["annotations"] if item["image_id"] == image["id"]]
        lost = np.zeros(mask.shape, bool)
        for item in listed:
            own = instances == item["instance"]
            rows, columns = np.nonzero(own)
            assert item["area"] == len(rows) > 0
            left, top, width, height = item["bbox"]
            assert (left, top) == (columns.min(), rows.min())
            assert (left + width - 1, top + height - 1) == (columns.max(), rows.max())
            assert item["name"] == names[item["category_id"]]
            if item["anomalous"]:
                lost |= own
                anomalous += 1
                wanted = {1} if item["area"] >= LEAST_PIXELS else {255}
                assert set(np.unique(mask[own])) <= wanted | {255}
            else:
                assert not (mask[own] == 1).any()
        assert not (mask[~lost] == 1).any()
        sky = semantic == index["info"]["class_names"].index("sky")
        assert (depth[sky] == 0).mean() > 0.99
    assert anomalous > 3


def test_the_same_settings_give_the_same_files_whatever_was_there_before(folder, tmp_path):
    other = tmp_path / "again"
    whole = write_dataset(other, TEST, 1)
    assert whole == json.loads((folder / "hashes.json").read_text())["sha256"]
    # A missing record, a missing file, a damaged file: each frame is made anew; the others stay.
    kept = other / "images" / "test_000002.jpg"
    written = kept.stat().st_mtime_ns
    (other / RECORDS / "test_000000.json").unlink()
    (other / "semantic" / "test_000001.png").write_bytes(b"")
    assert write_dataset(other, TEST, 1) == whole
    assert kept.stat().st_mtime_ns == written
    assert read(other / "semantic" / "test_000001.png") is not None


def test_windows_of_training_show_what_they_are_made_for(tmp_path):
    write_dataset(tmp_path / "train", TRAIN, 1)
    index = json.loads((tmp_path / "train" / "instances.json").read_text())
    frames = json.loads((tmp_path / "train" / "frames.json").read_text())["frames"]
    assert not (tmp_path / "train" / "depth").exists()
    for image, frame in zip(index["images"], frames, strict=True):
        assert (image["width"], image["height"]) == (64, 64)
        x, y, width, height = frame["window"]
        assert width == height == 64
        assert 0 <= x <= 1280 - 64
        assert 0 <= y <= 720 - 64


def test_another_folder_or_other_settings_are_refused(folder, tmp_path):
    with pytest.raises(ValueError, match="other settings"):
        write_dataset(folder, default_settings("test", count=4), 1)
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(ValueError, match="other files"):
        write_dataset(tmp_path, TEST, 1)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_another_simulator_goes_not_on_with_a_data_set(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for begun in ({"simulator": "0" * 64}, {}):
        (root / "settings.json").write_text(json.dumps({**TEST.as_dict(), **begun}))
        with pytest.raises(ValueError, match="begun by another simulator"):
            write_dataset(root, TEST, 1)
    for damaged in ("", "[1]", "{"):
        (root / "settings.json").write_text(damaged)
        with pytest.raises(ValueError, match="expected the settings of a data set"):
            write_dataset(root, TEST, 1)
    assert [path.name for path in root.iterdir()] == ["settings.json"]


def test_every_change_of_a_source_changes_the_hash(folder, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.py").write_text("x = 1\n")
    seen = [sources_hash(tmp_path)]
    (tmp_path / "two.py").write_text("")
    seen.append(sources_hash(tmp_path))
    (tmp_path / "a" / "one.py").write_text("x = 2\n")
    seen.append(sources_hash(tmp_path))
    (tmp_path / "two.py").rename(tmp_path / "a" / "two.py")
    seen.append(sources_hash(tmp_path))
    assert len(set(seen)) == 4
    (tmp_path / "notes.txt").write_text("no source")
    assert sources_hash(tmp_path) == seen[-1]
    recorded = [json.loads((folder / name).read_text()) for name in ("settings.json", "hashes.json")]
    assert {item["simulator"] for item in recorded} == {simulator_hash()}
    assert data_hash(folder, "simulator") == simulator_hash()
    assert data_hash(folder) == recorded[1]["sha256"]
    assert data_hash(tmp_path, "simulator") is None


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"sha256": 3}', '{"sha256": {}}'])
def test_a_damaged_record_is_an_unfinished_frame(tmp_path, damage):
    (tmp_path / RECORDS).mkdir()
    (tmp_path / RECORDS / "test_000000.json").write_text(damage)
    assert read_record(tmp_path, "test_000000", depth=False) is None


@pytest.mark.parametrize(
    "arguments", [["--count", "0"], ["--window", "4000"], ["--workers", "0"], ["--first-scene", "-1"]]
)
def test_the_command_refuses_odd_numbers_in_one_line(tmp_path, capsys, arguments):
    assert main(["simulate", "images", "-o", str(tmp_path / "set"), "--split", "train", *arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "clipomaly simulate" in line]
    assert len(lines) == 1
    assert "expected" in lines[0]
    assert not (tmp_path / "set").exists()
