"""One ray caster for all sensors: ground plane z = 0 and solid shapes, vectorised over rays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.shapes import Kind, Shape

NOTHING = -2
GROUND = -1

_NEAR = 1e-3  # a ray that starts on a surface must not meet that surface again [m]


@dataclass(frozen=True)
class Hits:
    """First surface along each ray.

    distance: float32 [n] along the (unit) direction [m], inf where nothing is met.
    shape: int32 [n], index into the shapes, GROUND or NOTHING.
    normal: float32 [n, 3], outward, unit length (zero where nothing is met).
    local: float32 [n, 3], the point in coordinates of the unit solid (ground: world x, y, z).
    """

    distance: NDArray[np.float32]
    shape: NDArray[np.int32]
    normal: NDArray[np.float32]
    local: NDArray[np.float32]


def cast(origins: NDArray, directions: NDArray, shapes: Sequence[Shape], ground: bool = True) -> Hits:
    """Find the first surface along each ray.

    origins: [3] common to all rays, or [n, 3] [m]; directions: [n, 3], unit length.
    """
    origins = np.asarray(origins, np.float32)
    directions = np.asarray(directions, np.float32)
    count = len(directions)
    distance = np.full(count, np.inf, np.float32)
    owner = np.full(count, NOTHING, np.int32)
    normal = np.zeros((count, 3), np.float32)
    local = np.zeros((count, 3), np.float32)
    if ground:
        with np.errstate(divide="ignore", invalid="ignore"):
            t = -origins[..., 2] / directions[:, 2]
        below = (directions[:, 2] < 0) & (t > _NEAR)
        distance[below], owner[below] = t[below], GROUND
        normal[below] = (0.0, 0.0, 1.0)
        start = origins[below] if origins.ndim == 2 else origins
        local[below] = start + t[below, None] * directions[below]
    for index, shape, rays in _candidates(origins, directions, shapes):
        start = origins[rays] if origins.ndim == 2 else origins
        t, point, gradient = _meet(shape, start, directions[rays])
        closer = t < distance[rays]
        rays = rays[closer]
        distance[rays], owner[rays], local[rays] = t[closer], index, point[closer]
        outward = (gradient[closer] / shape.half) @ shape.rotation.T
        normal[rays] = outward / np.linalg.norm(outward, axis=1, keepdims=True)
    return Hits(distance, owner, normal, local)


def blocked(origins: NDArray, direction: NDArray, shapes: Sequence[Shape]) -> NDArray[np.bool_]:
    """Tell for each origin [n, 3] whether any shape lies along one direction [3]: shadow rays."""
    origins = np.asarray(origins, np.float32)
    directions = np.broadcast_to(np.asarray(direction, np.float32), origins.shape)
    dark = np.zeros(len(origins), bool)
    for _, shape, rays in _candidates(origins, directions, shapes):
        rays = rays[~dark[rays]]
        dark[rays] = np.isfinite(_meet(shape, origins[rays], directions[rays])[0])
    return dark


def _candidates(origins: NDArray, directions: NDArray, shapes: Sequence[Shape]):
    """Yield each shape with the rays that pass its bounding sphere.

    Culling first is what makes this fast: most shapes cover a small part of the view.
    """
    along_origin = np.einsum("...i,...i->...", origins, directions)
    square_origin = np.einsum("...i,...i->...", origins, origins)
    for index, shape in enumerate(shapes):
        centre, radius = shape.centre.astype(np.float32), np.float32(shape.radius * 1.01 + 0.01)
        along = directions @ centre - along_origin
        square = centre @ centre - 2 * (origins @ centre) + square_origin - along * along
        rays = np.flatnonzero((square < radius * radius) & (along > -radius))
        if len(rays):
            yield index, shape, rays


def _meet(shape: Shape, origins: NDArray, directions: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Cut rays with one shape: distance (inf = missed), local point, local gradient."""
    matrix = (shape.rotation / shape.half).astype(np.float64)  # outer -> unit solid, as row vectors
    o = np.broadcast_to((origins - shape.centre) @ matrix, directions.shape)
    d = directions @ matrix
    solve = {Kind.BOX: _box, Kind.ELLIPSOID: _sphere, Kind.CYLINDER: _cylinder, Kind.CONE: _cone}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return solve[shape.kind](o, d)


def _box(o: NDArray, d: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    a, b = (-1 - o) / d, (1 - o) / d  # slab method
    near, far = np.fmin(a, b), np.fmax(a, b)
    # Column by column: reducing over an axis of length 3 is several times slower.
    enter = np.maximum(np.maximum(near[:, 0], near[:, 1]), near[:, 2])
    leave = np.minimum(np.minimum(far[:, 0], far[:, 1]), far[:, 2])
    t = np.where((enter <= leave) & (enter > _NEAR), enter, np.inf)
    point = _at(o, d, t)
    axis = near.argmax(axis=1)
    gradient = np.zeros_like(o)
    rows = np.arange(len(o))
    gradient[rows, axis] = -np.sign(d[rows, axis])
    return t, point, gradient


def _sphere(o: NDArray, d: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    t = _first_root(_dot(d, d), _dot(o, d), _dot(o, o) - 1)
    point = _at(o, d, t)
    return t, point, point


def _cylinder(o: NDArray, d: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    flat_o, flat_d = o[:, :2], d[:, :2]
    side = _first_root(_dot(flat_d, flat_d), _dot(flat_o, flat_d), _dot(flat_o, flat_o) - 1)
    side = np.where(np.abs(o[:, 2] + side * d[:, 2]) <= 1, side, np.inf)
    cap = (-np.sign(d[:, 2]) - o[:, 2]) / d[:, 2]
    rim = flat_o + cap[:, None] * flat_d
    cap = np.where((_dot(rim, rim) <= 1) & (cap > _NEAR), cap, np.inf)
    t = np.minimum(side, cap)
    point = _at(o, d, t)
    gradient = np.where((cap < side)[:, None], [0.0, 0.0, 1.0] * -np.sign(d), point * [1.0, 1.0, 0.0])
    return t, point, gradient


def _cone(o: NDArray, d: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    # x^2 + y^2 = ((1 - z) / 2)^2
    k, m = (1 - o[:, 2]) / 2, -d[:, 2] / 2
    a = d[:, 0] ** 2 + d[:, 1] ** 2 - m * m
    b = o[:, 0] * d[:, 0] + o[:, 1] * d[:, 1] - k * m
    c = o[:, 0] ** 2 + o[:, 1] ** 2 - k * k
    root = np.sqrt(b * b - a * c)
    pair = np.stack([(-b - root) / a, (-b + root) / a])
    height = o[:, 2] + pair * d[:, 2]
    pair = np.where((np.abs(height) <= 1) & (pair > _NEAR), pair, np.inf)
    side = pair.min(axis=0)
    base = (-1 - o[:, 2]) / d[:, 2]
    rim = o[:, :2] + base[:, None] * d[:, :2]
    base = np.where((_dot(rim, rim) <= 1) & (base > _NEAR), base, np.inf)
    t = np.minimum(side, base)
    point = _at(o, d, t)
    slope = np.stack([point[:, 0], point[:, 1], (1 - point[:, 2]) / 4], axis=1)
    return t, point, np.where((base < side)[:, None], [0.0, 0.0, -1.0], slope)


def _first_root(a: NDArray, half_b: NDArray, c: NDArray) -> NDArray:
    """Return the smaller root of a t^2 + 2 b t + c in front of the ray, inf if there is none."""
    t = (-half_b - np.sqrt(half_b * half_b - a * c)) / a
    return np.where(t > _NEAR, t, np.inf)  # NaN (no root) compares false


def _at(o: NDArray, d: NDArray, t: NDArray) -> NDArray:
    return o + np.where(np.isfinite(t), t, 0.0)[:, None] * d


def _dot(a: NDArray, b: NDArray) -> NDArray:
    return np.einsum("ij,ij->i", a, b)
