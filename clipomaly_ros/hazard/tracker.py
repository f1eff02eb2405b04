"""Hazard zones over time: matching, life cycle, operator decisions, bounds."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.assignment import assign
from clipomaly_ros.hazard.policy import HazardPolicy
from clipomaly_ros.hazard.polygons import nearest_edge_distance, polygon_distance
from clipomaly_ros.hazard.track import Track, TrackerSettings
from clipomaly_ros.hazard.types import HazardError, Zone, ZoneMeasurement

__all__ = ["AuditEntry", "TrackerSettings", "ZoneTracker"]

_AUDIT_LENGTH = 1000


@dataclass(frozen=True)
class AuditEntry:
    """One decision of an operator. stamp: nanoseconds; decision: "clear" or "confirm"."""

    stamp: int
    zone: uuid.UUID
    decision: str
    operator: str
    reason: str


class ZoneTracker:
    """Keeps the hazard zones of one fixed frame. Not thread-safe.

    Zones are never dropped in silence: `dropped` counts by reason ("capacity": more than
    max_zones; "tentative expired": never confirmed and long unseen; "clock jumped back").
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
        self._latest: int | None = None
        self._viewer: NDArray[np.float64] | None = None

    def update(
        self,
        measurements: Iterable[ZoneMeasurement],
        stamp_ns: int,
        viewer_position: Sequence[float] | NDArray[np.float64] | None = None,
    ) -> tuple[Zone, ...]:
        """Take in the measurements of one picture and return all zones, nearest first.

        stamp_ns: time of measurement [ns]. viewer_position: x, y of the vehicle in the fixed
        frame [m], or None when unknown. A stamp well before the newest one is a clock that
        jumped back: the tracker starts anew. Equal measurements in any order give equal zones.
        """
        if self._latest is not None and stamp_ns < self._latest - self.settings.backward_jump * 1e9:
            self.dropped["clock jumped back"] += len(self._tracks)
            self.reset()
        ordered = sorted(measurements, key=_order)
        for measurement in ordered:
            _check(measurement)
        self._latest = stamp_ns if self._latest is None else max(self._latest, stamp_ns)
        live = [track for track in self._tracks if not track.cleared]
        pairs = assign(live, ordered, stamp_ns, self.settings)
        for owner_index, index in pairs:
            live[owner_index].observe(ordered[index], stamp_ns)
        matched = [live[owner_index] for owner_index, _ in pairs]
        taken = {index for _, index in pairs}
        for number, measurement in enumerate(ordered):
            if number in taken:
                continue
            owner = self._owner(matched, measurement)
            if owner is not None:
                owner.absorb(measurement)
            else:
                track = Track(self._make_id(), measurement, stamp_ns, self.policy, self.settings)
                self._tracks.append(track)
        return self.zones(stamp_ns, viewer_position)

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
        zones = [track.zone(stamp_ns, self._viewer) for track in self._tracks]
        self._tracks = [track for track in self._tracks if not track.cleared]
        return tuple(sorted(zones, key=self._rank))

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

    def _now(self) -> int:
        return self._latest or 0

    def _find(self, zone_id: uuid.UUID) -> Track:
        for track in self._tracks:
            if track.id == zone_id and not track.cleared:
                return track
        raise HazardError(f"there is no zone {zone_id}: it was cleared, has expired or never was")

    def _owner(self, matched: list[Track], measurement: ZoneMeasurement) -> Track | None:
        """Return the zone seen in the same picture that a further measurement is a part of."""
        for track in matched:
            groups = {track.names.best[2], measurement.region.group} - {""}
            if len(groups) < 2:
                gap = polygon_distance(track.geometry.polygon, measurement.geometry.polygon)
                if gap <= self.settings.merge_distance:
                    return track
        return None

    def _drop(self, stamp_ns: int) -> None:
        kept = [track for track in self._tracks if not track.expired(stamp_ns)]
        self.dropped["tentative expired"] += len(self._tracks) - len(kept)
        surplus = len(kept) - self.settings.max_zones
        if surplus > 0:
            kept.sort(key=self._relevance, reverse=True)
            del kept[self.settings.max_zones :]
            self.dropped["capacity"] += surplus
        self._tracks = kept

    def _relevance(self, track: Track) -> tuple[object, ...]:
        """Order tracks by what would be lost: decided, confirmed, severe, recent."""
        severity = track.decide(track.geometry.polygon, self._viewer).severity
        return (track.cleared, track.pinned, track.was_confirmed, severity, track.last_seen, track.id.int)

    def _rank(self, zone: Zone) -> tuple[float, int, int]:
        distance = 0.0
        if self._viewer is not None:
            distance = nearest_edge_distance(zone.geometry.polygon, self._viewer)
        return distance, zone.first_seen, zone.id.int


def _order(measurement: ZoneMeasurement) -> tuple[float, ...]:
    """Return a key that does not depend on the order of the regions."""
    return (*measurement.geometry.centroid.tolist(), float(measurement.region.id))


def _check(measurement: ZoneMeasurement) -> None:
    geometry = measurement.geometry
    if not (np.isfinite(geometry.centroid).all() and np.isfinite(geometry.covariance).all()):
        raise HazardError(f"region {measurement.region.id}: expected a finite centroid and covariance")
    if len(geometry.polygon) < 3 or not np.isfinite(geometry.polygon).all():
        raise HazardError(f"region {measurement.region.id}: expected a finite polygon of 3 or more corners")
