"""The straightforward way to fuse, kept for comparison: every point, float64, region by region.

The same definitions as hazard.fuser, written down one after the other: all points are moved
and projected, each region is a mask over all of them, each cluster comes from a distance
search between all points of a region's surroundings.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, cKDTree

from clipomaly_ros.evaluation.bench_fusion_scene import LAYOUT, FusionInput
from clipomaly_ros.hazard.foreground import ForegroundSettings
from clipomaly_ros.hazard.fuser import FusionSettings
from clipomaly_ros.hazard.ground import GroundPlane, estimate_ground
from clipomaly_ros.hazard.ground_ray import cut_ground
from clipomaly_ros.hazard.ground_relief import measure_relief
from clipomaly_ros.hazard.types import RegionObservation

_HEIGHT_SCALE = 0.35  # as in hazard.clustering
_BASE_MARGIN = 1.0  # as in hazard.fuser
_HIDDEN_SHARE = 0.1  # as in hazard.association


def fuse_naively(made: FusionInput, settings: FusionSettings) -> dict[int, NDArray[np.intp]]:
    """Return which points of the cloud, as indices, are the object of each region that has some.

    The footprint, height range and covariance of each are computed as well, and dropped.
    """
    xyz = _parse(made)
    to_fixed, to_camera = made.fixed_from_cloud, made.camera_from_cloud
    fixed = xyz @ to_fixed.rotation.T + to_fixed.translation
    sensor, single = to_fixed.translation, fixed.astype(np.float32)
    plane = estimate_ground(single, sensor, replace(settings.ground, height=sensor[2]))
    relief = measure_relief(single, plane.heights(single), sensor, settings.ground.reach)
    in_camera = xyz @ to_camera.rotation.T + to_camera.translation
    uv, visible = made.camera.project(in_camera)
    distance = np.linalg.norm(in_camera, axis=1)
    seen = visible & (plane.heights(fixed) - relief.at(fixed[:, :2]) > settings.clearance)
    seen[seen] = ~_hidden(uv[seen], distance[seen], made, settings)
    under = np.zeros(len(xyz), np.int64)
    columns, rows = np.rint(uv[seen]).astype(int).T
    under[seen] = made.region_image[rows, columns]
    objects = {}
    for region in made.regions:
        limit = _farthest(region, made, plane, settings)
        x, y, width, height = region.box
        across, down = settings.association.context * width + 8, settings.association.context * height + 8
        around = seen & (distance <= limit)
        around &= (uv[:, 0] >= x - across) & (uv[:, 0] < x + width + across)
        around &= (uv[:, 1] >= y - down) & (uv[:, 1] < y + height + down)
        index = np.flatnonzero(around)
        chosen = select_naively(
            fixed[index],
            uv[index],
            under[index] == region.id,
            distance[index],
            region.box,
            settings.foreground,
        )
        if chosen.any():
            objects[region.id] = index[chosen]
            _measure(fixed[index[chosen]], plane)
    return objects


def _parse(made: FusionInput) -> NDArray[np.float64]:
    cloud = np.frombuffer(made.data, LAYOUT)
    xyz = np.column_stack([cloud["x"], cloud["y"], cloud["z"]]).astype(np.float64)
    usable: NDArray[np.float64] = xyz[np.isfinite(xyz).all(axis=1) & xyz.any(axis=1)]
    return usable


def _hidden(
    uv: NDArray[np.float64], distance: NDArray[np.float64], made: FusionInput, settings: FusionSettings
) -> NDArray[np.bool_]:
    """Tell which points lie well behind a nearer one in the same or a neighbouring cell."""
    cell = settings.association.visibility_cell
    column, row = ((uv + 0.5) / cell).astype(int).T
    nearest = np.full((made.camera.height // cell + 3, made.camera.width // cell + 3), np.inf)
    for down in (0, 1, 2):
        for across in (0, 1, 2):
            np.minimum.at(nearest, (row + down, column + across), distance)
    gap = np.maximum(settings.association.visibility_gap, _HIDDEN_SHARE * distance)
    hidden: NDArray[np.bool_] = distance > nearest[row + 1, column + 1] + gap
    return hidden


def _farthest(
    region: RegionObservation, made: FusionInput, plane: GroundPlane, settings: FusionSettings
) -> float:
    x, y, width, height = region.box
    base = np.array([[x + width / 2, y + height - 1 - settings.base_slack * height]])
    ray = made.fixed_from_camera.rotate(made.camera.rays(base))
    origin = made.fixed_from_camera.translation
    reach = float(np.linalg.norm(cut_ground(ray, origin, plane)[0] - origin)) + _BASE_MARGIN
    return float(np.fmin(reach, settings.max_range))


def select_naively(
    points: NDArray[np.floating],
    uv: NDArray[np.floating],
    in_mask: NDArray[np.bool_],
    distance: NDArray[np.floating],
    box: tuple[int, int, int, int],
    settings: ForegroundSettings,
) -> NDArray[np.bool_]:
    """Tell which points [n, 3] around one region's mask are its object, as hazard.foreground does."""
    chosen = np.zeros(len(points), bool)
    if not in_mask.any():
        return chosen
    own = np.sort(distance[in_mask])
    tolerance = settings.tolerance + settings.tolerance_slope * own[len(own) // 10]
    label = _cluster(points, tolerance)
    best, best_score, parts = -1, 0.0, []
    for number in range(label.max() + 1):
        members = label == number
        inside = np.count_nonzero(members & in_mask)
        share = inside / np.count_nonzero(members)
        near = max(float(distance[members].min()), 1.0)
        needed = np.clip(np.rint(settings.min_points * (10.0 / near) ** 2), 1, settings.min_points)
        score = inside * share**2 * (0.1 + _overlap(uv[members], box))
        if inside and share >= settings.own_share:
            parts.append(number)
        if inside >= needed and score > best_score:
            best, best_score = number, score
    if best < 0:
        return chosen
    chosen |= label == best
    tree = cKDTree(points[chosen, :2])
    for number in parts:
        if number != best and tree.query(points[label == number, :2])[0].min() < settings.merge:
            chosen |= label == number
    return chosen


def _cluster(points: NDArray[np.floating], tolerance: float) -> NDArray[np.int32]:
    """Label points; as everywhere in the fusion, half a tolerance is the finest step looked at."""
    scaled = points.astype(np.float64) * (1.0, 1.0, _HEIGHT_SCALE)
    cells = np.floor((scaled - scaled.min(axis=0)) / (0.5 * tolerance)).astype(np.int64)
    _, first, inverse = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    pairs = np.array(sorted(cKDTree(scaled[first]).query_pairs(tolerance)), int).reshape(-1, 2)
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(first),) * 2)
    labels: NDArray[np.int32] = connected_components(links, directed=False)[1][inverse.ravel()]
    return labels


def _overlap(uv: NDArray[np.floating], box: tuple[int, int, int, int]) -> float:
    (left, top), (right, bottom) = uv.min(axis=0), uv.max(axis=0)
    x, y, width, height = box
    across = max(min(right + 1, x + width) - max(left, x), 0.0)
    down = max(min(bottom + 1, y + height) - max(top, y), 0.0)
    union = (right - left + 1) * (bottom - top + 1) + width * height - across * down
    return float(across * down / union)


def _measure(points: NDArray[np.float64], plane: GroundPlane) -> None:
    """Compute what makes a zone: hull, heights, centroid, covariance."""
    centroid = points.mean(axis=0)
    plane.height_at(centroid[None, :2])
    points[:, 2].min(), points[:, 2].max()
    if len(points) > 3:
        np.cov(points.T)
        ConvexHull(points[:, :2], qhull_options="QJ")
