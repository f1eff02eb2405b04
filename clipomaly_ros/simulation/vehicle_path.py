"""The way a vehicle drives: straight or along an arc, at constant speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STRAIGHT = 1e-9  # below this turn rate an arc is a line [rad/s]


@dataclass(frozen=True)
class VehiclePath:
    """A path on the ground, in odom: x ahead, y left [m].

    speed [m/s], turn_rate [rad/s] (positive to the left, 0 straight), x, y, yaw: where it begins.
    """

    speed: float = 2.2
    turn_rate: float = 0.012
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def __post_init__(self) -> None:
        if not np.isfinite([self.speed, self.turn_rate, self.x, self.y, self.yaw]).all():
            raise ValueError(f"expected finite numbers for a path, got {self}")

    def poses(self, elapsed: ArrayLike) -> NDArray[np.float64]:
        """Return odom <- base_link, float64 [..., 4, 4], at times since the begin [s]."""
        time = np.asarray(elapsed, np.float64)
        angle = self.turn_rate * time
        if abs(self.turn_rate) < _STRAIGHT:
            ahead, left = self.speed * time, np.zeros_like(time)
        else:
            radius = self.speed / self.turn_rate
            ahead, left = radius * np.sin(angle), radius * (1 - np.cos(angle))
        pose = np.zeros((*time.shape, 4, 4))
        pose[..., 0, 0] = pose[..., 1, 1] = np.cos(angle + self.yaw)
        pose[..., 1, 0] = np.sin(angle + self.yaw)
        pose[..., 0, 1] = -pose[..., 1, 0]
        pose[..., 2, 2] = pose[..., 3, 3] = 1.0
        pose[..., 0, 3] = self.x + np.cos(self.yaw) * ahead - np.sin(self.yaw) * left
        pose[..., 1, 3] = self.y + np.sin(self.yaw) * ahead + np.cos(self.yaw) * left
        return pose
