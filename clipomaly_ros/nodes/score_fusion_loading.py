"""Opens a score fusion: its file, and the closed-set segmenter that it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clipomaly_ros.model.closed_set import load_closed_set
from clipomaly_ros.vision.closed_set import ClosedSet
from clipomaly_ros.vision.fusion_file import FusionFile, read_fusion
from clipomaly_ros.vision.score_fusion import ScoreFusion, candidates_hash, check_known_classes
from clipomaly_ros.vision.types import TextTable, VisionError


def load_score_fusion(
    path: Path,
    bundle: str,
    bundle_hash: str,
    table: TextTable,
    threads: int = 0,
    warn: Callable[[str], None] = lambda line: None,
) -> ScoreFusion:
    """Open what `clipomaly evaluate weights` wrote, for a bundle by its id and its manifest's hash.

    VisionError for a file that is wrong or was calibrated for another bundle, other approved classes or
    another closed-set segmenter, or one whose maps are unfit, BundleError for a closed-set segmenter that
    cannot be used. How the images come before the encoder is compared where the segmenter is made. warn: is
    told of other candidates, which shift a calibration but do not break it.
    """
    path = Path(path).expanduser()
    file = read_fusion(path)
    again = "calibrate again with `clipomaly evaluate weights`"
    if file.bundle_sha256 != bundle_hash:
        raise VisionError(
            f"score fusion {path}: calibrated for {file.bundle}, manifest sha256 {file.bundle_sha256[:16]}, "
            f"found {bundle}, {bundle_hash[:16]}; {again}"
        )
    _check_vocabulary(path, file, table, warn)
    if not file.closed_set:
        return ScoreFusion(file.recipe, known_sha256=file.known_sha256, view=file.view)
    approved = [entry.name for entry in table.entries[: table.approved_count]]
    closed_set = load_closed_set(path.parent / file.closed_set, approved, threads)
    if closed_set.hash != file.closed_set_sha256:
        raise VisionError(
            f"score fusion {path}: calibrated for another closed-set segmenter than {file.closed_set}, whose "
            f"manifest has sha256 {closed_set.hash[:16]}, expected {file.closed_set_sha256[:16]}; {again}"
        )
    return ScoreFusion(file.recipe, ClosedSet(closed_set), file.known_sha256, file.view)


def _check_vocabulary(path: Path, file: FusionFile, table: TextTable, warn: Callable[[str], None]) -> None:
    try:
        check_known_classes(file.known_sha256, table)
    except VisionError as error:
        raise VisionError(f"{path}: {error}") from error
    if file.candidates_sha256 and candidates_hash(table) != file.candidates_sha256:
        warn(
            f"WARNING: score fusion {path}: calibrated with other candidates, which one of its sources looks "
            "at: scores and threshold may be off; calibrate again with `clipomaly evaluate weights`"
        )
