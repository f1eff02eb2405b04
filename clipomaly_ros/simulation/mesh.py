"""Triangle meshes that objects are built of: boxes, tubes, solids of revolution, sheets, lumps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import mapbox_earcut
import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray

from clipomaly_ros.simulation.materials import Material


@dataclass(frozen=True)
class Part:
    """One surface of one material.

    vertices: float64 [n, 3] in the object's frame [m]: x ahead, y left, z up, ground at z = 0.
    faces: int32 [m, 3], counter-clockwise from outside. smooth: shade across faces.
    texture: float64 [4, 4], object's frame -> texture coordinates of the pattern.
    label: name of an approved class when the part has its own (an aircraft's engine nacelle);
    empty: the object's name.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    material: Material
    smooth: bool = False
    texture: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    label: str = ""

    def moved(self, pose: NDArray[np.float64]) -> Part:
        """Return the part in a frame in which its own stands at pose, float64 [4, 4], rigid."""
        vertices = self.vertices @ pose[:3, :3].T + pose[:3, 3]
        return replace(self, vertices=vertices, texture=self.texture @ np.linalg.inv(pose))


def pose(
    at: ArrayLike = (0.0, 0.0, 0.0), roll: float = 0.0, pitch: float = 0.0, yaw: float = 0.0
) -> NDArray[np.float64]:
    """Return float64 [4, 4]: turned by roll, then pitch, then yaw [rad] about x, y, z, then moved to at [m].

    Positive pitch turns x downwards.
    """
    matrix = trimesh.transformations.euler_matrix(roll, pitch, yaw, "sxyz")
    matrix[:3, 3] = at
    return matrix


def moved(parts: Iterable[Part], where: NDArray[np.float64]) -> list[Part]:
    """Return all parts moved by a pose, float64 [4, 4]."""
    return [part.moved(where) for part in parts]


def labelled(parts: Iterable[Part], label: str) -> list[Part]:
    """Return all parts labelled as an approved class of their own."""
    return [replace(part, label=label) for part in parts]


def on_ground(parts: Iterable[Part]) -> list[Part]:
    """Return the parts lifted or lowered together so that the lowest point is at z = 0."""
    parts = list(parts)
    lowest = min(float(part.vertices[:, 2].min()) for part in parts)
    return moved(parts, pose((0.0, 0.0, -lowest)))


def _part(mesh: trimesh.Trimesh, material: Material, where: NDArray | None, smooth: bool) -> Part:
    part = Part(np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32), material, smooth)
    return part if where is None else part.moved(where)


def box(size: ArrayLike, material: Material, where: NDArray | None = None) -> Part:
    """Build a box of size x, y, z [m], centred on the origin before it is moved to where."""
    return _part(trimesh.creation.box(extents=np.asarray(size, float)), material, where, False)


def cylinder(
    radius: float, height: float, material: Material, where: NDArray | None = None, sections: int = 24
) -> Part:
    """Build a closed cylinder about z, centred on the origin [m]."""
    return frustum(radius, radius, height, material, where, sections)


def frustum(
    bottom: float,
    top: float,
    height: float,
    material: Material,
    where: NDArray | None = None,
    sections: int = 24,
) -> Part:
    """Build a closed cone stump about z from z = -height/2 (radius bottom) to height/2 (radius top) [m]."""
    return revolve(
        [(0.0, -height / 2), (bottom, -height / 2), (top, height / 2), (0.0, height / 2)],
        material,
        where,
        sections,
        smooth=False,
    )


def ellipsoid(
    semi_axes: ArrayLike, material: Material, where: NDArray | None = None, subdivisions: int = 2
) -> Part:
    """Build an ellipsoid with semi-axes along x, y, z [m], centred on the origin."""
    mesh = trimesh.creation.icosphere(subdivisions)
    mesh.vertices = mesh.vertices * np.asarray(semi_axes, float)
    return _part(mesh, material, where, True)


def revolve(
    profile: Sequence[tuple[float, float]],
    material: Material,
    where: NDArray | None = None,
    sections: int = 24,
    smooth: bool = True,
) -> Part:
    """Turn a profile of (radius, z) [m] about the z axis; start and end at radius 0 to close it.

    The profile runs upwards along the outside.
    """
    angles = np.linspace(0, 2 * np.pi, sections, endpoint=False)
    rings = [
        np.column_stack([r * np.cos(angles), r * np.sin(angles), np.full(sections, z)]) for r, z in profile
    ]
    return grid_surface(np.stack(rings), material, where, closed=True, smooth=smooth)


def torus(
    radius: float, thickness: float, material: Material, where: NDArray | None = None, sections: int = 32
) -> Part:
    """Build a ring about z: radius of its middle line and of its tube [m]."""
    turn = np.linspace(0, 2 * np.pi, 13)
    profile = list(zip(radius - thickness * np.cos(turn), -thickness * np.sin(turn), strict=True))
    return revolve(profile, material, where, sections)


def tube(
    path: ArrayLike, radius: float, material: Material, where: NDArray | None = None, sections: int = 8
) -> Part:
    """Sweep a circle of radius [m] along a path of points, float [n >= 2, 3] [m]; the ends are closed."""
    points = np.asarray(path, float)
    ahead = np.gradient(points, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    side = np.cross(ahead, [0.0, 0.0, 1.0])
    # A path straight up has no side to start from.
    steep = np.linalg.norm(side, axis=1) < 1e-3
    side[steep] = np.cross(ahead[steep], [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, ahead)
    angles = np.linspace(0, 2 * np.pi, sections, endpoint=False)[:, None]
    rings = [
        p + radius * (np.cos(angles) * u + np.sin(angles) * s)
        for p, s, u in zip(points, side, up, strict=True)
    ]
    start, end = np.repeat(points[:1], sections, axis=0), np.repeat(points[-1:], sections, axis=0)
    return grid_surface(np.stack([start, *rings, end]), material, where, closed=True, smooth=True)


def prism(outline: ArrayLike, height: float, material: Material, where: NDArray | None = None) -> Part:
    """Extrude a simple polygon, float [n, 2] (x, y) [m], from z = 0 to height [m]."""
    ring = np.asarray(outline, float)
    count = len(ring)
    if np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1]) < 0:
        ring = ring[::-1]
    cap = (
        mapbox_earcut.triangulate_float64(ring, np.array([count], np.uint32)).reshape(-1, 3).astype(np.int32)
    )
    a, b, c = (ring[cap[:, i]] for i in range(3))
    backwards = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) < 0
    cap[backwards] = cap[backwards][:, ::-1]
    i = np.arange(count, dtype=np.int32)
    j = np.roll(i, -1)
    walls = np.concatenate([np.column_stack([i, j, j + count]), np.column_stack([i, j + count, i + count])])
    vertices = np.concatenate(
        [np.column_stack([ring, np.zeros(count)]), np.column_stack([ring, np.full(count, height)])]
    )
    faces = np.concatenate([cap[:, ::-1], cap + count, walls]).astype(np.int32)
    part = Part(vertices, faces, material)
    return part if where is None else part.moved(where)


def grid_surface(
    points: ArrayLike,
    material: Material,
    where: NDArray | None = None,
    closed: bool = False,
    smooth: bool = True,
) -> Part:
    """Join a grid of points, float [rows, columns, 3] [m], to a surface: sheets, wings, fuselages.

    closed: the last column is joined to the first. Seen from outside, columns run counter-clockwise
    about the direction of the rows.
    """
    grid = np.asarray(points, float)
    rows, columns = grid.shape[:2]
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    right = np.roll(index, -1, axis=1) if closed else index[:, 1:]
    left = index if closed else index[:, :-1]
    a, b, c, d = left[:-1], right[:-1], right[1:], left[1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    part = Part(grid.reshape(-1, 3), faces, material, smooth)
    return part if where is None else part.moved(where)


def sheet(
    length: float,
    width: float,
    height: Callable[[NDArray, NDArray], NDArray],
    material: Material,
    where: NDArray | None = None,
    steps: int = 16,
) -> Part:
    """Build a thin surface over x and y, centred, at z = height(x, y) [m]: cloth, tarpaulin, panels."""
    x, y = np.meshgrid(np.linspace(-length / 2, length / 2, steps), np.linspace(-width / 2, width / 2, steps))
    return grid_surface(np.stack([x, y, height(x, y)], -1), material, where)


def lump(
    generator: np.random.Generator,
    semi_axes: ArrayLike,
    roughness: float,
    material: Material,
    where: NDArray | None = None,
    facets: bool = False,
) -> Part:
    """Build an irregular lump: an ellipsoid with semi-axes [m] and random bumps of relative height roughness.

    facets: flat faces, as of broken stone.
    """
    mesh = trimesh.creation.icosphere(1 if facets else 3)
    directions = np.asarray(mesh.vertices, float)
    bumps = np.zeros(len(directions))
    for frequency in (1.5, 3.0, 5.0):
        for axis in generator.normal(size=(3, 3)):
            axis *= frequency / np.linalg.norm(axis)
            bumps += np.sin(directions @ axis + generator.uniform(0, 2 * np.pi)) / frequency
    mesh.vertices = directions * (1 + roughness * bumps[:, None]) * np.asarray(semi_axes, float)
    return _part(mesh, material, where, not facets)
