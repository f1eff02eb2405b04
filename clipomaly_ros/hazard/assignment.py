"""Which measurement belongs to which track: gated, globally best assignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from clipomaly_ros.hazard.polygons import polygon_distance
from clipomaly_ros.hazard.track import Track, TrackerSettings
from clipomaly_ros.hazard.types import ZoneMeasurement

_IMPOSSIBLE = 1e6
_OTHER_GROUP = 1.0  # added to the cost when both have a group and the groups differ


def assign(
    tracks: Sequence[Track], measurements: Sequence[ZoneMeasurement], stamp: int, settings: TrackerSettings
) -> list[tuple[int, int]]:
    """Return pairs (track, measurement) of indices, each at most once.

    A pair is possible when the squared Mahalanobis distance of the centroids is within the
    gate or the edges are near (a large object shows different sides, and its centroid
    moves by metres). Its cost is the distance of the edges [m] plus a tenth of the
    Mahalanobis distance; the sum of costs is minimal (Jonker-Volgenant through scipy).
    """
    if not tracks or not measurements:
        return []
    predictions = [track.motion.predicted((stamp - track.last_seen) * 1e-9) for track in tracks]
    positions = np.array([state[:2] for state, _ in predictions])
    spreads = np.array([covariance[:2, :2] for _, covariance in predictions])
    centroids = np.array([measurement.geometry.centroid[:2] for measurement in measurements])
    noises = np.array([measurement.geometry.covariance[:2, :2] for measurement in measurements])
    offset = centroids[None] - positions[:, None]
    total = spreads[:, None] + noises[None]
    squared = np.einsum("tmi,tmi->tm", offset, np.linalg.solve(total, offset[..., None])[..., 0])
    radii_t = np.array([_radius(track.geometry.polygon, track.geometry.centroid) for track in tracks])
    radii_m = np.array([_radius(m.geometry.polygon, m.geometry.centroid) for m in measurements])
    gap = np.linalg.norm(offset, axis=2) - radii_t[:, None] - radii_m[None]
    cost = np.full(squared.shape, _IMPOSSIBLE)
    for t, m in zip(*np.nonzero((squared <= settings.gate) | (gap <= settings.edge_gate)), strict=True):
        moved = tracks[t].geometry.polygon + (positions[t] - tracks[t].geometry.centroid[:2])
        edges = polygon_distance(moved, measurements[m].geometry.polygon)
        if squared[t, m] <= settings.gate or edges <= settings.edge_gate:
            groups = {tracks[t].names.best[2], measurements[m].region.group} - {""}
            other = _OTHER_GROUP if len(groups) == 2 else 0.0
            cost[t, m] = edges + 0.1 * min(float(np.sqrt(squared[t, m])), 30.0) + other
    rows, columns = linear_sum_assignment(cost)
    return [(int(t), int(m)) for t, m in zip(rows, columns, strict=True) if cost[t, m] < _IMPOSSIBLE]


def _radius(polygon: np.ndarray, centroid: np.ndarray) -> float:
    return float(np.linalg.norm(polygon - centroid[:2], axis=1).max())
