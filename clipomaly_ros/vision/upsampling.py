"""Bilinear interpolation between the patch grid and image pixels, and its adjoint, pooling."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox

Map = NDArray[np.float32]


class PatchInterpolation:
    """Bilinear interpolation from the valid patches of a letterbox to a picture of the source.

    The picture has `size` (height, width) and shows the whole source: cell (x, y) covers the
    source pixels around ((x + 0.5) * source_width / width - 0.5, ...), as AnomalyFrame says.
    Beyond the outermost patch centres the nearest patch's value holds.

    lower, upper, fraction: for each axis, the patches on both sides of every picture coordinate
        (int [size]) and the share of the upper one (float32 [size], 0 to 1).
    rows, columns: the same as matrices, float32 [size, patches].
    """

    def __init__(self, letterbox: Letterbox, size: tuple[int, int]) -> None:
        self.letterbox = letterbox
        self.size = size
        valid = letterbox.valid
        self.grid = tuple(part.stop - part.start for part in valid)
        self.lower: list[NDArray[np.intp]] = []
        self.upper: list[NDArray[np.intp]] = []
        self.fraction: list[Map] = []
        for axis in (0, 1):
            source = (np.arange(size[axis]) + 0.5) * letterbox.source_size[axis] / size[axis] - 0.5
            patch = letterbox.source_to_patch(source, axis) - valid[axis].start
            patch = np.clip(patch, 0.0, self.grid[axis] - 1)
            lower = np.minimum(patch.astype(np.intp), max(self.grid[axis] - 2, 0))
            self.lower.append(lower)
            self.upper.append(np.minimum(lower + 1, self.grid[axis] - 1))
            self.fraction.append((patch - lower).astype(np.float32))
        self.rows = self._matrix(0)
        self.columns = self._matrix(1)

    def _matrix(self, axis: int) -> Map:
        size, patches = self.size[axis], self.grid[axis]
        matrix = np.zeros((size, patches), np.float32)
        index = np.arange(size)
        matrix[index, self.lower[axis]] = 1.0 - self.fraction[axis]
        matrix[index, self.upper[axis]] += self.fraction[axis]
        return matrix

    def along_rows(self, values: Map) -> Map:
        """Return float32 [..., width] interpolated along the last axis only, [..., w]."""
        # Indexing, not a matrix product: many small products on several threads cost more in
        # waiting for one another than in arithmetic.
        lower = values.take(self.lower[1], axis=-1)
        upper = values.take(self.upper[1], axis=-1)
        upper -= lower
        upper *= self.fraction[1]
        upper += lower
        return np.asarray(upper, dtype=np.float32)

    def upsample(self, values: Map) -> Map:
        """Return float32 [size] interpolated from one value a valid patch, float32 [h, w]."""
        wide = self.along_rows(values)
        picture = (wide[self.upper[0]] - wide[self.lower[0]]) * self.fraction[0][:, None]
        picture += wide[self.lower[0]]
        return np.asarray(picture, dtype=np.float32)

    def pool(self, mask: NDArray[np.bool_], top: int = 0, left: int = 0) -> Map:
        """Return the weight of each valid patch in the mean over the mask, float32 [h, w], sum 1.

        mask: bool, a crop of the picture whose first pixel is (left, top), not empty.
        Weighting patch features by it equals interpolating them to the picture and averaging
        over the mask, without ever making the large feature map.
        """
        rows = self.rows[top : top + mask.shape[0]]
        columns = self.columns[left : left + mask.shape[1]]
        weight = rows.T @ (mask.astype(np.float32) @ columns)
        return np.asarray(weight / max(float(weight.sum()), 1e-12), dtype=np.float32)


@lru_cache(maxsize=16)
def patch_interpolation(letterbox: Letterbox, size: tuple[int, int]) -> PatchInterpolation:
    """Return the interpolation for one geometry; a camera's geometry never changes, so it is kept."""
    return PatchInterpolation(letterbox, size)


def picture_rows(size: int, source: int) -> NDArray[np.intp]:
    """Return for each of `source` pixels along an axis the cell, 0 to size - 1, that covers it."""
    return np.asarray((2 * np.arange(source) + 1) * size // (2 * source), dtype=np.intp)
