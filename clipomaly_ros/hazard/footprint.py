"""From an object's points to its footprint, height range, centroid and covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.polygons import convex_hull
from clipomaly_ros.hazard.types import Geometry, HazardError

_IDENTITY = np.eye(3)


@dataclass(frozen=True)
class FootprintSettings:
    """What is known about the sensors.

    range_sigma: standard deviation of a LiDAR distance [m]. angle_sigma: of the alignment of
    camera, LiDAR and fixed frame [rad]. padding: least half width of a polygon [m].
    standing: an object whose lowest point is nearer to the ground than this [m] stands on it.
    """

    range_sigma: float = 0.03
    angle_sigma: float = 0.0017
    padding: float = 0.02
    standing: float = 0.3

    def __post_init__(self) -> None:
        for name in ("range_sigma", "angle_sigma", "padding"):
            if not getattr(self, name) > 0:
                raise HazardError(f"expected {name} > 0, got {getattr(self, name)}")
        if self.standing < 0:
            raise HazardError(f"expected standing >= 0 m, got {self.standing}")


def measure(
    points: NDArray[np.float32],
    ground_z: float,
    viewpoint: NDArray[np.float64],
    settings: FootprintSettings,
) -> Geometry:
    """Measure an object from its points [n, 3], n >= 1, in the fixed frame.

    viewpoint: position of the sensor, float64 [3]. The covariance of the centroid is

        S / n + range_sigma^2 r r^T + (angle_sigma d)^2 (I - r r^T)

    with S the points' sample covariance, d the distance and r the unit direction from the
    viewpoint: sampling error of the mean, then the errors all points of one scan share.
    """
    cloud, count = np.array(points.T, np.float64, order="C"), len(points)  # [3, n]: sums are faster so
    centroid = cloud.sum(axis=1) / count
    offsets = cloud - centroid[:, None]
    spread = offsets @ offsets.T / (max(count - 1, 1) * count)
    lowest, highest = float(cloud[2].min()), float(cloud[2].max())
    z_min = min(ground_z, lowest) if lowest - ground_z < settings.standing else lowest
    return Geometry(
        polygon=convex_hull(cloud[:2].T, 2 * settings.padding),
        ground_z=ground_z,
        z_min=z_min,
        z_max=max(highest, z_min),
        centroid=centroid,
        covariance=spread + shared_covariance(centroid - viewpoint, settings),
        points=points,
    )


def shared_covariance(offset: NDArray[np.float64], settings: FootprintSettings) -> NDArray[np.float64]:
    """Return the covariance [m^2] of range and alignment errors at an offset [3] from the sensor."""
    square = max(float(offset @ offset), 1e-12)
    range_variance, across_variance = settings.range_sigma**2, settings.angle_sigma**2 * square
    covariance: NDArray[np.float64] = ((range_variance - across_variance) / square) * (
        offset[:, None] * offset
    )
    covariance += (across_variance + 1e-6) * _IDENTITY
    return covariance
