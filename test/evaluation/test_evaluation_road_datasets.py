"""Public data sets on miniature trees in the layouts in which their authors publish them."""

import cv2
import numpy as np
import pytest
from tiny_apron import CANDIDATES, colour_source, write_apron

from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation.datasets import DATASETS
from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.segmenter_source import load_segmenter_source
from clipomaly_ros.evaluation.street_dataset import BDD_ANOMALIES, CLASSES, LABEL_NUMBERS
from clipomaly_ros.evaluation.tune import tune_threshold
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vocabulary.entries import NameSource

SIZE = (24, 40)


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def colours(seed):
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3)).astype(np.uint8)


def binary(value=1):
    """A label with an anomaly of 4 x 5 pixels, and a void of two rows."""
    label = np.zeros(SIZE, np.uint8)
    label[3:7, 8:13], label[-2:] = value, 255
    return label


def smiyc(root, suffix="jpg"):
    for name in ("validation0000", "validation0001", "test0000"):
        write(root / "images" / f"{name}.{suffix}", colours(0))
        if name.startswith("validation"):
            write(root / "labels_masks" / f"{name}_labels_semantic.png", binary())
            write(root / "labels_masks" / f"{name}_labels_semantic_color.png", colours(1))
    return ["validation0000", "validation0001"]


def road_anomaly(root):
    (root / "frames").mkdir(parents=True)
    (root / "frame_list.json").write_text('["animals01.webp"]')
    write(root / "frames" / "animals01.webp", colours(0))
    write(root / "frames" / "animals01.labels" / "labels_semantic.png", binary(2))
    write(root / "frames" / "unlabelled.webp", colours(0))
    return ["animals01"]


def test_road_is_no_anomaly_where_road_anomaly_marks_it(tmp_path):
    # As published: 0 background, 1 road, 2 anomaly.
    root = tmp_path / "published"
    road_anomaly(root)
    label = binary(2)
    label[-5:-3] = 1
    write(root / "frames" / "animals01.labels" / "labels_semantic.png", label)
    found = DATASETS["road-anomaly"].read(root, ()).anomaly("animals01")
    assert np.array_equal(found == 1, label == 2)
    assert np.array_equal(found == 0, label <= 1)
    assert np.array_equal(found == 255, label == 255)
    assert (label == 1).any()
    assert (label == 255).any()
    flat = tmp_path / "flat"
    smiyc(flat)
    data = DATASETS["road-anomaly"].read(flat, ())
    assert (data.anomaly(data.names[0]) == 1).any()


def fishyscapes(root):
    name = "04_Maurener_Weg_8_000000_000030"
    write(root / "fishyscapes_lostandfound" / f"0000_{name}_labels.png", binary())
    write(root / "leftImg8bit" / "train" / "04_Maurener_Weg_8" / f"{name}_leftImg8bit.png", colours(0))
    write(
        root / "leftImg8bit" / "train" / "04_Maurener_Weg_8" / "04_Other_000000_000000_leftImg8bit.png",
        colours(0),
    )
    return [name]


def fishyscapes_flat(root):
    name = "13_Elly_Beinhorn_Str_000000_000050"
    write(root / f"0099_{name}_labels.png", binary())
    write(root / "laf_images" / f"{name}_leftImg8bit.png", colours(0))
    return [name]


BINARY = {
    "smiyc-anomaly": [smiyc],
    "smiyc-obstacle": [lambda root: smiyc(root, "webp")],
    "road-anomaly": [road_anomaly, smiyc],
    "fishyscapes-laf": [fishyscapes, fishyscapes_flat, smiyc],
}


def street(root):
    """Cityscapes with one frame in train numbers and one in the numbers of all labels."""
    number = np.resize(np.arange(19, dtype=np.uint8), SIZE)
    number[-2:] = 255
    all_numbers = np.full(256, 255, np.uint8)
    all_numbers[:19] = LABEL_NUMBERS
    for city, frame, ending, label in (
        ("aachen", "aachen_000000_000019", "labelTrainIds", number),
        ("ulm", "ulm_000000_000019", "labelIds", all_numbers[number]),
    ):
        write(root / "leftImg8bit" / "val" / city / f"{frame}_leftImg8bit.png", colours(0))
        write(root / "gtFine" / "val" / city / f"{frame}_gtFine_{ending}.png", label)
        write(root / "gtFine" / "val" / city / f"{frame}_gtFine_color.png", colours(1))
    return number


def bdd(root, modern=False):
    """BDD100K: a frame with two bicycles and a train, one with nothing of the kind, one of each split."""
    shown = np.zeros(SIZE, np.uint8)
    shown[:4], shown[-2:] = 10, 255
    plain = shown.copy()
    shown[6:9, 2:6], shown[6:9, 20:26], shown[12:15, 4:30] = 18, 18, 16
    images, labels, ending = (
        ("images/10k", "labels/sem_seg/masks", "") if modern else ("seg/images", "seg/labels", "_train_id")
    )
    for split, name, label in (("train", "a1", shown), ("train", "a2", plain), ("val", "b1", shown)):
        write(root / images / split / f"{name}.jpg", colours(0))
        write(root / labels / split / f"{name}{ending}.png", label)
    write(root / images / "test" / "c1.jpg", colours(0))
    return shown


@pytest.mark.parametrize(("dataset", "tree"), [(name, tree) for name in BINARY for tree in BINARY[name]])
def test_images_find_their_labels_and_void_is_void(dataset, tree, tmp_path):
    names = tree(tmp_path)
    data = DATASETS[dataset].read(tmp_path, ())
    assert data.names == names
    frame = data.frame(names[0])
    assert data.image(names[0]).shape == (*SIZE, 3)
    assert (frame.anomaly == binary()).all()
    assert {path.is_file() for path in data.files(names[0])} == {True}
    assert (data.split, data.class_names, frame.semantic) == ("", (), None)


def test_cityscapes_has_known_classes_and_no_anomaly(tmp_path):
    number = street(tmp_path)
    data = DATASETS["cityscapes"].read(tmp_path, ())
    assert data.class_names == CLASSES
    assert data.names == ["aachen_000000_000019", "ulm_000000_000019"]
    for name in data.names:  # in whichever numbers the labels are
        frame = data.frame(name)
        assert (frame.semantic == number).all()
        assert (frame.anomaly == np.where(number == 255, 255, 0)).all()
        assert frame.things == ()


def test_numbers_that_are_not_evaluated_are_void(tmp_path):
    street(tmp_path)
    label = np.zeros(SIZE, np.uint8)  # unlabelled
    label[:5], label[5:9], label[9] = 7, 29, 255  # road, caravan, licence plate
    write(tmp_path / "gtFine" / "val" / "ulm" / "ulm_000000_000019_gtFine_labelIds.png", label)
    frame = DATASETS["cityscapes"].read(tmp_path, ()).frame("ulm_000000_000019")
    assert (frame.semantic[:5] == 0).all()
    assert (frame.semantic[5:] == 255).all()
    assert ((frame.anomaly == 255) == (frame.semantic == 255)).all()


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize("inside", ["", "bdd100k"])
def test_bdd_anomaly_is_what_shows_an_anomalous_class(tmp_path, modern, inside):
    shown = bdd(tmp_path / inside, modern)
    data = DATASETS["bdd-anomaly"].read(tmp_path, ())
    assert data.names == ["a1", "b1"]
    assert not set(data.class_names) & set(BDD_ANOMALIES)
    frame = data.frame("a1")
    assert ((frame.anomaly == 1) == np.isin(shown, (16, 18))).all()
    assert ((frame.anomaly == 255) == (shown == 255)).all()
    assert data.class_names[frame.semantic[0, 0]] == "sky"
    assert ((frame.semantic == 254) == (frame.anomaly == 1)).all()
    assert [thing.name for thing in frame.things] == ["train", "bicycle", "bicycle"]
    for thing in frame.things:
        (number,) = np.unique(shown[frame.instances == thing.value])
        assert CLASSES[number] == thing.name
    assert ((frame.instances > 0) == (frame.anomaly == 1)).all()


@pytest.mark.parametrize("dataset", [name for name in DATASETS if name != "apron"])
def test_a_folder_of_another_kind_is_refused_and_its_content_named(dataset, tmp_path):
    (tmp_path / "dataset_Something").mkdir()
    with pytest.raises(DataError, match=r"expected .* found dataset_Something"):
        _ = DATASETS[dataset].read(tmp_path, ()).names
    with pytest.raises(DataError, match="found no folder"):
        _ = DATASETS[dataset].read(tmp_path / "gone", ()).names


def test_images_without_any_label_are_refused(tmp_path):
    street(tmp_path / "street")
    for path in (tmp_path / "street" / "gtFine").rglob("*label*"):
        path.unlink()
    with pytest.raises(DataError, match="labelTrainIds"):
        _ = DATASETS["cityscapes"].read(tmp_path / "street", ()).names
    fishyscapes(tmp_path / "fishy")
    for path in (tmp_path / "fishy" / "leftImg8bit").rglob("04_Maurener*.png"):
        path.unlink()
    with pytest.raises(DataError, match="expected the image 04_Maurener_Weg_8_000000_000030"):
        _ = DATASETS["fishyscapes-laf"].read(tmp_path / "fishy", ()).names
    bdd(tmp_path / "bdd")
    (tmp_path / "bdd" / "seg" / "labels" / "train" / "a1_train_id.png").unlink()
    (tmp_path / "bdd" / "seg" / "labels" / "val" / "b1_train_id.png").unlink()
    with pytest.raises(DataError, match="expected frames with train, motorcycle, bicycle"):
        _ = DATASETS["bdd-anomaly"].read(tmp_path / "bdd", ()).names


def test_numbers_beyond_the_classes_are_refused(tmp_path):
    number = street(tmp_path)
    number[0, 0] = 19
    write(tmp_path / "gtFine" / "val" / "aachen" / "aachen_000000_000019_gtFine_labelTrainIds.png", number)
    with pytest.raises(DataError, match="expected 0 to 18 and 255, found 19"):
        DATASETS["cityscapes"].read(tmp_path, ()).frame("aachen_000000_000019")


def test_the_known_words_of_a_street_are_those_of_the_labels(tiny_bundle, tmp_path):
    dataset = DATASETS["bdd-anomaly"]
    (tmp_path / "words.yaml").write_text(CANDIDATES)
    source = load_segmenter_source(
        tiny_bundle.folder,
        candidates=tmp_path / "words.yaml",
        text_cache=tmp_path / "cache",
        vocabulary=dataset.vocabulary,
        unapproved=dataset.unapproved,
    )
    entries, count = source.table.entries, source.table.approved_count
    assert {entry.name for entry in entries[:count]} == set(CLASSES) - set(BDD_ANOMALIES)
    moved = [entry for entry in entries[count:] if entry.name in BDD_ANOMALIES]
    assert [entry.source for entry in moved] == [NameSource.DICTIONARY] * 3
    assert source.bundle_hash == tiny_bundle.hash


def test_the_command_measures_known_classes_and_refuses_what_does_not_fit(
    tiny_bundle, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("CLIPOMALY_CACHE", str(tmp_path / "cache"))
    street(tmp_path / "street")
    (tmp_path / "words.yaml").write_text(CANDIDATES)
    common = ["evaluate", "segmentation", "--bundle", str(tiny_bundle.folder), "--threads", "1"]
    common += ["--candidates", str(tmp_path / "words.yaml")]
    assert main([*common, "--dataset", "cityscapes", "--root", str(tmp_path / "street")]) == 0
    text = capsys.readouterr().out
    assert "known mIoU" in text
    assert "AP " not in text  # there is no anomaly to be precise about
    smiyc(tmp_path / "smiyc")
    write(
        tmp_path / "smiyc" / "labels_masks" / "validation0000_labels_semantic.png", np.zeros((8, 8), np.uint8)
    )
    assert main([*common, "--dataset", "smiyc-anomaly", "--root", str(tmp_path / "smiyc")]) == 2
    assert "expected a label of (24, 40) like the image, found (8, 8)" in capsys.readouterr().err


@pytest.mark.parametrize("dataset", ["apron", *BINARY])
def test_no_layout_opens_a_locked_split(dataset, tmp_path):
    data = DATASETS[dataset].read(write_apron(tmp_path, [[]], split="test"), ())
    with pytest.raises(ValueError, match="locked for the final test"):
        tune_threshold(colour_source(), SegmenterSettings(), data, target=2.0)
