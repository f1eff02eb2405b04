"""The label picture at source size: interpolated class scores, best class of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import Entry

Map = NDArray[np.float32]

UNLABELLED_8 = 255
UNLABELLED_16 = 65535


def label_type(class_count: int) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest type that holds the labels 0 to class_count - 1 and "unlabelled"."""
    if class_count > UNLABELLED_16:
        raise VisionError(f"{class_count} classes in one label image; at most {UNLABELLED_16} fit")
    return np.uint8 if class_count <= UNLABELLED_8 else np.uint16


def unlabelled(dtype: type[np.uint8] | type[np.uint16]) -> int:
    """Return the value that means "no label" in a label image of this type."""
    return UNLABELLED_8 if dtype is np.uint8 else UNLABELLED_16


def label_picture(
    cosines: Map, interpolation: PatchInterpolation, dtype: type[np.uint8] | type[np.uint16]
) -> NDArray[np.unsignedinteger]:
    """Return the class with the largest interpolated cosine for each pixel.

    cosines: float32 [h, w, C] over the valid patches. The picture has interpolation.size.

    Between four patch centres only the classes that win one of the four or their mean are
    compared. That gives the argmax over all classes but for a few pixels where a class that is
    second everywhere wins in between, and costs no more for many classes than for five.
    """
    winners = np.argmax(cosines, axis=2)
    cells = _MixedCells.of(cosines, winners)
    # First as if every cell showed the class of its first corner: most do.
    plain = winners.astype(dtype)[:, interpolation.lower[1]]
    counts = cells.count[:, interpolation.lower[1]]
    classes: NDArray[np.unsignedinteger] = cells.classes.astype(dtype)
    labels = np.empty(interpolation.size, dtype)
    edges = np.searchsorted(interpolation.lower[0], np.arange(len(counts) + 1))
    # A band of rows at a time, so that the work stays in the cache.
    for row, count in enumerate(counts):
        first, stop = int(edges[row]), int(edges[row + 1])
        if first == stop:
            continue
        band = labels[first:stop]
        band[:] = plain[row]
        most = int(count.max())
        if most < 2:
            continue
        # The columns with most classes first: those where a further class competes are a slice.
        groups = [np.flatnonzero(count == competing) for competing in range(most, 1, -1)]
        columns = np.concatenate(groups)
        widths = np.cumsum([len(group) for group in groups])[::-1].tolist()
        numbers = cells.number[row, interpolation.lower[1][columns]]
        down, across = interpolation.fraction[0][first:stop, None], interpolation.fraction[1][columns]
        band[:, columns] = _mixed_labels(classes, cells.lead, numbers, widths, down, across)
    return labels


@dataclass(frozen=True)
class _MixedCells:
    """The cells, areas between four patch centres, where several classes compete.

    count: uint8 [y, x], how many classes, 1 where all corners agree.
    number: int [y, x], place in the lists of mixed cells, M of them; only where count > 1.
    classes: int [5, M], ascending; from count on meaningless.
    lead: float32 [4, 4, M], by how much the second to fifth class exceeds the first one at the
        corners: upper left, upper right, lower left, lower right.
    """

    count: NDArray[np.uint8]
    number: NDArray[np.intp]
    classes: NDArray[np.intp]
    lead: Map

    @classmethod
    def of(cls, cosines: Map, winners: NDArray[np.intp]) -> _MixedCells:
        """Find them; winners: int [h, w], the best class of each patch."""
        class_count = cosines.shape[2]
        patches = np.arange(winners.size).reshape(winners.shape)
        # A grid of one patch along an axis has one cell there, between the patch and itself.
        ends = [(slice(0, max(1, n - 1)), slice(min(1, n - 1), n)) for n in winners.shape]
        corners = np.stack([patches[rows, columns] for rows in ends[0] for columns in ends[1]])
        winning = winners.ravel()[corners]
        mixed = (winning[1:] != winning[0]).any(axis=0)
        corners = corners[:, mixed]  # [4, M]
        flat = cosines.reshape(-1, class_count)
        middle = flat[corners[0]]
        for corner in corners[1:]:
            middle += flat[corner]
        classes = np.column_stack([*winning[:, mixed], middle.argmax(axis=1)])
        classes.sort(axis=1)
        # Each class once, the rest behind them.
        classes[:, 1:][classes[:, 1:] == classes[:, :-1]] = class_count
        classes.sort(axis=1)
        count = np.ones(mixed.shape, np.uint8)
        count[mixed] = (classes < class_count).sum(axis=1)
        classes = np.ascontiguousarray(np.minimum(classes, class_count - 1).T)
        values = cosines.ravel()[corners * class_count + classes[:, None]]  # [5, 4, M]
        number = np.cumsum(mixed).reshape(mixed.shape) - 1
        return cls(count, number, classes, values[1:] - values[0])


def _mixed_labels(
    classes: NDArray[np.unsignedinteger],
    lead: Map,
    numbers: NDArray[np.intp],
    widths: Sequence[int],
    down: Map,
    across: Map,
) -> NDArray[np.unsignedinteger]:
    """Return the best class of some pixels of the band between two patch rows, [rows, pixels].

    classes, lead: as in _MixedCells. numbers: int [pixels], the cell of each column of pixels, those
    with most classes first. widths: how many of them have a second class, a third and so on.
    down, across: share of the lower patch row, float32 [rows, 1], and of the right patch, [pixels].
    """
    label = np.repeat(classes[0].take(numbers)[None], len(down), axis=0)
    best = np.zeros((1, 1), np.float32)
    for place, width in enumerate(widths):
        corner = lead[place].take(numbers[:width], axis=1)
        upper = corner[0] + across[:width] * (corner[1] - corner[0])
        lower = corner[2] + across[:width] * (corner[3] - corner[2])
        value = down * (lower - upper)
        value += upper
        better = value > best[:, :width]
        if place + 1 < len(widths):
            best = np.maximum(value[:, : widths[place + 1]], best[:, : widths[place + 1]])
        # Classes ascend, so a later winner is the larger label: a maximum does the masked
        # assignment, several times faster.
        won = better.view(np.uint8) * classes[place + 1].take(numbers[:width])
        np.maximum(label[:, :width], won, out=label[:, :width])
    return label


def legend_of(
    entries: Sequence[Entry], approved_count: int, named: Sequence[int]
) -> tuple[tuple[Entry, ...], dict[int, int]]:
    """Return the legend, approved classes then the names in use, and the label of each such name.

    named: indices into entries of the names in use (W), in order of first use; may repeat.
    """
    labels: dict[int, int] = {}
    for index in named:
        labels.setdefault(index, approved_count + len(labels))
    return tuple(entries[:approved_count]) + tuple(entries[index] for index in labels), labels
