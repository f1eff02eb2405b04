"""Names for unknown regions: dictionary preselection, then region-aware matching (CLIP-Best)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import NameScore, RegionState, TextTable
from clipomaly_ros.vision.unknown_score import class_probabilities
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


def pool_regions(patches: Map, weights: Map) -> Map:
    """Return one embedding a region, float32 [R, D], L2-normalised.

    patches: float32 [h, w, D]. weights: float32 [R, h, w], each summing to 1
    (PatchInterpolation.pool). An embedding that cancels out stays zero.
    """
    count = weights.shape[0]
    pooled = weights.reshape(count, -1) @ patches.reshape(-1, patches.shape[-1])
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
    return [_name(row, compared, table, min_probability, margin) for row in probabilities]


def _name(
    probabilities: Map, compared: NDArray[np.intp], table: TextTable, min_probability: float, margin: float
) -> RegionName:
    order = np.argsort(-probabilities, kind="stable")[:MAX_NAMES]
    candidates = tuple(
        NameScore(entry.name, float(probabilities[i]), entry.source)
        for i in order
        for entry in (table.entries[compared[i]],)
    )
    count = table.approved_count
    if len(compared) > count:
        best = count + int(np.argmax(probabilities[count:]))
        lead = float(probabilities[best]) - float(probabilities[:count].max())
        if probabilities[best] >= min_probability and lead >= margin:
            index = int(compared[best])
            entry = table.entries[index]
            state = RegionState.UNKNOWN_OBSTACLE if entry.obstacle else RegionState.UNKNOWN_NON_OBSTACLE
            return RegionName(index, entry.name, entry.source, entry.group, state, candidates)
    return RegionName(None, "", NameSource.NONE, "", RegionState.UNKNOWN_OBSTACLE, candidates)
