"""OpenVINO runs the image tower: the same contract, checks and numbers as ONNX Runtime."""

import os
import subprocess
import sys

import numpy as np
import pytest

from clipomaly_ros.model import openvino_encoder
from clipomaly_ros.model.backends import open_image_encoder
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.openvino_encoder import (
    INSTALL,
    NoBfloat16,
    OpenVinoDenseEncoder,
    computes_bfloat16,
    installed,
    load_openvino,
)
from clipomaly_ros.model.precision import agreement
from clipomaly_ros.vision.types import DenseFeatures, VisionError

pytestmark = pytest.mark.skipif(not installed(), reason=f"OpenVINO is not installed: {INSTALL}")


def frames(count=3, size=(96, 128)):
    generator = np.random.default_rng(0)
    return [generator.standard_normal((1, 3, *size), np.float32) for _ in range(count)]


def opened(bundle, precision="f32", threads=1, content=None):
    content = bundle.read(IMAGE_FILE) if content is None else content
    return OpenVinoDenseEncoder(load_openvino(), content, bundle.manifest, precision, threads)


@pytest.fixture
def bfloat16():
    if not computes_bfloat16(load_openvino()):
        pytest.skip("this CPU has no instructions for bfloat16")


def constant(value=0.0, dimension=48, outputs=("patches", "global"), kind="float32"):
    """Return a model of the tiny bundle's shape that gives value everywhere."""
    onnx = pytest.importorskip("onnx", reason="to make a model")
    helper, number = onnx.helper, onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    shapes = ((1, 6, 8, dimension), (1, dimension))
    values = [onnx.numpy_helper.from_array(np.full(s, value, kind), f"{s}") for s in shapes]
    # OpenVINO drops an input that nothing looks at.
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["largest"], keepdims=0),
        helper.make_node("Sub", ["largest", "largest"], ["zero"]),
        helper.make_node("Cast", ["zero"], ["none"], to=number),
    ]
    nodes += [helper.make_node("Add", [v.name, "none"], [o]) for v, o in zip(values, outputs, strict=True)]
    image = helper.make_tensor_value_info("image", 1, (1, 3, 96, 128))
    ends = [helper.make_tensor_value_info(o, number, s) for o, s in zip(outputs, shapes, strict=True)]
    graph = helper.make_graph(nodes, "constant", [image], ends, initializer=values)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_float32_gives_the_numbers_of_onnxruntime(tiny_bundle, threads):
    encoder, reference = opened(tiny_bundle, threads=threads), tiny_bundle.image_encoder(1)
    assert encoder.threads == threads or threads == 0
    for image in frames():
        found, expected = encoder.encode(image), reference.encode(image)
        assert isinstance(found, DenseFeatures)
        for one, other in (
            (found.patches, expected.patches),
            (found.global_embedding, expected.global_embedding),
        ):
            assert (one.dtype, one.shape) == (np.float32, other.shape)
            np.testing.assert_allclose(one, other, atol=1e-5)
    facts = [(e.input_size, e.patch_size, e.mean, e.std) for e in (encoder, reference)]
    assert facts[0] == facts[1]


def test_bfloat16_is_near_and_normalised(tiny_bundle, bfloat16):
    encoder, reference = opened(tiny_bundle, "bf16"), tiny_bundle.image_encoder(1)
    assert 0.99 < agreement(encoder, reference, frames()).mean < 0.9999999  # near, and another arithmetic
    features = encoder.encode(frames(1)[0])
    for vectors in (features.patches, features.global_embedding):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


def test_results_of_a_call_outlive_the_next_one(tiny_bundle):
    encoder = opened(tiny_bundle)
    first, second = frames(2)
    kept = encoder.encode(first)
    copy = kept.patches.copy()
    assert not np.allclose(encoder.encode(second).patches, copy)
    np.testing.assert_array_equal(kept.patches, copy)
    np.testing.assert_array_equal(encoder.encode(np.asfortranarray(first)).patches, copy)


@pytest.mark.parametrize(
    "batch",
    [np.zeros((1, 3, 96, 128)), np.zeros((3, 96, 128), np.float32), np.zeros((1, 3, 128, 96), np.float32)],
)
def test_wrong_batches_are_refused(batch, tiny_bundle):
    with pytest.raises(VisionError, match=r"expected float32 \(1, 3, 96, 128\), found"):
        opened(tiny_bundle).encode(batch)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_embeddings_that_are_not_finite_are_an_error(value, tiny_bundle):
    encoder = opened(tiny_bundle, content=constant(value))
    with pytest.raises(BundleError, match=r"image\.onnx: expected finite"):
        encoder.encode(frames(1)[0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"dimension": 40}, r"patches: expected .*48\], found .*40\]"),
        ({"outputs": ("patches", "whole")}, "expected outputs global, patches, found patches, whole"),
        ({"kind": "float16"}, r"patches: expected tensor\(float\) .*found tensor\(f16\)"),
    ],
)
def test_a_model_of_another_form_is_refused(tiny_bundle, content, words):
    with pytest.raises(BundleError, match=words):
        opened(tiny_bundle, content=constant(**content))


def test_what_is_no_model_is_refused(tiny_bundle):
    with pytest.raises(BundleError, match=r"image\.onnx: OpenVINO cannot open it"):
        opened(tiny_bundle, content=b"no model")


def test_wrong_options_are_refused(tiny_bundle):
    with pytest.raises(BundleError, match="openvino_precision: expected one of f32, bf16, found 'f16'"):
        opened(tiny_bundle, "f16")
    with pytest.raises(BundleError, match="threads"):
        opened(tiny_bundle, threads=-1)


def test_the_backend_is_chosen_by_name(tiny_bundle, bfloat16):
    for precision in openvino_encoder.OPENVINO_PRECISIONS:
        chosen = open_image_encoder(tiny_bundle, "openvino", threads=1, openvino_precision=precision)
        assert isinstance(chosen.encoder, OpenVinoDenseEncoder)
        assert (chosen.encoder.precision, chosen.encoder.threads) == (precision, 1)
        assert chosen.backend.split()[::2] == ["openvino", precision]
        assert chosen.fallback == ""


def test_without_bfloat16_it_runs_at_f32_and_says_so_or_refuses(tiny_bundle, monkeypatch):
    monkeypatch.setattr(openvino_encoder, "computes_bfloat16", lambda module: False)
    chosen = open_image_encoder(tiny_bundle, "openvino", openvino_precision="bf16")
    assert chosen.encoder.precision == "f32"
    assert "bf16 is not used" in chosen.fallback
    with pytest.raises(NoBfloat16, match="expected f32"):
        open_image_encoder(tiny_bundle, "openvino", engine_mismatch="refuse", openvino_precision="bf16")


def test_its_import_reports_nothing_and_leaves_nothing(tmp_path):
    code = "from clipomaly_ros.model.openvino_encoder import load_openvino as load; import sys\n"
    code += "load().Core(); print([m for m in sys.modules if m.startswith('openvino_telemetry.')])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
