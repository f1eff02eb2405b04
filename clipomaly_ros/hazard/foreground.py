"""The object of a region: which cluster of the points in and around its mask it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from clipomaly_ros.hazard.types import HazardError

# Beams lie farther apart than the points along a beam: gaps upwards say less than gaps
# sideways, so heights are shrunk before distances are measured.
_HEIGHT_SCALE = 0.35


@dataclass(frozen=True)
class ForegroundSettings:
    """How the object's points are told from what is seen past it.

    tolerance: points nearer than this [m] are one object, at least; tolerance_slope: more of
    it for each metre of distance (no unit). merge: parts inside the mask this near [m] to the
    chosen cluster belong to it. min_points: fewest points of an object at 10 m; the number
    falls with the square of the distance, to 1. own_share: share of a part's points that
    must be in the mask for the part to be merged.
    """

    tolerance: float = 0.12
    tolerance_slope: float = 0.006
    merge: float = 0.4
    min_points: int = 4
    own_share: float = 0.75

    def __post_init__(self) -> None:
        if not (self.tolerance > 0 and self.tolerance_slope >= 0 and self.merge >= 0):
            raise HazardError("expected tolerance > 0 m, tolerance_slope >= 0 and merge >= 0 m")
        if self.min_points < 1 or not 0.0 < self.own_share <= 1.0:
            raise HazardError("expected min_points >= 1 and own_share in (0, 1]")


def cluster(points: NDArray[np.floating], tolerance: float) -> NDArray[np.int32]:
    """Label points [n, 3]: those linked by steps of at most about tolerance [m] share a label.

    Points are thinned to cells of half the tolerance first, so that dense surfaces cost little.
    """
    if len(points) == 0:
        return np.empty(0, np.int32)
    scaled = np.asarray(points, np.float64) * (1.0, 1.0, _HEIGHT_SCALE)
    low = scaled.min(axis=0)
    cells = np.floor((scaled - low) / (0.5 * tolerance)).astype(np.int64)
    sides = cells.max(axis=0) + 1
    key = (cells[:, 0] * sides[1] + cells[:, 1]) * sides[2] + cells[:, 2]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    pairs = cKDTree(scaled[first]).query_pairs(tolerance, output_type="ndarray")
    pairs = pairs[np.argsort(pairs[:, 0])]  # by rows, so that no format has to be converted
    starts = np.searchsorted(pairs[:, 0], np.arange(len(first) + 1)).astype(np.int32)
    values, columns = np.ones(len(pairs)), pairs[:, 1].astype(np.int32)
    links = csr_matrix((values, columns, starts), shape=(len(first),) * 2)
    labels: NDArray[np.int32] = connected_components(links, directed=False)[1][inverse]
    return labels


def select_object(
    points: NDArray[np.floating],
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    in_mask: NDArray[np.bool_],
    distance: NDArray[np.float32],
    box: tuple[int, int, int, int],
    settings: ForegroundSettings,
) -> NDArray[np.bool_]:
    """Tell which of the points in and around a region's mask are its object.

    points: [n, 3] in metres; u, v: pixel; distance: from the camera [m]; box: x, y, width,
    height [pixel]. All False when no cluster has enough points.

    A cluster's score is its number of points in the mask (each stands for about the same
    part of the picture) times the share of its points that are in the mask (a wall or a hedge
    seen past the object goes on outside, the object does not), times how well its outline in
    the picture covers the box.
    """
    nothing = np.zeros(len(points), bool)
    if not in_mask.any():
        return nothing
    own = distance[in_mask]
    tenth = len(own) // 10  # not the nearest: one stray return must not set the scale
    near = float(np.partition(own, tenth)[tenth])
    tolerance = settings.tolerance + settings.tolerance_slope * near
    labels = cluster(points, tolerance)
    count = int(labels.max()) + 1
    total = np.bincount(labels, minlength=count)
    inside = np.bincount(labels[in_mask], minlength=count)
    share = inside / total
    reach = np.full(count, np.inf)
    np.minimum.at(reach, labels, distance)
    score = inside * share**2 * (0.1 + _box_overlap(labels, count, u, v, box))
    score[inside < _needed(reach, settings.min_points)] = 0.0
    best = int(score.argmax())
    if score[best] <= 0.0:
        return nothing
    chosen: NDArray[np.bool_] = labels == best
    parts = np.flatnonzero((share >= settings.own_share) & (inside > 0))
    parts = parts[parts != best]
    if len(parts) and settings.merge > 0:
        tree = cKDTree(points[chosen][:, :2])
        for part in parts:
            gap = tree.query(points[labels == part][:, :2], distance_upper_bound=settings.merge)[0].min()
            if np.isfinite(gap):
                chosen |= labels == part
    return chosen


def _needed(reach: NDArray[np.float64], at_ten_metres: int) -> NDArray[np.float64]:
    """Return how many points a cluster must have at its distance."""
    needed: NDArray[np.float64] = np.clip(
        np.rint(at_ten_metres * (10.0 / np.maximum(reach, 1.0)) ** 2), 1, at_ten_metres
    )
    return needed


def _box_overlap(
    labels: NDArray[np.int32],
    count: int,
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    box: tuple[int, int, int, int],
) -> NDArray[np.float64]:
    """Return the intersection over union of each cluster's outline box with the region's box."""
    left, top = np.full(count, np.inf), np.full(count, np.inf)
    right, bottom = np.full(count, -np.inf), np.full(count, -np.inf)
    np.minimum.at(left, labels, u)
    np.minimum.at(top, labels, v)
    np.maximum.at(right, labels, u)
    np.maximum.at(bottom, labels, v)
    x, y, width, height = box
    across = np.clip(np.minimum(right + 1, x + width) - np.maximum(left, x), 0, None)
    down = np.clip(np.minimum(bottom + 1, y + height) - np.maximum(top, y), 0, None)
    union = (right - left + 1) * (bottom - top + 1) + width * height - across * down
    overlap: NDArray[np.float64] = across * down / union
    return overlap
