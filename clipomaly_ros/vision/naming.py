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
from clipomaly_ros.vision.word_selection import largest_cosines, largest_first
from clipomaly_ros.vocabulary.entries import NameSource

Map = NDArray[np.float32]

# Bound of AnomalyRegion.candidates.
MAX_NAMES = 16
NAME_MODES = ("best", "all")


@dataclass(frozen=True)
class RegionName:
    """What a region is called.

    entry: index into TextTable.entries, or None when nothing matched well enough.
    candidates: the names compared, best first, at most 16.
    others: further entries that fit as well as a name must, best first; the mode "all" uses them.
    """

    entry: int | None
    name: str
    source: NameSource
    group: str
    state: RegionState
    candidates: tuple[NameScore, ...]
    others: tuple[int, ...] = ()


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


def preselect_words(embeddings: Map, words: Map, top_words: int) -> NDArray[np.intp]:
    """Return the words worth comparing in this frame, the most promising first, as rows of `words`.

    embeddings: float32 [R, D] of the regions. words: float32 [N, D], texts of all candidates. A
    candidate's worth is its best cosine over the regions: the dictionary strategy of Clipomaly (arXiv
    2512.01427), looking at the unknown regions only, so that the known part of the scene does not crowd
    them out.
    """
    return largest_first(largest_cosines(embeddings, words), top_words)


def name_regions(
    embeddings: Map,
    table: TextTable,
    top_words: int,
    logit_scale: float,
    min_probability: float,
    margin: float,
    synonym_similarity: float = 1.0,
    allowed: NDArray[np.intp] | None = None,
) -> list[RegionName]:
    """Name regions by their embeddings, float32 [R, D], L2-normalised or combined from such.

    All approved classes and the preselected candidates compete in one softmax. The best
    candidate becomes the name if its probability is at least `min_probability` and exceeds
    that of the best approved class by `margin`; otherwise the region stays unknown and
    nameless, and counts as an obstacle: unknown is never dropped.
    synonym_similarity: a candidate whose text has at least this cosine with that of an approved class
    says the same in other words and is no name; 1 = off.
    allowed: rows of the only candidates to look at; None = all.
    """
    if not len(embeddings):
        return []
    count = table.approved_count
    if allowed is None:
        words = count + preselect_words(embeddings, table.embeddings[count:], top_words)
    else:
        words = allowed[preselect_words(embeddings, table.embeddings[allowed], top_words)]
    if synonym_similarity < 1.0:
        words = words[~says_the_same(words, table, synonym_similarity)]
    compared = np.concatenate([np.arange(count), words])
    probabilities = class_probabilities(embeddings @ table.embeddings[compared].T, logit_scale)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :MAX_NAMES]
    entries = [table.entries[index] for index in compared]
    fitting = _fitting_words(probabilities, count, min_probability, margin)
    found = []
    for row, best, fits in zip(probabilities, order.tolist(), fitting, strict=True):
        scores = row[best].tolist()
        candidates = tuple(
            NameScore(entries[i].name, score, entries[i].source)
            for i, score in zip(best, scores, strict=True)
        )
        found.append(_named([int(compared[place]) for place in fits], table, candidates))
    return found


def used_entries(names: Sequence[RegionName], mode: str) -> list[int]:
    """Return the entries that name a region, W, in order of first use; may repeat.

    mode: "best", one a region, or "all", every one that fits.
    """
    used = []
    for name in names:
        if name.entry is not None:
            used += [name.entry, *(name.others if mode == "all" else ())]
    return used


def says_the_same(words: NDArray[np.intp], table: TextTable, similarity: float) -> NDArray[np.bool_]:
    """Return which of the words are, by their text embeddings, synonyms of an approved class, bool [W]."""
    cosines = table.embeddings[words] @ table.embeddings[: table.approved_count].T
    return np.asarray(cosines.max(axis=1) >= similarity)


def _fitting_words(
    probabilities: Map, approved: int, min_probability: float, margin: float
) -> list[list[int]]:
    """Return for each row, a region, the places of the candidates that may be its name, best first."""
    words, known = probabilities[:, approved:], probabilities[:, :approved].max(axis=1, keepdims=True)
    found: list[list[int]] = [[] for _ in words]
    rows, columns = np.nonzero((words >= min_probability) & (words - known >= margin))
    # The sort is stable, so that of equal ones the earlier comes first.
    order = np.argsort(-words[rows, columns], kind="stable")
    for row, place in zip(rows[order].tolist(), (approved + columns[order]).tolist(), strict=True):
        found[row].append(place)
    return found


def _named(fitting: Sequence[int], table: TextTable, candidates: tuple[NameScore, ...]) -> RegionName:
    if not fitting:
        return RegionName(None, "", NameSource.NONE, "", RegionState.UNKNOWN_OBSTACLE, candidates)
    entry = table.entries[fitting[0]]
    state = RegionState.UNKNOWN_OBSTACLE if entry.obstacle else RegionState.UNKNOWN_NON_OBSTACLE
    others = tuple(fitting[1:])
    return RegionName(fitting[0], entry.name, entry.source, entry.group, state, candidates, others)
