"""A camera in the synthetic scene: picture, depth and ground-truth labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.camera_models import CameraModel
from clipomaly_ros.simulation.lens import Lens
from clipomaly_ros.simulation.lighting import SKY_RAYS
from clipomaly_ros.simulation.scene_types import Lamp, Scene
from clipomaly_ros.simulation.shading import Shader
from clipomaly_ros.simulation.world import World

_CHUNK = 1 << 16  # rays at a time: what they need stays in the cache
_LAYERS = 5  # surfaces that a ray is followed through
_CLEAR = 0.02  # what shines through less than this is left out
_VISIBLE = 0.05  # smaller steps between pixels are not worth more rays [display range]
_FINE = ((-0.25, -0.125), (0.125, -0.25), (0.25, 0.125), (-0.125, 0.25))  # rotated grid [pixel]

Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class CameraImage:
    """What the camera saw.

    rgb: uint8 [H, W, 3]. objects: int32 [H, W], index into the scene's objects, -1 ground, -2 sky.
    labels: uint8 [H, W], index into CLASS_NAMES, ANOMALY or VOID. depth: float32 [H, W] along the
    optical axis [m], inf in the sky.
    """

    rgb: NDArray[np.uint8]
    objects: NDArray[np.int32]
    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]


@dataclass
class _Seen:
    """Along each ray: light [n, 3], and part, label, lights and distance of the surface that shows."""

    colour: NDArray[np.float32]
    part: NDArray[np.int32]
    label: NDArray[np.uint8]
    lit: NDArray[np.uint8]
    distance: NDArray[np.float32]


class CameraSensor:
    """Renders a scene by rays; the same pose and generator give the same picture.

    world: of the scene's objects, where it has been built already.
    """

    def __init__(self, model: CameraModel, scene: Scene, world: World | None = None) -> None:
        self.model, self.scene = model, scene
        self.world = world or World([item.parts for item in scene.objects])
        self._shader = Shader(scene, self.world)
        self._lens = Lens(scene.condition, model)
        self._kept: tuple[Window, NDArray[np.float32]] | None = None
        self._pixel = float(1.0 / model.K[0, 0])

    def render(
        self,
        world_from_camera: NDArray[np.float64],
        window: Window | None = None,
        generator: np.random.Generator | None = None,
    ) -> CameraImage:
        """Render from a pose, float64 [4, 4] (optical frame: x right, y down, z forward).

        window: x, y, width, height of the part of the picture wanted [pixel], exactly what the
        full picture shows there. generator: of the sensor's noise and of the rain.
        Raises ValueError for a window that reaches out of the picture.
        """
        generator = generator or np.random.default_rng(self.scene.seed)
        x, y, width, height = self._checked(window)
        # One pixel more all around, so that edges are found as in the full picture.
        x0, y0 = max(x - 1, 0), max(y - 1, 0)
        x1, y1 = min(x + width + 1, self.model.width), min(y + height + 1, self.model.height)
        wide = (x0, y0, x1 - x0, y1 - y0)
        size = (y1 - y0, x1 - x0)
        rotation = world_from_camera[:3, :3].astype(np.float32)
        origin = world_from_camera[:3, 3].astype(np.float32)

        optical = self._optical(wide)
        rays = optical @ rotation.T
        v, u = np.indices(size, np.int32)
        turn = (((u + x0) & 1) + 2 * ((v + y0) & 1)).astype(np.uint8).ravel()
        seen = self._trace(origin, rays, turn, SKY_RAYS)
        smooth = self._lens.expose(seen.colour)
        rows = np.flatnonzero(_edges(seen, smooth, size))
        if len(rows):
            total = smooth[rows]
            for number, shift in enumerate(_FINE):
                turned = (turn[rows] + np.uint8(number)) & np.uint8(3)  # another sky ray each time
                fine = self._trace(origin, self._shifted(optical[rows], shift) @ rotation.T, turned, 1)
                total += self._lens.expose(fine.colour)
            smooth[rows] = total / np.float32(len(_FINE) + 1)

        for lamp in self.scene.condition.lamps:
            self._glare(smooth, origin, rays, lamp)
        inside = (slice(y - y0, y - y0 + height), slice(x - x0, x - x0 + width))
        shown = smooth.reshape(*size, 3)[inside]
        rgb = self._lens.finish(shown, (x, y, width, height), generator)
        owner = np.concatenate([self.world.owner, np.int32([-2, -1])])  # part -1 and -2 index the end
        along = rays @ rotation[:, 2]
        depth = np.where(np.isfinite(seen.distance), seen.distance * along, np.float32(np.inf))
        return CameraImage(
            rgb,
            owner[seen.part].astype(np.int32).reshape(size)[inside].copy(),
            seen.label.reshape(size)[inside].copy(),
            depth.astype(np.float32).reshape(size)[inside].copy(),
        )

    def _glare(self, picture: NDArray, origin: NDArray, rays: NDArray, lamp: Lamp) -> None:
        """Add the halo of a floodlight that shines into the lens to display values [n, 3], in place."""
        towards = np.float32(lamp.position) - origin
        distance = float(np.linalg.norm(towards))
        towards /= np.float32(distance)
        # The last metre is the lamp's own housing.
        if self.world.blocked(origin[None], towards[None], max(distance - 1.0, 0.0))[0]:
            return
        aside = np.maximum(2 - 2 * (rays @ towards), 0)  # squared angle, for the small ones that matter
        rows = np.flatnonzero(aside < 0.05)
        size = np.float32((0.35 / distance) ** 2)
        halo = size / (size + aside[rows]) + np.float32(0.06) * np.exp(-aside[rows] / np.float32(0.006))
        colour = np.float32(0.4) + np.float32(0.6) * np.float32(lamp.colour)
        picture[rows] += (np.minimum(halo, 1)[:, None] * colour) * (1 - picture[rows])

    def _checked(self, window: Window | None) -> Window:
        whole = (self.model.width, self.model.height)
        x, y, width, height = (0, 0, *whole) if window is None else window
        if x < 0 or y < 0 or width < 1 or height < 1 or x + width > whole[0] or y + height > whole[1]:
            raise ValueError(
                f"expected a window inside {whole[0]} x {whole[1]} pixels, "
                f"got x {x}, y {y}, {width} x {height}"
            )
        return x, y, width, height

    def _optical(self, window: Window) -> NDArray[np.float32]:
        """Return rays [n, 3] through a window's pixels; those of the last window are kept, for drives."""
        if self._kept is None or self._kept[0] != window:
            self._kept = (window, self.model.rays(window).reshape(-1, 3))
        return self._kept[1]

    def _shifted(self, optical: NDArray, shift: tuple[float, float]) -> NDArray[np.float32]:
        """Return unit rays [n, 3] a part of a pixel beside others: distortion hardly changes there."""
        rays = optical / optical[:, 2:]
        rays[:, 0] += np.float32(shift[0] / self.model.K[0, 0])
        rays[:, 1] += np.float32(shift[1] / self.model.K[1, 1])
        rays /= np.sqrt(np.einsum("ij,ij->i", rays, rays))[:, None]
        return rays

    def _trace(self, origin: NDArray, rays: NDArray, turn: NDArray, sky_rays: int) -> _Seen:
        """Follow rays, a cacheful at a time."""
        pieces = [
            self._follow(origin, rays[at : at + _CHUNK], turn[at : at + _CHUNK], sky_rays)
            for at in range(0, len(rays), _CHUNK)
        ]
        return _Seen(
            *(
                np.concatenate([getattr(piece, name) for piece in pieces])
                for name in _Seen.__dataclass_fields__
            )
        )

    def _follow(self, origin: NDArray, rays: NDArray, turn: NDArray, sky_rays: int) -> _Seen:
        """Follow rays through see-through surfaces and blend what they meet."""
        hits = self.world.cast(origin, rays)
        shaded = self._shader.shade(origin, rays, hits, self._pixel, turn, sky_rays)
        seen = _Seen(shaded.colour, hits.part.copy(), shaded.label, shaded.lit, hits.distance.copy())
        rows = np.flatnonzero(shaded.opacity < 1 - _CLEAR)
        if not len(rows):
            return seen
        through = 1 - shaded.opacity[rows]
        seen.colour[rows] *= shaded.opacity[rows, None]
        travelled = hits.distance[rows]
        hidden = through < 0.5  # the surface that shows: where half of the light is stopped
        for _ in range(_LAYERS):
            travelled = travelled + np.float32(2e-3)
            start = origin + travelled[:, None] * rays[rows]
            start[:, 2] = np.maximum(start[:, 2], 5e-4)  # not through the ground with a sheet that lies on it
            hits = self.world.cast(start, rays[rows])
            shaded = self._shader.shade(start, rays[rows], hits, self._pixel, turn[rows], sky_rays)
            weight = through * shaded.opacity
            seen.colour[rows] += weight[:, None] * shaded.colour
            through = through - weight
            travelled = travelled + hits.distance
            at = rows[~hidden]
            for name, value in (
                ("part", hits.part),
                ("label", shaded.label),
                ("lit", shaded.lit),
                ("distance", travelled),
            ):
                getattr(seen, name)[at] = value[~hidden]
            hidden |= through < 0.5
            left = np.flatnonzero(through > _CLEAR)
            if not len(left):
                return seen
            rows, through, travelled, hidden = rows[left], through[left], travelled[left], hidden[left]
        # What is left of the light is lost in the last surface: give it that one's look.
        seen.colour[rows] /= np.maximum(1 - through, 0.05)[:, None]
        return seen


def _edges(seen: _Seen, picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell for each pixel whether a neighbour of another part or in other light looks different.

    picture: display values [n, 3], 0 to 1.
    """
    edge = np.zeros(size, bool)
    part, lit, shown = seen.part.reshape(size), seen.lit.reshape(size), picture.reshape(*size, 3)
    for a, b in (
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        change = (part[a] != part[b]) | (lit[a] != lit[b])
        where = np.nonzero(change)
        change[where] = np.abs(shown[a][where] - shown[b][where]).max(axis=1) > _VISIBLE
        edge[a] |= change
        edge[b] |= change
    return edge.ravel()
