"""Confusion matrix, mIoU of the known classes with and without extension, open-world mIoU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.labelled_frames import SEMANTIC_ANOMALY, SEMANTIC_VOID, LabelledFrame
from clipomaly_ros.vocabulary.entries import Entry


class ConfusionMatrix:
    """Pixels counted by true class (row) and predicted class (column), int64 [N, N]."""

    def __init__(self, size: int) -> None:
        self.counts = np.zeros((size, size), np.int64)

    def add(self, truth: NDArray[np.integer], predicted: NDArray[np.integer]) -> None:
        """Count pixels; both int arrays of equal shape, 0 to N - 1; a negative truth is left out."""
        size = len(self.counts)
        valid = truth >= 0
        pairs = truth[valid].astype(np.int64) * size + predicted[valid]
        self.counts += np.bincount(pairs, minlength=size * size).reshape(size, size)

    def iou(self) -> NDArray[np.float64]:
        """Return the intersection over union of each class; NaN for classes absent from the truth."""
        hit = np.diagonal(self.counts).astype(np.float64)
        truth, predicted = self.counts.sum(axis=1), self.counts.sum(axis=0)
        union = truth + predicted - hit
        return np.where(truth > 0, hit / np.maximum(union, 1), np.nan)


class SemanticScores:
    """Label maps against the semantic ground truth, over the known classes and all names.

    entries: of the text table, approved classes first. approved_count: how many those are.
    class_names: names of the known classes by their number in the ground truth.
    ValueError for a ground-truth class that is not an approved one.
    """

    def __init__(self, entries: Sequence[Entry], approved_count: int, class_names: Sequence[str]) -> None:
        self.names = [entry.name for entry in entries]
        self.approved_count = approved_count
        self._index: dict[str, int] = {}
        for index, entry in enumerate(entries):
            for word in (entry.name, *entry.synonyms):
                self._index.setdefault(word, index)
        missing = [name for name in class_names if self._index.get(name, approved_count) >= approved_count]
        if missing:
            raise ValueError(
                f"the ground truth has the known class '{missing[0]}', which is not an approved class of "
                "the vocabulary; use the vocabulary that the data set was made with"
            )
        self._classes = np.full(256, -1, np.int32)
        self._classes[: len(class_names)] = [self._index[name] for name in class_names]
        # One more column for what has no label, and one row for names that the vocabulary lacks.
        self.nameless = len(self.names)
        self.foreign = len(self.names) + 1
        self.closed = ConfusionMatrix(len(self.names) + 2)
        self.extended = ConfusionMatrix(len(self.names) + 2)
        self.open_world = ConfusionMatrix(len(self.names) + 2)

    def add(
        self,
        frame: LabelledFrame,
        closed: NDArray[np.unsignedinteger],
        extended: NDArray[np.unsignedinteger],
        legend: Sequence[Entry],
    ) -> None:
        """Count one frame: labels without and with extension, and the legend of the latter."""
        if frame.semantic is None:
            raise ValueError(f"{frame.name}: expected a semantic picture, got none")
        lut = np.full(65536 if extended.dtype == np.uint16 else 256, self.nameless, np.int32)
        lut[: len(legend)] = [self._index.get(entry.name, self.nameless) for entry in legend]
        predicted = lut[extended]
        known = self._classes[frame.semantic]
        self.closed.add(known, np.minimum(closed, self.nameless).astype(np.int32))
        self.extended.add(known, predicted)
        self.open_world.add(self._with_names(frame, known), predicted)

    def _with_names(self, frame: LabelledFrame, known: NDArray[np.int32]) -> NDArray[np.int32]:
        truth = known.copy()
        anomalous = frame.semantic == SEMANTIC_ANOMALY
        truth[anomalous] = self.foreign
        truth[frame.semantic == SEMANTIC_VOID] = -1
        if frame.instances is not None and anomalous.any():
            lut = np.full(65536, self.foreign, np.int32)
            for thing in frame.things:
                lut[thing.value] = self._index.get(thing.name, self.foreign)
            truth[anomalous] = lut[frame.instances[anomalous]]
        return truth

    @property
    def known_miou(self) -> float:
        """Return the mIoU of the known classes on known pixels, without extension."""
        return _mean(self.closed.iou()[: self.approved_count])

    @property
    def known_miou_extended(self) -> float:
        """Return the same with the names of this image's regions in the vocabulary."""
        return _mean(self.extended.iou()[: self.approved_count])

    @property
    def open_world_miou(self) -> float:
        """Return the mIoU over the known classes and the names present in the ground truth."""
        return _mean(self.open_world.iou())


def _mean(values: NDArray[np.float64]) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else float("nan")
