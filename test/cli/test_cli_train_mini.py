"""`clipomaly train-mini`: what it begins with, what it writes, and what it refuses."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.numpy import load_file

from clipomaly_ros.cli.main import main
from clipomaly_ros.model.bundle_writer import file_sha256
from clipomaly_ros.vocabulary.loading import load_vocabulary

ROOT = Path(__file__).parents[2]
VOCABULARY = ROOT / "config" / "vocabulary"
CONFIGURATION = ROOT / "models" / "configs" / "apron-mini.json"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a data set of two pictures: pavement below sky, and a suitcase on it."""
    folder = tmp_path_factory.mktemp("data")
    names = load_vocabulary(VOCABULARY / "airside_approved.yaml", VOCABULARY / "airside_candidates.yaml")
    classes = [entry.name for entry in names.approved]
    rgb, labels = np.full((128, 160, 3), 120, np.uint8), np.full((128, 160), 29, np.uint8)
    labels[:], labels[:50] = classes.index("apron pavement"), classes.index("sky")
    rgb[:50], rgb[70:100, 60:100] = (220, 140, 90), (20, 20, 200)
    images, annotations = [], []
    for part in ("images", "semantic"):
        (folder / part).mkdir()
    for number in (1, 2):
        cv2.imwrite(str(folder / "images" / f"{number}.jpg"), rgb)
        cv2.imwrite(str(folder / "semantic" / f"{number}.png"), labels)
        images.append({"id": number, "file_name": f"images/{number}.jpg"})
        annotations.append(
            {"image_id": number, "category_id": 1, "bbox": [60, 70, 40, 30], "anomalous": True}
        )
    index = {
        "info": {"split": "train", "class_names": classes},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "suitcase"}],
    }
    (folder / "instances.json").write_text(json.dumps(index))
    return folder


def train(data, output, *options):
    """Run the command for a few steps; return its exit code."""
    small = ["--steps", "3", "--batch", "2", "--side", "64", "--model", str(CONFIGURATION)]
    given = ["--data", str(data), "-o", str(output), "--vocabulary", str(VOCABULARY)]
    return main(["train-mini", *given, *small, *options])


def test_a_second_training_begins_where_the_first_one_ended(data, tmp_path):
    assert train(data, tmp_path / "first", "--initial", "none", "--text-steps", "3") == 0
    file = tmp_path / "first" / "weights.safetensors"
    assert train(data, tmp_path / "second", "--initial", str(file), "--rate", "1e-9") == 0
    first, second = (
        json.loads((tmp_path / name / "training.json").read_text()) for name in ("first", "second")
    )
    assert (first["initial_sha256"], second["initial_sha256"]) == (None, file_sha256(file))
    assert (first["settings"]["text_steps"], second["settings"]["text_steps"]) == (3, 0)
    assert first["learnt"] == second["learnt"] == ["suitcase"]
    assert (tmp_path / "second" / "training_curve.png").stat().st_size > 0
    before, after = (load_file(tmp_path / name / "weights.safetensors") for name in ("first", "second"))
    assert before.keys() == after.keys()
    for name, value in before.items():
        if "running" not in name and "num_batches" not in name:  # what the pictures look like is counted anew
            np.testing.assert_allclose(after[name], value, rtol=2e-3, atol=2e-3, err_msg=name)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--initial", "gone.safetensors"], "--initial: expected imagenet, none or a weight file"),
        (["--initial", "none", "--text-steps", "0"], "--text-steps: expected 0 with"),
        (["--initial", str(CONFIGURATION), "--text-steps", "5"], "--text-steps: expected 0 with"),
        (["--initial", "none", "--mass-weight", "-1"], "expected weights of 0 or more for the losses"),
    ],
)
def test_what_cannot_be_begun_with_is_refused(data, tmp_path, capsys, options, complaint):
    assert train(data, tmp_path / "run", *options) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_a_file_that_holds_no_weights_is_refused(data, tmp_path, capsys):
    assert train(data, tmp_path / "run", "--initial", str(CONFIGURATION)) == 2
    assert "apron-mini.json" in capsys.readouterr().err
