"""Convex polygons on the ground: clockwise seen from above (z up), unclosed, metres."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_CORNERS = 64  # bound of clipomaly_msgs/HazardZone.polygon
_HULL_STEPS = 2.0**29  # the hull's plane is cut into as many integer steps; products of them fit int64


def signed_area(polygon: ArrayLike) -> float:
    """Return the area [m^2] of a polygon [n, 2]: negative when clockwise seen from above."""
    corners = np.asarray(polygon, np.float64)
    x, y = (corners - corners[0]).T  # cancellation far from the origin
    return float(0.5 * (x[:-1] @ y[1:] - x[1:] @ y[:-1]))  # the last edge ends in (0, 0)


def area_centroid(polygon: ArrayLike) -> NDArray[np.float64]:
    """Return the centre [2] of a polygon's area, which no further corner on an edge moves.

    polygon: [n, 2] with an area above 0, in either direction.
    """
    corners = np.asarray(polygon, np.float64)
    near = corners - corners[0]  # the products of far coordinates would cancel
    after = np.roll(near, -1, axis=0)
    twice = near[:, 0] * after[:, 1] - near[:, 1] * after[:, 0]
    centre: NDArray[np.float64] = corners[0] + twice @ (near + after) / (3.0 * twice.sum())
    return centre


def is_clockwise(polygon: ArrayLike) -> bool:
    """Tell whether a polygon [n, 2] runs clockwise seen from above."""
    return signed_area(polygon) < 0.0


def convex_hull(points: ArrayLike, padding: float = 0.05) -> NDArray[np.float64]:
    """Return the convex hull of points [n, 2], n >= 1, as a polygon [3..64, 2].

    Points that span no area (one, two, or all in a line within `padding`) become a
    rectangle with `padding` [m] on every side. A hull of more than 64 corners is replaced
    by an outer polygon of 64 that contains it.
    """
    plane = np.asarray(points, np.float64).reshape(-1, 2)
    columns = np.ascontiguousarray(plane.T)  # sums along contiguous memory take a tenth of the time
    centre = columns.sum(axis=1) / len(plane)
    centred = columns - centre[:, None]
    axes = _axes(centred)
    spread = axes @ centred
    low, high = spread.min(axis=1), spread.max(axis=1)
    extent = high - low
    corners = None
    if extent.min() >= padding:
        steps = centred * (_HULL_STEPS / np.hypot(extent[0], extent[1]))
        corners = _hull(plane, np.ascontiguousarray(steps.T.astype(np.int32))[:, None])
    if corners is None:
        return np.asarray(_rectangle(low - padding / 2, high + padding / 2) @ axes + centre)
    return _outer(corners) if len(corners) > MAX_CORNERS else corners


def convex_hulls(
    columns: NDArray[np.float64], sizes: NDArray[np.intp], padding: float = 0.05
) -> list[NDArray[np.float64]]:
    """Return convex_hull of each of several groups of points, group after group.

    columns: float64 [2, n]; sizes: points of each group, all > 0. What does not need a loop
    over the groups is done for all points at once: small hulls cost little more than one.
    """
    starts = np.cumsum(sizes) - sizes
    centres = np.add.reduceat(columns, starts, axis=1) / sizes
    x, y = centred = columns - np.repeat(centres, sizes, axis=1)
    xx, yy, xy = np.add.reduceat(np.stack([x * x, y * y, x * y]), starts, axis=1)
    angles = 0.5 * np.arctan2(2.0 * xy, xx - yy)
    cos, sin = np.cos(angles), np.sin(angles)
    across, along = np.repeat([cos, sin], sizes, axis=1)
    spread = np.stack([across * x + along * y, across * y - along * x])
    low, high = (extreme.reduceat(spread, starts, axis=1) for extreme in (np.minimum, np.maximum))
    extent = high - low
    scale = _HULL_STEPS / np.maximum(np.hypot(extent[0], extent[1]), 1e-9)
    steps = np.ascontiguousarray((centred * np.repeat(scale, sizes)).T.astype(np.int32))[:, None]
    wide = (extent.min(axis=0) >= padding).tolist()
    plane, hulls = np.ascontiguousarray(columns.T), []
    found = [
        cv2.convexHull(steps[start : start + size], clockwise=True, returnPoints=False)[:, 0] + start
        for start, size, usable in zip(starts.tolist(), sizes.tolist(), wide, strict=True)
        if usable
    ]
    hull_of = iter(_all_convex([plane[index] for index in found]))
    for group, usable in enumerate(wide):
        corners = next(hull_of) if usable else None
        if corners is None:
            axes = np.array([[cos[group], sin[group]], [-sin[group], cos[group]]])
            lower, upper = low[:, group] - padding / 2, high[:, group] + padding / 2
            corners = _rectangle(lower, upper) @ axes + centres[:, group]
        hulls.append(_outer(corners) if len(corners) > MAX_CORNERS else corners)
    return hulls


def _hull(plane: NDArray[np.float64], steps: NDArray[np.int32]) -> NDArray[np.float64] | None:
    """Return the corners of the hull of points [n, 2], clockwise; None when they span no area.

    steps: the points in integers, int32 [n, 1, 2], with which the hull is exact but for half a step.
    """
    index = cv2.convexHull(steps, clockwise=True, returnPoints=False)[:, 0]
    return _convex(plane[index])


def _convex(corners: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the corners [n, 2] without those that rounding alone made convex; None when none are left."""
    while len(corners) >= 3:
        edges = np.empty((len(corners) + 1, 2))  # the last one again at the end
        np.subtract(corners[1:], corners[:-1], out=edges[1:-1])
        edges[0] = edges[-1] = corners[0] - corners[-1]
        convex = edges[:-1, 0] * edges[1:, 1] < edges[:-1, 1] * edges[1:, 0]
        if convex.all():
            return corners
        corners = corners[convex]
    return None


def _all_convex(hulls: list[NDArray[np.float64]]) -> list[NDArray[np.float64] | None]:
    """Return _convex of each: all are looked at together, and hardly any need more than a look."""
    if not hulls:
        return []
    sizes = np.array([len(corners) for corners in hulls])
    ends = np.cumsum(sizes)
    corners = np.concatenate(hulls)
    before, after = np.arange(-1, ends[-1] - 1), np.arange(1, ends[-1] + 1)
    before[ends - sizes], after[ends - 1] = ends - 1, ends - sizes
    edges = corners - corners[before]
    following = edges[after]
    convex = edges[:, 0] * following[:, 1] < edges[:, 1] * following[:, 0]
    whole = np.logical_and.reduceat(convex, ends - sizes) & (sizes >= 3)
    return [
        corners if good else _convex(corners) for corners, good in zip(hulls, whole.tolist(), strict=True)
    ]


def _axes(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the principal axes of centred points [2, n] as the rows of a proper rotation."""
    x, y = centred
    angle = 0.5 * np.arctan2(2.0 * (x @ y), x @ x - y @ y)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


def _rectangle(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([[low[0], low[1]], [low[0], high[1]], [high[0], high[1]], [high[0], low[1]]])


def _outer(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 64 corners around a convex polygon: the cut of 64 supporting half planes."""
    angles = -2 * np.pi * np.arange(MAX_CORNERS) / MAX_CORNERS  # clockwise
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    reach = (corners @ normals.T).max(axis=0)
    following, reach_following = np.roll(normals, -1, axis=0), np.roll(reach, -1)
    determinant = normals[:, 0] * following[:, 1] - normals[:, 1] * following[:, 0]
    x = (reach * following[:, 1] - normals[:, 1] * reach_following) / determinant
    y = (normals[:, 0] * reach_following - reach * following[:, 0]) / determinant
    return np.column_stack([x, y])


def contains(polygon: ArrayLike, points: ArrayLike, tolerance: float = 1e-9) -> NDArray[np.bool_]:
    """Tell which points [n, 2] lie in a convex clockwise polygon, its edge included."""
    corners = np.asarray(polygon, np.float64)
    plane = np.asarray(points, np.float64).reshape(-1, 2)
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.maximum(np.linalg.norm(edges, axis=1), 1e-12)
    offset = plane[:, None, :] - corners[None]
    left = (edges[:, 0] * offset[..., 1] - edges[:, 1] * offset[..., 0]) / lengths
    inside: NDArray[np.bool_] = (left <= tolerance).all(axis=1)
    return inside


def nearest_edge_distance(polygon: ArrayLike, point: ArrayLike) -> float:
    """Return the distance [m] from a point [2] to a convex clockwise polygon, 0 inside."""
    corners = np.asarray(polygon, np.float64)
    position = np.asarray(point, np.float64)[None]
    return 0.0 if contains(corners, position)[0] else _border_distance(corners, position)


def _border_distance(corners: NDArray[np.float64], points: NDArray[np.float64]) -> float:
    """Return the least distance from any of the points [n, 2] to a polygon's border."""
    edges = np.roll(corners, -1, axis=0) - corners
    square = np.maximum((edges**2).sum(axis=1), 1e-18)
    offset = points[:, None, :] - corners[None]
    along = np.clip((offset * edges).sum(axis=2) / square, 0.0, 1.0)
    gap = offset - along[..., None] * edges
    return float(np.sqrt((gap**2).sum(axis=2).min()))


def polygon_distance(first: ArrayLike, second: ArrayLike) -> float:
    """Return the distance [m] between two convex clockwise polygons, 0 when they overlap."""
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if overlap(one, other):
        return 0.0
    return min(_border_distance(other, one), _border_distance(one, other))


def diameter(polygon: ArrayLike) -> float:
    """Return the largest distance between two corners [m]."""
    corners = np.asarray(polygon, np.float64)
    return float(np.sqrt(((corners[:, None] - corners[None]) ** 2).sum(axis=2).max()))


def overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Tell whether two convex polygons share a point, by the separating axis theorem."""
    for corners in (first, second):
        edges = np.roll(corners, -1, axis=0) - corners
        normals = np.column_stack([edges[:, 1], -edges[:, 0]])
        a, b = first @ normals.T, second @ normals.T
        if ((a.max(axis=0) < b.min(axis=0)) | (b.max(axis=0) < a.min(axis=0))).any():
            return False
    return True


def inflate(polygon: ArrayLike, radius: float) -> NDArray[np.float64]:
    """Return a polygon that holds every place within `radius` [m] of a convex polygon."""
    corners = np.asarray(polygon, np.float64)
    if radius <= 0.0:
        return corners.copy()
    angles = np.arange(16) * (2 * np.pi / 16)
    circle = radius / np.cos(np.pi / 16) * np.column_stack([np.cos(angles), np.sin(angles)])
    return convex_hull((corners[:, None, :] + circle[None]).reshape(-1, 2))
