"""Tagger bundles around tiny generated ONNX models: what goes together runs, everything else is named."""

import re

import numpy as np
import pytest
from onnx import TensorProto, helper

from clipomaly_ros.cli import main
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.tagger_bundle import FILES, load_tagger

TAGS = ["red thing", "green thing", "blue thing", "anything"]


def model(tags=4, size=(16, 24), inputs=1, batch=1, scores=None, free=False):
    """Return an ONNX model that gives the channel means and a 0, or constant scores; float32."""
    shape = [batch, 3, *size] if not free else ["n", 3, "h", "w"]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Pad", ["means", "pads"], ["scores"]),
    ]
    tensors = [helper.make_tensor("pads", TensorProto.INT64, [4], [0, 0, 0, tags - 3])]
    if scores is not None:
        tensors.append(helper.make_tensor("constant", TensorProto.FLOAT, [1, tags], scores))
        nodes[1] = helper.make_node("Identity", ["constant"], ["scores"])
    names = ["image", "other"][:inputs]
    graph = helper.make_graph(
        nodes,
        "tagger",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n" if free else batch, tags])],
        tensors,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return made.SerializeToString()


def bundle(folder, content=None, tags=TAGS, thresholds=(0.6, 0.6, 0.6, 0.6), output="logits", size=(16, 24)):
    """Make a bundle by the real command; return its exit code and its folder."""
    folder.mkdir(exist_ok=True)
    (folder / "in.onnx").write_bytes(model() if content is None else content)
    (folder / "tags").write_text("".join(f"{tag}\n" for tag in tags))
    (folder / "limits").write_text("".join(f"{value}\n" for value in thresholds))
    command = ["tagger-bundle", str(folder / "in.onnx"), "-o", str(folder / "out")]
    command += ["--tags", str(folder / "tags"), "--thresholds", str(folder / "limits"), "--output", output]
    command += ["--name", "tiny", "--origin", "generated", "--licence", "Apache-2.0"]
    command += [
        "--image-size",
        *map(str, size),
        "--mean",
        "0.5",
        "0.5",
        "0.5",
        "--std",
        "0.25",
        "0.25",
        "0.25",
    ]
    return main.main(command), folder / "out"


def picture(red, green, blue):
    return np.full((50, 40, 3), (red, green, blue), np.uint8)


@pytest.mark.parametrize("free", [False, True])
def test_a_tag_is_present_above_its_threshold(tmp_path, free):
    code, folder = bundle(tmp_path, model(free=free), thresholds=(0.6, 0.85, 0.0, 1.0))
    assert code == 0
    tagger = load_tagger(folder, threads=1)
    assert tagger.tags == tuple(TAGS)
    # (value / 255 - 0.5) / 0.25 is the logit: 191 gives 1.0, and sigmoid(1.0) = 0.731.
    for red, green, expected in (
        (191, 191, [0, 2]),
        (255, 255, [0, 1, 2]),
        (64, 64, [2]),
        (140, 255, [1, 2]),
    ):
        found = tagger.present(picture(red, green, 0), np.zeros(3, np.float32))
        assert found.tolist() == expected


def test_a_large_picture_is_shrunk_without_aliasing(tmp_path):
    # Two bright columns in ten: where plain bilinear samples fall, the picture would be all bright.
    large = np.zeros((160, 240, 3), np.uint8)
    large[:, 4::10], large[:, 5::10] = 255, 255
    _, folder = bundle(tmp_path, thresholds=(0.6, 0.6, 0.6, 1.0))
    assert load_tagger(folder, threads=1).present(large, np.zeros(3, np.float32)).tolist() == []


def test_probabilities_are_compared_as_they_are(tmp_path):
    code, folder = bundle(tmp_path, model(scores=[0.59, 0.61, 0.599, 1.0]), output="probabilities")
    assert code == 0
    assert load_tagger(folder).present(picture(1, 2, 3), np.zeros(3, np.float32)).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tags": TAGS[:3]}, "3 tags but thresholds.txt has 4 thresholds"),
        ({"thresholds": (0.5, 0.5, 0.5)}, "4 tags but thresholds.txt has 3 thresholds"),
        ({"tags": TAGS[:3], "thresholds": (0.5,) * 3}, "the tag list has 3 tags"),
        ({"thresholds": (0.5, 0.5, 1.5, 0.5)}, "line 3: expected 0 to 1"),
        ({"thresholds": (0.5, "nan", 0.5, 0.5)}, "line 2"),
        ({"thresholds": (0.5, "half", 0.5, 0.5)}, "one number a line"),
        ({"tags": ["a", "", "c", "d"]}, "line 2: the tag is empty"),
        ({"tags": ["a", "b\x07", "c", "d"]}, "line 2: the tag is control character"),
        ({"tags": ["a", "b" * 10_000, "c", "d"]}, "line 2: the tag is 10000 bytes"),
        ({"content": model(inputs=2)}, "expected one input"),
        ({"content": model(batch=2)}, r"expected input \[1, 3, 16, 24\]"),
        ({"size": (16, 32)}, r"expected input \[1, 3, 16, 32\]"),
        ({"content": b"no model"}, "ONNX Runtime cannot open it"),
    ],
)
def test_parts_that_do_not_go_together_are_named_and_nothing_is_written(tmp_path, capsys, changes, words):
    code, folder = bundle(tmp_path, **changes)
    assert code == 2
    assert not folder.exists()
    assert re.search(words, capsys.readouterr().err)


def test_scores_that_are_no_numbers_are_refused(tmp_path):
    code, folder = bundle(tmp_path, model(scores=[0.5, float("nan"), 0.5, 0.5]))
    assert code == 0
    with pytest.raises(BundleError, match="4 finite scores"):
        load_tagger(folder).present(picture(1, 2, 3), np.zeros(3, np.float32))


@pytest.mark.parametrize("name", FILES)
def test_a_changed_or_missing_file_is_noticed(tmp_path, name):
    _, folder = bundle(tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(BundleError, match=f"{name}: expected sha256"):
        load_tagger(folder)
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: cannot be read"):
        load_tagger(folder)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: tagger", "kind: segmenter", "kind tagger"),
        ("format: 1", "format: 9", "format 1"),
        ("output: logits", "output: words", "output"),
        ("licence: Apache-2.0\n", "", "keys"),
        ("- 16\n", "- 4\n", "input_size"),
        ("name: tiny", "name: ../x", "name"),
        ("- 0.25\n", "- 0.0\n", "std"),
    ],
)
def test_a_wrong_manifest_is_named(tmp_path, old, new, words):
    _, folder = bundle(tmp_path)
    file = folder / "manifest.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(BundleError, match=words):
        load_tagger(folder)


def test_a_full_folder_is_left_alone(tmp_path):
    code, folder = bundle(tmp_path)
    before = (folder / "manifest.yaml").read_bytes()
    assert code == 0
    assert bundle(tmp_path)[0] == 2
    assert (folder / "manifest.yaml").read_bytes() == before
