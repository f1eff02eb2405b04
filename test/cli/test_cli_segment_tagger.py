"""`clipomaly segment` with names from an image tagger."""

import json

import cv2
import numpy as np
import pytest

from clipomaly_ros.cli.main import main


@pytest.fixture
def picture(tmp_path):
    """Return the file of a picture of noise."""
    noise = np.random.default_rng(4800).integers(0, 256, (60, 80, 3), np.uint8)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", noise)[1].tobytes())
    return tmp_path / "a.png"


def tagger_folder(folder, tags):
    """Make a bundle of a tagger that finds all tags in every picture."""
    onnx = pytest.importorskip("onnx", reason="to make a tagger")
    count = len(tags.read_text().splitlines())
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["constant"], ["scores"])],
        "tagger",
        [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, 16, 16])],
        [onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, [1, count])],
        [onnx.helper.make_tensor("constant", onnx.TensorProto.FLOAT, [1, count], [0.9] * count)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    (folder / "in.onnx").write_bytes(model.SerializeToString())
    (folder / "limits").write_text("0.5\n" * count)
    command = ["tagger-bundle", str(folder / "in.onnx"), "--tags", str(tags), "-o", str(folder / "tagger")]
    command += ["--thresholds", str(folder / "limits"), "--output", "probabilities", "--image-size", "16"]
    assert main([*command, "16", "--name", "all", "--origin", "generated", "--licence", "none"]) == 0
    return folder / "tagger"


@pytest.mark.parametrize("folder", [False, True])
def test_names_come_from_a_tagger(segment, picture, tmp_path, capsys, folder):
    tags = tmp_path / "tags.txt"
    tags.write_text("kite\nairplane\nluggage\nzebra\n")  # a word of an approved class, one of a candidate
    config = tmp_path / "both.yaml"
    config.write_text("name_words: both\ntop_words: 100\nmin_region_area: 1\n")
    if folder:
        tags = tagger_folder(tmp_path, tags)

    def sources(*extra):
        options = ["--json", "--tagger", str(tags), "--tag-share", "1e-6", *extra]
        assert segment(picture, extra=options) == 0
        regions = json.loads(capsys.readouterr().out.splitlines()[-1])["regions"]
        return {item["name"]: item["source"] for region in regions for item in region["candidates"]}

    expected = {"concrete": "approved", "aircraft": "approved", "kite": "tagger", "zebra": "tagger"}
    assert sources() == expected | {"suitcase": "tagger"}
    assert sources("--config", str(config)) == expected | {"suitcase": "dictionary"}


def test_taggers_that_cannot_be_used_are_refused_in_one_line(segment, picture, tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "tags.txt").write_text("kite\n")
    (tmp_path / "alone.yaml").write_text("name_words: tagger\n")
    (tmp_path / "useless.yaml").write_text("name_words: dictionary\n")
    for extra, reason in (
        (["--tagger", "none.txt"], "expected a text file with one tag a line"),
        (["--tagger", "empty.txt"], "expected 1 to 20000 tags"),
        (["--tagger", "."], "manifest.yaml"),
        (["--tagger", "tags.txt", "--tag-share", "0"], "tag_share: expected above 0"),
        (["--config", "alone.yaml"], "there is no tagger"),
        (["--tagger", "tags.txt", "--config", "useless.yaml"], "there is a tagger"),
    ):
        options = [item if item[0] in "-0" else str(tmp_path / item) for item in extra]
        assert segment(picture, extra=options) == 2
        error = capsys.readouterr().err.splitlines()
        assert reason in error[-1]
