"""Opens a score fusion: its file, and the closed-set segmenter that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clipomaly_ros.model.closed_set import load_closed_set
from clipomaly_ros.vision.closed_set import ClosedSet
from clipomaly_ros.vision.fusion_file import read_fusion
from clipomaly_ros.vision.score_fusion import ScoreFusion
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vision.types import TextTable, VisionError


def load_score_fusion(
    path: Path, bundle: str, bundle_hash: str, table: TextTable, threads: int = 0
) -> ScoreFusion:
    """Open what `clipomaly evaluate weights` wrote, for a bundle by its id and its manifest's hash.

    VisionError for a file that is wrong or was calibrated for another bundle or closed-set segmenter, or one
    whose maps are unfit, BundleError for a closed-set segmenter that cannot be used.
    """
    path = Path(path).expanduser()
    file = read_fusion(path)
    again = "calibrate again with `clipomaly evaluate weights`"
    if file.bundle_sha256 != bundle_hash:
        raise VisionError(
            f"score fusion {path}: calibrated for {file.bundle}, manifest sha256 {file.bundle_sha256[:16]}, "
            f"found {bundle}, {bundle_hash[:16]}; {again}"
        )
    if not file.closed_set:
        return ScoreFusion(file.recipe)
    approved = [entry.name for entry in table.entries[: table.approved_count]]
    closed_set = load_closed_set(path.parent / file.closed_set, approved, threads)
    if closed_set.hash != file.closed_set_sha256:
        raise VisionError(
            f"score fusion {path}: calibrated for another closed-set segmenter than {file.closed_set}, whose "
            f"manifest has sha256 {closed_set.hash[:16]}, expected {file.closed_set_sha256[:16]}; {again}"
        )
    return ScoreFusion(file.recipe, ClosedSet(closed_set))


def fused_threshold(settings: SegmenterSettings, fusion: ScoreFusion | None) -> SegmenterSettings:
    """Return settings with the fused score's own threshold: a bundle's holds for another score."""
    if fusion is None:
        return settings
    return replace(settings, threshold_mode="fixed", threshold=fusion.recipe.threshold)
