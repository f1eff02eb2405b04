"""What training has never seen is set apart, and a report says what it was measured on."""

import hashlib
import json

import numpy as np
import pytest
from tiny_apron import colour_source, write_apron

from clipomaly_ros.evaluation.apron_dataset import ApronImages
from clipomaly_ros.evaluation.data_hash import LISTED, RECORDED, data_hash
from clipomaly_ros.evaluation.held_out import (
    NEW_GROUP,
    NEW_SHAPE,
    SEEN,
    held_out_shapes,
    known_rate,
    known_sightings,
    novelty_of,
)
from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, LabelledThing
from clipomaly_ros.evaluation.report import markdown, write_json
from clipomaly_ros.evaluation.report_novelty import novelty_rows
from clipomaly_ros.evaluation.segmentation import EvaluationRules, evaluate_segmentation
from clipomaly_ros.vision.segmenter import SegmenterSettings
from clipomaly_ros.vocabulary.entries import Entry

SETTINGS = SegmenterSettings(threshold=0.7, logit_scale=20.0, min_region_area=20, score_scale=1.0)
FRAMES = [
    [("suitcase", "baggage", (20, 52, 32, 24)), ("wrench", "tools", (88, 72, 40, 12))],
    [],
    [("suitcase", "baggage", (60, 60, 32, 24))],
]


def test_only_a_split_that_shows_them_has_held_out_shapes():
    assert held_out_shapes("") == held_out_shapes("validation") == {}
    shapes = held_out_shapes("test")
    from clipomaly_ros.simulation.assets.registry import ANOMALIES, KNOWN
    from clipomaly_ros.simulation.splits import RESERVED_GROUPS, find_split

    train = find_split("train")
    for anomalous, assets in ((True, ANOMALIES), (False, KNOWN)):
        for asset in assets.values():
            for variant in range(len(asset.variants)):
                thing = LabelledThing(1, asset.name, asset.group, variant=variant)
                new = novelty_of(thing, RESERVED_GROUPS, shapes) != SEEN
                never = asset.group in RESERVED_GROUPS or variant not in train.variants(asset, anomalous)
                assert new == never


def test_a_report_sets_held_out_shapes_and_groups_apart(tmp_path):
    data = ApronImages(write_apron(tmp_path / "apron", FRAMES))
    plain = evaluate_segmentation(colour_source(), SETTINGS, data, "apron")
    assert plain.pixels_by_novelty == {}
    assert len(novelty_rows(plain)) == 1
    rules = EvaluationRules(shapes={"suitcase": 0})
    report = evaluate_segmentation(colour_source(), SETTINGS, data, "apron", rules)
    found = {row[:3]: row for row in novelty_rows(report)[1:]}
    assert set(found) == {("all", NEW_SHAPE, "2"), ("all", NEW_GROUP, "1"), ("dry", NEW_SHAPE, "2"),
                          ("dry", NEW_GROUP, "1")}  # fmt: skip
    parts = report.pixels_by_novelty
    pixels = {name: parts["all", name].anomalous_pixels for name in (SEEN, NEW_SHAPE, NEW_GROUP)}
    assert pixels == {SEEN: 0, NEW_SHAPE: 2 * 32 * 24, NEW_GROUP: 40 * 12}
    assert sum(pixels.values()) == report.pixels.anomalous_pixels
    # Anomalies of other kinds are void, not normal.
    assert {part.normal_pixels for (name, _), part in parts.items() if name == "all"} == {
        report.pixels.normal_pixels
    }
    assert "| all | held-out group | 1 |" in markdown(report)
    write_json(report, tmp_path / "report.json")
    figures = json.loads((tmp_path / "report.json").read_text())
    assert figures["rules"]["shapes"] == {"suitcase": 0}
    assert figures["data"] == {"sha256": data_hash(data).sha256, "over": LISTED}
    assert {item["anomalies"] for item in figures["novelty"]["anomalies"]} == {SEEN, NEW_SHAPE, NEW_GROUP}


def test_an_aircraft_in_a_new_shape_should_still_be_an_aircraft():
    legend = (Entry("tail", "aircraft"), Entry("grass", "surface"), Entry("nose", "aircraft"))
    instances = np.zeros((4, 10), np.uint16)
    instances[0], instances[1], instances[2] = 1, 2, 3
    labels = np.zeros((4, 10), np.uint8)
    labels[0, :4], labels[1, :5], labels[1, 5:7] = 1, 2, 255
    unknown = np.zeros((4, 10), bool)
    unknown[0, :3] = True
    known = (
        LabelledThing(1, "jet", "aircraft", variant=1),
        LabelledThing(2, "jet", "aircraft", variant=0),
        LabelledThing(3, "bus", "vehicle", variant=1),
        LabelledThing(9, "jet", "aircraft", variant=1),  # nothing of it is visible
    )
    frame = LabelledFrame("a", np.zeros((4, 10), np.uint8), labels, instances, (), "wet", known)
    new, seen = known_sightings(frame, labels, legend, unknown, {"jet": 1})
    assert (new.novelty, new.area, new.unknown, new.right) == (NEW_SHAPE, 10, 3, 6)
    assert (seen.novelty, seen.area, seen.unknown, seen.right) == (SEEN, 10, 0, 8)
    rate = known_rate([new, seen])
    assert (rate.objects, rate.unknown, rate.right) == (2, 0.15, 0.7)
    assert np.isnan(known_rate([]).right)


def test_the_hash_of_a_data_set_tells_what_it_is_of(tmp_path):
    data = ApronImages(write_apron(tmp_path / "apron", FRAMES))
    before = data_hash(data)
    assert before.over == LISTED
    moved = ApronImages((tmp_path / "apron").rename(tmp_path / "elsewhere"))
    assert data_hash(moved) == before
    path = moved.root / "images" / "scene_0001.png"
    path.write_bytes(path.read_bytes() + b"\0")
    assert data_hash(moved).sha256 != before.sha256
    record = moved.root / "hashes.json"
    whole = hashlib.sha256(b"aa  images/a.png\nbb  images/b.png\n").hexdigest()
    content = {"files": {"images/b.png": "bb", "images/a.png": "aa"}, "sha256": whole}
    record.write_text(json.dumps(content))
    assert (data_hash(moved).sha256, data_hash(moved).over) == (whole, RECORDED)
    record.write_text(json.dumps(content | {"sha256": "0" * 64}))
    with pytest.raises(DataError, match="it was changed"):
        data_hash(moved)
    record.write_text("[]")
    with pytest.raises(DataError, match="expected files and sha256"):
        data_hash(moved)
