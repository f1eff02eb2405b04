"""The synthetic apron as data: objects and where they stand, light and weather."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.materials import Colour
from clipomaly_ros.simulation.mesh import Part


@dataclass(frozen=True)
class OrientedBox:
    """Smallest upright box around an object: centre [3], size [3] [m], yaw [rad]."""

    centre: NDArray[np.float64]
    size: NDArray[np.float64]
    yaw: float

    def contains(self, points: NDArray, margin: float = 0.0) -> NDArray[np.bool_]:
        """Tell for points [n, 3] whether they lie in the box grown by a margin [m]."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        local = (np.asarray(points, np.float64) - self.centre) @ turn
        return np.all(np.abs(local) <= self.size / 2 + margin, axis=1)


@dataclass(frozen=True)
class SceneObject:
    """A named thing on the apron; its parts are in the world frame already.

    name, group: as in the vocabulary. yaw: of the object's x axis in the world [rad].
    anomalous: True for what does not belong here. variant: index of the asset's shape.
    """

    name: str
    group: str
    parts: tuple[Part, ...]
    yaw: float
    anomalous: bool = False
    variant: int = 0

    @cached_property
    def box(self) -> OrientedBox:
        """Return the smallest upright box along the object's own axes."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        local = np.concatenate([part.vertices for part in self.parts]) @ turn
        low, high = local.min(axis=0), local.max(axis=0)
        return OrientedBox(turn @ ((low + high) / 2), high - low, self.yaw)


@dataclass(frozen=True)
class Lamp:
    """A floodlight: position [3] [m], colour, and power (irradiance at 10 m, sunlit white = 1)."""

    position: tuple[float, float, float]
    colour: Colour
    power: float


@dataclass(frozen=True)
class Condition:
    """Light and weather of a scene.

    name: of the slice. sun: unit vector towards the sun [3]. sunlight: colour times strength of
    the direct light (black at night). skylight: the same of the diffuse light from above.
    zenith, horizon: colours of the sky. clouds: share of cloud, 0 to 1. lamps: floodlights.
    wetness: 0 dry to 1 dark and mirroring pavement. puddles: share of ground under water, 0 to 1.
    fog: extinction [1/m]. rain: 0 to 1, streaks and drops on the lens. tint: strength of
    de-icing fluid on the ground, 0 to 1, with its colour tint_colour. exposure: factor on all
    light. noise: standard deviation of a mid-grey pixel's noise, 0 to 1 full scale.
    clutter: strength of markings on the ground, 1 usual; casters: how many things behind or
    beside the camera's view throw shadows into it.
    """

    name: str
    sun: NDArray[np.float64]
    sunlight: Colour
    skylight: Colour
    zenith: Colour
    horizon: Colour
    clouds: float = 0.3
    lamps: tuple[Lamp, ...] = ()
    wetness: float = 0.0
    puddles: float = 0.0
    fog: float = 0.0005
    rain: float = 0.0
    tint: float = 0.0
    tint_colour: Colour = (0.9, 0.35, 0.15)
    exposure: float = 1.0
    noise: float = 0.008
    clutter: float = 1.0
    casters: int = 0


@dataclass(frozen=True)
class Scene:
    """Everything the rays can meet, and the light.

    objects: the anomalous ones last. seed: of the ground's layout and of all textures.
    """

    objects: tuple[SceneObject, ...]
    condition: Condition
    seed: int

    @property
    def anomalies(self) -> list[int]:
        """Return the indices of the anomalous objects; number k is region k + 1 of the ground truth."""
        return [index for index, item in enumerate(self.objects) if item.anomalous]
