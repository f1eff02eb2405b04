"""The sources that a fused unknown score is made of, patch by patch, each 0 explained to 1 not.

Beside the scores of unknown_score: a closed-set segmenter's lack of confidence, and how little the
patch and the picture around it agree on a known class (VL-Anomaly, arXiv 2603.01029, fuses these).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.types import TextTable, VisionError
from clipomaly_ros.vision.unknown_score import UNKNOWN_SCORES, class_probabilities, score_patches

Map = NDArray[np.float32]

CLOSED_SET = "closed_set"
IMAGE_TEXT = "image_text"
SOURCES = (*UNKNOWN_SCORES, IMAGE_TEXT, CLOSED_SET)


class ClosedSetSegmenter(Protocol):
    """Any segmenter of a fixed list of classes.

    names: the approved classes it can tell, one for each of the K maps of `probabilities`.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Return the approved classes that it can tell."""

    def probabilities(self, rgb: NDArray[np.uint8]) -> Map:
        """Return float32 [h, w, K] over the whole image; what a pixel lacks to 1 is in other classes."""


@dataclass(frozen=True)
class Evidence:
    """What the sources look at; h x w patches, or samples of them.

    patches: float32 [h, w, D], L2-normalised. around: float32 [h, w, D] or [1, 1, D], embedding of
    the picture, or of the window of it, around each patch. closed_set: float32 [h, w, K], closed-set
    probabilities of `names`; None without a closed-set segmenter.
    """

    patches: Map
    around: Map
    closed_set: Map | None = None
    names: tuple[str, ...] = ()


def source_score(
    source: str, evidence: Evidence, table: TextTable, logit_scale: float, withheld: Collection[str] = ()
) -> Map:
    """Return one of SOURCES, float32 [h, w].

    withheld: approved classes that the closed-set segmenter shall not know either; `table` lacks them.
    """
    if source == CLOSED_SET:
        return closed_set_score(evidence, table, withheld)
    if source == IMAGE_TEXT:
        return image_text_score(evidence, table, logit_scale)
    if source not in UNKNOWN_SCORES:
        raise VisionError(f"source: expected one of {', '.join(SOURCES)}, got {source!r}")
    return score_patches(evidence.patches, table, source, logit_scale)[0]


def closed_set_score(evidence: Evidence, table: TextTable, withheld: Collection[str] = ()) -> Map:
    """Return 1 - max p over the approved classes that the closed-set segmenter can tell.

    Hendrycks and Gimpel (arXiv 1610.02136). Classes that are not approved count for nothing, so they are
    unknown. Those withheld are taken out of the softmax, as if the segmenter had no output for them.
    """
    if evidence.closed_set is None:
        raise VisionError("source closed_set: expected a closed-set segmenter, got none")
    approved = {entry.name for entry in table.entries[: table.approved_count]}
    kept = [index for index, name in enumerate(evidence.names) if name in approved and name not in withheld]
    hidden = [index for index, name in enumerate(evidence.names) if name in withheld]
    if not kept:
        raise VisionError("source closed_set: expected a class that the vocabulary approves, got none")
    confidence = evidence.closed_set[..., kept].max(axis=-1)
    if hidden:
        rest = 1.0 - evidence.closed_set[..., hidden].sum(axis=-1)
        confidence = confidence / np.maximum(rest, confidence + np.float32(1e-6))
    return np.asarray(np.clip(1.0 - confidence, 0.0, 1.0), dtype=np.float32)


def image_text_score(evidence: Evidence, table: TextTable, logit_scale: float) -> Map:
    """Return 1 - max over the approved classes of softmax(scale * (patch cosine + picture cosine) / 2).

    The geometric mean of what the patch and what the picture around it say (a product of experts): a
    patch that looks like something which the picture as a whole does not show is not explained.
    """
    texts = table.embeddings[: table.approved_count].T
    cosines = evidence.patches @ texts + evidence.around @ texts
    cosines *= np.float32(0.5)
    return np.asarray(1.0 - class_probabilities(cosines, logit_scale).max(axis=-1), dtype=np.float32)


def windows(size: tuple[int, int], rows: int, columns: int) -> list[tuple[slice, slice]]:
    """Return rows * columns windows that cover an image, row by row; neighbours overlap by half."""
    spans = []
    for side, count in zip(size, (rows, columns), strict=True):
        starts = [side * index // (count + 1) for index in range(count)]
        stops = [max(start + 1, side * (index + 2) // (count + 1)) for index, start in enumerate(starts)]
        spans.append(
            [slice(*ends) for ends in zip(starts, stops, strict=True)] if count > 1 else [slice(0, side)]
        )
    return [(row, column) for row in spans[0] for column in spans[1]]


def patch_centres(letterbox: Letterbox, axis: int) -> NDArray[np.float64]:
    """Return the centres of the valid patches along an axis in source coordinates [pixel]."""
    valid = letterbox.valid[axis]
    return letterbox.patch_to_source(np.arange(valid.start, valid.stop, dtype=np.float64), axis)


def linear_weights(positions: NDArray[np.float64], knots: NDArray[np.float64]) -> Map:
    """Return linear interpolation as a matrix, float32 [positions, knots]; constant beyond the ends.

    knots: increasing.
    """
    return np.stack([np.interp(positions, knots, row) for row in np.eye(len(knots))], axis=1).astype(
        np.float32
    )


def area_weights(letterbox: Letterbox, axis: int, cells: int) -> Map:
    """Return the mean over each valid patch's extent as a matrix, float32 [patches, cells].

    cells: of a map that covers the whole source along that axis.
    """
    valid, side = letterbox.valid[axis], letterbox.source_size[axis]
    edges = np.arange(valid.start, valid.stop + 1, dtype=np.float64) - 0.5
    borders = np.clip((letterbox.patch_to_source(edges, axis) + 0.5) * cells / side, 0.0, cells)
    # A patch that lies beyond the source altogether, in an image of few pixels, takes the nearest cell.
    low, high = np.minimum(borders[:-1], cells - 1e-3), borders[1:]
    high = np.maximum(high, low + 1e-3)
    cell = np.arange(cells)
    overlap = np.minimum(high[:, None], cell + 1.0) - np.maximum(low[:, None], cell)
    weights = np.clip(overlap, 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def over_patches(values: Map, rows: Map, columns: Map) -> Map:
    """Return rows @ values @ columns.T for each of the maps, float32 [h, w, K] from [a, b, K]."""
    wide = np.tensordot(rows, values, axes=(1, 0))
    return np.ascontiguousarray(np.tensordot(columns, wide, axes=(1, 1)).swapaxes(0, 1), dtype=np.float32)
