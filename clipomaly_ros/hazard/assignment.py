"""Which measurement belongs to which track: gated, globally best assignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from clipomaly_ros.hazard.merging import groups_agree
from clipomaly_ros.hazard.motion import predict
from clipomaly_ros.hazard.polygon_sets import distances_between, radii, stack
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
    seconds = np.array([(stamp - track.last_seen) * 1e-9 for track in tracks])
    states, covariances = predict([track.motion for track in tracks], seconds)
    positions, spreads = states[:, :2], covariances[:, :2, :2]
    centroids = np.array([measurement.geometry.centroid[:2] for measurement in measurements])
    noises = np.array([measurement.geometry.covariance[:2, :2] for measurement in measurements])
    offset = centroids[None] - positions[:, None]
    total = spreads[:, None] + noises[None]
    squared = np.einsum("tmi,tmi->tm", offset, np.linalg.solve(total, offset[..., None])[..., 0])
    places = np.array([track.geometry.centroid[:2] for track in tracks])
    outlines_t = stack([track.geometry.polygon for track in tracks])
    outlines_m = stack([measurement.geometry.polygon for measurement in measurements])
    gap = np.linalg.norm(offset, axis=2) - radii(outlines_t, places)[:, None] - radii(outlines_m, centroids)
    rows, columns = np.nonzero((squared <= settings.gate) | (gap <= settings.edge_gate))
    moved = outlines_t[rows] + (positions - places)[rows, None]
    edges = distances_between(moved, outlines_m[columns])
    strange = _other_group(tracks, measurements, rows, columns)
    price = edges + 0.1 * np.minimum(np.sqrt(squared[rows, columns]), 30.0) + _OTHER_GROUP * strange
    possible = (squared[rows, columns] <= settings.gate) | (edges <= settings.edge_gate)
    cost = np.full(squared.shape, _IMPOSSIBLE)
    cost[rows, columns] = np.where(possible, price, _IMPOSSIBLE)
    rows, columns = linear_sum_assignment(cost)
    return [(int(t), int(m)) for t, m in zip(rows, columns, strict=True) if cost[t, m] < _IMPOSSIBLE]


def _other_group(
    tracks: Sequence[Track], measurements: Sequence[ZoneMeasurement], rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Tell for pairs whether both have a group and the groups differ."""
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return np.array(
        [not groups_agree(tracks[t].names.best[2], measurements[m].region.group) for t, m in pairs], bool
    )
