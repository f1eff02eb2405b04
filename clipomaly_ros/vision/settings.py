"""Everything that can be tuned in the vision path, with its range."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clipomaly_ros.vision.letterbox import FITS
from clipomaly_ros.vision.masked_crops import NAME_EVIDENCE
from clipomaly_ros.vision.naming import NAME_MODES
from clipomaly_ros.vision.regions import THRESHOLD_MODES
from clipomaly_ros.vision.tagger import NAME_WORDS
from clipomaly_ros.vision.tiling import MAX_TILES
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.unknown_score import UNKNOWN_SCORES

# Lowest and highest value, both allowed.
_RANGES: dict[str, tuple[float, float]] = {
    "logit_scale": (0.1, 1000.0),
    "threshold": (0.0, 1.0),
    "threshold_low": (0.0, 1.0),
    "quantile": (0.0, 1.0),
    "score_scale": (0.01, 1.0),
    "tile_overlap": (0.0, 0.9),
    "min_region_area": (1, 1_000_000_000),
    "max_region_area_fraction": (0.0, 1.0),
    "max_regions": (1, 512),
    "min_region_size": (0.0, 1000.0),
    "max_region_size": (0.0, 10_000.0),
    "camera_height": (0.0, 1000.0),
    "camera_pitch": (-1.57, 1.57),
    "camera_fov": (0.01, 3.0),
    "smoothing_time": (0.0, 60.0),
    "top_words": (0, 4096),
    "name_margin": (-1.0, 1.0),
    "name_min_probability": (0.0, 1.0),
    "synonym_similarity": (0.0, 1.0),
    "crop_regions": (1, 64),
    "report_min_probability": (0.0, 1.0),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "unknown_score": tuple(UNKNOWN_SCORES),
    "threshold_mode": THRESHOLD_MODES,
    "fit": FITS,
    "name_words": NAME_WORDS,
    "name_evidence": NAME_EVIDENCE,
    "name_mode": NAME_MODES,
}
_WHOLE = ("min_region_area", "max_regions", "top_words", "crop_regions")


@dataclass(frozen=True)
class SegmenterSettings:
    """Settings of AnomalySegmenter; raises VisionError for a value out of range.

    fit: how the image is placed in the encoder input, "letterbox" or "stretch".
    tiles: columns and rows of tiles that the image is encoded in, 1 to 8 each; (1, 1) = whole.
    tile_overlap: share of a tile's side that it shares with the next one.
    roi: x, y, width, height of the part of the image that is looked at, as shares of its sides; the rest
        is void.
    unknown_score: "entropy", "max_logit", "energy" or "margin" of the approved classes, or
        "candidate_mass"; see unknown_score.
    logit_scale: factor on cosines before every softmax, 0.1 to 1000.
    threshold_mode: "fixed" or "frame_quantile"; see regions.unknown_mask.
    threshold: score above which a pixel is unknown, 0 to 1; with "frame_quantile" the least.
    threshold_low: fraction of it down to which a region extends that reaches above it, 0 to 1; 1 = off.
    quantile: of the frame's score, for "frame_quantile", 0 to 1.
    score_scale: size of the score image and of the region outlines relative to the source.
    min_region_area: smaller regions are noise [source pixel].
    max_region_area_fraction: larger regions are left out, share of the image; 1 keeps all.
    max_regions: the largest regions kept, of the unknown and of the reported ones each.
    min_region_size, max_region_size: unknown regions that are smaller or larger on flat ground are left
        out [m], 0 = off; see region_size. They need the next three.
    camera_height, camera_pitch: of the camera above the ground [m], 0 = unknown, and how far it looks down
        [rad]. camera_fov: horizontal field of view of the image [rad].
    smoothing_time: time constant of the score's decay over the images of a sequence [s], 0 = off; see
        smoothing.
    top_words: candidates compared in a frame; 0 names nothing.
    name_margin: by how much a name's probability must exceed the best approved class's.
    name_min_probability: least probability of a name.
    synonym_similarity: cosine of its text with an approved class's from which a candidate is a synonym
        of that class and no name; 1 = off.
    name_words: the candidates: "dictionary", "tagger", the tags of this image, or "both"; see tagger.
    name_evidence: what a region is named by: "pooled", the patches inside it, "crop", its masked crop
        through the encoder once more, or "both"; see masked_crops.
    crop_regions: with "crop" and "both", the regions of a frame that get one, those of highest score.
    name_mode: "best", a region has one name, or "all", every candidate that fits competes inside it.
    report_known: report regions of approved classes that are marked so (person, cone).
    report_min_probability: least mean class probability of such a region.
    """

    fit: str = "letterbox"
    tiles: tuple[int, int] = (1, 1)
    tile_overlap: float = 0.25
    roi: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    unknown_score: str = "entropy"
    logit_scale: float = 40.0
    threshold_mode: str = "fixed"
    threshold: float = 0.6
    threshold_low: float = 1.0
    quantile: float = 0.97
    score_scale: float = 0.5
    min_region_area: int = 64
    max_region_area_fraction: float = 1.0
    max_regions: int = 64
    min_region_size: float = 0.0
    max_region_size: float = 0.0
    camera_height: float = 0.0
    camera_pitch: float = 0.0
    camera_fov: float = 1.2
    smoothing_time: float = 0.0
    top_words: int = 16
    name_margin: float = 0.0
    name_min_probability: float = 0.2
    synonym_similarity: float = 1.0
    name_words: str = "dictionary"
    name_evidence: str = "pooled"
    crop_regions: int = 4
    name_mode: str = "best"
    report_known: bool = True
    report_min_probability: float = 0.3

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise VisionError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise VisionError(f"{name}: expected a finite number, got {value!r}")
            if name in _WHOLE and value != int(value):
                raise VisionError(f"{name}: expected a whole number, got {value!r}")
            if not low <= value <= high:
                raise VisionError(f"{name}: expected {low:g} to {high:g}, got {value!r}")
        _check_tiles(self.tiles)
        _check_roi(self.roi)
        # Lists, as files and parameters give them, do for tuples.
        object.__setattr__(self, "tiles", tuple(self.tiles))
        object.__setattr__(self, "roi", tuple(self.roi))
        if not isinstance(self.report_known, bool):
            raise VisionError(f"report_known: expected true or false, got {self.report_known!r}")


def _check_tiles(tiles: object) -> None:
    if (
        not isinstance(tiles, (tuple, list))
        or len(tiles) != 2
        or not all(type(count) is int and 1 <= count <= MAX_TILES for count in tiles)
    ):
        raise VisionError(f"tiles: expected columns and rows, 1 to {MAX_TILES} each, got {tiles!r}")


def _check_roi(roi: object) -> None:
    expected = "roi: expected x, y, width and height as shares of the image, inside it and not empty"
    if (
        not isinstance(roi, (tuple, list))
        or len(roi) != 4
        or not all(type(side) in (int, float) and 0.0 <= side <= 1.0 for side in roi)
    ):
        raise VisionError(f"{expected}, got {roi!r}")
    x, y, width, height = roi
    if not (width > 0.0 and height > 0.0 and x + width <= 1.0 + 1e-9 and y + height <= 1.0 + 1e-9):
        raise VisionError(f"{expected}, got {roi!r}")
