"""How zones are tracked: the settings of the tracker."""

from __future__ import annotations

from dataclasses import dataclass

from clipomaly_ros.hazard.types import HazardError

_POSITIVE = ("confirm_count", "confirm_window", "gate", "half_life", "least_updates", "merge_overlap")
_NOT_NEGATIVE = (
    "edge_gate",
    "merge_distance",
    "merge_time",
    "same_instant",
    "tentative_retention",
    "backward_jump",
    "least_speed",
)


@dataclass(frozen=True)
class TrackerSettings:
    """How zones are tracked. Times in seconds, distances in metres.

    confirm_count observations within confirm_window confirm a zone, once its probability of
    existence is confirm_probability: three sure sightings without returns suffice, of doubtful
    ones it takes more. gate: largest squared
    Mahalanobis distance of a match (13.8: 99.9 % with two degrees of freedom); edge_gate:
    edges nearer than this match as well. merge_distance: a second measurement of the same
    name this near to a zone already seen in the same picture is part of it. merge_overlap:
    share of the smaller footprint from which two measured footprints of one name are one
    thing, above 1 never; two zones whose footprints overlap so for merge_time become one.
    same_instant: pictures of several cameras this near in time show one state of the world.
    tentative_retention: how long a zone that was never confirmed stays, unconfirmed, after it
    expired; confirmed ones stay until cleared. half_life: of the existence probability's
    log-odds while unseen. max_zones: bound on all zones. backward_jump: a measurement older
    than the newest by more than this is a clock that jumped back, and resets the tracker.
    least_speed [m/s], least_updates: below them a velocity is not valid.
    """

    confirm_count: int = 3
    confirm_window: float = 3.0
    confirm_probability: float = 0.84
    gate: float = 13.8
    edge_gate: float = 0.5
    merge_distance: float = 0.1
    merge_overlap: float = 0.5
    merge_time: float = 1.0
    same_instant: float = 0.1
    tentative_retention: float = 30.0
    half_life: float = 60.0
    max_zones: int = 512
    backward_jump: float = 5.0
    least_speed: float = 0.3
    least_updates: int = 4

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise HazardError(f"expected tracker {name} > 0, got {getattr(self, name)}")
        for name in _NOT_NEGATIVE:
            if not getattr(self, name) >= 0:
                raise HazardError(f"expected tracker {name} >= 0, got {getattr(self, name)}")
        if not 0.0 <= self.confirm_probability < 1.0:
            raise HazardError(
                f"expected tracker confirm_probability from 0 to below 1, got {self.confirm_probability}"
            )
        if not 1 <= self.max_zones <= 1024:
            raise HazardError(f"expected max_zones from 1 to 1024, got {self.max_zones}")
