"""What the node loads of a score fusion, and what it refuses."""

import numpy as np
import pytest
from ros_harness import wait_until
from segmenter_scene import APPROVED, CANDIDATES, NODE, running_segmenter, write_vocabulary

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.nodes.segmenter_loading import load
from clipomaly_ros.vision.fusion_file import FusionFile, dump_fusion
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.score_fusion import (
    FusedSource,
    FusionRecipe,
    candidates_hash,
    known_classes_hash,
)
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vision.types import TextTable, VisionError
from clipomaly_ros.vocabulary.loading import parse_vocabulary

WORDS = parse_vocabulary(APPROVED, CANDIDATES)
TABLE = TextTable(
    WORDS.entries, np.zeros((len(WORDS.entries), 1), np.float32), len(WORDS.approved), "", WORDS.templates
)


def write(folder, bundle, names=("entropy", "image_text"), closed_set="", flip=True, digest=None, **words):
    """Write a fusion file; words: known and candidates, hashes in place of the test vocabulary's."""
    parts = tuple(FusedSource(name, 1 / len(names), (0.0, 1.0), (0.0, 1.0)) for name in names)
    file = FusionFile(
        FusionRecipe(parts, 20.0, 0.31, (1, 2), flip),
        bundle.id,
        digest or bundle.hash,
        words.get("known", known_classes_hash(TABLE)),
        words.get("candidates", ""),
        closed_set,
        "0" * 64,
        ImageView("letterbox", (1, 1), 0.0, (0.0, 0.0, 1.0, 1.0)),
        {},
    )
    (folder / "fusion.yaml").write_text(dump_fusion(file))
    return str(folder / "fusion.yaml")


@pytest.fixture
def opened(tiny_bundle, tmp_path):
    words = write_vocabulary(tmp_path)
    said = []

    def go(score_fusion):
        loaded = load(
            str(tiny_bundle.folder),
            words["approved_vocabulary"],
            words["candidate_vocabulary"],
            1,
            words["text_cache"],
            said.append,
            lambda: True,
            backend="onnxruntime",
            score_fusion=score_fusion,
        )
        return loaded, said

    return go


def test_the_node_takes_a_fused_score(opened, tiny_bundle, tmp_path):
    loaded, said = opened(write(tmp_path, tiny_bundle))
    assert any("0.5 entropy, 0.5 image_text, averaged with the mirrored image" in line for line in said)
    settings = SegmenterSettings(threshold=loaded.fusion.recipe.threshold)
    rgb = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    fused = AnomalySegmenter(loaded.encoder, loaded.table, settings, loaded.fusion).segment(rgb).score
    plain = AnomalySegmenter(loaded.encoder, loaded.table, settings).segment(rgb).score
    assert 0 <= fused.min() <= fused.max() <= 1
    assert np.abs(fused - plain).max() > 1e-3


def test_without_a_file_nothing_changes(opened):
    loaded, _ = opened("")
    assert loaded.fusion is None


def test_what_does_not_fit_is_refused(opened, tiny_bundle, tmp_path):
    with pytest.raises(VisionError, match="calibrated for"):
        opened(write(tmp_path, tiny_bundle, digest="1" * 64))
    with pytest.raises(VisionError, match=r"fusion\.yaml: .*other approved classes"):
        opened(write(tmp_path, tiny_bundle, known="1" * 64))
    with pytest.raises(VisionError, match="evaluate weights"):
        opened(str(tmp_path / "none.yaml"))
    with pytest.raises(BundleError, match="found none"):
        opened(write(tmp_path, tiny_bundle, ("entropy", "closed_set"), "segmenter.yaml"))


def test_the_view_of_the_file_binds_the_segmenter(opened, tiny_bundle, tmp_path):
    loaded, _ = opened(write(tmp_path, tiny_bundle))
    settings = SegmenterSettings(tiles=(2, 1), roi=(0.0, 0.5, 1.0, 0.5))
    words = r"calibrated with tiles: \[1, 1\], tile_overlap: 0\.0, roi: .*, found tiles: \[2, 1\]"
    with pytest.raises(VisionError, match=words):
        AnomalySegmenter(loaded.encoder, loaded.table, settings, loaded.fusion)


@pytest.mark.dds
def test_a_node_with_another_view_stays_unconfigured(shared_observer, tiny_bundle, tmp_path):
    shared_observer.begin_anew("anomaly_segmenter")
    parameters = {"bundle": str(tiny_bundle.folder), **write_vocabulary(tmp_path)}
    parameters |= {"score_fusion": write(tmp_path, tiny_bundle), "fit": "stretch"}
    with running_segmenter(parameters):
        text = wait_until(lambda: shared_observer.values(NODE).get("configure_error"), "the reported error")
        assert "calibrated with fit: letterbox, found fit: stretch" in text
        assert shared_observer.state_of(NODE) == "unconfigured"


@pytest.mark.parametrize("same", [True, False])
def test_other_candidates_than_at_the_calibration_are_said(opened, tiny_bundle, tmp_path, same):
    digest = candidates_hash(TABLE) if same else "1" * 64
    loaded, said = opened(write(tmp_path, tiny_bundle, candidates=digest))
    assert loaded.fusion is not None
    assert any("WARNING" in line and "other candidates" in line for line in said) is not same
