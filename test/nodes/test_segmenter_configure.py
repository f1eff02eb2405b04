"""What the segmenter refuses to start with, and how its interface agrees with the vision path."""

import shutil
import sys
from dataclasses import fields
from types import SimpleNamespace

import pytest
from lifecycle_msgs.msg import Transition
from ros_harness import wait_until
from segmenter_scene import APPROVED, CANDIDATES, NODE, running_segmenter, write_vocabulary

from clipomaly_ros.model.manifest import Threshold, default_threshold
from clipomaly_ros.model.openvino_encoder import INSTALL
from clipomaly_ros.model.openvino_encoder import installed as openvino_installed
from clipomaly_ros.nodes import diagnostics
from clipomaly_ros.nodes.qos import PROFILES
from clipomaly_ros.nodes.segmenter_interface import SEGMENTER_PARAMETERS, SEGMENTER_TOPICS
from clipomaly_ros.nodes.segmenter_settings import SETTINGS_PARAMETERS, segmenter_settings
from clipomaly_ros.vision.score_fusion import FusedSource, FusionRecipe, ScoreFusion
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vision.types import VisionError


@pytest.fixture
def observer(shared_observer):
    shared_observer.begin_anew("anomaly_segmenter")
    return shared_observer


@pytest.fixture
def parameters(tiny_bundle, tmp_path):
    return {"bundle": str(tiny_bundle.folder), **write_vocabulary(tmp_path)}


def refused(observer, parameters, *words):
    """Run the node, expect it to stay unconfigured, to say why, and to say so in diagnostics."""
    with running_segmenter(parameters) as node:
        text = wait_until(lambda: observer.values(NODE).get("configure_error"), "the reported error")
        assert all(word in text for word in words), text
        assert observer.level(NODE) == diagnostics.ERROR
        assert observer.values(NODE)["state"] == "unconfigured"
        assert observer.state_of(NODE) == "unconfigured"
        # Asked of the node itself: others may still be leaving the observer's graph.
        published = node.get_publisher_names_and_types_by_node(node.get_name(), node.get_namespace())
        assert "/diagnostics" in [topic for topic, _ in published]
        assert "/anomalies" not in [topic for topic, _ in published]


@pytest.mark.dds
def test_a_wrong_hash_keeps_it_unconfigured(observer, parameters, tiny_bundle, tmp_path):
    copy = shutil.copytree(tiny_bundle.folder, tmp_path / "copy")
    path = copy / "image.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    refused(observer, {**parameters, "bundle": str(copy)}, "image.onnx", "sha256")


@pytest.mark.dds
def test_weights_that_are_no_numbers_keep_it_unconfigured(observer, parameters, spoiled_bundle):
    refused(observer, {**parameters, "bundle": str(spoiled_bundle)}, "image.onnx", "finite")


@pytest.mark.dds
@pytest.mark.parametrize("bundle", ["/nowhere/at/all", "folder"])
def test_a_missing_bundle_keeps_it_unconfigured(observer, parameters, tmp_path, bundle):
    empty = tmp_path / "folder"
    empty.mkdir()
    chosen = str(empty) if bundle == "folder" else bundle
    refused(observer, {**parameters, "bundle": chosen}, "bundle")


@pytest.mark.dds
@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        (CANDIDATES + "  - {name: bolt, group: hardware}\n", ["bolt", "already"]),
        (CANDIDATES + "  - {name: Person, group: people}\n", ["person"]),
        (CANDIDATES + "  - {name: '', group: people}\n", ["empty"]),
        ("version: 1\ncandidates: [", ["candidates.yaml"]),
    ],
)
def test_a_bad_vocabulary_keeps_it_unconfigured(observer, parameters, tmp_path, candidates, words):
    refused(observer, {**parameters, **write_vocabulary(tmp_path, APPROVED, candidates)}, *words)


@pytest.mark.dds
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("threshold_mode", "magic", ["threshold_mode", "'magic'", "frame_quantile"]),
        ("image_transport", "theora", ["image_transport", "'theora'", "compressed"]),
        ("threshold", 1.5, ["threshold", "1.5"]),
        ("backend", "cuda", ["backend", "'cuda'", "tensorrt"]),
        ("openvino_precision", "f16", ["openvino_precision", "'f16'", "bf16"]),
        ("max_regions", 2.5, ["max_regions", "int"]),
        ("score_scale", 0.0, ["score_scale"]),
        ("candidate_vocabulary", "/nowhere.yaml", ["/nowhere.yaml"]),
    ],
)
def test_a_bad_parameter_keeps_it_unconfigured(observer, parameters, name, value, words):
    refused(observer, {**parameters, name: value}, *words)


@pytest.mark.dds
def test_without_an_engine_refuse_keeps_it_unconfigured(observer, parameters, tmp_path):
    chosen = {"backend": "tensorrt", "engine_mismatch": "refuse", "engine_cache": str(tmp_path / "engines")}
    refused(observer, {**parameters, **chosen})


@pytest.mark.dds
def test_without_an_engine_fallback_warns_and_runs(observer, parameters, tmp_path):
    chosen = {"backend": "tensorrt", "engine_mismatch": "fallback", "engine_cache": str(tmp_path / "engines")}
    with running_segmenter({**parameters, **chosen}):
        text = wait_until(lambda: observer.values(NODE).get("backend_fallback"), "the reported fallback")
        assert "TensorRT is not used" in text
        assert observer.values(NODE)["backend"].startswith("onnxruntime ")
        wait_until(lambda: observer.state_of(NODE) == "active", "the active node")


@pytest.mark.dds
def test_without_openvino_it_warns_and_runs(observer, parameters, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # how Python marks a module that is not there
    with running_segmenter({**parameters, "backend": "openvino", "openvino_precision": "bf16"}):
        text = wait_until(lambda: observer.values(NODE).get("backend_fallback"), "the reported fallback")
        assert "OpenVINO is not used" in text
        assert observer.values(NODE)["backend"].startswith("onnxruntime ")
        assert observer.level(NODE) >= diagnostics.WARN
        wait_until(lambda: observer.state_of(NODE) == "active", "the active node")


@pytest.mark.dds
def test_without_openvino_refuse_keeps_it_unconfigured(observer, parameters, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    chosen = {"backend": "openvino", "engine_mismatch": "refuse"}
    refused(observer, {**parameters, **chosen}, "openvino", "found none")


@pytest.mark.dds
@pytest.mark.skipif(not openvino_installed(), reason=f"OpenVINO is not installed: {INSTALL}")
def test_openvino_runs_and_says_so(observer, parameters):
    with running_segmenter({**parameters, "backend": "openvino"}):
        wait_until(lambda: observer.values(NODE).get("backend", "").startswith("openvino "), "the backend")
        assert observer.values(NODE)["backend"].endswith(" f32")
        assert "backend_fallback" not in observer.values(NODE)
        wait_until(lambda: observer.state_of(NODE) == "active", "the active node")


@pytest.mark.dds
def test_a_manager_can_take_it_through_all_states_twice(observer, parameters):
    with running_segmenter({**parameters, "autostart": False}):
        for _ in range(2):
            for transition, state in (
                (Transition.TRANSITION_CONFIGURE, "inactive"),
                (Transition.TRANSITION_ACTIVATE, "active"),
                (Transition.TRANSITION_DEACTIVATE, "inactive"),
                (Transition.TRANSITION_CLEANUP, "unconfigured"),
            ):
                assert observer.change_state(NODE, transition)
                assert observer.state_of(NODE) == state
            wait_until(lambda: observer.node.count_publishers("/anomalies") == 0, "publishers gone")


def test_every_setting_of_the_vision_path_is_a_parameter_with_the_same_range():
    settings = {field.name: field.default for field in fields(SegmenterSettings)}
    rows = {row.name: row for row in SETTINGS_PARAMETERS}
    assert set(rows) == set(settings)
    bundle_decides = {
        "logit_scale": 0.0,
        "threshold_mode": "bundle",
        "unknown_score": "bundle",
        "threshold_low": -1.0,
        "report_min_probability": -1.0,
    }
    for name, row in rows.items():
        default = tuple(row.default) if isinstance(row.default, list) else row.default
        assert default == bundle_decides.get(name, settings[name]), name
        for limit in (row.minimum, row.maximum):
            if limit is not None and limit != bundle_decides.get(name):
                kind = type(settings[name])
                SegmenterSettings(**{name: kind(limit)})
        for choice in row.choices:
            if choice != "bundle":
                SegmenterSettings(**{name: choice})
        if row.maximum is not None:
            with pytest.raises(VisionError):
                SegmenterSettings(**{name: row.maximum + 1})


def recommending(threshold, report=None):
    """Return the part of a manifest that settings are made of."""
    return SimpleNamespace(logit_scale=100.0, threshold=threshold, report_min_probability=report)


def chosen(manifest, fusion=None, **changes):
    values = {row.attribute: row.default for row in SEGMENTER_PARAMETERS} | changes
    return segmenter_settings(SimpleNamespace(**values), manifest, fusion)


def test_the_bundle_recommends_and_a_parameter_overrules():
    fixed = recommending(Threshold("fixed", 0.42))
    assert (chosen(fixed).threshold_mode, chosen(fixed).threshold) == ("fixed", 0.42)
    assert chosen(fixed).logit_scale == 100.0
    assert chosen(fixed, logit_scale=12.0).logit_scale == 12.0
    assert chosen(fixed, threshold_mode="fixed", threshold=0.9).threshold == 0.9
    untrained = recommending(default_threshold(untrained=True))
    made = chosen(untrained)
    assert (made.threshold_mode, made.quantile, made.threshold) == ("frame_quantile", 0.97, 0.0)


def test_a_low_threshold_of_the_bundle_belongs_to_its_threshold():
    both = recommending(Threshold("fixed", 0.8, low=0.6))
    made = chosen(both)
    assert (made.threshold, made.threshold_low) == (0.8, pytest.approx(0.75))
    assert chosen(both, threshold_low=0.5).threshold_low == 0.5
    assert chosen(both, threshold_low=1.0).threshold_low == 1.0
    assert chosen(both, threshold_mode="fixed").threshold_low == 1.0
    assert chosen(both, threshold_mode="frame_quantile", threshold_low=0.9).threshold_low == 0.9
    with pytest.raises(VisionError, match=r"threshold_low: expected 0 to 1, got -0\.5"):
        chosen(both, threshold_low=-0.5)
    for threshold in (
        Threshold("fixed", 0.8),
        Threshold("fixed", 0.0, low=0.0),
        Threshold("frame_quantile", 0.9),
    ):
        assert chosen(recommending(threshold)).threshold_low == 1.0


def test_what_is_reported_is_the_parameters_or_the_bundles_to_say():
    plain, strict = (recommending(Threshold("fixed", 0.8), report) for report in (None, 0.45))
    assert (chosen(plain).report_min_probability, chosen(strict).report_min_probability) == (0.3, 0.45)
    assert chosen(strict, report_min_probability=0.1).report_min_probability == 0.1
    with pytest.raises(VisionError, match=r"report_min_probability: expected 0 to 1, got -0\.5"):
        chosen(strict, report_min_probability=-0.5)


def test_a_fused_score_has_its_own_threshold_and_none_of_the_bundles_hysteresis():
    both = recommending(Threshold("fixed", 0.8, low=0.6))
    source = FusedSource("entropy", 1.0, (0.0, 1.0), (0.0, 1.0))
    fusion = ScoreFusion(FusionRecipe((source,), 20.0, 0.31))
    made = chosen(both, fusion)
    assert (made.threshold_mode, made.threshold, made.threshold_low) == ("fixed", 0.31, 1.0)
    assert chosen(both, fusion, threshold_low=0.5).threshold_low == 0.5
    assert chosen(both, fusion, threshold_mode="fixed", threshold=0.9).threshold == 0.9


def test_the_interface_names_real_types_and_profiles():
    for topic in SEGMENTER_TOPICS:
        assert topic.load_type().__name__ == topic.type.split("/")[-1]
        assert topic.qos in {*PROFILES, ""}
        assert topic.text
    for row in SEGMENTER_PARAMETERS:
        assert row.problem(row.default) is None
