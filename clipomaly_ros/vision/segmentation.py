"""The label picture at source size: interpolated class scores, best class of every pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import Entry

Map = NDArray[np.float32]

UNLABELLED_8 = 255
UNLABELLED_16 = 65535
_AT_A_TIME = 1 << 16  # pixels, so that the work stays in the cache


def label_type(class_count: int) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest type that holds the labels 0 to class_count - 1 and "unlabelled"."""
    if class_count > UNLABELLED_16:
        raise VisionError(f"{class_count} classes in one label image; at most {UNLABELLED_16} fit")
    return np.uint8 if class_count <= UNLABELLED_8 else np.uint16


def unlabelled(dtype: type[np.uint8] | type[np.uint16]) -> int:
    """Return the value that means "no label" in a label image of this type."""
    return UNLABELLED_8 if dtype is np.uint8 else UNLABELLED_16


def label_picture(
    cosines: Map,
    interpolation: PatchInterpolation,
    dtype: type[np.uint8] | type[np.uint16],
    winners: NDArray[np.intp] | None = None,
) -> NDArray[np.unsignedinteger]:
    """Return the class with the largest interpolated cosine for each pixel.

    cosines: float32 [h, w, C] over the valid patches. The picture has interpolation.size. winners: int
    [h, w], the best class of each patch, where it is known already.

    Between four patch centres only the classes that win one of the four or their mean are
    compared. That gives the argmax over all classes but for a few pixels where a class that is
    second everywhere wins in between, and costs no more for many classes than for five.
    """
    if winners is None:
        winners = np.argmax(cosines, axis=2)
    cells = _MixedCells.of(cosines, winners)
    # First as if every cell showed the class of its first corner: most do.
    first: NDArray[np.unsignedinteger] = winners.astype(dtype)
    labels = first.take(interpolation.lower[1], axis=1).take(interpolation.lower[0], axis=0)
    pixels, width = labels.reshape(-1), interpolation.size[1]
    classes: NDArray[np.unsignedinteger] = cells.classes.astype(dtype)
    for strip in _strips(cells, interpolation):
        rows = strip.top + np.arange(strip.height)[:, None]
        pixels[rows * width + strip.column] = _mixed_labels(
            classes,
            cells.lead,
            strip.cell,
            [int(np.count_nonzero(strip.count > place)) for place in range(1, int(strip.count[0]))],
            interpolation.fraction[0].take(rows),
            interpolation.fraction[1].take(strip.column),
        )
    return labels


@dataclass(frozen=True)
class _MixedCells:
    """The cells, areas between four patch centres, where several classes compete.

    shape: rows and columns of all cells. place: int [M], of the mixed ones in the flat map of cells.
    count: uint8 [M], how many classes. classes: int [5, M], ascending; from count on meaningless.
    lead: float32 [4, 4, M], by how much the second to fifth class exceeds the first one at the
        corners: upper left, upper right, lower left, lower right.
    """

    shape: tuple[int, int]
    place: NDArray[np.intp]
    count: NDArray[np.uint8]
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
        count = (classes < class_count).sum(axis=1, dtype=np.uint8)
        classes = np.ascontiguousarray(np.minimum(classes, class_count - 1).T)
        values = cosines.ravel()[corners * class_count + classes[:, None]]  # [5, 4, M]
        return cls(mixed.shape, np.flatnonzero(mixed), count, classes, values[1:] - values[0])


@dataclass(frozen=True)
class _Strip:
    """Columns of pixels of equal height, N of them, each in one mixed cell, those with most classes first.

    cell, count: int [N], the mixed cell of each and its number of classes. top, column: int [N], its first
    pixel. height: [pixel].
    """

    cell: NDArray[np.intp]
    count: NDArray[np.uint8]
    top: NDArray[np.intp]
    column: NDArray[np.intp]
    height: int


def _strips(cells: _MixedCells, interpolation: PatchInterpolation) -> Iterator[_Strip]:
    """Give all pixels of all mixed cells, a cache's worth of them at a time."""
    rows, columns = np.divmod(cells.place, cells.shape[1])
    (tops, heights), (lefts, widths) = (
        _spans(lower, count) for lower, count in zip(interpolation.lower, cells.shape, strict=True)
    )
    order = np.lexsort((-cells.count.astype(np.int8), heights[rows]))
    height, width = heights[rows[order]], widths[columns[order]]
    for first, stop in _runs(height):
        pixels = np.cumsum(height[first:stop] * width[first:stop])
        steps = np.arange(0, pixels[-1] + _AT_A_TIME, _AT_A_TIME)
        cuts = first + np.searchsorted(pixels, steps, side="right")
        for start, end in pairwise(cuts.tolist()):
            wide = width[start:end]
            cell = np.repeat(order[start:end], wide)
            if not len(cell) or not height[first]:
                continue
            before = np.cumsum(wide) - wide
            column = np.arange(len(cell)) + np.repeat(lefts[columns[order[start:end]]] - before, wide)
            yield _Strip(cell, cells.count[cell], tops[rows[cell]], column, int(height[first]))


def _spans(lower: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first pixel of each of `count` cells along an axis, and how many pixels it has."""
    edges = np.searchsorted(lower, np.arange(count + 1))
    return edges[:-1], np.diff(edges)


def _runs(values: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Give start and stop of each run of equal values."""
    if len(values):
        edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
        yield from pairwise(edges)


def _mixed_labels(
    classes: NDArray[np.unsignedinteger],
    lead: Map,
    numbers: NDArray[np.intp],
    widths: Sequence[int],
    down: Map,
    across: Map,
) -> NDArray[np.unsignedinteger]:
    """Return the best class of each pixel of a strip, [height, N].

    classes, lead: as in _MixedCells. numbers: int [N], the cell of each column of pixels, those
    with most classes first. widths: how many of them have a second class, a third and so on.
    down, across: share of the lower patch row, float32 [height, N], and of the right patch, [N].
    """
    label = np.repeat(classes[0].take(numbers)[None], len(down), axis=0)
    best = np.zeros((1, 1), np.float32)
    for place, width in enumerate(widths):
        corner = lead[place].take(numbers[:width], axis=1)
        upper = corner[0] + across[:width] * (corner[1] - corner[0])
        lower = corner[2] + across[:width] * (corner[3] - corner[2])
        value = down[:, :width] * (lower - upper)
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
