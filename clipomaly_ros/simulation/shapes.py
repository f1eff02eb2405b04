"""Solid shapes of the synthetic apron: boxes, ellipsoids, cylinders and cones."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


class Kind(enum.IntEnum):
    """Which unit solid a shape is scaled from; all fit in the cube from -1 to 1."""

    BOX = 0
    ELLIPSOID = 1
    CYLINDER = 2  # axis along local z
    CONE = 3  # axis along local z, apex at z = 1, base at z = -1


class Pattern(enum.IntEnum):
    """What is painted on a surface, in local coordinates of the unit solid."""

    PLAIN = 0
    WINDOWS = 1  # rows of dark panes (buildings)
    PORTHOLES = 2  # one row of cabin windows and a coloured cheat line (fuselage along local z)
    BANDS = 3  # reflective rings along local z (cones)
    RIM = 4  # bright disc inside a dark tyre, on the caps of a cylinder
    RIBS = 5  # corrugation (containers, suitcases)
    CHEVRONS = 6  # warning stripes


@dataclass(frozen=True)
class Material:
    """Look of a surface.

    colour: linear RGB, 0 to 1. second: colour of the pattern. gloss: strength of the
    highlight, 0 to 1. reflectance: return of the LiDAR, 0 to 1.
    """

    colour: tuple[float, float, float]
    second: tuple[float, float, float] = (0.05, 0.06, 0.08)
    pattern: Pattern = Pattern.PLAIN
    gloss: float = 0.1
    reflectance: float = 0.4


@dataclass(frozen=True)
class Shape:
    """One solid: the unit solid scaled by half sizes [m], rotated and moved.

    centre: float64 [3]. rotation: float64 [3, 3], columns are the local axes in the
    outer frame. half: float64 [3], half sizes along the local axes, all positive.
    """

    kind: Kind
    centre: NDArray[np.float64]
    half: NDArray[np.float64]
    material: Material
    rotation: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    @property
    def radius(self) -> float:
        """Return the radius of a sphere around centre that holds the shape [m]."""
        x, y, z = self.half
        if self.kind == Kind.BOX:
            return float(np.sqrt(x * x + y * y + z * z))
        if self.kind == Kind.ELLIPSOID:
            return float(max(x, y, z))
        return float(np.hypot(max(x, y), z))

    def moved(self, rotation: NDArray[np.float64], offset: NDArray[np.float64]) -> Shape:
        """Return the shape seen from a frame in which its own is rotated, then moved [m]."""
        return Shape(
            self.kind, rotation @ self.centre + offset, self.half, self.material, rotation @ self.rotation
        )

    def extent(self, axes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return lowest and highest coordinate along each of the given axes (rows) [m].

        Exact for each solid: the support function of the scaled and rotated unit solid.
        """
        direction = (axes @ self.rotation) * self.half
        middle = axes @ self.centre
        if self.kind == Kind.BOX:
            reach = np.abs(direction).sum(axis=1)
            return middle - reach, middle + reach
        if self.kind == Kind.ELLIPSOID:
            reach = np.linalg.norm(direction, axis=1)
            return middle - reach, middle + reach
        disc, along = np.linalg.norm(direction[:, :2], axis=1), direction[:, 2]
        if self.kind == Kind.CYLINDER:
            return middle - disc - np.abs(along), middle + disc + np.abs(along)
        return middle + np.minimum(along, -disc - along), middle + np.maximum(along, disc - along)


def rotation_z(angle: float) -> NDArray[np.float64]:
    """Return the rotation about z by an angle [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def rotation_y(angle: float) -> NDArray[np.float64]:
    """Return the rotation about y by an angle [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def rotation_x(angle: float) -> NDArray[np.float64]:
    """Return the rotation about x by an angle [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
