"""Which measurement belongs to which track: gated, globally best assignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from clipomaly_ros.hazard.merging import groups_agree
from clipomaly_ros.hazard.polygon_sets import distances_between, radii, stack
from clipomaly_ros.hazard.track import Track, TrackerSettings
from clipomaly_ros.hazard.types import ZoneMeasurement

_IMPOSSIBLE = 1e6
_OTHER_GROUP = 1.0  # added to the cost when both have a group and the groups differ
_FARTHER = 1e-3  # added for each metre between the centres: outlines that overlap have the same distance


def assign(
    tracks: Sequence[Track],
    measurements: Sequence[ZoneMeasurement],
    predictions: tuple[NDArray[np.float64], NDArray[np.float64]],
    settings: TrackerSettings,
) -> list[tuple[int, int]]:
    """Return pairs (track, measurement) of indices, each at most once.

    predictions: states [n, 4] and covariances [n, 4, 4] of the tracks' motion at that time.

    A pair is possible when the squared Mahalanobis distance of the centroids is within the
    gate or the edges are near (a large object shows different sides, and its centroid
    moves by metres). Its cost is the distance of the edges [m] plus a tenth of the
    Mahalanobis distance; where these are equal the nearer centre is cheaper. The sum of costs
    is minimal (Jonker-Volgenant through scipy).
    """
    if not tracks or not measurements:
        return []
    states, covariances = predictions
    positions, spreads = states[:, :2], covariances[:, :2, :2]
    centroids = np.array([measurement.geometry.centroid[:2] for measurement in measurements])
    noises = np.array([measurement.geometry.covariance[:2, :2] for measurement in measurements])
    offset = centroids[None] - positions[:, None]
    squared = _mahalanobis(offset, spreads[:, None] + noises[None])
    places = np.array([track.geometry.centroid[:2] for track in tracks])
    outlines_t = stack([track.geometry.polygon for track in tracks])
    outlines_m = stack([measurement.geometry.polygon for measurement in measurements])
    apart = np.linalg.norm(offset, axis=2)
    gap = apart - radii(outlines_t, places)[:, None] - radii(outlines_m, centroids)
    rows, columns = np.nonzero((squared <= settings.gate) | (gap <= settings.edge_gate))
    moved = outlines_t[rows] + (positions - places)[rows, None]
    edges = distances_between(moved, outlines_m[columns])
    strange = _other_group(tracks, measurements, rows, columns)
    price = edges + 0.1 * np.minimum(np.sqrt(squared[rows, columns]), 30.0) + _OTHER_GROUP * strange
    price += _FARTHER * apart[rows, columns]
    possible = (squared[rows, columns] <= settings.gate) | (edges <= settings.edge_gate)
    cost = np.full(squared.shape, _IMPOSSIBLE)
    cost[rows, columns] = np.where(possible, price, _IMPOSSIBLE)
    rows, columns = linear_sum_assignment(cost)
    return [(int(t), int(m)) for t, m in zip(rows, columns, strict=True) if cost[t, m] < _IMPOSSIBLE]


def _mahalanobis(offsets: NDArray[np.float64], covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared Mahalanobis lengths of offsets [..., 2] under covariances [..., 2, 2]."""
    x, y = offsets[..., 0], offsets[..., 1]
    xx, xy, yy = covariances[..., 0, 0], covariances[..., 0, 1], covariances[..., 1, 1]
    squared: NDArray[np.float64] = (yy * x * x - 2.0 * xy * x * y + xx * y * y) / (xx * yy - xy * xy)
    return squared


def _other_group(
    tracks: Sequence[Track],
    measurements: Sequence[ZoneMeasurement],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Tell for pairs whether both have a group and the groups differ."""
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return np.array(
        [not groups_agree(tracks[t].names.best[2], measurements[m].region.group) for t, m in pairs], bool
    )
