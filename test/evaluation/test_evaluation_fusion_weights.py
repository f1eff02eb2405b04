"""Weights of a fused score: calibrated on known patches, chosen by holding known classes out."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_apron import colour_source, write_apron

from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation.apron_dataset import ApronImages
from clipomaly_ros.evaluation.fusion_calibration import calibrate, weight_grid
from clipomaly_ros.evaluation.fusion_weights import (
    PatchSamples,
    find_weights,
    sample_patches,
    without_class,
)
from clipomaly_ros.evaluation.patch_labels import patch_labels
from clipomaly_ros.nodes.score_fusion_loading import load_score_fusion
from clipomaly_ros.vision.fusion_file import read_fusion
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.score_fusion import DECADES
from clipomaly_ros.vision.score_sources import Evidence
from clipomaly_ros.vision.segmenter import SegmenterSettings
from clipomaly_ros.vision.types import TextTable, VisionError
from clipomaly_ros.vocabulary.entries import Entry
from clipomaly_ros.vocabulary.loading import parse_vocabulary

SUITCASE = ("suitcase", "baggage", (40, 60, 16, 16))
SETTINGS = SegmenterSettings(logit_scale=20.0)
NAMES = ("grass", "sky", "person", "tug", "drain")


def table(candidates=0):
    entries = [*NAMES, *(f"thing {index}" for index in range(candidates))]
    rows = np.eye(len(entries), 16, dtype=np.float32)
    return TextTable(tuple(Entry(name, "g") for name in entries), rows, len(NAMES), "h", ("{}",))


def samples(good=True, n=3000):
    """Return patches near their class's text, and closed-set maps that know the class or nothing."""
    generator = np.random.default_rng(0)
    labels = generator.integers(len(NAMES), size=n)
    patches = np.eye(16)[labels] + 0.25 * generator.normal(size=(n, 16))
    patches /= np.linalg.norm(patches, axis=1, keepdims=True)
    noise = generator.dirichlet(np.ones(len(NAMES)), size=n)
    maps = 0.9 * np.eye(len(NAMES))[labels] + 0.1 * noise if good else noise
    evidence = Evidence(
        patches[None].astype(np.float32),
        patches[None].astype(np.float32),
        maps[None].astype(np.float32),
        NAMES,
    )
    return PatchSamples(evidence, labels, generator.random(n) < 0.7, 10)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 2000), st.booleans())
def test_the_surprise_is_the_rarity_among_known_patches(seed, count, ties):
    scores = np.random.default_rng(seed).random(count)
    scores = (np.round(scores, 1) if ties else scores).astype(np.float32)
    source = calibrate("entropy", scores)
    surprise = source.calibrated(np.sort(scores))
    assert (np.diff(surprise) >= 0).all()
    assert source.calibrated(np.float32([1.0]))[0] <= 1.0
    for value in np.unique(scores):
        exceed = float((scores >= value).mean())
        found = float(source.calibrated(np.float32([value]))[0])
        # Never rarer than it is, but for the step of the calibration.
        assert found <= -np.log10(exceed) / DECADES + 0.25 / DECADES + 1e-6 or value >= source.levels[-2]


@pytest.mark.parametrize("count", range(2, 8))
def test_the_grid_holds_each_source_alone_and_equal_weights(count):
    grid = weight_grid(count)
    np.testing.assert_allclose(grid.sum(axis=1), 1.0)
    assert grid.min() >= 0
    assert len(grid) <= 1002
    rows = {tuple(row) for row in np.round(grid, 9)}
    assert {tuple(row) for row in np.eye(count)} <= rows
    assert tuple(np.round(np.full(count, 1 / count), 9)) in rows


def test_one_source_alone_has_all_the_weight():
    assert (weight_grid(1) == 1.0).all()


def test_a_class_is_held_out_with_and_without_its_words():
    whole = table(candidates=2)
    gone, moved = (without_class(whole, 1, named) for named in (False, True))
    assert [entry.name for entry in gone.entries] == ["grass", "person", "tug", "drain", "thing 0", "thing 1"]
    assert gone.approved_count == moved.approved_count == 4
    assert moved.entries[-1].name == "sky"
    assert np.array_equal(moved.embeddings[-1], whole.embeddings[1])


def test_a_source_that_knows_nothing_gets_no_weight():
    search = find_weights(samples(good=False), table(2), ("entropy", "max_logit", "closed_set"), 20.0)
    weights = {source.name: source.weight for source in search.recipe.sources}
    assert weights["closed_set"] <= 0.05
    assert search.found["fused"] >= max(search.found[name] for name in weights)
    assert search.found["closed_set"] < 0.2 < search.found["fused"]
    assert set(search.classes) == set(NAMES)


def test_the_threshold_leaves_the_mass_that_was_asked_for():
    drawn = samples()
    for mass in (0.01, 0.1):
        search = find_weights(drawn, table(), ("entropy", "closed_set"), 20.0, mass)
        recipe = search.recipe
        known = np.flatnonzero(drawn.drawn)
        maps = drawn.evidence.closed_set[0, known]
        cosines = drawn.evidence.patches[0, known] @ table().embeddings.T
        p = np.exp(20 * cosines)
        p /= p.sum(axis=1, keepdims=True)
        raw = {"entropy": -(p * np.log(p)).sum(axis=1) / np.log(5), "closed_set": 1 - maps.max(axis=1)}
        fused = sum(
            part.weight * part.calibrated(raw[part.name].astype(np.float32)) for part in recipe.sources
        )
        assert (fused > recipe.threshold + 1e-4).mean() <= mass
        assert (fused > recipe.threshold - 0.02).mean() >= mass


def test_only_frames_without_anomalies_are_looked_at(tmp_path):
    data = ApronImages(write_apron(tmp_path, [[], [SUITCASE], [], [SUITCASE]]))
    source = colour_source()
    drawn = sample_patches(source, SETTINGS, data, data.names)
    assert drawn.frames == 2
    assert source.encoder.calls == 2
    assert set(drawn.labels) == {0, 2}  # sky and apron pavement in the vocabulary's order
    again = sample_patches(colour_source(), SETTINGS, data, data.names)
    assert np.array_equal(again.labels, drawn.labels)
    tiled = sample_patches(source, replace(SETTINGS, tiles=(2, 1)), data, data.names[:1])
    assert source.encoder.calls == 2 + 2
    shown = (tiled.evidence.patches[0] @ source.table.embeddings[:3].T).argmax(axis=1)
    assert (shown == tiled.labels).mean() > 0.95  # labels lie where the patches of the tiles do
    lower = sample_patches(source, replace(SETTINGS, roi=(0.0, 0.5, 1.0, 0.5)), data, data.names[:1])
    assert set(lower.labels) == {2}  # no sky is looked at
    assert source.encoder.calls == 2 + 2 + 1
    source.encoder.calls = 2
    windowed = sample_patches(source, SETTINGS, data, data.names[:1], (2, 3))
    assert source.encoder.calls == 2 + 1 + 6
    assert windowed.evidence.around.shape == windowed.evidence.patches.shape


def test_data_that_cannot_serve_are_refused(tmp_path):
    source = colour_source()
    test = ApronImages(write_apron(tmp_path / "test", [[]], split="test"))
    with pytest.raises(ValueError, match="locked"):
        sample_patches(source, SETTINGS, test, test.names)
    anomalous = ApronImages(write_apron(tmp_path / "all", [[SUITCASE]]))
    with pytest.raises(ValueError, match="got none"):
        sample_patches(source, SETTINGS, anomalous, anomalous.names)
    few = PatchSamples(samples(n=20).evidence, samples(n=20).labels, samples(n=20).drawn, 1)
    with pytest.raises(ValueError, match="hold out"):
        find_weights(few, table(), ("entropy",), 20.0)
    one = replace(samples(), labels=np.zeros(3000, np.int64))  # no patches of other classes to beat
    with pytest.raises(ValueError, match="hold out, and two others"):
        find_weights(one, table(), ("entropy",), 20.0)
    with pytest.raises(ValueError, match="mass"):
        find_weights(samples(n=20), table(), ("entropy",), 20.0, 1.5)


def test_labels_of_patches_are_the_most_frequent_ones():
    semantic = np.zeros((64, 128), np.uint8)
    semantic[:, 40:] = 7
    labels, share = patch_labels(semantic, Letterbox.fit((64, 128), (32, 64), 16))
    assert labels.tolist() == [[0, 7, 7, 7]] * 2
    np.testing.assert_allclose(share, [[1.0, 0.75, 1.0, 1.0]] * 2)


def test_the_command_writes_what_the_node_reads(tiny_bundle, tmp_path, capsys):
    write_apron(tmp_path / "data", [[], [SUITCASE], []])
    vocabulary = [
        "version: 1\ntemplates: ['a {}.']\napproved:\n  - {name: sky, group: sky}\n"
        "  - {name: apron pavement, group: surface}\n  - {name: person, group: person}\n",
        "version: 1\ncandidates:\n  - {name: suitcase, group: baggage}\n",
    ]
    paths = [tmp_path / "approved.yaml", tmp_path / "candidates.yaml"]
    for path, text in zip(paths, vocabulary, strict=True):
        path.write_text(text)
    common = ["--bundle", str(tiny_bundle.folder), "--approved", str(paths[0]), "--candidates", str(paths[1]),
              "--root", str(tmp_path / "data"), "--threads", "1"]  # fmt: skip
    fusion = tmp_path / "fusion.yaml"
    assert main(["evaluate", "weights", *common, "-o", str(fusion)]) == 0
    assert "2 frames without anomalies" in capsys.readouterr().out
    chosen = parse_vocabulary(*vocabulary)
    rows = np.zeros((len(chosen.entries), 48), np.float32)
    words = TextTable(chosen.entries, rows, len(chosen.approved), "h", chosen.templates)
    opened = load_score_fusion(fusion, tiny_bundle.id, tiny_bundle.hash, words)
    with pytest.raises(VisionError, match="other approved classes"):
        load_score_fusion(fusion, tiny_bundle.id, tiny_bundle.hash, replace(words, approved_count=2))
    assert sum(source.weight for source in opened.recipe.sources) == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(VisionError, match="calibrated for"):
        load_score_fusion(fusion, "other@1", "0" * 64, words)

    report, tiled = tmp_path / "report.json", tmp_path / "tiled.yaml"
    tiled.write_text("tiles: [2, 1]\nroi: [0, 0.1, 1, 0.9]\n")
    picture = tmp_path / "data" / "images" / "scene_0000.png"
    unlike = ["--config", str(tiled), "--score-fusion", str(fusion)]
    segment = ["segment", str(picture), "-o", str(tmp_path / "out"), *common[:6], *unlike, "--threads", "1"]
    for arguments in (
        ["evaluate", "segmentation", *common, "--dataset", "apron", *unlike],
        ["evaluate", "threshold", *common, *unlike],
        segment,
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert "calibrated with tiles: [1, 1]" in said
        assert "found tiles: [2, 1]" in said
    again = tmp_path / "again.yaml"
    assert main(["evaluate", "weights", *common, "-o", str(again), "--config", str(tiled)]) == 0
    assert read_fusion(again).view == ImageView("letterbox", (2, 1), 0.25, (0.0, 0.1, 1.0, 0.9))
    segment[segment.index(str(fusion))] = str(again)
    assert main(segment) == 0
    capsys.readouterr()

    measured = ["--dataset", "apron", "--score-fusion", str(fusion), "--json", str(report)]
    assert main(["evaluate", "segmentation", *common, *measured]) == 0
    assert f'"threshold": {opened.recipe.threshold}' in report.read_text()
    assert "score fused, " in capsys.readouterr().out
    said = json.loads(report.read_text())
    assert said["score_fusion"] == opened.weights
    assert said["score"].startswith("fused, ")
    assert main(["evaluate", "threshold", *common, "--score-fusion", str(fusion), "--target", "1000"]) in (
        0,
        1,
    )
    assert "fused" in capsys.readouterr().out
    assert main(["evaluate", "weights", *common, "-o", str(fusion), "--sources", "closed_set"]) == 2
    assert "--closed-set" in capsys.readouterr().err
