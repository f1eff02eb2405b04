"""Ground of the apron: one plane by RANSAC on the lowest points of a grid.

Fischler and Bolles, "Random sample consensus", CACM 1981.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.types import HazardError


@dataclass(frozen=True)
class GroundSettings:
    """How the ground is found. Heights and distances in metres, in the fixed frame (z up).

    height: height of the prior plane, used as it is when there are too few points.
    max_slope: steepest slope accepted [rad]; a ramp has 0.1, a wing lying on the ground more.
    search_above, search_below: how far above and below the sensor the ground may lie.
    reach: points farther from the sensor than this are not used.
    cell: side of the grid cells whose lowest point votes.
    tolerance: distance from the plane within which a point is on it.
    trials: planes tried. min_cells: fewest cells an estimate may rest on.
    seed: of the random sampling, so that equal inputs give equal planes.
    """

    height: float = 0.0
    max_slope: float = 0.17
    search_above: float = 0.5
    search_below: float = 6.0
    reach: float = 40.0
    cell: float = 0.5
    tolerance: float = 0.08
    trials: int = 96
    min_cells: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        if not np.isfinite(self.height):
            raise HazardError(f"expected a finite ground height, got {self.height}")
        if not 0.0 < self.max_slope < 1.0:
            raise HazardError(f"expected a ground slope limit between 0 and 1 rad, got {self.max_slope}")
        for name in ("reach", "cell", "tolerance", "trials", "min_cells", "search_below"):
            if not getattr(self, name) > 0:
                raise HazardError(f"expected ground {name} > 0, got {getattr(self, name)}")


@dataclass(frozen=True)
class GroundPlane:
    """The plane z = slope_x x + slope_y y + height of the fixed frame.

    sigma: standard deviation of its height near the sensor [m]. confidence: share of the
    voting cells that lie on it, 0 for the prior. estimated: False when it is the prior.
    """

    slope_x: float
    slope_y: float
    height: float
    sigma: float
    confidence: float
    estimated: bool

    @classmethod
    def prior(cls, height: float) -> GroundPlane:
        """Return the level plane of the settings; 0.3 m is what a loaded suspension moves."""
        return cls(0.0, 0.0, height, 0.3, 0.0, False)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Return the upward unit normal, float64 [3]."""
        length = math.sqrt(self.slope_x**2 + self.slope_y**2 + 1.0)
        return np.array([-self.slope_x / length, -self.slope_y / length, 1.0 / length])

    def height_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the ground height [m] at places [n, 2]."""
        result: NDArray[np.float64] = xy @ np.array([self.slope_x, self.slope_y]) + self.height
        return result

    def heights(self, points: NDArray[Any]) -> NDArray[Any]:
        """Return the heights of points [n, 3] above the plane, in the type of the points."""
        kind = points.dtype.type
        result: NDArray[Any] = points[:, 2] - (
            kind(self.slope_x) * points[:, 0] + kind(self.slope_y) * points[:, 1] + kind(self.height)
        )
        return result


def estimate_ground(
    points: NDArray[np.float32], sensor: NDArray[np.float64], settings: GroundSettings
) -> GroundPlane:
    """Estimate the ground plane from points [N, 3] of the fixed frame.

    sensor: position of the sensor in the fixed frame, float64 [3]. Returns the prior plane,
    and says so, when no plane near enough to level has enough cells.
    """
    lowest = _lowest_points(points, sensor, settings)
    if len(lowest) < settings.min_cells:
        return GroundPlane.prior(settings.height)
    local = lowest - sensor  # numbers stay small far from the fixed frame's origin
    columns = np.ascontiguousarray(local.T)
    chosen = _ransac(local, settings)
    if chosen is None:
        return GroundPlane.prior(settings.height)
    plane = chosen
    for _ in range(3):  # refine on the votes near it; a wider gate would take in kerbs
        near = np.abs(_residual(columns, plane)) < settings.tolerance
        if np.count_nonzero(near) < settings.min_cells:
            return GroundPlane.prior(settings.height)
        fitted = _fit(columns, near)
        if fitted is None:
            return GroundPlane.prior(settings.height)
        plane = fitted
    if np.hypot(plane[0], plane[1]) > np.tan(settings.max_slope):
        return GroundPlane.prior(settings.height)
    residual = _residual(columns, plane)
    near = np.abs(residual) < settings.tolerance
    return GroundPlane(
        float(plane[0]),
        float(plane[1]),
        float(plane[2] + sensor[2] - plane[:2] @ sensor[:2]),
        float(max(residual[near].std(), 0.01)),
        float(np.count_nonzero(near) / len(local)),
        True,
    )


def _residual(columns: NDArray[np.float64], plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the heights of points [3, n] above a plane of slope_x, slope_y, height."""
    x, y, z = columns
    residual: NDArray[np.float64] = z - (plane[0] * x + plane[1] * y) - plane[2]
    return residual


def _fit(columns: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return the plane with the least squared residuals of chosen points of [3, n]; None when in a line."""
    weights = chosen.astype(np.float64)  # most are chosen: to weigh all takes less than to take some
    centre = columns @ weights / weights.sum()
    offsets = (columns - centre[:, None]) * weights
    (xx, xy, xz), (_, yy, yz), _ = offsets @ offsets.T
    determinant = xx * yy - xy * xy
    if determinant <= 1e-9 * (xx + yy) ** 2:
        return None
    slope_x = (xz * yy - yz * xy) / determinant
    slope_y = (yz * xx - xz * xy) / determinant
    return np.array([slope_x, slope_y, centre[2] - slope_x * centre[0] - slope_y * centre[1]])


def _lowest_points(
    points: NDArray[np.float32], sensor: NDArray[np.float64], settings: GroundSettings
) -> NDArray[np.float64]:
    """Return the lowest point of each occupied grid cell around the sensor, float64 [n, 3]."""
    reach, side = settings.reach, int(np.ceil(2 * settings.reach / settings.cell))
    x, y, z = columns = np.ascontiguousarray(points.T) - sensor.astype(np.float32)[:, None]
    slack = np.float32(np.tan(settings.max_slope)) * np.sqrt(x * x + y * y)
    low = (z > -np.float32(settings.search_below) - slack) & (z < np.float32(settings.search_above) + slack)
    low &= (np.abs(x) < reach) & (np.abs(y) < reach)
    index = np.flatnonzero(low)
    if not len(index):
        return np.empty((0, 3))
    x, y, z = np.take(columns, index, axis=1)
    column = ((x + reach) / settings.cell).astype(np.int32)
    row = ((y + reach) / settings.cell).astype(np.int32)
    cell = (np.minimum(row, side - 1) * side + np.minimum(column, side - 1)).astype(np.intp)
    floor = np.full(side * side, np.inf, np.float32)
    np.minimum.at(floor, cell, z)
    lowest = np.flatnonzero(z == np.take(floor, cell))[::-1]
    first = np.full(side * side, -1, np.intp)
    first[cell[lowest]] = index[lowest]  # of equally low points the first: it is written last
    result: NDArray[np.float64] = points[first[first >= 0]].astype(np.float64)
    return result


def _ransac(local: NDArray[np.float64], settings: GroundSettings) -> NDArray[np.float64] | None:
    """Return slope_x, slope_y, height of the plane with the most votes, or None."""
    generator = np.random.default_rng(settings.seed)
    triples = generator.integers(0, len(local), (settings.trials, 3))
    a, b, c = (local[triples[:, column]] for column in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    level = np.abs(normals[:, 2]) > np.cos(settings.max_slope) * np.maximum(lengths, 1e-9)
    slopes = np.zeros((settings.trials, 2))
    slopes[level] = -normals[level, :2] / normals[level, 2:]
    # the level planes through single votes too: on a flat apron they find it at once
    planes = np.vstack(
        [
            np.column_stack([slopes[level], (a[:, 2] - (slopes * a[:, :2]).sum(axis=1))[level]]),
            np.column_stack([np.zeros((settings.trials, 2)), a[:, 2]]),
        ]
    )
    at_sensor = (planes[:, 2] > -settings.search_below) & (planes[:, 2] < settings.search_above)
    planes = planes[at_sensor]
    if not len(planes):
        return None
    subset = local if len(local) <= 1000 else local[generator.choice(len(local), 1000, replace=False)]
    points = np.empty((4, len(subset)), np.float32)
    points[:3], points[3] = subset.T, 1.0
    factors = np.empty((len(planes), 4), np.float32)
    factors[:, :2], factors[:, 2], factors[:, 3] = planes[:, :2], -1.0, planes[:, 2]
    # in one go: as a sum of arrays, planes x points would be written and read again five times
    residual = np.einsum("pk,kn->pn", factors, points)
    agrees = (np.abs(residual, out=residual) < settings.tolerance).view(np.uint8)
    votes = np.asarray(cv2.reduce(agrees, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S))[:, 0]
    best: NDArray[np.float64] = planes[int(votes.argmax())]
    return best
