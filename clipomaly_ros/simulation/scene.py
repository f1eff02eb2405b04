"""The synthetic apron as data: objects made of shapes, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation import catalogue
from clipomaly_ros.simulation.shapes import Shape, rotation_z


@dataclass(frozen=True)
class OrientedBox:
    """Smallest box around an object, upright: centre [3], size [3] [m], yaw [rad]."""

    centre: NDArray[np.float64]
    size: NDArray[np.float64]
    yaw: float

    def contains(self, points: NDArray, margin: float = 0.0) -> NDArray[np.bool_]:
        """Tell for points [n, 3] whether they lie in the box grown by a margin [m]."""
        local = (np.asarray(points, np.float64) - self.centre) @ rotation_z(self.yaw)
        return np.all(np.abs(local) <= self.size / 2 + margin, axis=1)


@dataclass(frozen=True)
class SceneObject:
    """A named thing on the apron; parts are in the world frame already.

    anomalous: True for what does not belong here, i.e. what the system must find.
    """

    name: str
    group: str
    parts: tuple[Shape, ...]
    yaw: float
    anomalous: bool = False

    @property
    def box(self) -> OrientedBox:
        """Return the smallest upright box along the object's own axes."""
        axes = rotation_z(self.yaw).T
        low, high = zip(*(part.extent(axes) for part in self.parts), strict=True)
        low, high = np.min(low, axis=0), np.max(high, axis=0)
        return OrientedBox(rotation_z(self.yaw) @ ((low + high) / 2), high - low, self.yaw)


@dataclass(frozen=True)
class Scene:
    """Everything the rays can meet, and the light.

    sun: unit vector towards the sun. seed: of the surface's noise.
    """

    objects: tuple[SceneObject, ...]
    sun: NDArray[np.float64]
    seed: int

    @property
    def shapes(self) -> list[Shape]:
        """Return all parts of all objects, in order."""
        return [part for item in self.objects for part in item.parts]

    @property
    def owner(self) -> NDArray[np.int32]:
        """Return for each of shapes the index of its object."""
        return np.repeat(np.arange(len(self.objects)), [len(o.parts) for o in self.objects]).astype(np.int32)

    @property
    def anomalies(self) -> list[int]:
        """Return the indices of the anomalous objects; number k is region k + 1 of the ground truth."""
        return [index for index, item in enumerate(self.objects) if item.anomalous]


def place(
    name: str,
    group: str,
    parts: Sequence[Shape],
    position: tuple[float, float],
    yaw: float = 0.0,
    anomalous: bool = False,
) -> SceneObject:
    """Put parts given in an object's own frame at a position [m] and yaw [rad] in the world."""
    rotation, offset = rotation_z(yaw), np.array([*position, 0.0])
    moved = tuple(part.moved(rotation, offset) for part in parts)
    return SceneObject(name, group, moved, yaw, anomalous)


def make_scene(seed: int = 0) -> Scene:
    """Build the stand that the vehicle drives past, x ahead, y to the left, z up [m].

    The seed moves, turns and picks the anomalies and turns the sun; the stand stays.
    """
    generator = np.random.default_rng(seed)
    objects = [
        place("terminal building", "infrastructure", catalogue.terminal(), (82.0, 0.0)),
        place("jet bridge", "infrastructure", catalogue.jet_bridge(), (60.0, 8.0), 0.05),
        place("aircraft", "aircraft", catalogue.aircraft(), (40.0, 11.0), np.deg2rad(-118)),
        place("pushback tug", "vehicle", catalogue.tug(), (24.0, -7.4), np.deg2rad(160)),
        place("baggage dolly", "vehicle", catalogue.dolly(0), (29.5, -9.2), np.deg2rad(160)),
        place("baggage dolly", "vehicle", catalogue.dolly(1), (34.6, -11.0), np.deg2rad(160)),
        place("baggage dolly", "vehicle", catalogue.dolly(2), (39.7, -12.8), np.deg2rad(160)),
        place("person", "person", catalogue.person(), (21.0, -3.9), np.deg2rad(200)),
    ]
    for x, y in ((21.0, 7.0), (24.0, 5.2), (28.0, 4.4), (33.0, 4.2), (19.5, 9.5)):
        objects.append(place("traffic cone", "safety equipment", catalogue.cone(), (x, y)))
    spots = np.array([[13.2, 1.7], [14.2, -1.9], [17.6, 0.3], [19.2, 3.5], [16.6, -5.0]])
    spots += generator.uniform(-0.35, 0.35, spots.shape)
    for (name, (group, build)), (x, y) in zip(
        catalogue.pick_anomalies(generator, len(spots)), spots, strict=True
    ):
        objects.append(place(name, group, build(), (x, y), generator.uniform(-np.pi, np.pi), True))
    azimuth = np.deg2rad(generator.uniform(95, 125))
    elevation = np.deg2rad(33)
    sun = np.array([*(np.cos(elevation) * np.array([np.cos(azimuth), np.sin(azimuth)])), np.sin(elevation)])
    return Scene(tuple(objects), sun, seed)
