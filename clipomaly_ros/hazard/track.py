"""One tracked hazard: its life cycle, geometry, motion and name."""

from __future__ import annotations

import math
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.motion import MOVING, STATIC, MotionFilter, MotionModel
from clipomaly_ros.hazard.names import NameFusion
from clipomaly_ros.hazard.policy import HazardPolicy, PolicyDecision
from clipomaly_ros.hazard.policy_table import Row
from clipomaly_ros.hazard.polygon_sets import diameters, stack
from clipomaly_ros.hazard.polygons import convex_hull, inflate
from clipomaly_ros.hazard.tracker_settings import TrackerSettings
from clipomaly_ros.hazard.types import Geometry, Support, Zone, ZoneMeasurement, ZoneState

__all__ = ["Track", "TrackerSettings"]

_LOG_ODDS_BOUND = 6.0  # a probability of 0.9975: nothing is ever certain
_ASSUMED = frozenset({Support.NONE, Support.CAMERA_ONLY, Support.GROUND_PLANE})
_STRENGTH = (Support.NONE, Support.CAMERA_ONLY, Support.GROUND_PLANE, Support.LIDAR_ONLY, Support.FUSED)


@dataclass(frozen=True, eq=False)
class _View:
    """What one camera showed of the hazard last."""

    stamp: int
    support: Support
    geometry: Geometry


class Track:
    """A hazard over time; times are nanoseconds."""

    def __init__(
        self,
        identifier: uuid.UUID,
        measurement: ZoneMeasurement,
        stamp: int,
        policy: HazardPolicy,
        settings: TrackerSettings,
        source: str = "",
    ) -> None:
        self.id, self.policy, self.settings = identifier, policy, settings
        self.first_seen = self.last_seen = stamp
        self.count = 0
        self.was_confirmed = self.pinned = self.cleared = False
        self.state = ZoneState.TENTATIVE
        self.state_since = stamp
        self.names = NameFusion()
        self.geometry = measurement.geometry
        self.support = measurement.support
        self.measured = measurement.support not in _ASSUMED  # the outline rests on returns
        self.anomaly_score = 0.0
        self.log_odds = 0.0
        self.best_spread = measurement.geometry.covariance[:2, :2]  # of the surest single observation
        self._recent: deque[int] = deque(maxlen=settings.confirm_count)
        self._views: dict[str, _View] = {}
        self._sized: tuple[Geometry | None, float] = (None, 0.0)
        self._grown: tuple[Geometry | None, float, NDArray[np.float64]] = (None, 0.0, np.empty((0, 2)))
        self.name(measurement)
        self.motion = MotionFilter(
            measurement.geometry.centroid, measurement.geometry.covariance, self.model()
        )
        self._views[source] = _View(stamp, measurement.support, measurement.geometry)
        self._count(measurement, stamp)

    @property
    def row(self) -> Row:
        """Return the policy row of the zone's name."""
        return self.policy.row(self.names.best[2])

    def model(self) -> MotionModel:
        """Return how the hazard may move, by its name."""
        return STATIC if self.row.movable is None else MOVING

    def name(self, measurement: ZoneMeasurement) -> None:
        """Hear what a measurement says about the name; returns alone say nothing."""
        if measurement.support is not Support.LIDAR_ONLY:
            self.names.add(measurement.region)

    def settle(
        self, measurement: ZoneMeasurement, stamp: int, spread: NDArray[np.float64], source: str
    ) -> None:
        """Take in the outline of a matched measurement, the motion filter having its position.

        spread: covariance [2, 2] of the filtered position.
        """
        geometry = measurement.geometry
        position = self.motion.state[:2]
        covariance = geometry.covariance.copy()
        covariance[:2, :2] = spread
        covariance[2, :2] = covariance[:2, 2] = 0.0
        views = self._other_views(stamp, source)
        self._views[source] = _View(stamp, measurement.support, geometry)
        base, polygon, points = geometry, geometry.polygon, geometry.points
        z_min, z_max = geometry.z_min, geometry.z_max
        supports = [measurement.support, *(view.support for view in views)]
        if measurement.support not in _ASSUMED:
            # returns show the edges where they are, each camera those of its own side
            self.measured = True
            parts = [view.geometry for view in views if view.support not in _ASSUMED]
            if parts:
                polygon = convex_hull(np.vstack([polygon, *(part.polygon for part in parts)]))
                z_min = min(z_min, *(part.z_min for part in parts))
                z_max = max(z_max, *(part.z_max for part in parts))
        elif self.measured:  # a measured outline outlives an assumed one
            base = self.geometry
            polygon = base.polygon + (position - base.centroid[:2])
            z_min, z_max = base.z_min, base.z_max
            if not _ASSUMED.issuperset(supports):
                points = base.points
        else:  # an outline on assumed ground moves with the mean
            polygon = polygon + (position - geometry.centroid[:2])
        centroid = np.array([position[0], position[1], base.centroid[2]])
        self.geometry = Geometry(polygon, base.ground_z, z_min, z_max, centroid, covariance, points)
        self.support = max(supports, key=_STRENGTH.index)
        self._count(measurement, stamp)

    def _other_views(self, stamp: int, source: str) -> list[_View]:
        """Return what other cameras showed at about the same time, and forget the rest."""
        limit = self.settings.same_instant * 1e9
        self._views = {
            name: view
            for name, view in self._views.items()
            if name != source and abs(stamp - view.stamp) <= limit
        }
        return list(self._views.values())

    def absorb(self, measurement: ZoneMeasurement) -> None:
        """Take in a further part of the object seen in the same picture."""
        mine, other = self.geometry, measurement.geometry
        self.geometry = replace(
            mine,
            polygon=convex_hull(np.vstack([mine.polygon, other.polygon])),
            z_min=min(mine.z_min, other.z_min),
            z_max=max(mine.z_max, other.z_max),
            points=np.vstack([mine.points, other.points]),
        )
        self.name(measurement)

    def take_over(self, other: Track, stamp: int) -> None:
        """Become the one zone of a hazard that another track held too; its geometry comes along."""
        latest = max(self.last_seen, other.last_seen)
        log_odds = max(self._decayed(latest), other._decayed(latest))
        outline = convex_hull(np.vstack([self.geometry.polygon, other.geometry.polygon]))
        low = min(self.geometry.z_min, other.geometry.z_min)
        high = max(self.geometry.z_max, other.geometry.z_max)
        if other.last_seen > self.last_seen:
            self.motion, self.geometry, self.support = other.motion, other.geometry, other.support
            self.last_seen, self.anomaly_score = other.last_seen, other.anomaly_score
            self.state, self.state_since = other.state, other.state_since
            self._views, self._recent = other._views, other._recent
        self.geometry = replace(self.geometry, polygon=outline, z_min=low, z_max=high)
        self.log_odds = log_odds
        self.first_seen = min(self.first_seen, other.first_seen)
        self.count += other.count
        self.measured |= other.measured
        self.was_confirmed |= other.was_confirmed
        self.pinned |= other.pinned
        self.best_spread = min(self.best_spread, other.best_spread, key=np.trace)
        self.names.join(other.names)
        self.motion.set_model(self.model())
        if self.pinned or (self.was_confirmed and self.state is ZoneState.TENTATIVE):
            self._enter(ZoneState.CONFIRMED, stamp)

    def _count(self, measurement: ZoneMeasurement, stamp: int) -> None:
        authority = self.policy.authority_of(measurement)
        weight = authority.evidence
        if measurement.support is not Support.LIDAR_ONLY:
            self.anomaly_score = measurement.region.score
            weight *= 0.5 + 0.5 * measurement.region.score
        self.log_odds = min(self._decayed(stamp) + weight, _LOG_ODDS_BOUND)
        self.last_seen = max(self.last_seen, stamp)
        self.count += 1
        if authority.confirms:
            self._recent.append(stamp)
        full = len(self._recent) == self.settings.confirm_count
        within = full and self._recent[-1] - self._recent[0] <= self.settings.confirm_window * 1e9
        likely = _probability(self.log_odds) >= self.settings.confirm_probability
        if self.pinned or self.was_confirmed or (within and likely and authority.confirms):
            self.was_confirmed = True
            self._enter(ZoneState.CONFIRMED, stamp)
        else:
            self._enter(ZoneState.TENTATIVE, stamp)

    def _enter(self, state: ZoneState, stamp: int) -> None:
        if state is not self.state:
            self.state, self.state_since = state, stamp

    def _decayed(self, stamp: int) -> float:
        unseen = max(stamp - self.last_seen, 0) * 1e-9
        return self.log_odds * math.pow(0.5, unseen / self.settings.half_life)

    def confirm(self, stamp: int, name: str | None, group: str) -> None:
        """Make the zone confirmed until it is cleared, and name it if a name is given."""
        self.pinned = self.was_confirmed = True
        if name:
            self.names.set_by_operator(name, group)
        self._enter(ZoneState.CONFIRMED, stamp)

    def clear(self, stamp: int) -> None:
        """Make the zone cleared; it is published once more."""
        self.cleared = True
        self._enter(ZoneState.CLEARED, stamp)

    def age(self, stamp: int) -> None:
        """Let the life cycle go on to a time: validity over, dormant, unconfirmed."""
        if self.cleared or self.pinned:
            return
        row = self.row
        unseen = (stamp - self.last_seen) * 1e-9
        if unseen <= row.validity:
            return
        dormant_until = row.validity + (row.movable.duration if row.movable else 0.0)
        if row.movable and self.was_confirmed and unseen <= dormant_until:
            self._enter(ZoneState.DORMANT, self.last_seen + int(row.validity * 1e9))
        else:
            self._enter(ZoneState.UNCONFIRMED, min(stamp, self.last_seen + int(dormant_until * 1e9)))

    def expired(self, stamp: int) -> bool:
        """Tell whether the zone may go: never confirmed, and unconfirmed for long."""
        if self.was_confirmed or self.state is not ZoneState.UNCONFIRMED:
            return False
        return (stamp - self.state_since) * 1e-9 > self.settings.tentative_retention

    def outline(self, stamp: int) -> NDArray[np.float64]:
        """Return the polygon at a time: inflated once a movable hazard is lost."""
        if self.state not in (ZoneState.DORMANT, ZoneState.UNCONFIRMED):
            return self.geometry.polygon
        movable = self.row.movable
        if movable is None:
            return self.geometry.polygon
        lost = (stamp - self.last_seen) * 1e-9
        # whole decimetres: the outline changes in steps a planner can follow
        growth = math.ceil(min(movable.speed * max(lost, 0.0), movable.growth) * 10) / 10
        if self._grown[0] is not self.geometry or self._grown[1] != growth:
            self._grown = (self.geometry, growth, inflate(self.geometry.polygon, growth))
        return self._grown[2]

    def decide(self, distance: float | None) -> PolicyDecision:
        """Ask the policy about the zone as it is now; distance: to the vehicle [m], None unknown."""
        name, _, group = self.names.best
        if self._sized[0] is not self.geometry:
            measure_sizes([self])
        height = self.geometry.z_max - self.geometry.ground_z
        return self.policy.decide(group, self._sized[1], distance, height, name)

    def zone(self, stamp: int, polygon: NDArray[np.float64], distance: float | None) -> Zone:
        """Return the zone as it is published at a time.

        polygon: its outline(stamp); distance: from it to the vehicle [m], None when unknown.
        """
        decision = self.decide(distance)
        name, source, group = self.names.best
        mine = self.geometry
        return Zone(
            id=self.id,
            state=self.state,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            validity=decision.validity,
            observation_count=self.count,
            geometry=replace(mine, polygon=polygon),
            keep_out_radius=decision.keep_out,
            velocity=self.motion.velocity(self.settings.least_speed, self.settings.least_updates)
            if self.state in (ZoneState.TENTATIVE, ZoneState.CONFIRMED)
            else None,
            name=name,
            source=source,
            group=group,
            candidates=self.names.candidates,
            anomaly_score=self.anomaly_score,
            existence_probability=_probability(self._decayed(stamp)),
            severity=decision.severity,
            action=decision.action,
            support=self.support,
            point_count=0 if self.support is Support.GROUND_PLANE else len(mine.points),
        )


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def measure_sizes(tracks: Iterable[Track]) -> None:
    """Measure the largest extent of those whose geometry changed, all at once."""
    changed = [track for track in tracks if track._sized[0] is not track.geometry]
    across = diameters(stack([track.geometry.polygon for track in changed])).tolist()
    for track, extent in zip(changed, across, strict=True):
        geometry = track.geometry
        track._sized = (geometry, max(extent, geometry.z_max - geometry.z_min))
