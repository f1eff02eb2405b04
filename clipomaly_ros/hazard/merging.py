"""Sightings of one thing into one: measurements of a picture, and tracks that stay on one place."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from clipomaly_ros.hazard.polygon_sets import boxes_touch, covered_share, overlap_share, stack
from clipomaly_ros.hazard.polygons import convex_hull, signed_area
from clipomaly_ros.hazard.track import Track, TrackerSettings
from clipomaly_ros.hazard.types import RegionObservation, Support, ZoneMeasurement

_MEASURED = frozenset({Support.FUSED, Support.LIDAR_ONLY})


def groups_agree(first: str, second: str) -> bool:
    """Tell whether two policy groups may be of one thing: equal, or one unknown."""
    return not first or not second or first == second


def names_agree(first: str, second: str) -> bool:
    """Tell whether two names may be of one thing: equal, or one missing."""
    return not first or not second or first == second


def may_be_part(track: Track, measurement: ZoneMeasurement) -> bool:
    """Tell by name and size whether a measurement may be a part of a zone; not whether it is near.

    Returns without a mask have no name, and are the rest of what a mask shows, large or small.
    """
    name, _, group = track.names.best
    region, outline = measurement.region, measurement.geometry.polygon
    if not names_agree(name, region.name) or not groups_agree(group, region.group):
        return False
    if measurement.support is Support.LIDAR_ONLY:
        return True
    return signed_area(outline) >= signed_area(track.geometry.polygon)  # clockwise: areas below 0


def join_sightings(
    measurements: Sequence[ZoneMeasurement], settings: TrackerSettings
) -> list[ZoneMeasurement]:
    """Make one measurement of those of one instant that are one thing.

    Solid things do not share their ground: measured footprints that overlap by merge_overlap
    of the smaller one, under one name or with one of them unnamed, are one. Outlines on
    assumed ground are too coarse to say so.
    """
    outlines = stack([measurement.geometry.polygon for measurement in measurements])
    pairs = [
        (first, second)
        for first, second in boxes_touch(outlines).tolist()
        if _same(measurements[first], measurements[second])
        and overlap_share(outlines[first], outlines[second]) >= settings.merge_overlap
    ]
    if not pairs:
        return list(measurements)
    rows, columns = np.array(pairs).T
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(measurements),) * 2)
    labels: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return [
        _joined([measurements[index] for index in np.flatnonzero(labels == label).tolist()])
        for label in dict.fromkeys(labels.tolist())
    ]


def _same(first: ZoneMeasurement, second: ZoneMeasurement) -> bool:
    one, other = first.region, second.region
    measured = first.support in _MEASURED and second.support in _MEASURED
    return measured and names_agree(one.name, other.name) and groups_agree(one.group, other.group)


def _joined(parts: list[ZoneMeasurement]) -> ZoneMeasurement:
    """Return one measurement of several: their hull, their points, the name of the best region."""
    if len(parts) == 1:
        return parts[0]
    best = max(parts, key=_weight)
    shapes = [part.geometry for part in parts]
    weights = np.array([max(len(shape.points), 1) for shape in shapes], np.float64)
    centroid = np.average([shape.centroid for shape in shapes], axis=0, weights=weights)
    geometry = replace(
        best.geometry,
        polygon=convex_hull(np.vstack([shape.polygon for shape in shapes])),
        z_min=min(shape.z_min for shape in shapes),
        z_max=max(shape.z_max for shape in shapes),
        centroid=centroid,
        points=np.vstack([shape.points for shape in shapes]),
    )
    return replace(best, geometry=geometry)


def _weight(part: ZoneMeasurement) -> tuple[object, ...]:
    region: RegionObservation = part.region
    return part.support is Support.FUSED, bool(region.name), len(part.geometry.points), -region.id


class OverlapWatch:
    """Notices pairs of tracks that lie on one place for long: they are one thing."""

    def __init__(self, settings: TrackerSettings) -> None:
        self.settings = settings
        self._since: dict[tuple[uuid.UUID, uuid.UUID], tuple[int, int]] = {}

    def reset(self) -> None:
        """Forget all pairs."""
        self._since = {}

    def due(
        self, tracks: Sequence[Track], observed: Collection[uuid.UUID], stamp: int
    ) -> list[tuple[Track, Track]]:
        """Return pairs (older, younger) of tracks to be merged now, each track once at most.

        observed: ids of the tracks seen in this picture. Two that are seen in one picture are
        two things and their time begins anew. What can move must have been measured, and seen on
        the same place: one person who stands where another was last seen is not the other.
        """
        outlines = stack([track.geometry.polygon for track in tracks])
        overlapping: dict[tuple[uuid.UUID, uuid.UUID], tuple[int, int]] = {}
        ripe: list[tuple[Track, Track]] = []
        for first, second in boxes_touch(outlines).tolist():
            pair = tracks[first], tracks[second]
            seen = (pair[0].id in observed) + (pair[1].id in observed)
            groups = (pair[0].names.best[2], pair[1].names.best[2])
            if seen == 2 or not groups_agree(*groups):
                continue
            if self._share(first, second, outlines, pair, observed) < self.settings.merge_overlap:
                continue
            key = min(pair[0].id, pair[1].id), max(pair[0].id, pair[1].id)
            since, count = self._since.get(key, (stamp, 0))
            overlapping[key] = (since, count + seen)
            if seen and self._ripe(pair, since, count + seen, stamp):
                ripe.append(pair if pair[0].first_seen <= pair[1].first_seen else pair[::-1])
        self._since = overlapping
        taken: set[uuid.UUID] = set()
        merged = []
        for older, younger in sorted(ripe, key=lambda pair: (pair[0].first_seen, pair[1].first_seen)):
            if not {older.id, younger.id} & taken:
                merged.append((older, younger))
                taken |= {older.id, younger.id}
        return merged

    @staticmethod
    def _share(
        first: int,
        second: int,
        outlines: NDArray[np.float64],
        pair: tuple[Track, Track],
        observed: Collection[uuid.UUID],
    ) -> float:
        """Return which share of the zone not seen lies in the one that is; of the smaller with neither seen.

        A chock seen in the bend of a hose says nothing about the rest of the hose.
        """
        one, other = outlines[first], outlines[second]
        if pair[0].id in observed:
            return covered_share(other, one)
        if pair[1].id in observed:
            return covered_share(one, other)
        return overlap_share(one, other)

    def _ripe(self, pair: tuple[Track, Track], since: int, count: int, stamp: int) -> bool:
        if count < self.settings.confirm_count or stamp - since < self.settings.merge_time * 1e9:
            return False
        if not any(track.row.movable for track in pair):
            return True
        return all(track.measured and since <= track.last_seen for track in pair)
