"""The types that pass between the stages of the hazard path. Positions in metres."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class HazardError(ValueError):
    """An input or a setting cannot be used; the text says what was expected and what came."""


class FieldLike(Protocol):
    """What sensor_msgs/PointField and clouds.PointField have in common."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def offset(self) -> int: ...  # noqa: D102

    @property
    def datatype(self) -> int: ...  # noqa: D102

    @property
    def count(self) -> int: ...  # noqa: D102


class ZoneState(enum.IntEnum):
    """Life cycle of a zone; the values are those of clipomaly_msgs/HazardZone."""

    TENTATIVE = 0
    CONFIRMED = 1
    DORMANT = 2
    UNCONFIRMED = 3
    CLEARED = 4


class Severity(enum.IntEnum):
    """How serious a hazard is; the values are those of clipomaly_msgs/HazardZone."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Action(enum.IntEnum):
    """What the vehicle should do; the values are those of clipomaly_msgs/HazardZone."""

    NONE = 0
    LOG = 1
    SLOW = 2
    STOP = 3
    STOP_REROUTE = 4
    ASK_OPERATOR = 5


class Support(enum.IntEnum):
    """What a position rests on; the values are those of clipomaly_msgs/HazardZone."""

    NONE = 0
    CAMERA_ONLY = 1
    LIDAR_ONLY = 2
    FUSED = 3
    GROUND_PLANE = 4


@dataclass(frozen=True)
class ScoredName:
    """A name with its score (0 to 1) and its source (clipomaly_msgs/NameCandidate.SOURCE_*)."""

    name: str
    score: float
    source: int


@dataclass(frozen=True)
class RegionObservation:
    """One region of an AnomalyFrame, as fusion needs it.

    box: x, y, width, height [pixel]. group: policy group of the name, "" when unknown.
    """

    id: int
    name: str
    source: int
    candidates: tuple[ScoredName, ...]
    score: float
    box: tuple[int, int, int, int]
    state: int
    group: str = ""


@dataclass(frozen=True)
class Geometry:
    """Extent of one object in the fixed frame (x, y horizontal, z up) [m].

    polygon: float64 [n, 2], 3 <= n <= 64, convex, clockwise seen from above, unclosed.
    ground_z: ground height under the object; z_min, z_max: lowest and highest point.
    centroid: float64 [3]; covariance: float64 [3, 3] of the centroid, m^2.
    points: float32 or float64 [m, 3], the LiDAR points behind it (may be empty).
    """

    polygon: NDArray[np.float64]
    ground_z: float
    z_min: float
    z_max: float
    centroid: NDArray[np.float64]
    covariance: NDArray[np.float64]
    points: NDArray[np.floating]


@dataclass(frozen=True)
class ZoneMeasurement:
    """One object measured in one pair of image and cloud.

    seen_through: rays of the LiDAR went through the place where it would have to stand.
    """

    region: RegionObservation
    geometry: Geometry
    support: Support
    seen_through: bool = False


@dataclass(frozen=True)
class Zone:
    """A tracked hazard zone at one time; fields as in clipomaly_msgs/HazardZone.

    Times are nanoseconds of the node clock's epoch; validity in seconds;
    velocity float64 [3] m/s or None when not valid.
    """

    id: uuid.UUID
    state: ZoneState
    first_seen: int
    last_seen: int
    validity: float
    observation_count: int
    geometry: Geometry
    keep_out_radius: float
    velocity: NDArray[np.float64] | None
    name: str
    source: int
    group: str
    candidates: tuple[ScoredName, ...]
    anomaly_score: float
    existence_probability: float
    severity: Severity
    action: Action
    support: Support
    point_count: int


@dataclass(frozen=True)
class FusionResult:
    """What one pair of image and cloud gave.

    measurements: one for each region that could be placed.
    unplaced: region id -> reason, for regions with neither returns nor a ground intersection.
    latencies: seconds by stage.
    """

    measurements: tuple[ZoneMeasurement, ...]
    unplaced: Mapping[int, str] = field(default_factory=dict)
    latencies: Mapping[str, float] = field(default_factory=dict)
