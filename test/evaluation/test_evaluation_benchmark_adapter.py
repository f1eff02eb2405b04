"""The function that a public benchmark calls, on a picture of noise."""

import numpy as np
import pytest
from tiny_apron import APPROVED, CANDIDATES

from clipomaly_ros.evaluation.benchmark_adapter import benchmark_method
from clipomaly_ros.evaluation.segmenter_source import load_segmenter_source
from clipomaly_ros.vision.fusion_file import FusionFile, dump_fusion
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.score_fusion import FusedSource, FusionRecipe, known_classes_hash
from clipomaly_ros.vision.types import VisionError

PICTURE = np.random.default_rng(3).integers(0, 256, (24, 40, 3)).astype(np.uint8)


def test_the_benchmarks_method_scores_every_pixel(tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPOMALY_CACHE", str(tmp_path))
    approved, candidates = tmp_path / "approved.yaml", tmp_path / "candidates.yaml"
    approved.write_text(APPROVED)
    candidates.write_text(CANDIDATES)
    method = benchmark_method(tiny_bundle.folder, approved, candidates, {"score_scale": 0.5}, threads=1)
    score = method(image=PICTURE, frame="ignored")
    assert (score.shape, score.dtype) == (PICTURE.shape[:2], np.float32)
    assert 0 <= score.min() < score.max() <= 1
    assert np.isfinite(score.astype(np.float16)).all()


def test_the_benchmarks_method_takes_a_fused_score_and_needs_no_tagger(tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPOMALY_CACHE", str(tmp_path))
    approved, candidates = tmp_path / "approved.yaml", tmp_path / "candidates.yaml"
    approved.write_text(APPROVED)
    candidates.write_text(CANDIDATES)
    source = load_segmenter_source(tiny_bundle.folder, approved, candidates, threads=1)
    settings = {"fit": "stretch", "logit_scale": 20.0}
    recipe = FusionRecipe((FusedSource("max_logit", 1.0, (0.0, 1.0), (0.0, 1.0)),), 20.0, 0.5)
    view = ImageView.of(source.settings(settings))
    known = known_classes_hash(source.table)
    file = FusionFile(recipe, source.name, source.bundle_hash, known, "1" * 64, "", "", view, {})
    (tmp_path / "fusion.yaml").write_text(dump_fusion(file))

    def method(**others):
        return benchmark_method(tiny_bundle.folder, approved, candidates, threads=1, **others)

    with pytest.warns(UserWarning, match="other candidates"):
        fused = method(settings=settings, score_fusion=tmp_path / "fusion.yaml")(PICTURE)
    alone = method(settings=settings | {"unknown_score": "max_logit"})(PICTURE)
    np.testing.assert_allclose(fused, alone, atol=1e-6)
    assert np.abs(fused - method(settings=settings | {"unknown_score": "entropy"})(PICTURE)).max() > 1e-2
    named = settings | {"unknown_score": "max_logit", "name_words": "tagger", "name_evidence": "crop"}
    assert np.array_equal(method(settings=named)(PICTURE), alone)
    with (
        pytest.raises(VisionError, match="calibrated with fit: stretch, found fit: letterbox"),
        pytest.warns(UserWarning, match="other candidates"),
    ):
        method(score_fusion=str(tmp_path / "fusion.yaml"))
