"""The hazard policy: group x size x distance -> severity, action, keep-out distance.

The table is data (config/hazard_policy.yaml explains its format) and validated as a whole
before it is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from clipomaly_ros.hazard.types import Action, Severity, Support, ZoneMeasurement

UNKNOWN_ROW = "unknown"


@dataclass(frozen=True)
class Movable:
    """What a lost hazard that can move may have done.

    speed: growth of its zone [m/s]. growth: bound of it [m]. duration: time it stays
    dormant [s] before it is unconfirmed.
    """

    speed: float
    growth: float
    duration: float


@dataclass(frozen=True)
class Band:
    """One line of a row: its conditions (None or empty = any) and what follows; metres."""

    severity: Severity
    action: Action
    keep_out: float
    max_size: float | None = None
    min_height: float | None = None
    max_distance: float | None = None
    names: frozenset[str] = frozenset()

    @property
    def unconditional(self) -> bool:
        """Tell whether the band holds for everything."""
        return not self.names and (self.max_size, self.min_height, self.max_distance) == (None, None, None)

    def holds(self, size: float, height: float, distance: float, name: str) -> bool:
        """Tell whether all conditions hold."""
        return (
            (self.max_size is None or size < self.max_size)
            and (self.min_height is None or height >= self.min_height)
            and (self.max_distance is None or distance < self.max_distance)
            and (not self.names or name in self.names)
        )


@dataclass(frozen=True)
class Row:
    """The rules for some groups. validity: how long a sighting is to be honoured [s]."""

    name: str
    groups: tuple[str, ...]
    validity: float
    bands: tuple[Band, ...]
    movable: Movable | None = None


@dataclass(frozen=True)
class Authority:
    """What a measurement counts, by what it rests on.

    evidence: log-odds by which it raises the probability that something is there.
    confirms: whether it counts towards the observations that confirm a zone.
    """

    evidence: float
    confirms: bool = True


DEFAULT_AUTHORITY: Mapping[Support, Authority] = {
    Support.NONE: Authority(0.4),
    Support.CAMERA_ONLY: Authority(0.4),
    Support.LIDAR_ONLY: Authority(0.8, confirms=False),
    Support.FUSED: Authority(1.2),
    Support.GROUND_PLANE: Authority(0.6),
}


# Neither for nor against: the picture says that something is there, the rays that it does not stand there.
DEFAULT_SEEN_THROUGH = Authority(0.0, confirms=False)


@dataclass(frozen=True)
class PolicyDecision:
    """What the policy says about one zone. keep_out in metres, validity in seconds."""

    row: str
    severity: Severity
    action: Action
    keep_out: float
    validity: float
    movable: Movable | None


@dataclass(frozen=True)
class HazardPolicy:
    """The whole table; rows by name, authority by what a measurement rests on.

    solid: groups whose things stop a LiDAR's rays. seen_through: authority of their measurements
    where rays passed through the place.
    """

    rows: Mapping[str, Row]
    authority: Mapping[Support, Authority] = field(default_factory=lambda: DEFAULT_AUTHORITY)
    solid: frozenset[str] = frozenset()
    seen_through: Authority = DEFAULT_SEEN_THROUGH

    @cached_property
    def _by_group(self) -> Mapping[str, Row]:
        listed = {group: row for row in self.rows.values() for group in row.groups}
        return {**self.rows, **listed}

    def row(self, group: str) -> Row:
        """Return the row that lists a group or is called so; else the unknown row."""
        return self._by_group.get(group, self.rows[UNKNOWN_ROW])

    def authority_of(self, measurement: ZoneMeasurement) -> Authority:
        """Return what a measurement counts."""
        if measurement.seen_through and measurement.region.group in self.solid:
            return self.seen_through
        return self.authority[measurement.support]

    def obstructs(self, group: str) -> bool:
        """Tell whether a thing of a known group stands in the way: no unknown, not ground or sky."""
        row = self._by_group.get(group)
        return row is not None and row.name != UNKNOWN_ROW and row.bands[-1].severity > Severity.INFO

    def decide(
        self,
        group: str,
        size_m: float,
        distance_m: float | None = None,
        height_m: float = 0.0,
        name: str = "",
    ) -> PolicyDecision:
        """Decide about one zone.

        size_m: largest extent. distance_m: nearest edge to the vehicle; None counts as 0,
        the most dangerous. height_m: top above the ground.
        """
        row = self.row(group)
        distance = 0.0 if distance_m is None or math.isnan(distance_m) else distance_m
        band = next(band for band in row.bands if band.holds(size_m, height_m, distance, name))
        return PolicyDecision(row.name, band.severity, band.action, band.keep_out, row.validity, row.movable)
