"""One unknown score out of several sources, calibrated on known-class frames alone.

VL-Anomaly (arXiv 2603.01029) adds a detector's confidence, text-guided similarity and CLIP's
image-text similarity with weights set by hand for each data set. Here each source is first brought to
a common scale, its surprise: with p the share of known patches whose score is at least as high,

    surprise(s) = min(1, log10(1 / p(s)) / DECADES)

so 0 is nothing out of the ordinary, and with DECADES = 6 a surprise of 0.5 is what one known patch in a
thousand reaches. The fused score is the weighted sum of the surprises, 0 to 1; weights add up to 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.score_sources import (
    CLOSED_SET,
    IMAGE_TEXT,
    SOURCES,
    ClosedSetSegmenter,
    Evidence,
    area_weights,
    linear_weights,
    over_patches,
    patch_centres,
    source_score,
    windows,
)
from clipomaly_ros.vision.types import DenseFeatures, TextTable, VisionError
from clipomaly_ros.vocabulary.entries import Entry

Map = NDArray[np.float32]

DECADES = 6.0
MAX_WINDOWS = 8  # along one axis


@dataclass(frozen=True)
class FusedSource:
    """One source with its weight and its calibration, a line through points.

    levels: raw scores, strictly increasing. surprise: the calibrated score at each, 0 to 1, not
    falling; linear in between, constant beyond.
    """

    name: str
    weight: float
    levels: tuple[float, ...]
    surprise: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.name not in SOURCES:
            raise VisionError(f"source: expected one of {', '.join(SOURCES)}, got {self.name!r}")
        if not 0.0 <= self.weight <= 1.0:
            raise VisionError(f"{self.name}: weight: expected 0 to 1, got {self.weight!r}")
        levels, surprise = np.array(self.levels, np.float64), np.array(self.surprise, np.float64)
        if levels.ndim != 1 or levels.shape != surprise.shape or not len(levels):
            raise VisionError(f"{self.name}: expected as many levels as surprises, and at least one")
        if not np.isfinite(levels).all() or (np.diff(levels) <= 0).any():
            raise VisionError(f"{self.name}: levels: expected finite numbers that increase")
        if not ((surprise >= 0) & (surprise <= 1)).all() or (np.diff(surprise) < 0).any():
            raise VisionError(f"{self.name}: surprise: expected numbers from 0 to 1 that do not fall")

    def calibrated(self, score: Map) -> Map:
        """Return the surprise of raw scores, float32 of the same shape."""
        return np.interp(score, self.levels, self.surprise).astype(np.float32)


@dataclass(frozen=True)
class FusionRecipe:
    """Which sources make the score, and how.

    logit_scale: of the text sources. windows: rows and columns of windows whose embeddings are the
    picture around a patch, for image_text; (1, 1) takes the whole picture's, which costs nothing more,
    others one encoder call a window. flip: average with the mirrored image, which doubles the time.
    threshold: operating point of the fused score.
    """

    sources: tuple[FusedSource, ...]
    logit_scale: float
    threshold: float
    windows: tuple[int, int] = (1, 1)
    flip: bool = False

    def __post_init__(self) -> None:
        names = [source.name for source in self.sources]
        if not names or len(set(names)) != len(names):
            raise VisionError(f"sources: expected different ones, at least one, got {', '.join(names)}")
        total = sum(source.weight for source in self.sources)
        if abs(total - 1.0) > 1e-3:
            raise VisionError(f"sources: expected weights that add up to 1, got {total:g}")
        if not 0.1 <= self.logit_scale <= 1000.0:
            raise VisionError(f"logit_scale: expected 0.1 to 1000, got {self.logit_scale!r}")
        if not 0.0 <= self.threshold <= 1.0:
            raise VisionError(f"threshold: expected 0 to 1, got {self.threshold!r}")
        if len(self.windows) != 2 or not all(1 <= count <= MAX_WINDOWS for count in self.windows):
            raise VisionError(f"windows: expected two numbers from 1 to {MAX_WINDOWS}, got {self.windows!r}")

    @property
    def used(self) -> tuple[FusedSource, ...]:
        """Return the sources whose weight is not 0: the others need not be computed."""
        return tuple(source for source in self.sources if source.weight > 0)


# Gives the valid patches and the global embedding of an image, all of one source size.
Encode = Callable[[NDArray[np.uint8]], DenseFeatures]


def known_classes_hash(table: TextTable) -> str:
    """Return the SHA-256 over the approved classes, in any order: what their text embeddings come from."""
    return _texts_hash(table.entries[: table.approved_count], table.templates)


def candidates_hash(table: TextTable) -> str:
    """Return the same over the candidates."""
    return _texts_hash(table.entries[table.approved_count :], table.templates)


def check_known_classes(known_sha256: str, table: TextTable) -> None:
    """Raise VisionError unless this is the table's known_classes_hash."""
    found = known_classes_hash(table)
    if found != known_sha256:
        raise VisionError(
            "score fusion: calibrated for other approved classes (names, synonyms or templates), sha256 "
            f"{known_sha256[:16]}, found {table.approved_count} classes, {found[:16]}; calibrate again with "
            "`clipomaly evaluate weights`"
        )


def _texts_hash(entries: Sequence[Entry], templates: Sequence[str]) -> str:
    texts = sorted([entry.name, *entry.synonyms, entry.countable] for entry in entries)
    return hashlib.sha256(json.dumps([texts, list(templates)]).encode()).hexdigest()


class ScoreFusion:
    """Computes the fused score of images. VisionError if a source lacks what it needs.

    known_sha256: known_classes_hash that the recipe was found for, "" if that is not known. view: how the
    images came before the encoder then, None if that is not known.
    """

    def __init__(
        self,
        recipe: FusionRecipe,
        closed_set: ClosedSetSegmenter | None = None,
        known_sha256: str = "",
        view: ImageView | None = None,
    ) -> None:
        needed = any(source.name == CLOSED_SET for source in recipe.used)
        if needed and closed_set is None:
            raise VisionError("source closed_set: expected a closed-set segmenter, got none")
        self.recipe, self._known_sha256, self._view = recipe, known_sha256, view
        # One that has no weight is not worth its time.
        self._closed_set = closed_set if needed else None

    def check(self, table: TextTable) -> None:
        """Raise VisionError for a table with other approved classes than the recipe was found for."""
        if self._known_sha256:
            check_known_classes(self._known_sha256, table)

    def check_view(self, view: ImageView) -> None:
        """Raise VisionError for images that come before the encoder otherwise than at the calibration.

        Scores of patches, and with them calibration, weights and threshold, hold for the features they
        were measured on.
        """
        different = [] if self._view is None else self._view.differences(view)
        if self._view is not None and different:
            expected, found = (", ".join(map(one.text, different)) for one in (self._view, view))
            raise VisionError(
                f"score fusion: calibrated with {expected}, found {found}; set {expected}, or calibrate "
                "again with `clipomaly evaluate weights` and these settings in its --config"
            )

    @property
    def weights(self) -> dict[str, float]:
        """Return the weight of each source that is used."""
        return {source.name: source.weight for source in self.recipe.used}

    def score(
        self,
        rgb: NDArray[np.uint8],
        features: DenseFeatures,
        letterbox: Letterbox,
        table: TextTable,
        encode: Encode,
    ) -> Map:
        """Return the fused score of each valid patch, float32 [h, w], 0 to 1.

        rgb: the image. features: its valid patches and global embedding, as `encode` gives them, which
        is asked for further windows and the mirrored image only. letterbox: of image and patches.
        """
        fused = self._fused(rgb, features, letterbox, table, encode)
        if not self.recipe.flip:
            return fused
        mirrored = np.ascontiguousarray(rgb[:, ::-1])
        other = self._fused(mirrored, encode(mirrored), letterbox, table, encode)
        centres = patch_centres(letterbox, 1)
        back = linear_weights(centres, (letterbox.source_size[1] - 1 - centres)[::-1])
        return np.asarray((fused + other[:, ::-1] @ back.T) * np.float32(0.5), dtype=np.float32)

    def _fused(
        self,
        rgb: NDArray[np.uint8],
        features: DenseFeatures,
        letterbox: Letterbox,
        table: TextTable,
        encode: Encode,
    ) -> Map:
        around = any(source.name == IMAGE_TEXT for source in self.recipe.used)
        evidence = gather_evidence(
            rgb,
            features,
            letterbox,
            encode,
            self.recipe.windows if around else (1, 1),
            self._closed_set,
        )
        total = np.zeros(features.patches.shape[:2], np.float32)
        for source in self.recipe.used:
            raw = source_score(source.name, evidence, table, self.recipe.logit_scale)
            total += np.float32(source.weight) * source.calibrated(raw)
        return np.clip(total, 0.0, 1.0)


def gather_evidence(
    rgb: NDArray[np.uint8],
    features: DenseFeatures,
    letterbox: Letterbox,
    encode: Encode,
    grid: tuple[int, int] = (1, 1),
    closed_set: ClosedSetSegmenter | None = None,
) -> Evidence:
    """Return what all sources look at in one image; parameters as of ScoreFusion.score."""
    whole = np.asarray(features.global_embedding, np.float32)[None, None]
    if grid != (1, 1):
        places = windows(letterbox.source_size, *grid)
        seen = [encode(np.ascontiguousarray(rgb[place])).global_embedding for place in places]
        centres = ([(a.start + a.stop - 1) / 2 for a in side] for side in zip(*places, strict=True))
        rows, columns = (
            linear_weights(patch_centres(letterbox, axis), np.unique(list(middle)))
            for axis, middle in enumerate(centres)
        )
        whole = over_patches(np.stack(seen).reshape(*grid, -1).astype(np.float32), rows, columns)
    if closed_set is None:
        return Evidence(features.patches, whole)
    maps = closed_set.probabilities(rgb)
    if maps.ndim != 3 or maps.shape[2] != len(closed_set.names) or not np.isfinite(maps).all():
        raise VisionError(
            f"closed-set segmenter: expected finite probabilities [h, w, {len(closed_set.names)}], "
            f"got {maps.shape}"
        )
    rows, columns = (area_weights(letterbox, axis, maps.shape[axis]) for axis in (0, 1))
    return Evidence(features.patches, whole, over_patches(maps, rows, columns), closed_set.names)
