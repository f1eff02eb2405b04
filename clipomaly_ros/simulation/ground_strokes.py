"""Strokes and blobs of paint on the ground: where they lie, how much of a pixel they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.materials import Colour
from clipomaly_ros.simulation.noise import pulse


@dataclass(frozen=True)
class GroundPoints:
    """Points on the ground and the ellipses that a pixel covers there.

    x, y: [n] [m]. ahead_x, ahead_y: unit direction of view on the ground. across, along: size of a
    pixel across that direction and along it [m]. rough: a noise, 0 to 1, that frays outlines.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    ahead_x: NDArray[np.float32]
    ahead_y: NDArray[np.float32]
    across: NDArray[np.float32]
    along: NDArray[np.float32]
    rough: NDArray[np.float32]

    def take(self, rows: NDArray) -> GroundPoints:
        """Return some of the points."""
        return GroundPoints(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def width(self, normal_x: NDArray | float, normal_y: NDArray | float) -> NDArray[np.float32]:
        """Return the size of a pixel along a unit direction on the ground [m]."""
        ahead = np.abs(normal_x * self.ahead_x + normal_y * self.ahead_y)
        aside = np.abs(normal_x * self.ahead_y - normal_y * self.ahead_x)
        return np.maximum(self.along * ahead + self.across * aside, np.float32(1e-3))


def band_cover(offset: NDArray, half: np.float32, pixel: NDArray) -> NDArray[np.float32]:
    """Return the share of a pixel, offset (0 or more) from the middle of a band, that the band covers."""
    reach = np.float32(0.5) * pixel
    overlap = np.minimum(offset + reach, half) - np.maximum(offset - reach, -half)
    return np.maximum(overlap, 0) / pixel


@dataclass(frozen=True)
class Stroke:
    """A straight band or an arc of paint or dirt.

    start, end: ends [m]; for an arc (radius > 0) start is its centre and end holds its first and last
    angle [rad], the first the smaller. half_width [m]. soft: width of its blurred edge [m]. strength: 0 to 1.
    dash: period and painted share along it; period 0: unbroken. label: class of well-covered pixels.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    half_width: float
    colour: Colour
    label: str
    strength: float = 0.95
    soft: float = 0.0
    dash: tuple[float, float] = (0.0, 1.0)
    radius: float = 0.0
    wear: float = 0.3

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return least x, least y, largest x, largest y [m]."""
        margin = self.half_width + self.soft
        if self.radius > 0:
            angles = np.linspace(*self.end, 24)
            x = self.start[0] + self.radius * np.cos(angles)
            y = self.start[1] + self.radius * np.sin(angles)
            margin += 0.02 * self.radius
        else:
            x, y = np.array([self.start, self.end]).T
        return (
            float(x.min()) - margin,
            float(y.min()) - margin,
            float(x.max()) + margin,
            float(y.max()) + margin,
        )

    def cover(self, p: GroundPoints) -> NDArray[np.float32]:
        """Return the covered share of each pixel, float32 [n], before wear."""
        if self.radius > 0:
            dx, dy = p.x - np.float32(self.start[0]), p.y - np.float32(self.start[1])
            distance = np.maximum(np.hypot(dx, dy), np.float32(1e-3))
            normal_x, normal_y = dx / distance, dy / distance
            offset = np.abs(distance - np.float32(self.radius))
            along = np.float32(self.radius) * np.mod(np.arctan2(dy, dx) - np.float32(self.end[0]), 2 * np.pi)
            length = self.radius * (self.end[1] - self.end[0])
        else:
            delta = np.subtract(self.end, self.start)
            length = float(np.hypot(*delta))
            tx, ty = (delta / max(length, 1e-9)).astype(np.float32)
            dx, dy = p.x - np.float32(self.start[0]), p.y - np.float32(self.start[1])
            along, offset = dx * tx + dy * ty, np.abs(dy * tx - dx * ty)
            normal_x, normal_y = -ty, tx
        width = p.width(normal_x, normal_y)
        edge = np.hypot(width, np.float32(self.soft)) if self.soft else width
        half = np.float32(self.half_width)
        cover = band_cover(offset, half, edge)
        if not (self.radius > 0 and length > 2 * np.pi * self.radius - 0.01) or self.dash[0]:
            reach = p.width(normal_y, -normal_x)
            cover *= np.clip(
                np.minimum(along, np.float32(length) - along) / np.maximum(reach, self.soft) + 0.5, 0, 1
            )
            if self.dash[0]:
                cover *= pulse(along, np.float32(self.dash[0]), self.dash[1], reach)
        return np.asarray(cover * np.float32(self.strength), np.float32)


@dataclass(frozen=True)
class Blob:
    """A rough ellipse: a stain, a patch of tar, a manhole cover.

    centre, semi_axes [m]; yaw [rad]; soft: blurred share of its radius; rough: bumps of its outline, 0 to 1.
    """

    centre: tuple[float, float]
    semi_axes: tuple[float, float]
    yaw: float
    colour: Colour
    label: str
    strength: float = 0.6
    soft: float = 0.4
    rough: float = 0.6
    wear: float = 0.0

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return least x, least y, largest x, largest y [m]."""
        reach = max(self.semi_axes) * (1.1 + 0.5 * self.rough)
        return self.centre[0] - reach, self.centre[1] - reach, self.centre[0] + reach, self.centre[1] + reach

    def cover(self, p: GroundPoints) -> NDArray[np.float32]:
        """Return the covered share of each pixel, float32 [n]."""
        c, s = np.float32(np.cos(self.yaw)), np.float32(np.sin(self.yaw))
        dx, dy = p.x - np.float32(self.centre[0]), p.y - np.float32(self.centre[1])
        a, b = self.semi_axes
        radius = np.hypot((dx * c + dy * s) / np.float32(a), (dy * c - dx * s) / np.float32(b))
        blur = np.maximum(
            np.float32(self.soft), np.maximum(p.across, np.minimum(p.along, 2 * b)) / np.float32(b)
        )
        radius = radius + np.float32(self.rough) * (p.rough - 0.5)
        return np.asarray(np.clip((1 - radius) / blur + 0.5, 0, 1) * np.float32(self.strength), np.float32)


@dataclass(frozen=True)
class Feature:
    """Strokes and blobs that lie together, painted in their order."""

    shapes: tuple[Stroke | Blob, ...]
    bounds: tuple[float, float, float, float]

    @staticmethod
    def of(shapes: Sequence[Stroke | Blob]) -> Feature:
        """Gather shapes."""
        edges = np.array([shape.bounds for shape in shapes])
        low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
        return Feature(tuple(shapes), (*map(float, low), *map(float, high)))  # type: ignore[arg-type]
