"""The object of a region: which cluster of the points in and around its mask it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from clipomaly_ros.hazard.clustering import Clusters, cluster_groups
from clipomaly_ros.hazard.types import HazardError


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


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The points in and around the masks of regions, region after region.

    points: [n, 3] in metres; u, v: pixel, float32 [n]; in_mask: bool [n], is the region's
    own; distance: from the camera, float32 [n], metres. sizes: points of each region, intp
    [r]; boxes: x, y, width, height of each, [r, 4], pixels. A point may occur in several
    regions.
    """

    points: NDArray[np.floating]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    in_mask: NDArray[np.bool_]
    distance: NDArray[np.float32]
    sizes: NDArray[np.intp]
    boxes: NDArray[np.float64]

    def regions(self, chosen: NDArray[np.bool_]) -> Surroundings:
        """Return some of the regions, by mask [r]."""
        rows = np.repeat(chosen, self.sizes)
        return Surroundings(
            self.points[rows],
            self.u[rows],
            self.v[rows],
            self.in_mask[rows],
            self.distance[rows],
            self.sizes[chosen],
            self.boxes[chosen],
        )


def select_objects(around: Surroundings, settings: ForegroundSettings) -> NDArray[np.bool_]:
    """Tell which of the points in and around each region's mask are its object, bool [n].

    All False in a region where no cluster has enough points.

    A cluster's score is its number of points in the mask (each stands for about the same
    part of the picture) times the share of its points that are in the mask (a wall or a hedge
    seen past the object goes on outside, the object does not), times how well its outline in
    the picture covers the box.
    """
    region = np.repeat(np.arange(len(around.sizes)), around.sizes)
    hopeful = np.bincount(region[around.in_mask], minlength=len(around.sizes)) > 0
    selected = np.zeros(len(around.points), bool)
    if not hopeful.any():
        return selected
    if hopeful.all():
        return _select(around, settings)
    selected[hopeful[region]] = _select(around.regions(hopeful), settings)
    return selected


def _select(around: Surroundings, settings: ForegroundSettings) -> NDArray[np.bool_]:
    """Select where every region has a point in its mask."""
    tolerance = settings.tolerance + settings.tolerance_slope * _nearest(around)
    clusters = cluster_groups(around.points, around.sizes, tolerance)
    label, count = clusters.label, clusters.count
    total = np.bincount(label, np.diff(clusters.starts, append=len(around.points)), count)
    inside = np.bincount(label, clusters.total(around.in_mask.astype(np.intp)), count)
    region = np.zeros(count, np.intp)
    region[label] = clusters.group
    share = inside / total
    left, top, right, bottom, nearest = clusters.lowest(
        np.stack([around.u, around.v, -around.u, -around.v, around.distance])
    )
    outline = np.stack([left, top, -right, -bottom]).astype(np.float64)
    score = inside * share**2 * (0.1 + _box_overlap(outline, around.boxes[region]))
    score[inside < _needed(nearest, settings.min_points)] = 0.0
    highest = np.zeros(len(around.sizes))
    np.maximum.at(highest, region, score)
    best = np.flatnonzero((score == highest[region]) & (score > 0.0))
    best = best[np.unique(region[best], return_index=True)[1]]  # of equal ones the first
    object_of = np.full(len(around.sizes), -1)
    object_of[region[best]] = best
    chosen = np.zeros(count, bool)
    chosen[best] = True
    parts = (share >= settings.own_share) & (inside > 0) & ~chosen & (object_of[region] >= 0)
    if parts.any() and settings.merge > 0:
        slack = np.sqrt(2.0) * 0.5 * tolerance  # across two half cells on either side
        chosen[_near_parts(around.points, clusters, chosen, parts, settings.merge, slack)] = True
    selected: NDArray[np.bool_] = chosen[label][clusters.cell]
    return selected


def _nearest(around: Surroundings) -> NDArray[np.float64]:
    """Return the distance of the nearest returns in each region's mask, float64 [r], metres."""
    ends = np.cumsum(around.sizes)
    nearest = np.empty(len(ends))
    for number, (start, end) in enumerate(zip(ends - around.sizes, ends, strict=True)):
        own = around.distance[start:end][around.in_mask[start:end]]
        tenth = len(own) // 10  # not the nearest: one stray return must not set the scale
        nearest[number] = np.partition(own, tenth)[tenth]
    return nearest


def _near_parts(
    points: NDArray[np.floating],
    clusters: Clusters,
    chosen: NDArray[np.bool_],
    parts: NDArray[np.bool_],
    merge: float,
    slack: NDArray[np.float64],
) -> NDArray[np.intp]:
    """Return which parts lie nearer than merge [m], seen from above, to their region's chosen cluster.

    The cells' first points decide where they can; where the gap is within the cells' size
    of the limit (slack: of each region [m]), all points are asked.
    """
    label, group = clusters.label, clusters.group
    places = points[clusters.first, :2].astype(np.float64)
    places[:, 0] += group * (np.ptp(places[:, 0]) + 2 * (merge + slack.max()) + 1.0)  # regions apart
    asked = np.zeros(len(slack), bool)
    asked[group[parts[label]]] = True
    own, other = chosen[label] & asked[group], np.flatnonzero(parts[label])
    reach = merge + 2 * slack.max()
    gap = np.full(clusters.count, np.inf)
    np.minimum.at(gap, label[other], cKDTree(places[own]).query(places[other], distance_upper_bound=reach)[0])
    near = list(np.flatnonzero(gap < merge))
    for part in np.flatnonzero(np.isfinite(gap) & (gap >= merge)):
        cells = label == part
        mine = points[cells[clusters.cell], :2]
        region = group[cells.argmax()]
        theirs = points[(own & (group == region))[clusters.cell], :2]
        low, high = mine.min(axis=0) - merge, mine.max(axis=0) + merge
        theirs = theirs[((theirs >= low) & (theirs <= high)).all(axis=1)]
        if len(theirs) and (cKDTree(theirs).query(mine, distance_upper_bound=merge)[0] < merge).any():
            near.append(part)
    return np.array(near, np.intp)


def _needed(reach: NDArray[np.float32], at_ten_metres: int) -> NDArray[np.float64]:
    """Return how many points a cluster must have at its distance."""
    reach = reach.astype(np.float64)
    needed: NDArray[np.float64] = np.clip(
        np.rint(at_ten_metres * (10.0 / np.maximum(reach, 1.0)) ** 2), 1, at_ten_metres
    )
    return needed


def _box_overlap(outline: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of clusters' outline boxes with their regions' boxes.

    outline: left, top, right, bottom pixel of each, [4, k]; boxes: x, y, width, height, [k, 4].
    """
    left, top, right, bottom = outline
    x, y, width, height = boxes.T
    across = np.clip(np.minimum(right + 1, x + width) - np.maximum(left, x), 0, None)
    down = np.clip(np.minimum(bottom + 1, y + height) - np.maximum(top, y), 0, None)
    union = (right - left + 1) * (bottom - top + 1) + width * height - across * down
    overlap: NDArray[np.float64] = across * down / union
    return overlap
