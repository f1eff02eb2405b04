"""How fast the sensors move, and what an error of their clocks then does to a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError, ZoneMeasurement


@dataclass(frozen=True, eq=False)
class EgoMotion:
    """Velocity of the rigid body that carries the sensors, in the fixed frame.

    origin: a point of it, float64 [3], metres. linear: velocity of that point, float64 [3],
    m/s. angular: rate of turn, float64 [3], rad/s.
    """

    origin: NDArray[np.float64]
    linear: NDArray[np.float64]
    angular: NDArray[np.float64]

    @classmethod
    def between(cls, earlier: RigidTransform, later: RigidTransform, seconds: float) -> EgoMotion:
        """Return the mean motion between two poses of a sensor, at the later one; seconds > 0."""
        if not seconds > 0:
            raise HazardError(f"expected a time > 0 s between two poses, got {seconds}")
        turn = Rotation.from_matrix(later.rotation @ earlier.rotation.T).as_rotvec()
        way = later.translation - earlier.translation
        return cls(later.translation, way / seconds, turn / seconds)

    def at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the velocity [m/s] that places [n, 3] of the fixed frame have with the body, [n, 3]."""
        velocities: NDArray[np.float64] = self.linear + np.cross(self.angular, places - self.origin)
        return velocities


def with_clock_error(
    measurements: Sequence[ZoneMeasurement], motion: EgoMotion, time_sigma: float
) -> list[ZoneMeasurement]:
    """Return measurements whose covariances contain an error of the sensors' stamps.

    time_sigma: standard deviation of a stamp against the transforms [s]. A stamp that is off
    by t takes the pose of another time, and what was seen from it is off by t (v + w x r), to
    first order in t: v, w are the body's velocity and rate of turn, r leads from its origin to
    the place. The covariance grows by time_sigma^2 (v + w x r) (v + w x r)^T.
    """
    if not measurements:
        return []
    geometries = [measurement.geometry for measurement in measurements]
    shifts = time_sigma * motion.at(np.stack([geometry.centroid for geometry in geometries]))
    grown = np.stack([geometry.covariance for geometry in geometries])
    grown += shifts[:, :, None] * shifts[:, None, :]
    return [
        replace(measurement, geometry=replace(measurement.geometry, covariance=covariance))
        for measurement, covariance in zip(measurements, grown, strict=True)
    ]
