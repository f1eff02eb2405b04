"""Hazard zones over time: matching, life cycle, operator decisions, bounds."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.assignment import assign
from clipomaly_ros.hazard.merging import OverlapWatch, join_sightings, may_be_part
from clipomaly_ros.hazard.motion import predict
from clipomaly_ros.hazard.observation import observe, seconds_since
from clipomaly_ros.hazard.policy import HazardPolicy
from clipomaly_ros.hazard.polygon_sets import distances_to_point, stack
from clipomaly_ros.hazard.polygons import polygon_distance
from clipomaly_ros.hazard.track import Track, measure_sizes
from clipomaly_ros.hazard.tracker_settings import TrackerSettings
from clipomaly_ros.hazard.types import HazardError, Support, Zone, ZoneMeasurement

__all__ = ["AuditEntry", "TrackerSettings", "ZoneTracker"]

_AUDIT_LENGTH = 1000


@dataclass(frozen=True)
class AuditEntry:
    """One decision about a zone. stamp: nanoseconds.

    decision: "clear" or "confirm" of an operator, or "merge" of the tracker itself (the reason
    names the zone that goes on).
    """

    stamp: int
    zone: uuid.UUID
    decision: str
    operator: str
    reason: str


class ZoneTracker:
    """Keeps the hazard zones of one fixed frame. Not thread-safe.

    Zones are never dropped in silence: `dropped` counts by reason ("capacity": more than
    max_zones; "tentative expired": never confirmed and long unseen; "merged": the same thing as
    an older zone, published once more as cleared; "clock jumped back").
    """

    def __init__(
        self,
        settings: TrackerSettings,
        policy: HazardPolicy,
        make_id: Callable[[], uuid.UUID] = uuid.uuid4,
    ) -> None:
        self.settings, self.policy = settings, policy
        self.dropped: Counter[str] = Counter()
        self.audit: deque[AuditEntry] = deque(maxlen=_AUDIT_LENGTH)
        self._make_id = make_id
        self._tracks: list[Track] = []
        self._overlaps = OverlapWatch(settings)
        self._latest: int | None = None
        self._viewer: NDArray[np.float64] | None = None

    def update(
        self,
        measurements: Iterable[ZoneMeasurement],
        stamp_ns: int,
        viewer_position: Sequence[float] | NDArray[np.float64] | None = None,
        source: str = "",
    ) -> tuple[Zone, ...]:
        """Take in the measurements of one picture and return all zones, nearest first.

        stamp_ns: time of measurement [ns]. viewer_position: x, y of the vehicle in the fixed
        frame [m], or None when unknown. source: the camera; pictures of several cameras at about
        one time (same_instant) are joined. A stamp well before the newest one is a clock that
        jumped back: the tracker starts anew. Equal measurements in any order give equal zones.
        """
        if self._latest is not None and stamp_ns < self._latest - self.settings.backward_jump * 1e9:
            self.dropped["clock jumped back"] += len(self._tracks)
            self.reset()
        ordered = sorted(measurements, key=_order)
        for measurement in ordered:
            _check(measurement)
        self._latest = stamp_ns if self._latest is None else max(self._latest, stamp_ns)
        ordered = join_sightings(ordered, self.settings)
        seen = [measurement for measurement in ordered if measurement.support is not Support.LIDAR_ONLY]
        bare = [measurement for measurement in ordered if measurement.support is Support.LIDAR_ONLY]
        observed: list[Track] = []
        for some in (seen, bare):  # what returns alone show takes no zone from what a mask shows
            self._take_in(some, observed, stamp_ns, source)
        self._merge({track.id for track in observed}, stamp_ns)
        return self.zones(stamp_ns, viewer_position)

    def _take_in(
        self, measurements: list[ZoneMeasurement], observed: list[Track], stamp: int, source: str
    ) -> None:
        """Match measurements to tracks that are not in `observed`, and add the tracks they go to."""
        if not measurements:
            return
        taken = {track.id for track in observed}
        free = [track for track in self._tracks if not track.cleared and track.id not in taken]
        pairs: list[tuple[int, int]] = []
        if free:
            states, covariances = predict([track.motion for track in free], seconds_since(free, stamp))
            pairs = assign(free, measurements, (states, covariances), self.settings)
            chosen = [track for track, _ in pairs]
            seen = [measurements[index] for _, index in pairs]
            now = states[chosen], covariances[chosen]
            observe([free[track] for track in chosen], seen, stamp, now, source)
        matched = [free[track] for track, _ in pairs]
        observed += matched
        owners = observed[:]
        used = {index for _, index in pairs}
        for number, measurement in enumerate(measurements):
            if number in used:
                continue
            owner = self._owner(owners, measurement)
            if owner is not None:
                owner.absorb(measurement)
            else:
                track = Track(self._make_id(), measurement, stamp, self.policy, self.settings, source)
                self._tracks.append(track)
                observed.append(track)

    def _merge(self, observed: set[uuid.UUID], stamp: int) -> None:
        """Make one zone of two that lie on one place; the older one's id stays."""
        live = [track for track in self._tracks if not track.cleared]
        for older, younger in self._overlaps.due(live, observed, stamp):
            older.take_over(younger, stamp)
            younger.clear(stamp)
            self.dropped["merged"] += 1
            reason = f"the same thing as zone {older.id}"
            self.audit.append(AuditEntry(stamp, younger.id, "merge", "", reason))

    def zones(
        self, stamp_ns: int, viewer_position: Sequence[float] | NDArray[np.float64] | None = None
    ) -> tuple[Zone, ...]:
        """Return all zones at a time [ns], nearest first; without a viewer, the last one counts.

        A cleared zone is in exactly one answer, of this method or of update().
        """
        if viewer_position is not None:
            self._viewer = np.asarray(viewer_position, np.float64)[:2]
        for track in self._tracks:
            track.age(stamp_ns)
        self._drop(stamp_ns)
        outlines = [track.outline(stamp_ns) for track in self._tracks]
        distances = self._distances(outlines)
        measure_sizes(self._tracks)
        zones = [
            track.zone(stamp_ns, outline, distance)
            for track, outline, distance in zip(self._tracks, outlines, distances, strict=True)
        ]
        ranks = [
            (distance or 0.0, zone.first_seen, zone.id.int)
            for zone, distance in zip(zones, distances, strict=True)
        ]
        self._tracks = [track for track in self._tracks if not track.cleared]
        return tuple(zones[number] for number in sorted(range(len(zones)), key=ranks.__getitem__))

    def _distances(self, outlines: Sequence[NDArray[np.float64]]) -> list[float] | list[None]:
        """Return the distance from the vehicle to each outline [m], None when it is unknown."""
        if self._viewer is None:
            return [None] * len(outlines)
        distances: list[float] = distances_to_point(stack(outlines), self._viewer).tolist()
        return distances

    def clear(self, zone_id: uuid.UUID, operator: str = "", reason: str = "") -> None:
        """Declare a hazard gone; HazardError when there is no such zone."""
        track = self._find(zone_id)
        track.clear(self._now())
        self.audit.append(AuditEntry(self._now(), zone_id, "clear", operator, reason))

    def confirm(
        self,
        zone_id: uuid.UUID,
        name: str | None = None,
        group: str = "",
        operator: str = "",
        reason: str = "",
    ) -> None:
        """Declare a hazard real: confirmed until cleared, named if a name is given."""
        track = self._find(zone_id)
        track.confirm(self._now(), name, group)
        self.audit.append(AuditEntry(self._now(), zone_id, "confirm", operator, reason))

    def reset(self) -> None:
        """Forget all zones and the time; the counters and the audit trail stay."""
        self._tracks = []
        self._latest = None
        self._overlaps.reset()

    def _now(self) -> int:
        return self._latest or 0

    def _find(self, zone_id: uuid.UUID) -> Track:
        for track in self._tracks:
            if track.id == zone_id and not track.cleared:
                return track
        raise HazardError(f"there is no zone {zone_id}: it was cleared, merged, has expired or never was")

    def _owner(self, owners: list[Track], measurement: ZoneMeasurement) -> Track | None:
        """Return the nearest zone seen in the same picture that a further measurement is a part of.

        A part is of the same name or unnamed, and no larger than what it is a part of: a zone
        keeps only what matches it, so what is more than a part needs a zone of its own.
        """
        shape = measurement.geometry
        found, nearest = None, (self.settings.merge_distance, np.inf)
        for track in owners:
            if may_be_part(track, measurement):
                gap = polygon_distance(track.geometry.polygon, shape.polygon)
                # Of several that it overlaps, the one with the nearer centre.
                apart = float(np.linalg.norm(track.geometry.centroid[:2] - shape.centroid[:2]))
                if (gap, apart) < nearest:
                    found, nearest = track, (gap, apart)
        return found

    def _drop(self, stamp_ns: int) -> None:
        kept = [track for track in self._tracks if not track.expired(stamp_ns)]
        self.dropped["tentative expired"] += len(self._tracks) - len(kept)
        surplus = len(kept) - self.settings.max_zones
        if surplus > 0:
            distances = self._distances([track.geometry.polygon for track in kept])
            ranked = sorted(zip(kept, distances, strict=True), key=_relevance, reverse=True)
            kept = [track for track, _ in ranked[: self.settings.max_zones]]
            self.dropped["capacity"] += surplus
        self._tracks = kept


def _relevance(candidate: tuple[Track, float | None]) -> tuple[object, ...]:
    """Order tracks by what would be lost: decided, confirmed, severe, recent."""
    track, distance = candidate
    severity = track.decide(distance).severity
    return (track.cleared, track.pinned, track.was_confirmed, severity, track.last_seen, track.id.int)


def _order(measurement: ZoneMeasurement) -> tuple[float, ...]:
    """Return a key that does not depend on the order of the regions."""
    return (*measurement.geometry.centroid.tolist(), float(measurement.region.id))


def _check(measurement: ZoneMeasurement) -> None:
    geometry = measurement.geometry
    if not (np.isfinite(geometry.centroid).all() and np.isfinite(geometry.covariance).all()):
        raise HazardError(f"region {measurement.region.id}: expected a finite centroid and covariance")
    if len(geometry.polygon) < 3 or not np.isfinite(geometry.polygon).all():
        raise HazardError(f"region {measurement.region.id}: expected a finite polygon of 3 or more corners")
