"""From first hits to light: materials, ground, sky, mirrors and fog along each ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.classes import ANOMALY, class_index
from clipomaly_ros.simulation.ground_paint import GroundPaint
from clipomaly_ros.simulation.lighting import SKY_RAYS, Lighting, Surfaces
from clipomaly_ros.simulation.noise import TILES, cell_hash
from clipomaly_ros.simulation.patterns import Patterns
from clipomaly_ros.simulation.scene_types import Scene
from clipomaly_ros.simulation.sky import Sky
from clipomaly_ros.simulation.world import GROUND, NOTHING, Hits, World

_MIRROR_LEAST = 0.02  # weaker mirror images cannot be seen


@dataclass
class Shaded:
    """What rays see.

    colour: linear light, float32 [n, 3]. opacity: float32 [n]. label: uint8 [n]. lit: uint8 [n],
    which lights reach the point.
    """

    colour: NDArray[np.float32]
    opacity: NDArray[np.float32]
    label: NDArray[np.uint8]
    lit: NDArray[np.uint8]


class Shader:
    """Everything about a scene's looks that does not depend on the camera."""

    def __init__(self, scene: Scene, world: World) -> None:
        self._world, self._condition = world, scene.condition
        self.ground = GroundPaint(scene.seed, scene.condition)
        self.sky = Sky(scene.seed, scene.condition)
        self._lighting = Lighting(world, scene.condition, self.sky, np.float32(self.ground.layout.pavement))
        parts = world.parts
        self._patterns = Patterns(parts, scene.seed % TILES)

        def column(name: str) -> NDArray[np.float32]:
            return np.array([getattr(part.material, name) for part in parts], np.float32)

        self._gloss, self._metallic = column("gloss"), column("metallic")
        self._retro, self._emission = column("retro"), column("emission")
        labels = []
        for part, owner in zip(parts, world.owner, strict=True):
            item = scene.objects[owner]
            labels.append(ANOMALY if item.anomalous else class_index(part.label or item.name))
        self._label = np.array(labels, np.uint8)
        self._sky_label = class_index("sky")
        self._fog = np.float32(scene.condition.horizon)

    def shade(
        self, origin: NDArray, ray: NDArray, hits: Hits, pixel: float, turn: NDArray, sky_rays: int = SKY_RAYS
    ) -> Shaded:
        """Shade first hits.

        origin: [3] or [n, 3] [m]; ray: unit [n, 3]; pixel: size of a pixel at 1 m [m]; turn:
        uint8 [n], 0 to 3, set of sky rays. sky_rays: how many of it; 0 follows no mirrored rays either.
        """
        count = len(ray)
        colour = np.empty((count, 3), np.float32)
        opacity = np.ones(count, np.float32)
        label = np.empty(count, np.uint8)
        lit = np.zeros(count, np.uint8)
        nothing = hits.part == NOTHING
        empty = np.flatnonzero(nothing)
        if len(empty):
            label[empty] = self._sky_label
            colour[empty] = self.sky.colour(ray[empty])
            haze = np.exp(-self._condition.fog * 250.0 / (np.clip(ray[empty, 2], 0, 1) + np.float32(0.05)))
            colour[empty] = self._fog + haze[:, None] * (colour[empty] - self._fog)
        solid = np.flatnonzero(~nothing)
        if not len(solid):
            return Shaded(colour, opacity, label, lit)

        whole = len(solid) == count
        rays = ray if whole else ray[solid]
        distance, part, normal = hits.distance, hits.part, hits.normal
        if not whole:
            distance, part, normal = distance[solid], part[solid], normal[solid]
        eye = np.asarray(origin, np.float32)
        eye = eye if eye.ndim == 1 else eye[solid]
        point = eye + distance[:, None] * rays
        across = distance * np.float32(pixel)
        start = point + np.float32(2e-3) * (hits.face_normal if whole else hits.face_normal[solid])

        albedo = np.empty_like(point)
        gloss, metallic, retro = (np.zeros(len(solid), np.float32) for _ in range(3))
        mirror = np.zeros(len(solid), np.float32)
        ground = np.flatnonzero(part == GROUND)
        if len(ground):
            painted = self.ground.paint(point[ground], rays[ground], across[ground])
            albedo[ground] = painted.colour
            label[solid[ground]] = painted.label
            gloss[ground] = 0.5 * painted.wet
            cosine = np.clip(-rays[ground, 2], 0, 1)
            fresnel = np.float32(0.02) + np.float32(0.98) * (1 - cosine) ** 5
            mirror[ground] = np.clip(
                fresnel * (painted.water + 0.45 * painted.wet * (1 - painted.water)), 0, 0.92
            )
        things = np.flatnonzero(part >= 0)
        glow = None
        if len(things):
            of = part[things]
            looks = self._patterns.paint(of, point[things], normal[things], across[things])
            albedo[things] = looks.colour
            opacity[solid[things]] = looks.opacity
            label[solid[things]] = self._label[of]
            gloss[things], metallic[things], retro[things] = (
                self._gloss[of],
                self._metallic[of],
                self._retro[of],
            )
            slant = 1 + np.clip(np.einsum("ij,ij->i", rays[things], normal[things]), -1, 0)
            mirror[things] = looks.mirror + (1 - looks.mirror) * (looks.mirror > 0) * slant**5
            glow = self._emission[of]

        surfaces = Surfaces(
            point,
            normal,
            rays,
            start,
            distance,
            albedo,
            gloss,
            metallic,
            retro,
            turn if whole else turn[solid],
        )
        light, lit[solid] = self._lighting.shade(surfaces, sky_rays)
        if glow is not None and glow.any():
            light[things] += glow[:, None] * albedo[things]
        if sky_rays:
            self._mirror(point, start, rays, normal, part == GROUND, mirror, pixel, light)
        if self._condition.fog > 0:
            clear = np.exp(distance * np.float32(-self._condition.fog))[:, None]
            light = self._fog + clear * (light - self._fog)
        colour[solid] = light
        return Shaded(colour, opacity, label, lit)

    def _mirror(
        self,
        point: NDArray,
        start: NDArray,
        ray: NDArray,
        normal: NDArray,
        ground: NDArray,
        mirror: NDArray,
        pixel: float,
        light: NDArray,
    ) -> None:
        """Blend the mirror image into light, in place."""
        rows = np.flatnonzero(mirror > _MIRROR_LEAST)
        if not len(rows):
            return
        facing = normal[rows].copy()
        flat = np.flatnonzero(ground[rows])
        if len(flat):  # ripples and the pavement's grain draw images out towards the eye
            at = point[rows[flat]]
            cells = np.floor(at[:, 0] * 180), np.floor(at[:, 1] * 180)
            away = (
                ray[rows[flat], :2]
                * ((cell_hash(*cells) - 0.5) * np.minimum(-0.05 * ray[rows[flat], 2], 0.035))[:, None]
            )
            facing[flat, :2] += away
            facing /= np.sqrt(np.einsum("ij,ij->i", facing, facing))[:, None]
        back = ray[rows]
        mirrored = back - (2 * np.einsum("ij,ij->i", back, facing))[:, None] * facing
        mirrored[flat, 2] = np.maximum(mirrored[flat, 2], 1e-3)
        mirrored /= np.sqrt(np.einsum("ij,ij->i", mirrored, mirrored))[:, None]
        hits = self._world.cast(start[rows], mirrored)
        image = self.shade(start[rows], mirrored, hits, 4 * pixel, np.zeros(len(rows), np.uint8), sky_rays=0)
        light[rows] += mirror[rows, None] * (image.colour - light[rows])
