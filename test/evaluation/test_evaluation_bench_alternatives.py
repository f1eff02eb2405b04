"""int8 and OpenVINO beside fp32: what is compared on what, and what is said of a way that is missing."""

import dataclasses
import json
import sys

import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation import bench_alternatives
from clipomaly_ros.evaluation.bench_alternatives import REFERENCE, alternative_rows, measure_alternatives
from clipomaly_ros.evaluation.bench_frames import draw_frame
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.openvino_encoder import INSTALL, installed
from clipomaly_ros.vision.types import VisionError

NAMES = [REFERENCE, "onnxruntime int8", "openvino f32", "openvino bf16"]
NAMES += ["openvino int8, rest f32", "openvino int8, rest bf16"]


def pictures(count=8):
    return [draw_frame((72, 128), seed) for seed in range(count)]


@pytest.fixture
def no_openvino(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # how Python marks a module that is not there


def test_int8_is_compared_and_what_is_missing_is_said(tiny_bundle, no_openvino):
    found = measure_alternatives(tiny_bundle, pictures(), "letterbox", 3, threads=1)
    assert [item.name for item in found] == NAMES
    reference, int8, *rest = found
    assert reference.agreement.least == pytest.approx(1.0, abs=1e-6)
    assert 0.9 < int8.agreement.mean < 0.999999  # near, and another arithmetic
    assert all(len(timing.values) == 3 for item in (reference, int8) for timing in (item.wall, item.cpu))
    for item in rest:
        assert "expected the Python module openvino, found none" in item.missing
        assert item.figures() == {"name": item.name, "missing": item.missing}
    rows = alternative_rows(found)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [row[1] for row in rows[3:]] == ["not had"] * 4
    assert rows[1][3:6] == ("1.00", "1.00", "1.00000")


def test_calibration_and_comparison_are_on_different_pictures(tiny_bundle, no_openvino, monkeypatch):
    calibrated, compared = [], []
    original = bench_alternatives.to_int8, bench_alternatives.agreement

    def to_int8(model, variant, frames):
        calibrated.extend(frames)
        return original[0](model, variant, frames)

    def agreement(encoder, reference, frames):
        compared.extend(frames)
        return original[1](encoder, reference, frames)

    monkeypatch.setattr(bench_alternatives, "to_int8", to_int8)
    monkeypatch.setattr(bench_alternatives, "agreement", agreement)
    measure_alternatives(tiny_bundle, pictures(9), "letterbox", 1, threads=1)
    assert (len(calibrated), len(compared)) == (4, 2 * 5)
    assert not any(np.array_equal(a, b) for a in calibrated for b in compared)


@pytest.mark.skipif(not installed(), reason=f"OpenVINO is not installed: {INSTALL}")
def test_openvino_is_compared_where_it_is_installed(tiny_bundle):
    found = {item.name: item for item in measure_alternatives(tiny_bundle, pictures(), "letterbox", 2)}
    assert found["openvino f32"].agreement.least > 0.99999
    assert len(found["openvino f32"].cpu.values) == 2
    half = found["openvino bf16"]
    assert "no instructions for bfloat16" in half.missing or half.agreement.mean > 0.99
    int8 = found["openvino int8, rest f32"]
    assert "OpenVINO cannot open it" in int8.missing or int8.agreement.mean > 0.9


def test_too_few_pictures_and_other_bundles_are_refused(tiny_bundle):
    with pytest.raises(VisionError, match=r"at least 8 pictures, .* found 7"):
        measure_alternatives(tiny_bundle, pictures(7), "letterbox", 1)
    half = dataclasses.replace(
        tiny_bundle, manifest=dataclasses.replace(tiny_bundle.manifest, precision="fp16")
    )
    with pytest.raises(BundleError, match=r"expected a bundle in fp32 .* found fp16"):
        measure_alternatives(half, pictures(), "letterbox", 1)


def test_the_command_prints_and_writes_the_comparison(tiny_bundle, tmp_path, capsys, no_openvino):
    file = tmp_path / "figures.json"
    arguments = ["bench", "vision", "--bundle", str(tiny_bundle.folder), "--size", "128x72", "--words"]
    assert main([*arguments, "--frames", "1", "--alternatives", "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    content = json.loads(file.read_text())["alternatives"]
    assert [item["name"] for item in content] == NAMES
    assert content[1]["cosine"]["mean"] > 0.9
    assert content[1]["processor_ms"]["median"] > 0
    for name in NAMES:
        assert name in printed
    assert "openvino f32: expected the Python module openvino, found none" in printed
