"""A closed-set segmenter in ONNX: what it gives, and what is refused at the edge."""

import hashlib

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from clipomaly_ros.model.closed_set import load_closed_set
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.vision.closed_set import ClosedSet
from clipomaly_ros.vision.types import VisionError

APPROVED = ("pavement", "grass", "sky")
# A 1 x 1 convolution from colours to classes: red, green, blue, and nothing.
WEIGHTS = np.array([[9, 0, 0], [0, 9, 0], [0, 0, 9], [0, 0, 0]], np.float32)[..., None, None]


def write(folder, weights=WEIGHTS, softmax=False, inputs=("image",), size=(24, 32), **changed):
    maps = "maps" if not softmax else "logits"
    nodes = [helper.make_node("Conv", ["image", "w"], [maps], strides=[2, 2])]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["maps"], axis=1))
    graph = helper.make_graph(
        nodes,
        "segmenter",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, *size]) for name in inputs],
        [
            helper.make_tensor_value_info(
                "maps", TensorProto.FLOAT, [1, len(weights), size[0] // 2, size[1] // 2]
            )
        ],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    (folder / "segmenter.onnx").write_bytes(content)
    manifest = {
        "format": 1,
        "name": "colours",
        "model": "segmenter.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "input_size": [24, 32],
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
        "fit": "letterbox",
        "output": "probabilities" if softmax else "logits",
        "classes": [
            {"name": "runway", "known": "pavement"},
            {"name": "meadow", "known": "grass"},
            {"name": "taxiway", "known": "pavement"},
            {"name": "other", "known": None},
        ],
    } | changed
    manifest["classes"] = [dict(entry) for entry in manifest["classes"]]  # no YAML aliases
    (folder / "segmenter.yaml").write_text(yaml.safe_dump(manifest))
    return folder / "segmenter.yaml"


def opened(path):
    return ClosedSet(load_closed_set(path, APPROVED, threads=1))


@pytest.mark.parametrize("softmax", [False, True])
def test_probabilities_of_the_known_classes(tmp_path, softmax):
    segmenter = opened(write(tmp_path, softmax=softmax))
    assert segmenter.names == ("pavement", "grass")
    rgb = np.zeros((60, 40, 3), np.uint8)  # taller than the input: padded on both sides
    rgb[:30, :, 1] = 255
    maps = segmenter.probabilities(rgb)
    assert maps.shape == (12, 8, 2)
    e = np.exp(9.0)
    np.testing.assert_allclose(maps[1, 4], [2 / (e + 3), e / (e + 3)], atol=1e-4)
    np.testing.assert_allclose(maps[-2, 4], [2 / 4, 1 / 4], atol=1e-5)  # both paved classes together


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sha256": "0" * 64}, "sha256"),
        ({"model": "../segmenter.onnx"}, "plain file name"),
        ({"input_size": [48, 64]}, "expected an input"),
        ({"input_size": [48]}, "input_size"),
        ({"std": [0, 1, 1]}, "std"),
        ({"mean": [0.5, float("nan"), 0.5]}, "mean"),
        ({"fit": "crop"}, "fit"),
        ({"output": "scores"}, "output"),
        ({"format": 3}, "format"),
        ({"surprise": 1}, "keys"),
        ({"classes": [{"name": "a", "known": "grass"}, {"name": "b", "known": None}]}, "one for each class"),
        ({"classes": [{"name": "a", "known": "gras"}] * 4}, "gras"),
        ({"classes": [{"name": "a", "known": None}] * 4}, "at least one"),
        ({"classes": [{"name": "a"}] * 4}, "name and known"),
        ({"output": "probabilities"}, "logits"),
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path, changed, words):
    weights = -WEIGHTS - 1 if changed.get("output") == "probabilities" else WEIGHTS
    with pytest.raises((BundleError, VisionError), match=words):
        opened(write(tmp_path, weights, **changed)).probabilities(np.full((24, 32, 3), 99, np.uint8))


def test_a_wrong_model_is_refused(tmp_path):
    with pytest.raises(VisionError, match="finite"):
        opened(write(tmp_path, np.full_like(WEIGHTS, np.nan)))
    with pytest.raises(BundleError, match="one input"):
        load_closed_set(write(tmp_path, inputs=("image", "more")), APPROVED, threads=1)
    path = write(tmp_path)
    (tmp_path / "segmenter.onnx").unlink()
    with pytest.raises(BundleError, match="found none"):
        load_closed_set(path, APPROVED, threads=1)
    (tmp_path / "segmenter.onnx").write_bytes(b"not a model")
    path.write_text(path.read_text().replace(yaml.safe_load(path.read_text())["sha256"],
                                             hashlib.sha256(b"not a model").hexdigest()))  # fmt: skip
    with pytest.raises(BundleError, match="cannot open"):
        load_closed_set(path, APPROVED, threads=1)
    with pytest.raises(BundleError, match="found none"):
        load_closed_set(tmp_path / "nothing.yaml", APPROVED, threads=1)
