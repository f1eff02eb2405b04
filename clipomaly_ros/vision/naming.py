"""Names for unknown regions: dictionary preselection, then region-aware matching (CLIP-Best)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.regions import Component
from clipomaly_ros.vision.types import NameScore, RegionState, TextTable
from clipomaly_ros.vision.unknown_score import class_probabilities
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import NameSource

Map = NDArray[np.float32]

# Bound of AnomalyRegion.candidates.
MAX_NAMES = 16


@dataclass(frozen=True)
class RegionName:
    """What a region is called.

    entry: index into TextTable.entries, or None when nothing matched well enough.
    candidates: the names compared, best first, at most 16.
    """

    entry: int | None
    name: str
    source: NameSource
    group: str
    state: RegionState
    candidates: tuple[NameScore, ...]


def pool_regions(patches: Map, interpolation: PatchInterpolation, regions: Sequence[Component]) -> Map:
    """Return one embedding a region, the mean of the patches it shows, float32 [R, D], L2-normalised.

    patches: float32 [h, w, D]. interpolation: to the working picture, in which the regions lie.
    An embedding that cancels out stays zero.
    """
    pooled = np.empty((len(regions), patches.shape[-1]), np.float32)
    for row, part in zip(pooled, regions, strict=True):
        row[:] = interpolation.mean(patches, part.mask, part.top, part.left)
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    return np.asarray(pooled / np.maximum(norms, 1e-6), dtype=np.float32)


def preselect_words(cosines: Map, approved_count: int, top_words: int) -> NDArray[np.intp]:
    """Return the candidates worth comparing in this frame, as indices into the table.

    cosines: float32 [R, N] of the regions with all entries. A candidate's worth is its best
    cosine over the regions: the dictionary strategy of Clipomaly (arXiv 2512.01427), looking
    at the unknown regions only, so that the known part of the scene does not crowd them out.
    """
    worth = cosines[:, approved_count:].max(axis=0)
    best = np.argsort(-worth, kind="stable")[:top_words]
    return np.asarray(best + approved_count, dtype=np.intp)


def name_regions(
    embeddings: Map,
    table: TextTable,
    top_words: int,
    logit_scale: float,
    min_probability: float,
    margin: float,
) -> list[RegionName]:
    """Name regions by their embeddings, float32 [R, D], L2-normalised.

    All approved classes and the preselected candidates compete in one softmax. The best
    candidate becomes the name if its probability is at least `min_probability` and exceeds
    that of the best approved class by `margin`; otherwise the region stays unknown and
    nameless, and counts as an obstacle: unknown is never dropped.
    """
    if not len(embeddings):
        return []
    cosines = embeddings @ table.embeddings.T
    count = table.approved_count
    words = preselect_words(cosines, count, top_words)
    compared = np.concatenate([np.arange(count), words])
    probabilities = class_probabilities(cosines[:, compared], logit_scale)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :MAX_NAMES]
    entries = [table.entries[index] for index in compared]
    found = []
    for row, best in zip(probabilities, order.tolist(), strict=True):
        scores = row[best].tolist()
        candidates = tuple(
            NameScore(entries[i].name, score, entries[i].source)
            for i, score in zip(best, scores, strict=True)
        )
        word = _best_word(row, count, min_probability, margin)
        found.append(_named(None if word is None else int(compared[word]), table, candidates))
    return found


def _best_word(probabilities: Map, approved: int, min_probability: float, margin: float) -> int | None:
    """Return the place of the candidate that becomes the name, if any does."""
    if len(probabilities) == approved:
        return None
    best = approved + int(np.argmax(probabilities[approved:]))
    probability = float(probabilities[best])
    lead = probability - float(probabilities[:approved].max())
    return best if probability >= min_probability and lead >= margin else None


def _named(index: int | None, table: TextTable, candidates: tuple[NameScore, ...]) -> RegionName:
    if index is None:
        return RegionName(None, "", NameSource.NONE, "", RegionState.UNKNOWN_OBSTACLE, candidates)
    entry = table.entries[index]
    state = RegionState.UNKNOWN_OBSTACLE if entry.obstacle else RegionState.UNKNOWN_NON_OBSTACLE
    return RegionName(index, entry.name, entry.source, entry.group, state, candidates)
