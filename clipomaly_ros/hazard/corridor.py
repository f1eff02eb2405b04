"""Obstacles that only the LiDAR shows: returns in a watched corridor that no mask explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clipomaly_ros.hazard.corridor_outline import bounds_of, inside_outline, read_outline
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError, RegionObservation

_EIGHT = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class CorridorSettings:
    """Where and how returns without a mask are obstacles; metres.

    enabled: False looks for none. start, length, width: the corridor, from `start` to
    `start + length` along x of the reference frame, half of `width` to either side. polygon:
    in place of these three the corridor's corners in that frame, "[[x, y], ...]", in either
    direction, convex or not; empty for the rectangle.
    min_height, max_height: above the ground; lower returns are unevenness, higher ones pass
    above the vehicle. standing: a thing whose lowest return lies higher hangs and does not
    stand. cell: side of the grid cells in which returns are joined. min_points: fewest
    returns of an obstacle. explained_share: a thing with at least this share of its returns
    under masks is explained by them.
    """

    enabled: bool = False
    start: float = 1.0
    length: float = 25.0
    width: float = 4.0
    polygon: str = ""
    min_height: float = 0.15
    max_height: float = 3.0
    standing: float = 0.6
    cell: float = 0.2
    min_points: int = 5
    explained_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("length", "width", "cell", "min_height", "standing"):
            if not getattr(self, name) > 0:
                raise HazardError(f"expected corridor {name} > 0 m, got {getattr(self, name)}")
        if not (np.isfinite(self.start) and self.max_height > self.min_height):
            raise HazardError("expected a finite corridor start, and max_height above min_height")
        if not (self.min_points >= 1 and 0.0 < self.explained_share <= 1.0):
            raise HazardError("expected corridor min_points >= 1 and explained_share in (0, 1]")
        low, high = bounds_of(self.outline())
        if np.prod(high - low) / self.cell**2 > 4e6:
            raise HazardError("expected at most 4 million corridor cells: take larger cells")

    def outline(self) -> NDArray[np.float64]:
        """Return the corners of the corridor in the reference frame, float64 [n, 2], metres."""
        if self.polygon.strip():
            return read_outline(self.polygon)
        end, side = self.start + self.length, 0.5 * self.width
        return np.array([[self.start, side], [end, side], [end, -side], [self.start, -side]])


@dataclass(frozen=True, eq=False)
class Watch:
    """What is known about the corridor at the time of one picture.

    fixed_from_reference: pose of the vehicle. labels: class of each pixel, uint8 or uint16
    [H, W]. obstructing: bool [256 or 65536], by label: a class that stands on the ground and
    so explains returns; ground and sky do not.
    """

    fixed_from_reference: RigidTransform
    labels: NDArray[np.unsignedinteger]
    obstructing: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.labels.dtype not in (np.uint8, np.uint16):
            raise HazardError("expected a label image [H, W] of uint8 or uint16")
        if self.obstructing.shape != (np.iinfo(self.labels.dtype).max + 1,):
            raise HazardError("expected one entry of `obstructing` for each value of a label")

    def explained(
        self, u: NDArray[np.floating], v: NDArray[np.floating], region: NDArray[np.unsignedinteger]
    ) -> NDArray[np.bool_]:
        """Tell which returns at pixels u, v [n] a region [n] (0 = none) or a known thing explains."""
        column, row = np.rint(u).astype(np.intp), np.rint(v).astype(np.intp)
        result: NDArray[np.bool_] = (region > 0) | self.obstructing[self.labels[row, column]]
        return result


def unexplained_things(
    points: NDArray[np.float32],
    heights: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    explained: Callable[[NDArray[np.intp]], NDArray[np.bool_]],
    reference_from_points: RigidTransform,
    settings: CorridorSettings,
) -> list[NDArray[np.intp]]:
    """Return the points, as indices, of each thing in the corridor that no mask explains.

    points: float32 [n, 3], z up. heights: returns the heights of points above the ground.
    explained: tells of points, as indices, which of them are under a mask. Points in touching
    cells of a horizontal grid that goes with the vehicle are one thing (eight neighbours).
    """
    turn, shift = reference_from_points.rotation, reference_from_points.translation
    x, y = (points @ turn[axis].astype(np.float32) + np.float32(shift[axis]) for axis in (0, 1))
    outline = settings.outline()
    low, high = bounds_of(outline)
    index = np.flatnonzero((x >= low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1]))
    if settings.polygon.strip():
        index = index[inside_outline(outline, x[index], y[index])]
    above = heights(points[index])
    standing = (above >= settings.min_height) & (above <= settings.max_height)
    index, above = index[standing], above[standing]
    if len(index) < settings.min_points:
        return []
    column = ((x[index] - low[0]) / settings.cell).astype(np.intp)
    row = ((y[index] - low[1]) / settings.cell).astype(np.intp)
    grid = np.zeros((int(column.max()) + 1, int(row.max()) + 1), np.uint8)
    grid[column, row] = 1
    labelled, count = ndimage.label(grid, _EIGHT)
    label = labelled[column, row] - 1
    total = np.bincount(label, minlength=count)
    share = np.bincount(label, explained(index), minlength=count) / total
    lowest = np.full(count, np.inf)
    np.minimum.at(lowest, label, above)
    unexplained = (total >= settings.min_points) & (share < settings.explained_share)
    return [index[label == number] for number in np.flatnonzero(unexplained & (lowest <= settings.standing))]


def unnamed_region() -> RegionObservation:
    """Return the observation of something no mask shows: no name, no score, no place in the picture."""
    return RegionObservation(0, "", 0, (), 0.0, (0, 0, 0, 0), 1)
