"""A 32-beam LiDAR in the synthetic scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.raycast import GROUND, NOTHING, cast
from clipomaly_ros.simulation.scene import Scene

BEAM_ELEVATIONS = np.deg2rad(  # dense where small things on the ground are met, 5 to 25 m ahead
    np.concatenate([np.linspace(-24, -14, 5), np.linspace(-12.5, -1, 22), np.linspace(0.5, 9, 5)])
)
SECTOR = np.deg2rad(104)  # seen ahead
AZIMUTH_STEP = np.deg2rad(0.2)
MAX_RANGE = 75.0  # [m]
RANGE_NOISE = 0.008  # standard deviation [m]
RESOLUTION = 1 / 512  # of the coordinates [m]; round binary fractions compress well


@dataclass(frozen=True)
class LidarScan:
    """Returns of one sweep.

    xyz: float32 [n, 3] in the sensor's frame (x ahead, z up) [m]. intensity: float32 [n],
    0 to 255. objects: int32 [n], index into the scene's objects, -1 ground.
    """

    xyz: NDArray[np.float32]
    intensity: NDArray[np.float32]
    objects: NDArray[np.int32]


class LidarSensor:
    """Scans a scene; all beams of a sweep leave at the same time."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._shapes, self._owner = scene.shapes, scene.owner
        azimuth = np.arange(-SECTOR / 2, SECTOR / 2, AZIMUTH_STEP)
        elevation, azimuth = np.meshgrid(BEAM_ELEVATIONS, azimuth, indexing="ij")
        self._rays = np.stack(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)], -1
        ).reshape(-1, 3)
        self._reflectance = np.float32([0.25, *(shape.material.reflectance for shape in self._shapes)])

    def scan(self, world_from_lidar: NDArray[np.float64], generator: np.random.Generator) -> LidarScan:
        """Scan from a pose, float64 [4, 4]; the generator gives noise and lost returns."""
        rays = self._rays @ world_from_lidar[:3, :3].T
        hits = cast(world_from_lidar[:3, 3], rays, self._shapes)
        cosine = np.abs(np.einsum("ij,ij->i", rays, hits.normal))
        lost = generator.random(len(rays)) < 0.01
        kept = (hits.shape != NOTHING) & (hits.distance < MAX_RANGE) & ~lost
        kept &= cosine > 0.015  # at grazing angles nothing comes back
        distance = hits.distance[kept] + generator.normal(0, RANGE_NOISE, kept.sum())
        xyz = np.round(self._rays[kept] * distance[:, None] / RESOLUTION) * RESOLUTION
        shape = hits.shape[kept]
        strength = self._reflectance[np.maximum(shape, GROUND) + 1] * (0.3 + 0.7 * cosine[kept])
        objects = np.where(shape >= 0, self._owner[np.maximum(shape, 0)], shape)
        return LidarScan(
            xyz.astype(np.float32), np.round(255 * strength).astype(np.float32), objects.astype(np.int32)
        )
