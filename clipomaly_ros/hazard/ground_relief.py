"""How the real ground differs from its plane: ramps' ends, crowns, gutters, kerbs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_BIN = 0.02  # metres of height
_KERNEL = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]).astype(np.float32)
_ACROSS, _DOWN = np.ones((1, 3), np.uint8), np.ones((3, 1), np.uint8)


@dataclass(frozen=True, eq=False)
class GroundRelief:
    """Height of the local ground above the ground plane on a grid [m].

    offsets: float32 [side, side], 0 where too little is known. corner: x, y of cell (0, 0)'s
    outer corner; cell: side of a cell [m].
    """

    offsets: NDArray[np.float32]
    corner: tuple[float, float]
    cell: float

    @cached_property
    def _bordered(self) -> NDArray[np.float32]:
        return np.pad(self.offsets, 1).ravel()

    @classmethod
    def flat(cls) -> GroundRelief:
        """Return a relief that equals the plane everywhere."""
        return cls(np.zeros((1, 1), np.float32), (0.0, 0.0), 1.0)

    def at(self, xy: NDArray[Any]) -> NDArray[np.float32]:
        """Return the offsets at places [n, 2]; 0 outside the grid."""
        side, kind = len(self.offsets), xy.dtype.type
        # a border of zeros takes what lies outside, so that one look-up serves all
        column = np.clip((xy[:, 0] - kind(self.corner[0])) * kind(1 / self.cell) + kind(1), 0, side + 1)
        row = np.clip((xy[:, 1] - kind(self.corner[1])) * kind(1 / self.cell) + kind(1), 0, side + 1)
        index = row.astype(np.intp) * (side + 2) + column.astype(np.intp)
        found: NDArray[np.float32] = self._bordered[index]
        return found


def measure_relief(
    points: NDArray[np.float32],
    heights: NDArray[np.float32],
    sensor: NDArray[np.float64],
    reach: float,
    cell: float = 2.0,
    gate: float = 0.3,
    least: int = 12,
) -> GroundRelief:
    """Measure the local ground from points [N, 3] and their heights above the plane [N].

    In each cell the commonest height within `gate` [m] of the plane, over the cell and its
    neighbours (weights 1 2 1), is the ground: an object covers a cell, hardly all nine.
    Cells with fewer than `least` weighted points keep the plane. So do those where that height
    is found in no three columns or three rows of the nine: between the sparse rings of a
    far cloud the only returns may be a small object's, and it is not its own ground.
    """
    side, bins = int(np.ceil(2 * reach / cell)), int(np.ceil(2 * gate / _BIN))
    corner = (float(sensor[0]) - reach, float(sensor[1]) - reach)
    x = ((points[:, 0] - np.float32(corner[0])) * np.float32(1 / cell)).astype(np.int32)
    y = ((points[:, 1] - np.float32(corner[1])) * np.float32(1 / cell)).astype(np.int32)
    near = (x >= 0) & (y >= 0) & (x < side) & (y < side)
    index = np.flatnonzero(near & (np.abs(heights) < gate - 1e-4))
    x, y, heights = np.take(x, index), np.take(y, index), np.take(heights, index)
    level = np.minimum(((heights + np.float32(gate)) * np.float32(1 / _BIN)).astype(np.int32), bins - 1)
    shape = (side, side, bins + 1)  # an empty bin between one cell's and the next one's
    key = (y * side + x) * shape[2] + level
    size = side * side * shape[2]
    count = np.bincount(key, minlength=size).astype(np.float32).reshape(shape)
    total = np.bincount(key, heights, minlength=size).astype(np.float32).reshape(shape)
    wide = _spread(_around((count > 0).astype(np.uint8)))
    count, total = (
        _around(cv2.filter2D(a, -1, _KERNEL, borderType=cv2.BORDER_CONSTANT)) for a in (count, total)
    )
    mode = count[..., :bins].argmax(axis=2)[..., None]
    most = np.take_along_axis(count, mode, 2)[..., 0]
    mean = np.take_along_axis(total, mode, 2)[..., 0] / np.maximum(most, 1e-6)
    known = (most >= least) & np.take_along_axis(wide, mode, 2)[..., 0]
    return GroundRelief(np.where(known, mean, 0).astype(np.float32), corner, cell)


def _spread(seen: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell where something is seen (not 0) in all three columns or rows of a cell and its neighbours."""
    columns = cv2.erode(cv2.dilate(seen, _DOWN), _ACROSS)
    rows = cv2.erode(cv2.dilate(seen, _ACROSS), _DOWN)
    return np.asarray(np.maximum(columns, rows), np.bool_)


def _around(histogram: NDArray[Any]) -> NDArray[Any]:
    """Sum each height bin with its two neighbours: a 6 cm window holds the sensor's noise.

    The last bin of each cell is empty before, and meaningless after.
    """
    summed = histogram.copy()
    flat, summed_flat = histogram.reshape(-1), summed.reshape(-1)  # one long row is summed fast
    summed_flat[1:] += flat[:-1]
    summed_flat[:-1] += flat[1:]
    return summed
