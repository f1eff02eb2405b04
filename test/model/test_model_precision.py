"""Bundles in half precision and in int8: close to fp32, smaller, and refused where they are not."""

import itertools

import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.model.backends import build_into_cache
from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.engine_cache import EngineCache
from clipomaly_ros.model.engine_key import EngineSettings
from clipomaly_ros.model.int8_precision import LEAST_FRAMES, to_int8
from clipomaly_ros.model.manifest import IMAGE_FILE, POINTWISE, TEXT_FILE, BundleError, Threshold
from clipomaly_ros.model.onnx_encoder import open_session
from clipomaly_ros.model.precision import agreement, convert_bundle


def frames_of(size, count=LEAST_FRAMES):
    generator = np.random.default_rng(5)
    return [generator.standard_normal((1, 3, *size)).astype(np.float32) for _ in range(count)]


def convolutional():
    """An image tower of two convolutions of stride 4 in all, as ONNX."""
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(1)
    weights = {"v": (16, 3, 2, 2), "w": (8, 16, 2, 2)}
    tensors = [
        numpy_helper.from_array(generator.standard_normal(shape).astype(np.float32), name)
        for name, shape in weights.items()
    ]
    nodes = [
        helper.make_node("Conv", ["image", "v"], ["a"], strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w"], ["patches"], strides=[2, 2]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 48])
    patches = helper.make_tensor_value_info("patches", TensorProto.FLOAT, [1, 8, 8, 12])
    graph = helper.make_graph(nodes, "tower", [image], [patches], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def test_convolutions_in_int8_follow_their_calibration():
    model, frames = convolutional(), frames_of((32, 48), 6)
    converted = to_int8(model, POINTWISE, frames)
    assert b"QuantizeLinear" in converted
    for frame in frames:
        found, expected = (
            open_session(content, "tower", 1).run(["patches"], {"image": frame})[0]
            for content in (converted, model)
        )
        assert not np.array_equal(found, expected)
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
        assert ((found * expected).sum(axis=1) / lengths).mean() > 0.995


def test_the_first_convolutions_stay_as_they_are():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(2)
    shapes = [(4, 3, 1, 1)] + [(4, 4, 1, 1)] * 28
    weights = [generator.standard_normal(shape).astype(np.float32) / 2 for shape in shapes]
    ends = ["image", *(f"map {i}" for i in range(len(weights) - 1)), "patches"]
    nodes = [  # without names, which the exporters of others may leave out
        helper.make_node("Conv", [before, f"w{i}"], [after])
        for i, (before, after) in enumerate(itertools.pairwise(ends))
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])
    patches = helper.make_tensor_value_info("patches", TensorProto.FLOAT, [1, 4, 8, 8])
    tensors = [numpy_helper.from_array(array, f"w{i}") for i, array in enumerate(weights)]
    graph = helper.make_graph(nodes, "tower", [image], [patches], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    converted = onnx.load_from_string(to_int8(model.SerializeToString(), POINTWISE, frames_of((8, 8))))
    made_by = {output: node.op_type for node in converted.graph.node for output in node.output}
    weights_of = [node.input[1] for node in converted.graph.node if node.op_type == "Conv"]
    assert [made_by.get(name, "stored") for name in weights_of] == ["stored"] * 2 + ["DequantizeLinear"] * 27


def test_convolutions_need_pictures_to_calibrate_with():
    with pytest.raises(BundleError, match=r"at least 4 calibration pictures .* found 3"):
        to_int8(convolutional(), POINTWISE, frames_of((32, 48), 3))
    with pytest.raises(BundleError, match="cannot be converted to int8"):
        to_int8(b"no model", "naclip")


@pytest.mark.parametrize(("precision", "least", "smaller"), [("fp16", 0.999, 0.7), ("int8", 0.95, 0.6)])
def test_a_converted_bundle_is_smaller_and_close(tiny_bundle, tmp_path, precision, least, smaller):
    frames, lines = frames_of(tiny_bundle.manifest.input_size), []
    made = convert_bundle(tiny_bundle, precision, frames, tmp_path / "made", report=lines.append)
    assert (made.manifest.precision, made.manifest.name) == (
        precision,
        f"{tiny_bundle.manifest.name}-{precision}",
    )
    assert made.read(TEXT_FILE) == tiny_bundle.read(TEXT_FILE)
    assert len(made.read(IMAGE_FILE)) < smaller * len(tiny_bundle.read(IMAGE_FILE))
    found = agreement(made.image_encoder(1), tiny_bundle.image_encoder(1), frames)
    assert found.least <= found.percentile <= found.mean <= 1.0001
    assert found.least >= least
    assert any("cosine with fp32 over 4 pictures" in line for line in lines)
    with pytest.raises(BundleError, match="already there"):
        convert_bundle(tiny_bundle, precision, frames, tmp_path / "made", report=lines.append)
    with pytest.raises(BundleError, match=f"found {precision} to fp16"):
        convert_bundle(made, "fp16", frames, tmp_path / "again", report=lines.append)
    if precision == "int8":
        with pytest.raises(BundleError, match="int8, which is for CPUs"):
            build_into_cache(made, "tensorrt_rtx", EngineSettings(), EngineCache(tmp_path))


def test_what_is_too_far_from_fp32_is_not_written(tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr("clipomaly_ros.model.precision.LEAST_COSINE", {"fp16": 1.1, "int8": 1.1})
    with pytest.raises(BundleError, match=r"expected a cosine of 1\.1"):
        convert_bundle(tiny_bundle, "fp16", frames_of(tiny_bundle.manifest.input_size), tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_the_command_converts_a_bundle(tiny_bundle, tmp_path, capsys):
    arguments = ["export", "--from-bundle", str(tiny_bundle.folder), "-o", str(tmp_path / "made")]
    assert main(arguments) == 2
    assert "expected --precision fp16 or int8" in capsys.readouterr().err
    assert main([*arguments, "--precision", "fp16", "--name", "half"]) == 0
    assert "half@1, fp16" in capsys.readouterr().out
    made = load_bundle(tmp_path / "made").manifest
    assert (made.precision, made.threshold) == ("fp16", tiny_bundle.manifest.threshold)
    again = [*arguments, "--precision", "fp16", "--overwrite", "--threshold", "0.8"]
    assert main([*again, "--low-threshold", "0.9"]) == 2
    assert "threshold: low: expected a number from 0.0 to 0.8" in capsys.readouterr().err
    assert main([*again, "--low-threshold", "0.4"]) == 0
    score = tiny_bundle.manifest.threshold.score
    assert load_bundle(tmp_path / "made").manifest.threshold == Threshold("fixed", 0.8, score, 0.4)
