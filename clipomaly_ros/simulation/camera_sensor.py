"""A camera with lens distortion in the synthetic scene: picture and ground truth labels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.raycast import GROUND, NOTHING, blocked, cast
from clipomaly_ros.simulation.scene import Scene
from clipomaly_ros.simulation.surface import Surface, shape_colour

_SUN = np.float32([1.45, 1.30, 1.08])
_SKYLIGHT = np.float32([0.25, 0.30, 0.39])
_HAZE = np.float32([0.72, 0.79, 0.86])
_HAZE_LENGTH = 900.0  # distance over which contrast falls to 1/e [m]


@dataclass(frozen=True)
class CameraIntrinsics:
    """plumb_bob calibration: K [3, 3], D = k1, k2, p1, p2, k3; size in pixels."""

    width: int
    height: int
    K: NDArray[np.float64]
    D: NDArray[np.float64]


def default_intrinsics() -> CameraIntrinsics:
    """Return a 640x360 camera with 64 degrees across and slight barrel distortion."""
    K = np.array([[512.0, 0.0, 319.5], [0.0, 512.0, 179.5], [0.0, 0.0, 1.0]])
    return CameraIntrinsics(640, 360, K, np.array([-0.06, 0.01, 0.0004, -0.0003, 0.0]))


@dataclass(frozen=True)
class CameraImage:
    """What the camera saw.

    rgb: uint8 [H, W, 3]. objects: int32 [H, W], index into the scene's objects, -1 ground, -2 sky.
    """

    rgb: NDArray[np.uint8]
    objects: NDArray[np.int32]


class CameraSensor:
    """Renders a scene; rays through pixels are computed once."""

    def __init__(self, intrinsics: CameraIntrinsics, scene: Scene) -> None:
        self.intrinsics, self.scene = intrinsics, scene
        self._shapes, self._owner = scene.shapes, scene.owner
        self._surface = Surface(scene.seed)
        self._rays = self._rays_at(0.0, 0.0)
        offsets = ((-0.25, -0.125), (0.125, -0.25), (0.25, 0.125), (-0.125, 0.25))  # rotated grid
        self._fine_rays = [self._rays_at(du, dv) for du, dv in offsets]

    def _rays_at(self, du: float, dv: float) -> NDArray[np.float32]:
        """Return unit rays [H*W, 3] in the optical frame through shifted pixel centres."""
        v, u = np.indices((self.intrinsics.height, self.intrinsics.width), np.float64)
        pixels = np.stack([u + du, v + dv], axis=-1).reshape(-1, 1, 2)
        plane = cv2.undistortPointsIter(
            pixels, self.intrinsics.K, self.intrinsics.D, None, None, (cv2.TERM_CRITERIA_COUNT, 20, 0)
        ).reshape(-1, 2)
        rays = np.column_stack([plane, np.ones(len(plane))])
        return (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)

    def render(self, world_from_camera: NDArray[np.float64]) -> CameraImage:
        """Render from a pose, float64 [4, 4] (optical frame: x right, y down, z forward)."""
        rotation = world_from_camera[:3, :3].astype(np.float32)
        origin = world_from_camera[:3, 3]
        colour, owner = self._shade(origin, self._rays @ rotation.T)
        size = (self.intrinsics.height, self.intrinsics.width)
        labels = np.where(owner >= 0, self._owner[np.maximum(owner, 0)], owner).reshape(size)

        # Edges only: four rays a pixel everywhere would cost four times as much.
        edge = np.zeros(size, bool)
        parts = owner.reshape(size)
        for a, b in (((slice(1, None),), (slice(None, -1),)), ((slice(None), slice(1, None)),) * 2):
            other = b if a != b else (slice(None), slice(None, -1))
            change = parts[a] != parts[other]
            edge[a] |= change
            edge[other] |= change
        rows = np.flatnonzero(edge)
        if len(rows):
            fine = [self._shade(origin, rays[rows] @ rotation.T)[0] for rays in self._fine_rays]
            colour[rows] = np.mean([_tone(sample) for sample in fine], axis=0)
            smooth = np.ones(len(colour), bool)
            smooth[rows] = False
            colour[smooth] = _tone(colour[smooth])
        else:
            colour = _tone(colour)
        rgb = (colour * 255 + 0.5).astype(np.uint8).reshape(*size, 3)
        return CameraImage(rgb, labels.astype(np.int32))

    def _shade(self, origin: NDArray, rays: NDArray) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return linear colour [n, 3] and shape index [n] along rays in the world frame."""
        hits = cast(origin, rays, self._shapes)
        colour = np.empty((len(rays), 3), np.float32)
        sky = hits.shape == NOTHING
        colour[sky] = self._surface.sky(rays[sky], self.scene.sun)
        solid = np.flatnonzero(~sky)
        distance, normal = hits.distance[solid], hits.normal[solid]
        point = origin.astype(np.float32) + distance[:, None] * rays[solid]
        albedo, gloss = self._albedo(hits, solid, rays)

        sun = self.scene.sun.astype(np.float32)
        facing = normal @ sun
        lit = facing > 0
        lit[lit] = ~blocked(point[lit] + normal[lit] * 2e-3, sun, self._shapes)
        mirrored = rays[solid] - 2 * np.einsum("ij,ij->i", rays[solid], normal)[:, None] * normal
        highlight = np.clip(mirrored @ sun, 0, 1) ** 40 * gloss * lit
        # Light from above, plus what the pale concrete throws back at faces that look down.
        ambient = _SKYLIGHT * (0.62 + 0.38 * normal[:, 2:]) + 0.09 * (1 - normal[:, 2:])
        light = ambient + _SUN * (np.clip(facing, 0, 1) * lit)[:, None]
        shaded = albedo * light + highlight[:, None] * _SUN
        sheen = gloss[:, None] * 0.22 * (1 - np.abs(np.einsum("ij,ij->i", rays[solid], normal)))[:, None] ** 3
        shaded = shaded + sheen * _HAZE
        haze = (1 - np.exp(-distance / _HAZE_LENGTH))[:, None]
        colour[solid] = shaded * (1 - haze) + _HAZE * haze
        return colour, hits.shape

    def _albedo(self, hits, solid: NDArray, rays: NDArray) -> tuple[NDArray, NDArray]:
        """Return colour [n, 3] and gloss [n] of the surfaces met."""
        albedo = np.zeros((len(solid), 3), np.float32)
        gloss = np.zeros(len(solid), np.float32)
        shape, local = hits.shape[solid], hits.local[solid]
        ground = shape == GROUND
        across = hits.distance[solid][ground] / np.float32(self.intrinsics.K[0, 0])
        along = across / np.maximum(-rays[solid][ground, 2], 0.01)
        albedo[ground] = self._surface.ground(local[ground, 0], local[ground, 1], across, along)
        gloss[ground] = 0.04
        order = np.argsort(shape, kind="stable")
        starts = np.searchsorted(shape[order], np.arange(len(self._shapes) + 1))
        for index, (start, stop) in enumerate(pairwise(starts)):
            if start < stop:
                rows = order[start:stop]
                albedo[rows] = shape_colour(self._shapes[index], local[rows], hits.normal[solid[rows]])
                gloss[rows] = self._shapes[index].material.gloss
        return albedo, gloss


def _tone(colour: NDArray) -> NDArray[np.float32]:
    """Map linear light to display values, 0 to 1: soft shoulder, then gamma 2.2."""
    exposed = 0.92 * colour
    return np.clip(exposed * (1 + exposed / 4.0) / (1 + 0.5 * exposed), 0, 1).astype(np.float32) ** (1 / 2.2)
