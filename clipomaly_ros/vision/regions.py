"""Connected regions: from a mask or label picture at working resolution to source pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clipomaly_ros.vision.region_size import SizeLimits
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.upsampling import picture_rows

Map = NDArray[np.float32]

THRESHOLD_MODES = ("fixed", "frame_quantile")


def unknown_mask(
    score: Map, mode: str, threshold: float, quantile: float, threshold_low: float = 1.0
) -> NDArray[np.bool_]:
    """Return where the score is above the threshold, bool of the score's shape.

    mode "fixed": above `threshold`. mode "frame_quantile": above this frame's `quantile` of the
    score and above `threshold`, so that a frame in which all is explained stays empty.
    threshold_low: hysteresis (Canny 1986), the lower threshold as a fraction of the upper one: of the
    8-connected regions above the lower one those stay that reach above the upper one. 1 = off.
    """
    if mode == "fixed":
        limit = threshold
    elif mode == "frame_quantile":
        limit = max(threshold, float(np.quantile(score, quantile)))
    else:
        raise VisionError(f"unknown threshold mode '{mode}'; expected one of {', '.join(THRESHOLD_MODES)}")
    above = np.asarray(score > np.float32(limit))
    if threshold_low >= 1.0 or not above.any():
        return above
    components = cc3d.connected_components(
        (score > np.float32(threshold_low * limit)).view(np.uint8), connectivity=8
    )
    reaching = np.zeros(int(components.max()) + 1, dtype=np.bool_)
    reaching[components[above]] = True
    return np.asarray(reaching[components])


@dataclass(frozen=True)
class PictureScale:
    """Relation of a working picture to the source image, both height, width [pixel].

    Every source pixel belongs to the working cell that covers it; the working picture is never
    larger than the source.
    """

    size: tuple[int, int]
    source_size: tuple[int, int]

    @cached_property
    def cells(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the working row of each source row and the working column of each source column."""
        return picture_rows(self.size[0], self.source_size[0]), picture_rows(
            self.size[1], self.source_size[1]
        )

    @cached_property
    def counts(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return how many source rows each working row covers, and the same for columns."""
        rows, columns = self.cells
        return np.bincount(rows, minlength=self.size[0]), np.bincount(columns, minlength=self.size[1])

    @cached_property
    def starts(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the first source row of each working row (and one past the last), and for columns."""
        rows, columns = self.counts
        return np.concatenate([[0], np.cumsum(rows)]), np.concatenate([[0], np.cumsum(columns)])

    def to_source(self, picture: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
        """Return the picture at source size, each pixel with the value of its working cell."""
        if self.size == self.source_size:
            return picture
        rows, columns = self.counts
        return np.repeat(np.repeat(picture, columns, axis=1), rows, axis=0)

    def crop_to_source(
        self, crop: NDArray[np.unsignedinteger], top: int, left: int
    ) -> NDArray[np.unsignedinteger]:
        """Return a crop of a working picture at source size; top, left: where the crop lies."""
        rows, columns = (
            counts[first : first + size]
            for counts, first, size in zip(self.counts, (top, left), crop.shape, strict=True)
        )
        return np.repeat(np.repeat(crop, columns, axis=1), rows, axis=0)

    def to_working(self, picture: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
        """Return one source pixel, the middle one, for each working cell."""
        if self.size == self.source_size:
            return picture
        middle = [starts[:-1] + counts // 2 for starts, counts in zip(self.starts, self.counts, strict=True)]
        # One axis after the other: several times faster than both at once.
        return picture.take(middle[0], axis=0).take(middle[1], axis=1)


@dataclass(frozen=True)
class Component:
    """One connected region.

    value: of the label picture it was found in.
    mask: bool, the crop of the working picture that holds it; top, left: where the crop lies.
    box: x, y, width, height [source pixel]. area: [source pixel].
    """

    value: int
    mask: NDArray[np.bool_]
    top: int
    left: int
    box: tuple[int, int, int, int]
    area: int

    def mean(self, picture: Map, scale: PictureScale) -> float:
        """Return the mean of a working picture over the region's source pixels."""
        height, width = self.mask.shape
        rows = scale.counts[0][self.top : self.top + height]
        columns = scale.counts[1][self.left : self.left + width]
        crop = picture[self.top : self.top + height, self.left : self.left + width]
        return float(rows @ np.where(self.mask, crop, 0.0).astype(np.float64) @ columns) / self.area

    def paint(self, picture: NDArray[np.unsignedinteger], value: int) -> None:
        """Write the value into the region's pixels of a working picture."""
        height, width = self.mask.shape
        picture[self.top : self.top + height, self.left : self.left + width][self.mask] = value


class ConnectedRegions:
    """The 8-connected regions of equal non-zero value of a working picture, not yet cut out.

    count: how many. Arrays over regions have count + 1 elements, the first one without meaning.
    pixels: int [n], the pixels inside any region, as places in the flat picture.
    members: int [n], the region of each of them. areas: int [count + 1] [source pixel].
    """

    def __init__(self, labels: NDArray[np.unsignedinteger], scale: PictureScale) -> None:
        self._labels, self._scale = labels, scale
        self._picture, self.count = cc3d.connected_components(labels, connectivity=8, return_N=True)
        # Of booleans it takes a quarter of the time.
        self.pixels = np.flatnonzero(self._picture != 0)
        self.members = self._picture.ravel()[self.pixels].astype(np.intp)
        self.areas = np.rint(self.sums(np.ones(len(self.pixels), np.float32))).astype(np.int64)

    def sums(self, values: Map) -> NDArray[np.float64]:
        """Return the sum over each region's source pixels; values: float32 [n], one of each of `pixels`."""
        counts = self._scale.counts
        weights: NDArray[np.float64] = values.astype(np.float64)
        if any(side.min() != side.max() for side in counts):
            rows, columns = np.divmod(self.pixels, self._picture.shape[1])
            weights *= counts[0][rows] * counts[1][columns]
        else:
            weights *= int(counts[0][0]) * int(counts[1][0])
        sums = np.bincount(self.members, weights=weights, minlength=self.count + 1)
        return np.asarray(sums, dtype=np.float64)

    def by_area(self, min_area: float, max_area: float) -> NDArray[np.intp]:
        """Return the regions of an allowed area [source pixel], inclusive, largest first."""
        order = np.argsort(-self.areas[1:], kind="stable") + 1
        areas = self.areas[order]
        return np.asarray(order[(areas >= min_area) & (areas <= max_area)], dtype=np.intp)

    def by_size(self, indices: NDArray[np.intp], limits: SizeLimits) -> tuple[NDArray[np.intp], int]:
        """Return those of some regions whose size in metres is allowed, and how many were too large."""
        boxes = self._boxes(indices.tolist())
        verdicts = np.array([limits.verdict(_source_box(self._scale, *box)) for box in boxes])
        return indices[verdicts == 0], int((verdicts > 0).sum())

    def cut_out(self, indices: Sequence[int]) -> list[Component]:
        """Return some of the regions."""
        if not len(indices):
            return []
        found = []
        for index, (rows, columns) in zip(indices, self._boxes(indices), strict=True):
            top, left = rows.start, columns.start
            mask = self._picture[rows, columns] == index
            value = int(self._labels[top, left + int(np.argmax(mask[0]))])
            box = _source_box(self._scale, rows, columns)
            found.append(Component(value, mask, top, left, box, int(self.areas[index])))
        return found

    def _boxes(self, indices: Sequence[int]) -> list[tuple[slice, slice]]:
        """Return the rows and columns of the working picture that hold each of some regions."""
        # Only the rows that hold any region. Not cc3d.statistics: it needs more pixels than regions, which a
        # tiny picture may not have.
        first, last = (int(self.pixels[end]) // self._picture.shape[1] for end in (0, -1))
        boxes = ndimage.find_objects(self._picture[first : last + 1])
        found = (boxes[index - 1] for index in indices)
        return [(slice(rows.start + first, rows.stop + first), columns) for rows, columns in found]


def find_components(
    labels: NDArray[np.unsignedinteger],
    scale: PictureScale,
    min_area: float,
    max_area: float,
    limit: int,
    sizes: SizeLimits | None = None,
) -> tuple[list[Component], int]:
    """Return the 8-connected regions of equal non-zero value, largest first, and how many were cut.

    labels: working picture. min_area, max_area: [source pixel], inclusive.
    limit: the largest regions kept; the second result counts those beyond it or too large.
    sizes: limits in metres, too.
    """
    if not labels.any():
        return [], 0
    regions = ConnectedRegions(labels, scale)
    wanted = regions.by_area(min_area, max_area)
    too_large = int((regions.areas[1:] > max_area).sum())
    if sizes is not None and len(wanted):
        wanted, larger = regions.by_size(wanted, sizes)
        too_large += larger
    cut = max(0, len(wanted) - limit) + too_large
    return regions.cut_out(wanted[:limit].tolist()), cut


def _source_box(scale: PictureScale, rows: slice, columns: slice) -> tuple[int, int, int, int]:
    first_rows, first_columns = scale.starts
    x, y = int(first_columns[columns.start]), int(first_rows[rows.start])
    return x, y, int(first_columns[columns.stop]) - x, int(first_rows[rows.stop]) - y
