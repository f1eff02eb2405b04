"""Many convex polygons at once: distances, sizes and overlaps without a loop over them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray


def stack(polygons: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return polygons [k_i, 2] as one array [n, k, 2]; shorter ones repeat their last corner.

    An edge without length changes none of the results below.
    """
    if not polygons:
        return np.empty((0, 3, 2))
    counts = np.fromiter(map(len, polygons), np.intp, len(polygons))
    starts = np.cumsum(counts) - counts
    within = np.minimum(np.arange(counts.max())[None], counts[:, None] - 1)
    stacked: NDArray[np.float64] = np.concatenate(polygons)[starts[:, None] + within]
    return stacked


def diameters(polygons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest distance between two corners of each polygon, [n], metres."""
    apart = polygons[:, :, None] - polygons[:, None]
    result: NDArray[np.float64] = np.sqrt(
        np.einsum("nabi,nabi->nab", apart, apart).max(axis=(1, 2), initial=0.0)
    )
    return result


def radii(polygons: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each polygon's farthest corner from a point of it, centres [n, 2]."""
    apart = polygons - centres[:, None]
    result: NDArray[np.float64] = np.sqrt(np.einsum("nai,nai->na", apart, apart).max(axis=1, initial=0.0))
    return result


def distances_to_point(polygons: NDArray[np.float64], point: ArrayLike) -> NDArray[np.float64]:
    """Return the distance [n] from a point [2] to each convex clockwise polygon, 0 inside."""
    points = np.broadcast_to(np.asarray(point, np.float64), (len(polygons), 1, 2))
    gaps, left = _to_edges(polygons, points)
    outside = (left > 1e-9).any(axis=(1, 2))
    result: NDArray[np.float64] = np.where(outside, np.sqrt(gaps.min(axis=(1, 2), initial=np.inf)), 0.0)
    return result


def distances_between(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance [n] between the polygons of each pair, 0 where they overlap."""
    one, other = _to_edges(first, second)[0], _to_edges(second, first)[0]
    gap = np.minimum(one.min(axis=(1, 2), initial=np.inf), other.min(axis=(1, 2), initial=np.inf))
    result: NDArray[np.float64] = np.where(_overlap(first, second), 0.0, np.sqrt(gap))
    return result


def overlap_share(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return which share of the smaller of two convex polygons [k, 2] lies in the other, 0 to 1."""
    return max(covered_share(first, second), covered_share(second, first))


def covered_share(polygon: NDArray[np.float64], by: NDArray[np.float64]) -> float:
    """Return which share of a convex polygon [k, 2] lies in another one, 0 to 1."""
    origin = polygon.mean(axis=0)  # OpenCV works in float32: near the origin it keeps micrometres
    one, other = ((corners - origin).astype(np.float32) for corners in (polygon, by))
    area = cv2.contourArea(one)
    if area <= 0.0:
        return 0.0
    return min(float(cv2.intersectConvexConvex(one, other)[0]) / area, 1.0)


def boxes_touch(polygons: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the pairs [m, 2] of polygons, first < second, whose upright boxes share a point."""
    if len(polygons) < 2:
        return np.empty((0, 2), np.intp)
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    touch = (low[:, None] <= high[None]).all(axis=2)
    pairs: NDArray[np.intp] = np.argwhere(np.triu(touch & touch.T, 1))
    return pairs


def _to_edges(
    polygons: NDArray[np.float64], points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return squared distances of points [n, p, 2] to edges, and how far left of them, [n, p, k]."""
    edges = np.concatenate([polygons[:, 1:], polygons[:, :1]], axis=1) - polygons
    x, y = edges[:, None, :, 0], edges[:, None, :, 1]
    square = x * x + y * y
    u = points[:, :, None, 0] - polygons[:, None, :, 0]
    v = points[:, :, None, 1] - polygons[:, None, :, 1]
    along = np.clip((u * x + v * y) / np.maximum(square, 1e-18), 0.0, 1.0)
    left = (x * v - y * u) / np.sqrt(np.maximum(square, 1e-24))
    return (u - along * x) ** 2 + (v - along * y) ** 2, left


def _overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which pairs share a point, by the separating axis theorem."""
    separated = np.zeros(len(first), bool)
    for polygons in (first, second):
        edges = np.concatenate([polygons[:, 1:], polygons[:, :1]], axis=1) - polygons
        normals = np.stack([edges[..., 1], -edges[..., 0]], axis=1)
        a, b = first @ normals, second @ normals
        apart = (a.max(axis=1) < b.min(axis=1)) | (b.max(axis=1) < a.min(axis=1))
        separated |= apart.any(axis=1)
    return ~separated
