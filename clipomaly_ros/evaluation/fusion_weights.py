"""Calibration and weights of a score fusion, found on frames that show known classes only.

Calibration: the surprise of a source is read off its scores of the known patches, see
vision.score_fusion. Weights: no anomaly is at hand, so each known class in turn plays one. It is taken
out of the approved classes (and out of the closed-set segmenter's softmax), its patches are the
outliers, those of all other classes the known ones. As the dictionary has a word for some anomalies and
not for all, this is done twice, with its words gone and with its words among the candidates. With T(w,
k, q) the share of the patches of class k whose fused score lies above the threshold that a share q of
the known patches exceed, the weights are

    argmax over w >= 0, sum w = 1 of the mean of T(w, k, q) over both, all k, and q in BUDGETS

on a grid that holds every source by itself and equal weights; of equally good ones those nearest to
equal weights. It is what the fusion is for, things found at a given mass of false positives, and no number
in it has to be set for a data set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.fusion_calibration import calibrate, weight_grid
from clipomaly_ros.evaluation.labelled_frames import LabelledImages
from clipomaly_ros.evaluation.patch_labels import label_numbers, patch_labels
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource
from clipomaly_ros.evaluation.tune import LOCKED_SPLITS
from clipomaly_ros.vision.encoding import encode_image, encode_picture
from clipomaly_ros.vision.region_of_interest import roi_window
from clipomaly_ros.vision.score_fusion import FusedSource, FusionRecipe, gather_evidence
from clipomaly_ros.vision.score_sources import ClosedSetSegmenter, Evidence, source_score
from clipomaly_ros.vision.segmenter import SegmenterSettings
from clipomaly_ros.vision.types import DenseFeatures, TextTable

BUDGETS = (0.001, 0.01, 0.05)  # shares of the known patches that may lie above a threshold
LEAST_PATCHES = 50  # of a class that is held out
_VOID = 255
_PER_FRAME = 400  # known patches, drawn evenly
_PER_CLASS = 30  # further patches of each class in a frame
_MOST_PER_CLASS = 1000  # in all

Map = NDArray[np.float32]


@dataclass(frozen=True)
class PatchSamples:
    """Patches of known classes with what the sources look at, n of them.

    evidence: [1, n, ...]. labels: int64 [n], approved class. drawn: bool [n], drawn evenly over the
    frames; the others are there for their class. frames: how many they come from.
    """

    evidence: Evidence
    labels: NDArray[np.int64]
    drawn: NDArray[np.bool_]
    frames: int


@dataclass(frozen=True)
class WeightSearch:
    """The recipe that was found, and how it compares.

    found: mean T of single sources, of "equal weights" and of "fused", see the module. classes: T of
    the fused score for each held-out class.
    """

    recipe: FusionRecipe
    found: dict[str, float]
    classes: dict[str, float]


def sample_patches(
    source: SegmenterSource,
    settings: SegmenterSettings,
    data: LabelledImages,
    names: Sequence[str],
    windows: tuple[int, int] = (1, 1),
    closed_set: ClosedSetSegmenter | None = None,
    seed: int = 0,
    progress: Callable[[Sequence[str], str], Iterator[str]] = lambda items, text: iter(items),
) -> PatchSamples:
    """Draw patches of known classes from the frames without any anomaly.

    A frame that shows one is left out altogether. settings: how images come before the encoder, see
    ImageView, as at run time. ValueError for a locked split, a data set without
    semantic labels, or when nothing is left.
    """
    if data.split in LOCKED_SPLITS:
        raise ValueError(f"the split '{data.split}' is locked for the final test; take the validation split")
    if not data.class_names:
        raise ValueError("expected a data set with labels of the known classes, got one without")
    table = source.table
    approved = {
        word: number
        for number, entry in enumerate(table.entries[: table.approved_count])
        for word in (entry.name, *entry.synonyms)
    }
    numbers = label_numbers(data.class_names, approved)
    generator = np.random.default_rng(seed)
    parts: list[tuple[Map, Map, Map | None, NDArray[np.int64], NDArray[np.bool_]]] = []
    for name in progress(names, "sampling"):
        frame = data.frame(name)
        if frame.semantic is None or (frame.anomaly == 1).any():
            continue
        x, y, width, height = roi_window(frame.semantic.shape, settings.roi)
        window = slice(y, y + height), slice(x, x + width)
        rgb = np.ascontiguousarray(data.image(name)[window])
        encoded = encode_image(
            rgb,
            source.encoder,
            table.embeddings.shape[1],
            settings.fit,
            settings.tiles,
            settings.tile_overlap,
        )

        def encode(picture: NDArray[np.uint8]) -> DenseFeatures:
            return encode_picture(picture, source.encoder, table, settings.fit)

        evidence = gather_evidence(rgb, encoded.features, encoded.letterbox, encode, windows, closed_set)
        labels, share = patch_labels(numbers[frame.semantic[window]], encoded.letterbox)
        chosen, drawn = _choose(labels.ravel(), share.ravel() == 1.0, generator)
        around = np.broadcast_to(evidence.around, evidence.patches.shape)
        parts.append(
            (
                *(_rows(part, chosen) for part in (evidence.patches, around)),
                None if evidence.closed_set is None else _rows(evidence.closed_set, chosen),
                labels.ravel()[chosen].astype(np.int64),
                drawn,
            )
        )
    if not parts:
        raise ValueError("expected frames that show known classes only, got none: each has an anomaly")
    patches, around, maps, found, drawn = zip(*parts, strict=True)
    joined = None if closed_set is None else np.concatenate([part for part in maps if part is not None])[None]
    return PatchSamples(
        Evidence(
            np.concatenate(patches)[None],
            np.concatenate(around)[None],
            joined,
            () if closed_set is None else closed_set.names,
        ),
        np.concatenate(found),
        np.concatenate(drawn),
        len(parts),
    )


def find_weights(
    samples: PatchSamples,
    table: TextTable,
    sources: Sequence[str],
    logit_scale: float,
    false_positive_mass: float = 0.001,
    windows: tuple[int, int] = (1, 1),
    flip: bool = False,
    progress: Callable[[Sequence[str], str], Iterator[str]] = lambda items, text: iter(items),
) -> WeightSearch:
    """Return calibrated sources and their weights; ValueError when no class can be held out.

    false_positive_mass: share of the known patches that the recommended threshold leaves above it.
    """
    if not 0.0 < false_positive_mass < 1.0:
        raise ValueError(f"expected a false positive mass between 0 and 1, got {false_positive_mass!r}")
    nominal = _pick(samples, np.flatnonzero(samples.drawn))
    calibrated = [
        calibrate(name, source_score(name, nominal.evidence, table, logit_scale).ravel()) for name in sources
    ]
    names = [entry.name for entry in table.entries[: table.approved_count]]
    counts = np.bincount(samples.labels, minlength=len(names))
    others = np.count_nonzero(samples.drawn) - np.bincount(
        samples.labels[samples.drawn], minlength=len(names)
    )
    held = [
        name
        for name, count, rest in zip(names, counts, others, strict=True)
        if count >= LEAST_PATCHES and rest
    ]
    # With two classes left an entropy means something.
    if not held or table.approved_count < 3:
        raise ValueError(
            f"expected a class with {LEAST_PATCHES} patches to hold out, and two others; add frames"
        )
    grid = weight_grid(len(sources))
    folds = np.stack(
        [
            _fold(samples, table, names.index(name), calibrated, logit_scale, grid)
            for name in progress(held, "holding out")
        ]
    )
    means = folds.mean(axis=0)
    best = means >= means.max() - 1e-9
    spread = np.where(best, np.square(grid - 1.0 / len(sources)).sum(axis=1), np.inf)
    chosen = int(spread.argmin())
    weighted = tuple(
        replace(part, weight=round(float(weight), 6))
        for part, weight in zip(calibrated, grid[chosen], strict=True)
    )
    scores = sum(
        np.float32(part.weight)
        * part.calibrated(source_score(part.name, nominal.evidence, table, logit_scale))
        for part in weighted
        if part.weight > 0
    )
    threshold = float(np.quantile(scores, 1.0 - false_positive_mass, method="higher"))
    recipe = FusionRecipe(weighted, float(logit_scale), round(min(threshold, 1.0), 6), windows, flip)
    found = {name: float(means[int(grid[:, index].argmax())]) for index, name in enumerate(sources)}
    equal = int(np.square(grid - 1.0 / len(sources)).sum(axis=1).argmin())
    found |= {"equal weights": float(means[equal]), "fused": float(means[chosen])}
    return WeightSearch(recipe, found, dict(zip(held, folds[:, chosen].tolist(), strict=True)))


def _fold(
    samples: PatchSamples,
    table: TextTable,
    held: int,
    sources: Sequence[FusedSource],
    logit_scale: float,
    grid: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of T over BUDGETS for each row of weights, with one class held out."""
    name = table.entries[held].name
    outliers = np.flatnonzero(samples.labels == held)
    outliers = outliers[
        np.linspace(0, len(outliers) - 1, min(len(outliers), _MOST_PER_CLASS)).astype(np.intp)
    ]
    known = np.flatnonzero(samples.drawn & (samples.labels != held))
    tables = [without_class(table, held, named=False)]
    if table.approved_count < len(table.entries):  # the dictionary has a word for some anomalies, not for all
        tables.append(without_class(table, held, named=True))
    above = np.zeros(len(grid))
    for changed in tables:
        surprises = []
        for rows in (outliers, known):
            part = _pick(samples, rows).evidence
            raw = [source_score(item.name, part, changed, logit_scale, (name,)).ravel() for item in sources]
            surprises.append(
                np.stack([item.calibrated(score) for item, score in zip(sources, raw, strict=True)])
            )
        above += _found(grid.astype(np.float32), *surprises)
    return above / len(tables)


def without_class(table: TextTable, held: int, named: bool) -> TextTable:
    """Return the table without an approved class; if named, its words become the last candidate."""
    order = [*range(held), *range(held + 1, len(table.entries)), *([held] if named else [])]
    return replace(
        table,
        entries=tuple(table.entries[index] for index in order),
        embeddings=table.embeddings[order],
        approved_count=table.approved_count - 1,
    )


def _found(weights: Map, outliers: Map, known: Map) -> NDArray[np.float64]:
    """Return the mean of T over BUDGETS for each row of weights; surprises float32 [sources, n]."""
    above = np.zeros(len(weights))
    ranks = [int(np.ceil((1.0 - budget) * (known.shape[1] - 1))) for budget in BUDGETS]
    for first in range(0, len(weights), 64):  # a few at a time: all fused scores would be large
        block = slice(first, first + 64)
        thresholds = np.partition(weights[block] @ known, ranks, axis=1)[:, ranks]
        fused = weights[block] @ outliers
        above[block] = np.mean([(fused > level[:, None]).mean(axis=1) for level in thresholds.T], axis=0)
    return above


def _choose(
    labels: NDArray[np.uint8], pure: NDArray[np.bool_], generator: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return places of known patches drawn evenly, then more of each class, and which are which."""
    known = np.flatnonzero(labels != _VOID)
    drawn = generator.permutation(known)[:_PER_FRAME]
    more = [
        generator.permutation(np.flatnonzero((labels == label) & pure))[:_PER_CLASS]
        for label in np.unique(labels[known])
    ]
    added = np.setdiff1d(np.concatenate([*more, drawn[:0]]), drawn)
    return np.concatenate([drawn, added]), np.arange(len(drawn) + len(added)) < len(drawn)


def _rows(values: Map, chosen: NDArray[np.intp]) -> Map:
    return np.ascontiguousarray(values.reshape(-1, values.shape[-1])[chosen], dtype=np.float32)


def _pick(samples: PatchSamples, rows: NDArray[np.intp]) -> PatchSamples:
    evidence = samples.evidence
    maps = None if evidence.closed_set is None else evidence.closed_set[:, rows]
    part = Evidence(evidence.patches[:, rows], evidence.around[:, rows], maps, evidence.names)
    return PatchSamples(part, samples.labels[rows], samples.drawn[rows], samples.frames)
