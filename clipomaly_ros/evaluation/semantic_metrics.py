"""Overlaps of classes, mIoU of the known classes with and without extension, open-world mIoU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.labelled_frames import SEMANTIC_ANOMALY, LabelledFrame
from clipomaly_ros.vocabulary.entries import Entry


class ClassOverlaps:
    """Pixels of each class: in the truth, predicted, and both, int64 [N] each.

    Diagonal and sums of a confusion matrix; the matrix itself, of 20,000 words, would fill the memory.
    """

    def __init__(self, size: int) -> None:
        self.truth, self.predicted, self.hit = np.zeros((3, size), np.int64)

    def add(
        self,
        truth: NDArray[np.integer],
        predicted: NDArray[np.integer],
        rows: NDArray[np.integer],
        columns: NDArray[np.integer],
    ) -> None:
        """Count pixels of two pictures of raw labels.

        rows: class of each raw true label, negative = left out. columns: class of each raw
        predicted label. Counting raw pairs first keeps the work a pixel to one addition.
        """
        width = len(columns)
        # The width itself must fit, too: that of 16-bit labels does not.
        small = len(rows) * width <= 1 << 16 and width < 1 << 16
        kind = np.dtype(np.uint16 if small else np.int64)
        pairs = truth.astype(kind) * kind.type(width) + predicted.astype(kind)
        raw = np.bincount(pairs.ravel(), minlength=len(rows) * width).reshape(len(rows), width)
        row, column = np.nonzero(raw)
        row, column = row[rows[row] >= 0], column[rows[row] >= 0]
        true, named, pixels = rows[row], columns[column], raw[row, column]
        np.add.at(self.truth, true, pixels)
        np.add.at(self.predicted, named, pixels)
        np.add.at(self.hit, true[true == named], pixels[true == named])

    def __add__(self, other: ClassOverlaps) -> ClassOverlaps:
        """Return the pixels of both together."""
        both = ClassOverlaps(len(self.hit))
        both.truth, both.predicted = self.truth + other.truth, self.predicted + other.predicted
        both.hit = self.hit + other.hit
        return both

    def iou(self) -> NDArray[np.float64]:
        """Return the intersection over union of each class; NaN for classes absent from the truth."""
        union = self.truth + self.predicted - self.hit
        return np.where(self.truth > 0, self.hit / np.maximum(union, 1), np.nan)


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
        self._classes = np.full(256, -1, np.int64)  # anomalies and void are left out
        self._classes[: len(class_names)] = [self._index[name] for name in class_names]
        # One more class for what has no label, and one for names that the vocabulary lacks.
        self.nameless = len(self.names)
        self.foreign = len(self.names) + 1
        self.closed = ClassOverlaps(len(self.names) + 2)
        self.extended = ClassOverlaps(len(self.names) + 2)
        self._anomalies = ClassOverlaps(len(self.names) + 2)

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
        values = 65536 if extended.dtype == np.uint16 else 256
        columns = np.full(values, self.nameless, np.int64)
        columns[: len(legend)] = [self._index.get(entry.name, self.nameless) for entry in legend]
        approved = np.minimum(np.arange(values), self.nameless)
        self.closed.add(frame.semantic, closed, self._classes, approved)
        self.extended.add(frame.semantic, extended, self._classes, columns)
        self._add_anomalies(frame, extended, columns)

    def _add_anomalies(
        self, frame: LabelledFrame, extended: NDArray[np.unsignedinteger], columns: NDArray[np.int64]
    ) -> None:
        anomalous = np.flatnonzero(frame.semantic == SEMANTIC_ANOMALY)
        rows = np.full(len(frame.things) + 1, self.foreign, np.int64)
        rows[1:] = [self._index.get(thing.name, self.foreign) for thing in frame.things]
        number = np.zeros(len(anomalous), np.int64)
        if frame.instances is not None:
            place = np.zeros(65536, np.int64)
            place[[thing.value for thing in frame.things]] = np.arange(1, len(rows))
            number = place[frame.instances.ravel()[anomalous]]
        self._anomalies.add(number, extended.ravel()[anomalous], rows, columns)

    @property
    def open_world(self) -> ClassOverlaps:
        """Return all pixels but void ones: known classes, and anomalies by their names."""
        return self.extended + self._anomalies

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
