"""Stage one without its node: the same parameters have the same effect."""

from pathlib import Path

import pytest

from clipomaly_ros.evaluation.chain_settings import load_segmenter
from clipomaly_ros.model.bundle import load_bundle

BUNDLE = Path(__file__).parents[2] / "models" / "apron-mini"


def test_a_fused_score_of_the_parameter_file_is_read(tmp_path):
    missing = tmp_path / "gone.yaml"
    file = tmp_path / "parameters.yaml"
    file.write_text(f"/**/anomaly_segmenter:\n  ros__parameters:\n    score_fusion: {missing}\n")
    with pytest.raises(ValueError, match=r"gone\.yaml"):
        load_segmenter(BUNDLE, file)


def test_without_one_the_bundle_says_what_is_scored_and_from_where_on(tmp_path):
    file = tmp_path / "parameters.yaml"
    file.write_text("/**/anomaly_segmenter:\n  ros__parameters:\n    threshold_mode: bundle\n")
    settings = load_segmenter(BUNDLE, file).segmenter.settings
    recommended = load_bundle(BUNDLE).manifest.threshold
    assert (settings.unknown_score, settings.threshold) == (recommended.score, recommended.value)
