"""The file of a score fusion."""

import pytest
from fusion_recipes import recipe

from clipomaly_ros.vision.fusion_file import FusionFile, dump_fusion, read_fusion
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.types import VisionError


def test_the_file_round_trips(tmp_path):
    file = FusionFile(
        recipe("entropy", "closed_set", windows=(2, 3), flip=True),
        "b@1",
        "a" * 64,
        "e" * 64,
        "",
        "c.yaml",
        "d" * 64,
        ImageView("stretch", (2, 1), 0.1, (0.0, 0.25, 1.0, 0.5)),
        {"f": 3},
    )
    (tmp_path / "fusion.yaml").write_text(dump_fusion(file))
    assert read_fusion(tmp_path / "fusion.yaml") == file


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("format: 3", "format: 2", "format: expected 3, got 2; make it with `clipomaly evaluate weights`"),
        ("fit: letterbox", "fit: round", "view: fit: expected one of letterbox, stretch"),
        ("  fit: letterbox\n", "", "view: missing fit"),
        ("tile_overlap: 0.0", "tile_overlap: wide", "view: tile_overlap"),
        ("tiles:\n  - 1", "tiles:\n  - 0", "view: tiles"),
        ("  roi:\n  - 0.0\n  - 0.25", "  roi:\n  - 0.0\n  - 0.75", "view: roi"),
        ("view:\n", "view: 3\nothers:\n", "others"),
        ("known_sha256: " + "e" * 64, "known_sha256: ''", "known_sha256"),
        ("flip: true", "flip: 1", "flip"),
        ("name: entropy", "name: guess", "guess"),
        ("name: entropy", "name: closed_set", "different"),
        ("weight: 0.5", "weight: 0.9", "add up"),
        ("weight: 0.5", "weight: .nan", "finite"),
        ("- 0.0\n  - 1.0", "- 1.0\n  - 0.0", "increase"),
        ("threshold: 0.5", "threshold: 7", "threshold"),
        ("logit_scale: 20.0", "logit_scale: hot", "logit_scale"),
        ("closed_set: c.yaml", "closed_set: ''", "closed_set"),
        ("flip: true", "flop: true", "flop"),
        ("- 2\n- 3", "- 2\n- 30", "windows"),
        ("windows:\n- 2\n- 3", "windows: wide", "windows"),
        ("sources:", "sources: [", "YAML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, old, new, words):
    file = FusionFile(
        recipe("entropy", "closed_set", windows=(2, 3), flip=True),
        "b@1",
        "a" * 64,
        "e" * 64,
        "f" * 64,
        "c.yaml",
        "d" * 64,
        ImageView("letterbox", (1, 1), 0.25, (0.0, 0.25, 1.0, 0.5)),
        {},
    )
    text = dump_fusion(file)
    assert old in text
    (tmp_path / "fusion.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(VisionError, match=words):
        read_fusion(tmp_path / "fusion.yaml")
    with pytest.raises(VisionError, match=r"none\.yaml"):
        read_fusion(tmp_path / "none.yaml")
