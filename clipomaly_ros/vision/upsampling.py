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

    def sample(self, values: Map, pixels: NDArray[np.intp], planes: NDArray[np.intp]) -> Map:
        """Return what `upsample` gives of one of many planes at some pixels, float32 [n].

        values: float32 [h, w, C]. pixels: int [n], places in the flat picture. planes: int [n], which
        of the C at each.
        """
        rows, columns = np.divmod(pixels, self.size[1])
        flat, count = values.ravel(), values.shape[2]
        across, down = self.fraction[1][columns], self.fraction[0][rows]
        left, right = (patches[1][columns] * count + planes for patches in (self.lower, self.upper))
        ends = []
        for patches in (self.lower, self.upper):
            start = patches[0][rows] * (self.grid[1] * count)
            near = flat.take(start + left)
            ends.append(near + across * (flat.take(start + right) - near))
        return np.asarray(ends[0] + down * (ends[1] - ends[0]), dtype=np.float32)

    def patches_of(self, pixels: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which patches `sample` looks at for some pixels, bool [h, w]; pixels as there."""
        rows, columns = np.divmod(pixels, self.size[1])
        touched = np.zeros(self.grid, np.bool_)
        for down in (self.lower[0], self.upper[0]):
            for across in (self.lower[1], self.upper[1]):
                touched[down[rows], across[columns]] = True
        return touched

    def mean(self, values: Map, mask: NDArray[np.bool_], top: int = 0, left: int = 0) -> Map:
        """Return the mean over a mask of values interpolated to the picture, float32 [D].

        values: float32 [h, w, D]. mask: bool, a crop of the picture whose first pixel is
        (left, top), not empty. Only the patches around the crop are looked at, each with its weight in
        the mean, and the large map is never made.
        """
        height, width = mask.shape
        rows = slice(self.lower[0][top], self.upper[0][top + height - 1] + 1)
        columns = slice(self.lower[1][left], self.upper[1][left + width - 1] + 1)
        across = mask.astype(np.float32) @ self.columns[left : left + width, columns]
        weight = self.rows[top : top + height, rows].T @ across
        around = values[rows, columns].reshape(-1, values.shape[2])
        return np.asarray(weight.ravel() @ around / max(float(weight.sum()), 1e-12), dtype=np.float32)


@lru_cache(maxsize=16)
def patch_interpolation(letterbox: Letterbox, size: tuple[int, int]) -> PatchInterpolation:
    """Return the interpolation for one geometry; a camera's geometry never changes, so it is kept."""
    return PatchInterpolation(letterbox, size)


def picture_rows(size: int, source: int) -> NDArray[np.intp]:
    """Return for each of `source` pixels along an axis the cell, 0 to size - 1, that covers it."""
    return np.asarray((2 * np.arange(source) + 1) * size // (2 * source), dtype=np.intp)
