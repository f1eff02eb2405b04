"""A spinning LiDAR in the synthetic scene: range noise, lost and false returns, own motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.laser_optics import (
    SurfaceTable,
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
        self._surfaces = SurfaceTable([part.material for part in self._world.parts], scene.condition)
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
            met = hits.part != NOTHING
            passed = met & (chance[layer, rows] > self._surfaces.opacity(np.where(met, hits.part, GROUND)))
            stop = np.flatnonzero(met & ~passed)
            where, part = rows[stop], hits.part[stop]
            cosine = np.abs(np.einsum("ij,ij->i", rays[where], hits.normal[stop]))
            echoes.distance[where] = travelled[where] + hits.distance[stop]
            echoes.effective[where] = self._surfaces.scattered(part, cosine)
            echoes.retro[where] = self._surfaces.is_retro(part)
            echoes.objects[where] = self._owner[part]
            self._add_mirror_images(echoes, where, part, cosine, origins, rays, hits.normal[stop])
            travelled[rows[passed]] += hits.distance[passed] + np.float32(2e-3)
            rows = rows[passed]
            if not len(rows):
                break
        return echoes

    def _add_mirror_images(
        self,
        echoes: _Echoes,
        where: NDArray,
        part: NDArray,
        cosine: NDArray,
        origins: NDArray,
        rays: NDArray,
        normal: NDArray,
    ) -> None:
        """Let pulses that glance off water return from what they meet next, if that is stronger.

        The sensor knows nothing of the bend: such points lie below the ground.
        """
        share = self._surfaces.mirrored(part, cosine)
        glanced = np.flatnonzero((share > _FAINTEST_MIRROR) & (part == GROUND))
        if not len(glanced):
            return
        pulse, normal = where[glanced], normal[glanced]
        ray = rays[pulse]
        bent = ray - 2 * np.einsum("ij,ij->i", ray, normal)[:, None] * normal
        point = origins[pulse] + echoes.distance[pulse, None] * ray + np.float32(2e-3) * normal
        hits = self._world.cast(point, bent)
        total = echoes.distance[pulse] + hits.distance
        behind = np.abs(np.einsum("ij,ij->i", bent, hits.normal))
        back = self._surfaces.scattered(np.maximum(hits.part, GROUND), behind) * share[glanced] ** 2
        back[hits.part == NOTHING] = 0.0
        with np.errstate(invalid="ignore"):
            stronger = back / total**2 > echoes.effective[pulse] / echoes.distance[pulse] ** 2
        changed = pulse[stronger]
        echoes.distance[changed] = total[stronger]
        echoes.effective[changed] = back[stronger]
        echoes.retro[changed] = self._surfaces.is_retro(np.maximum(hits.part[stronger], GROUND))
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
