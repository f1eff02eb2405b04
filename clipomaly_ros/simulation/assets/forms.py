"""Shapes of small things: bulging boxes, ribbons, rings, crumpled sheets, and how a body comes to rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import (
    Part,
    cylinder,
    ellipsoid,
    grid_surface,
    moved,
    on_ground,
    pose,
    prism,
    sheet,
    torus,
)

AXES = {"x": (0.0, np.pi / 2), "y": (np.pi / 2, 0.0), "z": (0.0, 0.0)}


def along(axis: str, at: ArrayLike = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    """Return the pose that lays a body built about z along the axis x, y or z, at a point [m]."""
    roll, pitch = AXES[axis]
    return pose(at, roll=roll, pitch=pitch)


def deformed(part: Part, change: Callable[[NDArray], NDArray]) -> Part:
    """Return the part with its vertices [n, 3] passed through a function; the texture stays."""
    return replace(part, vertices=np.asarray(change(part.vertices), np.float64))


def cushion(
    semi_axes: ArrayLike,
    power: float,
    material: Material,
    where: NDArray | None = None,
    subdivisions: int = 3,
) -> Part:
    """Build a superellipsoid with semi-axes [m]: power 2 is an ellipsoid, 8 a box with round edges."""
    part = ellipsoid((1.0, 1.0, 1.0), material, subdivisions=subdivisions)
    length = np.sum(np.abs(part.vertices) ** power, axis=1, keepdims=True) ** (1 / power)
    part = replace(part, vertices=part.vertices / length * np.asarray(semi_axes, float))
    return part if where is None else part.moved(where)


def sagged(part: Part, floor: float) -> Part:
    """Return the part with all below a height [m] pressed flat, as a soft body on the ground."""
    return deformed(part, lambda v: np.column_stack([v[:, :2], np.maximum(v[:, 2], floor)]))


def wrinkled(generator: np.random.Generator, part: Part, depth: float, folds: int = 7) -> Part:
    """Return a rounded part about the origin with sharp creases pressed into it, of relative depth."""
    size = float(np.abs(part.vertices).max())
    axes = generator.normal(size=(folds, 3)) * generator.uniform(1.5, 5.0, (folds, 1))
    phases = generator.uniform(0, 2 * np.pi, folds)
    ridges = np.abs(np.sin(part.vertices / size @ axes.T + phases)).mean(axis=1)
    return deformed(part, lambda v: v * (1 - depth + 1.5 * depth * ridges)[:, None])


def hollow_prism(
    outer: ArrayLike, inner: float, height: float, material: Material, where: NDArray | None = None
) -> Part:
    """Build a pierced disc about z, centred [m]: radii [n] at even angles, round hole inner."""
    radii = np.asarray(outer, float)
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    turn = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(len(radii))])
    up = np.array([0.0, 0.0, height / 2])
    inside, outside = inner * turn, radii[:, None] * turn
    rings = [inside - up, outside - up, outside + up, inside + up, inside - up]
    return grid_surface(np.stack(rings), material, where, closed=True, smooth=False)


def polygon_radii(corners: int, across: float, steps: int = 24) -> NDArray[np.float64]:
    """Return radii [steps] of a regular polygon with the distance across its flats [m]."""
    angles = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    offset = (angles + np.pi / corners) % (2 * np.pi / corners) - np.pi / corners
    return np.asarray(across / 2 / np.cos(offset))


def ribbon(
    path: ArrayLike, width: float, thickness: float, material: Material, twist: ArrayLike = 0.0
) -> Part:
    """Sweep a flat strip along a path [n, 3]; twist: roll about the path [rad], 0 flat, one or [n]."""
    points = np.asarray(path, float)
    ahead = np.gradient(points, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    side = np.cross([0.0, 0.0, 1.0], ahead)
    steep = np.linalg.norm(side, axis=1) < 1e-3
    side[steep] = (0.0, 1.0, 0.0)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(ahead, side)
    angle = np.broadcast_to(np.asarray(twist, float), len(points))[:, None]
    across = (np.cos(angle) * side + np.sin(angle) * up) * width / 2
    above = (np.cos(angle) * up - np.sin(angle) * side) * thickness / 2
    corners = np.stack([across + above, -across + above, -across - above, across - above], 1)
    rings = points[:, None] + corners
    ends = [np.repeat(points[[index]], 4, axis=0) for index in (0, -1)]
    return grid_surface(np.stack([ends[0], *rings, ends[1]]), material, closed=True, smooth=False)


def arc(radius: float, start: float, end: float, steps: int = 20) -> NDArray[np.float64]:
    """Return points [steps, 3] on a circle about z, from angle start to end [rad]."""
    angles = np.linspace(start, end, steps)
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles), np.zeros(steps)])


def wander(
    generator: np.random.Generator, length: float, curl: float, steps: int = 40, lift: float = 0.0
) -> NDArray[np.float64]:
    """Return a smooth random path [steps, 3] on the ground; curl: of heading [rad], lift: top z [m]."""
    at = np.linspace(0, 1, steps)
    heading = np.zeros(steps)
    height = np.zeros(steps)
    for frequency in (0.5, 1.0, 2.0, 3.0):
        heading += (
            generator.normal()
            * curl
            / frequency**0.7
            * np.sin(2 * np.pi * frequency * at + generator.uniform(0, 2 * np.pi))
        )
        height += np.sin(2 * np.pi * frequency * at + generator.uniform(0, 2 * np.pi))
    step = length / steps
    path = np.column_stack([np.cos(heading), np.sin(heading), np.zeros(steps)]).cumsum(axis=0) * step
    height = np.clip(height, 0, None)
    path[:, 2] = lift * height / max(float(height.max()), 1e-9)
    path[:, :2] -= path[:, :2].mean(axis=0)
    return path


def crumpled(
    generator: np.random.Generator,
    length: float,
    width: float,
    height: float,
    material: Material,
    steps: int = 22,
    folds: int = 6,
) -> Part:
    """Build a crumpled cloth or film: creases in random directions up to a height [m], torn-in outline."""
    creases = generator.normal(size=(folds, 2)) * 2.2 * np.pi / np.array([length, width])
    phases = generator.uniform(0, 2 * np.pi, folds)
    weights = generator.uniform(0.3, 1, folds)

    def rise(x: NDArray, y: NDArray) -> NDArray:
        z = np.zeros_like(x)
        for (a, b), phase, weight in zip(creases, phases, weights, strict=True):
            z += weight * np.abs(np.sin(a * x / 2 + b * y / 2 + phase))
        z = (z - z.min()) / max(float(np.ptp(z)), 1e-9)
        return np.asarray(height * z**1.3)

    part = sheet(length, width, rise, material, steps=steps)
    shift = generator.normal(size=(steps * steps, 2)) * 0.25 * np.array([length, width]) / steps
    pull = 1 + 0.14 * np.sin(
        generator.integers(2, 6) * np.arctan2(part.vertices[:, 1], part.vertices[:, 0]) + phases[0]
    )

    def tug(vertices: NDArray) -> NDArray:
        vertices = vertices.copy()
        vertices[:, :2] = vertices[:, :2] * pull[:, None] + shift
        return vertices

    return deformed(part, tug)


def plate(
    length: float,
    width: float,
    corner: float,
    thickness: float,
    material: Material,
    where: NDArray | None = None,
) -> Part:
    """Build a flat plate with round corners of a radius [m], from z = 0 up."""
    corner = min(corner, length / 2.01, width / 2.01)
    outline = []
    for x, y, start in ((1, 1, 0), (-1, 1, 1), (-1, -1, 2), (1, -1, 3)):
        turn = arc(corner, start * np.pi / 2, (start + 1) * np.pi / 2, 5)[:, :2]
        outline.append(turn + np.array([x * (length / 2 - corner), y * (width / 2 - corner)]))
    return prism(np.concatenate(outline), thickness, material, where)


def wheel(radius: float, width: float, tyre: Material, rim: Material, at: ArrayLike) -> list[Part]:
    """Build a small solid wheel on an axis along y, centred at a point [m]."""
    return [
        cylinder(radius, width, tyre, along("y", at), sections=18),
        cylinder(radius * 0.62, width * 1.08, rim, along("y", at), sections=14),
    ]


def spoked_wheel(radius: float, thickness: float, tyre: Material, rim: Material, at: ArrayLike) -> list[Part]:
    """Build a ring on eight thin spokes with a hub, on an axis along y, centred at a point [m]."""
    where = along("y", at)
    parts = [torus(radius - thickness, thickness, tyre, where, sections=24)]
    parts.append(cylinder(radius * 0.12, thickness * 3, rim, where, sections=10))
    for turn in np.arange(4) * np.pi / 4:
        lying = where @ pose(yaw=turn) @ along("x")
        parts.append(cylinder(thickness * 0.22, 2 * (radius - thickness), rim, lying, sections=5))
    return parts


def settled(parts: Sequence[Part]) -> list[Part]:
    """Return the parts as one rigid body that has tipped over until it lies stably on z = 0.

    The body (its convex hull, evenly heavy) rolls onto the hull face below its centre of mass
    until the centre stands above the face it lies on.
    """
    vertices = np.concatenate([part.vertices for part in parts])
    hull = ConvexHull(vertices, qhull_options="QJ")
    corners = vertices[hull.simplices]
    normals, offsets = hull.equations[:, :3], hull.equations[:, 3]
    inside = vertices[hull.vertices].mean(axis=0)
    volumes = np.abs(
        np.einsum(
            "ij,ij->i", np.cross(corners[:, 0] - inside, corners[:, 1] - inside), corners[:, 2] - inside
        )
    )
    centre = inside + (volumes @ (corners.mean(axis=1) - inside)) * 0.75 / max(float(volumes.sum()), 1e-18)
    turn = np.eye(3)
    for _ in range(12):
        down = -turn[2]
        facing = normals @ down
        distance = np.where(
            facing > 1e-9, -(normals @ centre + offsets) / np.where(facing > 1e-9, facing, 1.0), np.inf
        )
        below = normals[int(np.argmin(distance))]
        if below @ down > 1 - 1e-7:
            break
        onto = trimesh.geometry.align_vectors(turn @ below, [0.0, 0.0, -1.0])[:3, :3]
        turn = onto @ turn
    where = np.eye(4)
    where[:3, :3] = turn
    return on_ground(moved(parts, where))
