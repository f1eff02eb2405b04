"""Hazard zones as plain data: what every bridge needs, taken from the messages once."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_msgs.msg import HazardZone, HazardZoneArray
from clipomaly_ros.hazard.polygons import inflate

UNNAMED = "unknown"  # class of a zone without a name


@dataclass(frozen=True)
class PlainZone:
    """One zone that is still to be avoided; metres, in the array's frame.

    polygon: float64 [n, 2], clockwise seen from above, unclosed. centroid [3], covariance [3, 3].
    velocity: [3] m/s, None when not valid. names: with scores, best first, at least one.
    """

    id: uuid.UUID
    polygon: NDArray[np.float64]
    ground_z: float
    z_min: float
    z_max: float
    centroid: NDArray[np.float64]
    covariance: NDArray[np.float64]
    keep_out: float
    velocity: NDArray[np.float64] | None
    names: tuple[tuple[str, float], ...]
    existence: float
    action: int

    @property
    def height(self) -> float:
        """Return the height of the object above the ground [m], never below 1 cm."""
        return max(self.z_max - min(self.z_min, self.ground_z), 0.01)

    @property
    def middle(self) -> NDArray[np.float64]:
        """Return the middle of the upright box around the object [3]."""
        x, y = (self.polygon.min(axis=0) + self.polygon.max(axis=0)) / 2
        return np.array([x, y, min(self.z_min, self.ground_z) + self.height / 2])


@dataclass(frozen=True)
class Box:
    """The smallest rectangle around a footprint: centre [2], yaw [rad], length >= width [m]."""

    centre: NDArray[np.float64]
    yaw: float
    length: float
    width: float


@dataclass(frozen=True)
class Grid:
    """A keep-out mask: cells [rows, columns], 100 where nobody may drive, else 0.

    origin: x, y of the outer corner of cell [0, 0]; rows go along y, columns along x.
    left_out: zones that did not fit into the largest grid.
    """

    cells: NDArray[np.int8]
    origin: tuple[float, float]
    resolution: float
    left_out: int


def plain_zones(array: HazardZoneArray) -> tuple[PlainZone, ...]:
    """Return the zones of a message, nearest first, without those an operator has cleared.

    Zones whose outline or height is no number are left out: nothing could be drawn of them.
    """
    zones = (_plain(zone) for zone in array.zones if zone.state != HazardZone.STATE_CLEARED)
    return tuple(zone for zone in zones if zone is not None)


def _plain(zone: HazardZone) -> PlainZone | None:
    corners = np.array([(p.x, p.y, p.z) for p in zone.polygon], np.float64).reshape(-1, 3)
    centroid = np.array([zone.centroid.x, zone.centroid.y, zone.centroid.z])
    numbers = [*corners.ravel(), *centroid, zone.z_min, zone.z_max, zone.keep_out_radius]
    if len(corners) < 3 or not np.isfinite(numbers).all():
        return None
    scores = {entry.name: float(entry.score) for entry in zone.candidates if entry.name}
    if zone.name:  # first, whatever the candidates say: an operator's name has no score among them
        scores = {zone.name: scores.get(zone.name, 1.0), **scores}
    velocity = np.array([zone.velocity.x, zone.velocity.y, zone.velocity.z])
    return PlainZone(
        id=uuid.UUID(bytes=bytes(zone.id.uuid)),
        polygon=corners[:, :2],
        ground_z=float(corners[:, 2].mean()),
        z_min=zone.z_min,
        z_max=zone.z_max,
        centroid=centroid,
        covariance=np.array(zone.centroid_covariance, np.float64).reshape(3, 3),
        keep_out=max(0.0, zone.keep_out_radius),
        velocity=velocity if zone.velocity_valid and np.isfinite(velocity).all() else None,
        names=tuple(scores.items()) or ((UNNAMED, float(zone.anomaly_score)),),
        existence=float(zone.existence_probability),
        action=int(zone.suggested_action),
    )


def smallest_box(polygon: NDArray[np.float64]) -> Box:
    """Return the rectangle of least area around a footprint [n, 2]; sides of at least 1 cm."""
    offset = polygon.mean(axis=0)  # float32 within OpenCV: far from the origin it would be coarse
    (x, y), (first, second), degrees = cv2.minAreaRect((polygon - offset).astype(np.float32))
    yaw = math.radians(degrees)
    if second > first:
        first, second, yaw = second, first, yaw + math.pi / 2
    yaw = (yaw + math.pi / 2) % math.pi - math.pi / 2  # front and back are not told apart
    return Box(offset + np.array([x, y]), yaw, max(float(first), 0.01), max(float(second), 0.01))


def keep_out_grid(zones: tuple[PlainZone, ...], resolution: float, longest: int, least_action: int) -> Grid:
    """Return a mask that just holds the zones with their keep-out distance.

    resolution: side of a cell [m]. longest: most cells a side; zones are taken in their order
    as long as they fit. least_action: zones whose suggested action is below it are passed over.
    A cell is occupied when the zone touches it. Without zones it is one free cell.
    """
    outlines: list[NDArray[np.float64]] = []
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    left_out = 0
    for zone in zones:
        if zone.action < least_action:
            continue
        outline = inflate(zone.polygon, zone.keep_out)
        wider = np.minimum(low, outline.min(axis=0)), np.maximum(high, outline.max(axis=0))
        if (_extent(*wider, resolution)[1] > longest).any():
            left_out += 1
            continue
        low, high = wider
        outlines.append(outline)
    if not outlines:
        return Grid(np.zeros((1, 1), np.int8), (0.0, 0.0), resolution, left_out)
    first, size = (each.astype(int) for each in _extent(low, high, resolution))
    cells = np.zeros((size[1], size[0]), np.uint8)
    for outline in outlines:
        _paint(cells, outline / resolution - first)
    return Grid(
        cells.astype(np.int8),
        (float(first[0] * resolution), float(first[1] * resolution)),
        resolution,
        left_out,
    )


def _extent(low: NDArray[np.float64], high: NDArray[np.float64], resolution: float) -> tuple[Any, Any]:
    """Return the first cell and the number of cells along x and y, one free cell around everything."""
    first = np.floor(low / resolution) - 1
    return first, np.floor(high / resolution - first) + 2  # rounded as the outlines are


def _paint(cells: NDArray[np.uint8], outline: NDArray[np.float64]) -> None:
    """Mark the cells that a convex outline [n, 2], in cells, touches."""
    after = np.roll(outline, -1, axis=0)
    rows = np.arange(int(outline[:, 1].min()), int(outline[:, 1].max()) + 1)
    # Within a row of cells the outline is widest at its corners there and where it crosses the row's borders.
    for row in rows:
        inside = outline[(outline[:, 1] >= row) & (outline[:, 1] <= row + 1), 0]
        xs = [inside]
        for border in (row, row + 1):
            crossed = (outline[:, 1] - border) * (after[:, 1] - border) < 0
            begin, end = outline[crossed], after[crossed]
            share = (border - begin[:, 1]) / (end[:, 1] - begin[:, 1])
            xs.append(begin[:, 0] + share * (end[:, 0] - begin[:, 0]))
        found = np.concatenate(xs)
        if len(found):
            cells[row, int(found.min()) : int(found.max()) + 1] = 100
