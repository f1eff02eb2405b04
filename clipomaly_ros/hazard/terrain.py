"""The ground as the fusion uses it: a plane, and how the real ground differs from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.ground import GroundPlane, GroundSettings, estimate_ground
from clipomaly_ros.hazard.ground_ray import cut_ground
from clipomaly_ros.hazard.ground_relief import GroundRelief, measure_relief
from clipomaly_ros.hazard.transforms import RigidTransform

_GROUND_POINTS = 40_000  # points the ground rests on, at most about
_CUTS = 3  # a ray's place on uneven ground: the ground below the last place found, cut again


@dataclass(frozen=True, eq=False)
class Terrain:
    """Ground plane and relief, with the fixed frame's axes and the origin at the sensor."""

    plane: GroundPlane
    relief: GroundRelief

    def heights(self, points: NDArray[Any]) -> NDArray[Any]:
        """Return the heights of points [n, 3] above the ground, in the type of the points."""
        heights: NDArray[Any] = self.plane.heights(points) - self.relief.at(points[:, :2])
        return heights

    def height_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the ground's height [m] at places [n, 2]."""
        level: NDArray[np.float64] = self.plane.height_at(xy) + self.relief.at(xy)
        return level

    def reach(self, rays: NDArray[np.float64], origin: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far [m] unit rays [n, 3] from origin [3] go at most, [n]; NaN: without end.

        That is to the plane, or to the ground where the relief says that it lies lower: a
        crowned or drained apron falls away from any one plane.
        """
        plain: NDArray[np.float64] = np.linalg.norm(cut_ground(rays, origin, self.plane) - origin, axis=1)
        height = float(self.plane.heights(origin[None])[0])
        reach: NDArray[np.float64] = plain
        for _ in range(_CUTS if height > 0 else 0):
            places = origin[:2] + np.nan_to_num(reach)[:, None] * rays[:, :2]
            reach = plain * (1.0 + np.maximum(-self.relief.at(places), 0.0) / height)
        return reach

    def planes_below(self, rays: NDArray[np.float64], origin: NDArray[np.float64]) -> list[GroundPlane]:
        """Return for each ray [n, 3] from origin [3] the plane at the height of the ground where they meet.

        It is the plane itself for a ray that meets no ground.
        """
        raised, met = np.zeros(len(rays)), np.ones(len(rays), bool)
        for _ in range(_CUTS):
            places = cut_ground(rays, origin, self.plane, raised)[:, :2]
            met &= np.isfinite(places).all(axis=1)
            raised = np.where(met, self.relief.at(np.nan_to_num(places)), 0.0)
        return [replace(self.plane, height=self.plane.height + rise) for rise in raised.tolist()]


def find_terrain(cloud: PointCloud, fixed_from_cloud: RigidTransform, settings: GroundSettings) -> Terrain:
    """Estimate the ground from an even part of the cloud: more points change nothing."""
    points = fixed_from_cloud.apply(cloud.xyz[:: 1 + len(cloud.xyz) // _GROUND_POINTS])
    sensor = fixed_from_cloud.translation
    plane = estimate_ground(points, sensor, settings)
    if not plane.estimated:
        return Terrain(plane, GroundRelief.flat())
    return Terrain(plane, measure_relief(points, plane.heights(points), sensor, settings.reach))
