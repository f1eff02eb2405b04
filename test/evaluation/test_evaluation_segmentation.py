"""The whole evaluation in a world where colours are meanings, and the commands."""

import json
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_apron import WordEncoder, colour_source, write_apron

from clipomaly_ros.cli import main
from clipomaly_ros.evaluation.apron_dataset import ApronImages
from clipomaly_ros.evaluation.report import markdown
from clipomaly_ros.evaluation.report_tables import report_dictionary
from clipomaly_ros.evaluation.segmentation import evaluate_segmentation
from clipomaly_ros.evaluation.segmenter_source import score_method, with_tagger
from clipomaly_ros.evaluation.tune import LEVELS, lowest_quiet_level, tune_threshold
from clipomaly_ros.model.manifest import Threshold
from clipomaly_ros.vision.conformal import conformal_threshold, region_peak
from clipomaly_ros.vision.regions import PictureScale
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.unknown_score import SCALE_FREE_SCORES, UNKNOWN_SCORES

SETTINGS = SegmenterSettings(threshold=0.7, logit_scale=20.0, min_region_area=20, score_scale=1.0)
FRAMES = [
    [("suitcase", "baggage", (20, 52, 32, 24)), ("wrench", "tools", (88, 72, 40, 12))],
    [],
    [("suitcase", "baggage", (60, 60, 32, 24))],
    [],
]


@pytest.fixture
def apron(tmp_path):
    return write_apron(tmp_path / "apron", FRAMES)


def test_a_segmenter_that_sees_the_truth_gets_full_marks(apron):
    source = colour_source()
    report = evaluate_segmentation(source, SETTINGS, ApronImages(apron), "apron")
    assert source.encoder.calls == len(FRAMES)  # once a frame, for both label maps
    figures = report_dictionary(report)
    assert figures["pixels"]["average_precision"] > 0.99
    assert figures["pixels"]["fpr95"] < 0.01
    assert figures["components"]["oracle"]["mean_f1"] > 0.9
    assert figures["components"]["fixed"]["mean_f1"] == 1.0
    assert figures["components"]["regions"]["labelled"] == 3
    assert figures["naming"]["seen_groups"] == {"objects": 2, "top1": 1, "best_candidate": 1, "top5": 1}
    assert figures["naming"]["held_out_groups"]["objects"] == 1
    assert figures["naming"]["by_source"]["dictionary"]["objects"] == 2
    right = {"objects": 2, "named": 2, "named_right": 2, "top1": 1, "top5": 1}
    assert figures["naming"]["by_candidate_source"] == {"dictionary": right}
    assert figures["semantic"]["known_miou"] > 0.95
    assert abs(figures["semantic"]["loss_by_extension"]) < 0.01
    assert figures["semantic"]["open_world_miou"] > 0.9
    assert figures["false_alarms"]["nominal_frames"]["frames"] == 2
    assert figures["false_alarms"]["nominal_frames"]["per_thousand_frames"] == 0
    assert figures["detection"]["by_size"] == {
        "0.1 to 0.3 m": {"objects": 2, "found": 2, "rate": 1.0},
        "0.3 to 1 m": {"objects": 1, "found": 1, "rate": 1.0},
    }
    assert set(figures["pixels_by_condition"]) == {"dry", "night"}
    assert figures["pixels_by_condition"]["night"]["average_precision"] is None  # no anomaly there
    assert "| baggage | 2 | 100.0 % |" in markdown(report)


def test_names_of_a_tagger_are_judged_beside_those_of_the_dictionary(apron, tmp_path):
    (tmp_path / "tags.txt").write_text("trolley\nkite\n")  # a synonym of the suitcase, and nothing like it
    source = replace(colour_source(), text_encoder=WordEncoder())
    for words, expected in (("tagger", {"tagger"}), ("both", {"dictionary", "tagger"})):
        chosen = replace(SETTINGS, name_words=words)
        tagged = with_tagger(with_manifest(source), tmp_path / "tags.txt", 1e-3)
        report = evaluate_segmentation(tagged, chosen, ApronImages(apron), "apron")
        figures = report_dictionary(report)
        assert source.table.entries[3].name == "suitcase"
        assert set(figures["naming"]["by_candidate_source"]) == expected
        first = sorted(expected)[0]
        assert figures["naming"]["by_candidate_source"][first]["named_right"] == 2
        assert figures["semantic"]["known_miou"] > 0.95
        assert f"| {first} | 2 | 2 | 2 | 100.0 % | 100.0 % |" in markdown(report)
    assert with_manifest(tagged).settings().name_words == "tagger"
    with pytest.raises(VisionError, match="expected a text tower"):
        with_tagger(colour_source(), tmp_path / "tags.txt", 0.5)


def with_manifest(source):
    """Return the source with the part of a manifest that settings are made of."""
    recommended = Threshold("fixed", 0.7, "entropy", 0.35)
    return replace(
        source, manifest=SimpleNamespace(threshold=recommended, logit_scale=20.0, report_min_probability=0.45)
    )


def test_a_low_threshold_of_the_bundle_is_the_default_of_the_commands():
    source = with_manifest(colour_source())
    assert source.settings().threshold_low == pytest.approx(0.5)
    assert source.settings({"roi": (0.0, 0.0, 1.0, 0.5)}).threshold_low == pytest.approx(0.5)
    assert source.settings({"threshold_low": 0.9}).threshold_low == 0.9
    assert source.settings({"threshold_low": 0.9, "threshold": 0.2}).threshold_low == 0.9
    for other in ({"threshold": 0.2}, {"threshold_mode": "frame_quantile"}, {"quantile": 0.9}):
        assert source.settings(other).threshold_low == 1.0
        assert source.settings(other).report_min_probability == 0.45
    assert source.settings({"report_min_probability": 0.6}).report_min_probability == 0.6


def test_a_segmenter_that_finds_nothing_gets_none(apron):
    report = evaluate_segmentation(
        colour_source(), replace(SETTINGS, threshold=1.0), ApronImages(apron), "apron"
    )
    figures = report_dictionary(report)
    assert figures["detection"]["all"]["rate"] == 0
    assert figures["components"]["regions"]["mean_f1"] == 0
    assert figures["naming"]["seen_groups"]["top1"] is None
    assert figures["pixels"]["average_precision"] > 0.99  # the score is as good as before


def test_only_some_frames_are_taken_evenly(apron):
    source = colour_source()
    report = evaluate_segmentation(source, SETTINGS, ApronImages(apron), "apron", limit=2)
    assert report.frames == ("scene_0000", "scene_0003")
    with pytest.raises(ValueError, match="at least 1 frame"):
        evaluate_segmentation(source, SETTINGS, ApronImages(apron), "apron", limit=0)


def test_the_method_gives_a_score_of_the_images_size():
    source = colour_source()
    method = score_method(AnomalySegmenter(source.encoder, source.table, replace(SETTINGS, score_scale=0.3)))
    score = method(np.full((240, 300, 3), 110, np.uint8))
    assert score.shape == (240, 300)
    assert score.dtype == np.float32


def test_the_threshold_keeps_false_alarms_below_the_target(apron):
    # A grey that no class is sure of: a region beside every anomaly, to be kept out.
    path = str(apron / "images" / "scene_0001.png")
    picture = cv2.imread(path)
    picture[60:80, 20:60:8] = (230, 140, 90)
    cv2.imwrite(path, picture)
    data = ApronImages(apron)
    points = tune_threshold(colour_source(), SETTINGS, data, target=0.0, logit_scales=(2.0, 20.0))
    # Every score with both logit scales, but for the one that does not depend on it.
    assert len(points) == 2 * len(UNKNOWN_SCORES) - len(SCALE_FREE_SCORES)
    best = points[0]
    assert (best.detection, best.false_alarms) == (1.0, 0)
    chosen = replace(
        SETTINGS,
        unknown_score=best.unknown_score,
        logit_scale=best.logit_scale,
        threshold=best.threshold,
    )
    report = evaluate_segmentation(colour_source(), chosen, data, "apron")
    assert sum(item.count for item in report.alarms) == 0
    assert all(item.found for item in report.sightings)


@pytest.mark.parametrize("low", [1.0, 0.5])
def test_alpha_takes_the_conformal_threshold_of_the_frames_without_anomalies(apron, low):
    data, source = ApronImages(apron), colour_source()
    chosen = replace(SETTINGS, threshold_low=low)
    (point,) = tune_threshold(source, chosen, data, 2.0, scores=("margin",), logit_scales=(20.0,), alpha=0.4)
    segmenter = AnomalySegmenter(source.encoder, source.table, replace(chosen, unknown_score="margin"))
    peaks = []
    for name, things in zip(data.names, FRAMES, strict=True):
        if not things:
            rgb = data.image(name)
            score = segmenter.segment(rgb).score
            peaks.append(region_peak(score, PictureScale(score.shape, rgb.shape[:2]), 20, low))
    assert conformal_threshold(peaks, 0.4) <= point.threshold <= conformal_threshold(peaks, 0.4) + 1.1e-6
    assert (point.false_alarms, point.frames) == (0, 2)
    with pytest.raises(ValueError, match="at least 9 frames without anomalies"):
        tune_threshold(source, chosen, data, 2.0, alpha=0.1)
    with pytest.raises(VisionError, match=r"at least 3 nominal frames for alpha 0\.25, got 2"):
        tune_threshold(source, chosen, data, 2.0, scores=("margin",), logit_scales=(20.0,), alpha=0.25)


@given(alarms=st.lists(st.integers(0, 5), min_size=1, max_size=30), allowed=st.integers(0, 5))
def test_from_the_lowest_quiet_level_on_it_stays_quiet(alarms, allowed):
    index = lowest_quiet_level(np.array(alarms), allowed)
    if index is None:
        assert alarms[-1] > allowed
    else:
        assert max(alarms[index:]) <= allowed
        assert index == 0 or alarms[index - 1] > allowed


def test_the_locked_split_is_refused(tmp_path):
    data = ApronImages(write_apron(tmp_path / "test", FRAMES, split="test"))
    with pytest.raises(ValueError, match="locked for the final test"):
        tune_threshold(colour_source(), SETTINGS, data, target=2.0)


@pytest.mark.parametrize("target", [-1.0, float("nan"), float("inf")])
def test_a_target_that_is_no_rate_is_refused(tmp_path, target):
    write_apron(tmp_path, [[]])
    with pytest.raises(ValueError, match="target of 0 or more"):
        tune_threshold(colour_source(), SETTINGS, ApronImages(tmp_path), target=target)


def test_the_levels_are_thresholds_in_order():
    assert (np.diff(LEVELS) > 0).all()
    assert 0 < LEVELS[0] < LEVELS[-1] < 1


def test_the_commands_write_what_they_print(apron, tiny_bundle, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CLIPOMALY_CACHE", str(tmp_path / "cache"))
    index = json.loads((apron / "instances.json").read_text())
    out, config = tmp_path / "report", tmp_path / "settings.yaml"
    config.write_text("threshold_mode: fixed\nthreshold: 0.4\nmin_region_area: 16\n")
    common = ["--bundle", str(tiny_bundle.folder), "--root", str(apron), "--threads", "1"]
    tags = tmp_path / "tags.txt"
    tags.write_text("suitcase\nkite\n")
    assert (
        main.main(
            [
                *["evaluate", "segmentation", *common, "--dataset", "apron", "--config", str(config)],
                *["--out", str(out), "--json", str(tmp_path / "figures.json"), "--examples", "1"],
                *["--tagger", str(tags)],
            ]
        )
        == 0
    )
    text = capsys.readouterr().out
    assert "the weights are random" in text
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures == json.loads((out / "report.json").read_text())
    assert figures["settings"]["threshold"] == 0.4
    assert figures["settings"]["name_words"] == "tagger"
    assert figures["frames"] == len(index["images"])
    assert figures["backend"].startswith("onnxruntime ")
    assert f"by {figures['backend']}" in text
    assert f"AP {' ' * 4}" in text
    page = (out / "report.md").read_text()
    assert f"by {figures['backend']}" in page
    for picture in ("precision_recall.png", "detection.png", "examples/scene_0000.jpg"):
        assert picture in page
        assert cv2.imread(str(out / picture)) is not None

    chosen = tmp_path / "threshold.json"
    tuned = ["evaluate", "threshold", *common, "--logit-scales", "20", "--json", str(chosen), "--limit", "2"]
    code = main.main(tuned)
    content = json.loads(chosen.read_text())
    assert content["low_threshold"] is None
    assert code == (0 if content["chosen"]["threshold"] < 1 else 1)
    assert content["split"] == "validation"
    assert content["backend"] == figures["backend"]
    assert len(content["trials"]) >= 2
    assert (content["alpha"], content["target_per_thousand_frames"]) == (None, 2.0)
    config.write_text("threshold_low: 0.5\n")
    assert main.main([*tuned, "--config", str(config)]) in (0, 1)
    content = json.loads(chosen.read_text())
    assert content["low_threshold"] == pytest.approx(0.5 * content["chosen"]["threshold"], abs=1e-6)
    assert f", low threshold {content['low_threshold']:g}" in capsys.readouterr().out
    threshold = ["evaluate", "threshold", *common, "--scores", "margin", "--json", str(chosen)]
    assert main.main([*threshold, "--alpha", "0.4"]) in (0, 1)
    assert "nominal frames with alarms" in capsys.readouterr().out
    assert json.loads(chosen.read_text())["alpha"] == 0.4
    assert main.main([*threshold, "--alpha", "0.01"]) == 2
    assert "at least 99 frames without anomalies" in capsys.readouterr().err

    config.write_text("treshold: 0.4\n")
    assert (
        main.main(["evaluate", "segmentation", *common, "--dataset", "apron", "--config", str(config)]) == 2
    )
    assert "got 'treshold'" in capsys.readouterr().err
