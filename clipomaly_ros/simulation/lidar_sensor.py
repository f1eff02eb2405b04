"""A spinning LiDAR in the synthetic scene: range noise, lost and false returns, own motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.laser_optics import (
    LaserSurfaces,
    detection_probability,
    extinction,
    intensity,
    near_return_probability,
)
from clipomaly_ros.simulation.lidar_models import LidarModel
from clipomaly_ros.simulation.scene_types import Scene
from clipomaly_ros.simulation.world import GROUND, NOTHING, World

FALSE_RETURN = -3  # in LidarScan.objects: drops in the air, or a mirror image below wet ground

# Poses of the sensor in the world, float64 [n, 4, 4], at times [s] from the sweep's own, float64 [n].
Motion = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_LAYERS = 4  # see-through surfaces that a pulse may pass
_FAINTEST_MIRROR = 0.05  # mirror images need at least this share of the light
_NEAR_SCALE = 2.5  # mean distance of returns from drops beyond the nearest [m]
_NEAREST = 0.4  # [m]


@dataclass(frozen=True, eq=False)
class LidarScan:
    """Returns of one sweep, in order of time, lowest beam first.

    xyz: float32 [n, 3] in the sensor's frame at the moment of each return (x ahead, y left, z up)
    [m]. intensity: float32 [n], 0 to 255, above 100 from retro-reflectors. ring: uint16 [n], beam,
    0 the lowest. time_offset: float32 [n] from the sweep's stamp, which is when it looks straight
    ahead [s]. objects: int32 [n], index into the scene's objects, -1 ground, -3 false return.
    """

    xyz: NDArray[np.float32]
    intensity: NDArray[np.float32]
    ring: NDArray[np.uint16]
    time_offset: NDArray[np.float32]
    objects: NDArray[np.int32]


@dataclass(eq=False)
class _Echoes:
    """What each ray met; effective: reflectance, 0 where nothing came back."""

    distance: NDArray[np.float32]
    effective: NDArray[np.float32]
    retro: NDArray[np.bool_]
    objects: NDArray[np.int32]


class LidarSensor:
    """Scans a scene; the rays of a sweep are computed once."""

    def __init__(self, scene: Scene, world: World | None, model: LidarModel) -> None:
        self.scene, self.model = scene, model
        self._world = world or World([item.parts for item in scene.objects])
        self._surfaces = LaserSurfaces(self._world.parts, scene.condition, scene.seed)
        self._owner = np.int32([*self._world.owner, GROUND])  # the ground's index is -1
        azimuth = np.repeat(model.azimuths, model.beams)
        elevation = np.tile(model.elevations, len(model.azimuths))
        self._rays = np.column_stack(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
        )
        self._ring = np.tile(np.arange(model.beams, dtype=np.uint16), len(model.azimuths))
        self._time = np.repeat(model.time_offsets, model.beams).astype(np.float32)

    def scan(self, motion: Motion | NDArray[np.float64], generator: np.random.Generator) -> LidarScan:
        """Scan once from a pose, float64 [4, 4], or along a motion; the generator gives all chance."""
        origins, rays = self._rays_in_world(motion)
        echoes = self._echoes(origins, rays, generator)
        self._add_near_returns(echoes, generator)
        seen = detection_probability(
            echoes.effective, echoes.distance, self.model.reach, extinction(self.scene.condition)
        )
        seen *= 1 - self.model.dropout
        draws = generator.random(len(rays))
        noise = generator.normal(0.0, 1.0, len(rays))
        kept = np.flatnonzero((draws < seen) & (echoes.distance <= self.model.range))
        distance = echoes.distance[kept] + self.model.noise * noise[kept]
        step = self.model.resolution
        xyz = np.round(self._rays[kept] * distance[:, None] / step) * step
        strength = intensity(echoes.effective[kept], echoes.retro[kept])
        return LidarScan(
            xyz.astype(np.float32),
            np.round(strength),
            self._ring[kept],
            self._time[kept],
            echoes.objects[kept],
        )

    def _rays_in_world(self, motion: Motion | NDArray[np.float64]) -> tuple[NDArray, NDArray]:
        """Return origins [n, 3] and unit directions [n, 3] of all pulses."""
        beams = self.model.beams
        if callable(motion):
            poses = motion(self.model.time_offsets)
            turned = np.einsum("tij,tbj->tbi", poses[:, :3, :3], self._rays.reshape(-1, beams, 3))
            origins = np.repeat(poses[:, :3, 3], beams, axis=0)
            return origins.astype(np.float32), turned.reshape(-1, 3).astype(np.float32)
        rays = (self._rays @ motion[:3, :3].T).astype(np.float32)
        return np.broadcast_to(motion[:3, 3].astype(np.float32), rays.shape), rays

    def _echoes(self, origins: NDArray, rays: NDArray, generator: np.random.Generator) -> _Echoes:
        """Follow all pulses to what sends them back, through what is see-through."""
        count = len(rays)
        echoes = _Echoes(
            np.full(count, np.inf, np.float32),
            np.zeros(count, np.float32),
            np.zeros(count, bool),
            np.full(count, NOTHING, np.int32),
        )
        rows, travelled = np.arange(count), np.zeros(count, np.float32)
        chance = generator.random((_LAYERS, count))
        for layer in range(_LAYERS):
            start = origins[rows] + travelled[rows, None] * rays[rows] if layer else origins
            hits = self._world.cast(start, rays[rows])
            met = np.flatnonzero(hits.part != NOTHING)
            if not len(met):
                break
            where, part, normal = rows[met], hits.part[met], hits.normal[met]
            look = self._surfaces.look(part, start[met], rays[where], normal, hits.distance[met])
            total = travelled[where] + hits.distance[met]
            stopped = chance[layer, where] < look.opacity
            stop = where[stopped]
            echoes.distance[stop] = total[stopped]
            echoes.effective[stop] = look.scattered[stopped]
            echoes.retro[stop] = look.retro[stopped]
            echoes.objects[stop] = self._owner[part[stopped]]
            glanced = stopped & (look.mirror > _FAINTEST_MIRROR) & (part == GROUND)
            self._add_mirror_images(echoes, where[glanced], look.mirror[glanced], origins, rays)
            rows = where[~stopped]
            travelled[rows] = total[~stopped] + np.float32(2e-3)
        return echoes

    def _add_mirror_images(
        self, echoes: _Echoes, pulse: NDArray, share: NDArray, origins: NDArray, rays: NDArray
    ) -> None:
        """Let pulses that glance off wet ground return from what they meet next, if that is stronger.

        share: mirrored part of the light, on either way. The sensor knows nothing of the bend:
        such points lie below the ground.
        """
        if not len(pulse):
            return
        bent = rays[pulse] * np.float32([1, 1, -1])
        point = origins[pulse] + echoes.distance[pulse, None] * rays[pulse]
        point[:, 2] = 2e-3
        hits = self._world.cast(point, bent)
        met = np.flatnonzero(hits.part != NOTHING)
        pulse, share, distance = pulse[met], share[met], hits.distance[met]
        look = self._surfaces.look(hits.part[met], point[met], bent[met], hits.normal[met], distance)
        total, back = echoes.distance[pulse] + distance, look.scattered * share**2
        stronger = back / total**2 > echoes.effective[pulse] / echoes.distance[pulse] ** 2
        changed = pulse[stronger]
        echoes.distance[changed] = total[stronger]
        echoes.effective[changed] = back[stronger]
        echoes.retro[changed] = look.retro[stronger]
        echoes.objects[changed] = FALSE_RETURN

    def _add_near_returns(self, echoes: _Echoes, generator: np.random.Generator) -> None:
        """Replace some echoes by those of drops close to the sensor."""
        share = near_return_probability(self.scene.condition)
        draws = generator.random(len(echoes.distance))
        depth = _NEAREST + generator.exponential(_NEAR_SCALE, len(echoes.distance))
        hit = np.flatnonzero((draws < share) & (depth < echoes.distance))
        echoes.distance[hit] = depth[hit]
        echoes.effective[hit] = 0.02
        echoes.retro[hit] = False
        echoes.objects[hit] = FALSE_RETURN
