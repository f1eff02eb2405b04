"""One tracked hazard: its life cycle, geometry, motion and name."""

from __future__ import annotations

import math
import uuid
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.motion import MOVING, STATIC, MotionFilter, MotionModel, no_surer_than
from clipomaly_ros.hazard.names import NameFusion
from clipomaly_ros.hazard.policy import HazardPolicy, PolicyDecision
from clipomaly_ros.hazard.polygons import convex_hull, diameter, inflate, nearest_edge_distance
from clipomaly_ros.hazard.types import Geometry, HazardError, Support, Zone, ZoneMeasurement, ZoneState

_LOG_ODDS_BOUND = 6.0  # a probability of 0.9975: nothing is ever certain
_HIT_LOG_ODDS = {Support.FUSED: 1.2, Support.LIDAR_ONLY: 0.8, Support.GROUND_PLANE: 0.6}


@dataclass(frozen=True)
class TrackerSettings:
    """How zones are tracked. Times in seconds, distances in metres.

    confirm_count observations within confirm_window confirm a zone. gate: largest squared
    Mahalanobis distance of a match (13.8: 99.9 % with two degrees of freedom); edge_gate:
    edges nearer than this match as well. merge_distance: a second measurement of the same
    name this near to a zone already seen in the same picture is part of it.
    tentative_retention: how long a zone that was never confirmed stays, unconfirmed, after it
    expired; confirmed ones stay until cleared. half_life: of the existence probability's
    log-odds while unseen. max_zones: bound on all zones. backward_jump: a measurement older
    than the newest by more than this is a clock that jumped back, and resets the tracker.
    least_speed [m/s], least_updates: below them a velocity is not valid.
    """

    confirm_count: int = 3
    confirm_window: float = 3.0
    gate: float = 13.8
    edge_gate: float = 0.5
    merge_distance: float = 0.1
    tentative_retention: float = 30.0
    half_life: float = 60.0
    max_zones: int = 512
    backward_jump: float = 5.0
    least_speed: float = 0.3
    least_updates: int = 4

    def __post_init__(self) -> None:
        for name in ("confirm_count", "confirm_window", "gate", "half_life", "least_updates"):
            if not getattr(self, name) > 0:
                raise HazardError(f"expected tracker {name} > 0, got {getattr(self, name)}")
        for name in ("edge_gate", "merge_distance", "tentative_retention", "backward_jump", "least_speed"):
            if not getattr(self, name) >= 0:
                raise HazardError(f"expected tracker {name} >= 0, got {getattr(self, name)}")
        if not 1 <= self.max_zones <= 1024:
            raise HazardError(f"expected max_zones from 1 to 1024, got {self.max_zones}")


class Track:
    """A hazard over time; times are nanoseconds."""

    def __init__(
        self,
        identifier: uuid.UUID,
        measurement: ZoneMeasurement,
        stamp: int,
        policy: HazardPolicy,
        settings: TrackerSettings,
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
        self.log_odds = 0.0
        self._recent: deque[int] = deque(maxlen=settings.confirm_count)
        self.names.add(measurement.region)
        self.motion = MotionFilter(
            measurement.geometry.centroid, measurement.geometry.covariance, self._model()
        )
        self._best = measurement.geometry.covariance[:2, :2]  # of the surest single observation
        self._count(measurement, stamp)

    def _model(self) -> MotionModel:
        return STATIC if self.policy.row(self.names.best[2]).movable is None else MOVING

    def observe(self, measurement: ZoneMeasurement, stamp: int) -> None:
        """Take in a measurement that was matched to this track."""
        self.names.add(measurement.region)
        self.motion.set_model(self._model())
        geometry = measurement.geometry
        self.motion.update(geometry.centroid, geometry.covariance, (stamp - self.last_seen) * 1e-9)
        position = self.motion.state[:2]
        covariance = geometry.covariance.copy()
        self._best = min(self._best, covariance[:2, :2].copy(), key=np.trace)
        covariance[:2, :2] = no_surer_than(self.motion.covariance[:2, :2], self._best)
        covariance[2, :2] = covariance[:2, 2] = 0.0
        measured = measurement.support is not Support.GROUND_PLANE
        if measured or self.support is Support.GROUND_PLANE:
            # returns show the edges where they are; an outline on assumed ground moves with the mean
            shift = np.zeros(2) if measured else position - geometry.centroid[:2]
            self.geometry = _placed(geometry, position, shift, covariance)
        else:  # a better measured outline is kept, its points are history
            shift = position - self.geometry.centroid[:2]
            kept = replace(self.geometry, points=geometry.points)
            self.geometry = _placed(kept, position, shift, covariance)
        self.support = measurement.support
        self._count(measurement, stamp)

    def absorb(self, measurement: ZoneMeasurement) -> None:
        """Take in a further part of the object seen in the same picture."""
        mine, other = self.geometry, measurement.geometry
        points = np.vstack([mine.points, other.points])
        self.geometry = replace(
            mine,
            polygon=convex_hull(np.vstack([mine.polygon, other.polygon])),
            z_min=min(mine.z_min, other.z_min),
            z_max=max(mine.z_max, other.z_max),
            points=points,
        )
        self.names.add(measurement.region)

    def _count(self, measurement: ZoneMeasurement, stamp: int) -> None:
        self.anomaly_score = measurement.region.score
        weight = _HIT_LOG_ODDS.get(measurement.support, 0.4) * (0.5 + 0.5 * measurement.region.score)
        self.log_odds = min(self._decayed(stamp) + weight, _LOG_ODDS_BOUND)
        self.last_seen = max(self.last_seen, stamp)
        self.count += 1
        self._recent.append(stamp)
        full = len(self._recent) == self.settings.confirm_count
        within = self._recent[-1] - self._recent[0] <= self.settings.confirm_window * 1e9
        if self.pinned or self.was_confirmed or (full and within):
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
        row = self.policy.row(self.names.best[2])
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
        row = self.policy.row(self.names.best[2])
        if row.movable is None or self.state not in (ZoneState.DORMANT, ZoneState.UNCONFIRMED):
            return self.geometry.polygon
        lost = (stamp - self.last_seen) * 1e-9
        # whole decimetres: the outline changes in steps a planner can follow
        growth = min(row.movable.speed * max(lost, 0.0), row.movable.growth)
        return inflate(self.geometry.polygon, math.ceil(growth * 10) / 10)

    def decide(self, polygon: NDArray[np.float64], viewer: NDArray[np.float64] | None) -> PolicyDecision:
        """Ask the policy about the zone as it is now."""
        name, _, group = self.names.best
        height = self.geometry.z_max - self.geometry.ground_z
        size = max(diameter(self.geometry.polygon), self.geometry.z_max - self.geometry.z_min)
        distance = None if viewer is None else nearest_edge_distance(polygon, viewer)
        return self.policy.decide(group, size, distance, height, name)

    def zone(self, stamp: int, viewer: NDArray[np.float64] | None) -> Zone:
        """Return the zone as it is published at a time."""
        polygon = self.outline(stamp)
        decision = self.decide(polygon, viewer)
        name, source, group = self.names.best
        return Zone(
            id=self.id,
            state=self.state,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            validity=decision.validity,
            observation_count=self.count,
            geometry=replace(self.geometry, polygon=polygon),
            keep_out_radius=decision.keep_out,
            velocity=self.motion.velocity(self.settings.least_speed, self.settings.least_updates)
            if self.state in (ZoneState.TENTATIVE, ZoneState.CONFIRMED)
            else None,
            name=name,
            source=source,
            group=group,
            candidates=self.names.candidates,
            anomaly_score=self.anomaly_score,
            existence_probability=1.0 / (1.0 + math.exp(-self._decayed(stamp))),
            severity=decision.severity,
            action=decision.action,
            support=self.support,
            point_count=len(self.geometry.points) if self.support is not Support.GROUND_PLANE else 0,
        )


def _placed(
    geometry: Geometry,
    position: NDArray[np.float64],
    shift: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> Geometry:
    """Return a geometry with its polygon shifted and the filtered centroid."""
    centroid = np.array([position[0], position[1], geometry.centroid[2]])
    return replace(geometry, polygon=geometry.polygon + shift, centroid=centroid, covariance=covariance)
