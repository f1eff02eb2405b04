"""What vehicles roll on and are cut from: wheels, axles, frames, and bodies extruded from side views."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, on_ground, pose, prism, revolve, tube

RUBBER = Material((0.022, 0.022, 0.024), gloss=0.08, reflectance=0.06, dirt=0.35)
RIM = Material((0.42, 0.43, 0.44), gloss=0.5, metallic=0.5, reflectance=0.4, dirt=0.3)
STEEL = Material((0.34, 0.35, 0.36), gloss=0.4, metallic=0.6, reflectance=0.4, dirt=0.25)
DARK = Material((0.035, 0.035, 0.038), gloss=0.15, reflectance=0.12, dirt=0.3)

Point = tuple[float, float]


def standing(parts: Iterable[Part]) -> list[Part]:
    """Return the parts on the ground, those of one material joined: fewer parts to shade."""
    groups: dict[tuple[Material, bool, str, bytes], list[Part]] = {}
    for part in on_ground(parts):
        # Where nothing is painted, stains may as well follow the whole vehicle.
        texture = np.eye(4) if part.material.pattern == 0 else part.texture
        part = replace(part, texture=texture)
        groups.setdefault((part.material, part.smooth, part.label, texture.tobytes()), []).append(part)
    return [_joined(group) for group in groups.values()]


def _joined(parts: Sequence[Part]) -> Part:
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts[:-1], strict=True)])
    return replace(parts[0], vertices=vertices, faces=faces.astype(np.int32))


def extruded(profile: Sequence[Point], width: float, material: Material, y: float = 0.0) -> Part:
    """Extrude a side view, points (x, z) [m], to a width [m] about the middle y; patterns keep x, y, z."""
    part = prism(profile, width, material, pose((0.0, y + width / 2, 0.0), roll=np.pi / 2))
    return replace(part, texture=np.eye(4))


def slab(
    a: Point, b: Point, width: float, material: Material, thickness: float = 0.02, y: float = 0.0
) -> Part:
    """Lay a thin plate across y along the line from a to b, points (x, z) [m]: panes, hoods, ramps."""
    start, end = np.array(a), np.array(b)
    ahead = (end - start) / np.linalg.norm(end - start)
    out = np.array([ahead[1], -ahead[0]]) * thickness
    corners = [start - out, end - out, end + out, start + out]
    return extruded([(float(x), float(z)) for x, z in corners], width, material, y)


def on_sides(
    outline: Sequence[Point], half_width: float, material: Material, thickness: float = 0.015
) -> list[Part]:
    """Put plates of an outline, points (x, z) [m], on both sides, y = +/- half_width."""
    return [extruded(outline, 2 * thickness, material, side * half_width) for side in (1, -1)]


def leaning(parts: Iterable[Part], shoulder: float, rate: float) -> list[Part]:
    """Return the parts narrowed above the height shoulder [m], by rate of their y per metre: tumblehome."""
    narrowed = []
    for part in parts:
        vertices = part.vertices.copy()
        vertices[:, 1] *= 1 - rate * np.maximum(vertices[:, 2] - shoulder, 0.0)
        narrowed.append(replace(part, vertices=vertices))
    return narrowed


def cut(profile: Sequence[Point], height: float) -> tuple[list[Point], list[Point]]:
    """Cut an outline, points (x, z) [m], at a height into what lies below and what lies above."""
    below: list[Point] = []
    above: list[Point] = []
    for (x0, z0), (x1, z1) in zip(profile, [*profile[1:], profile[0]], strict=True):
        if z0 <= height:
            below.append((x0, z0))
        if z0 >= height:
            above.append((x0, z0))
        if (z0 - height) * (z1 - height) < 0:
            crossing = (x0 + (x1 - x0) * (height - z0) / (z1 - z0), height)
            below.append(crossing)
            above.append(crossing)
    return below, above


def rectangle(x0: float, x1: float, z0: float, z1: float) -> list[Point]:
    """Return the corners (x, z) of an upright rectangle [m]."""
    return [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]


def block(x: Point, y: Point, z: Point, material: Material) -> Part:
    """Build a box between two limits along each of x, y, z [m]; patterns keep x, y, z."""
    limits = np.sort(np.array([x, y, z], float), axis=1)
    part = box(limits[:, 1] - limits[:, 0], material, pose(limits.mean(axis=1)))
    return replace(part, texture=np.eye(4))


def wheel(at: ArrayLike, radius: float, width: float, rim: Material = RIM) -> list[Part]:
    """Build a tyre and its rim about the y axis with the centre at x, y, z [m]."""
    half = width / 2
    tyre = [(0.0, -half * 0.7), (0.6 * radius, -half * 0.7), (0.66 * radius, -half), (0.9 * radius, -half)]
    tyre += [(radius, -half * 0.65), (radius, half * 0.65), (0.9 * radius, half), (0.66 * radius, half)]
    tyre += [(0.6 * radius, half * 0.7), (0.0, half * 0.7)]
    where = pose(at, roll=np.pi / 2)
    disc = [(0.0, -half), (0.2 * radius, -half), (0.24 * radius, -half * 0.9), (0.5 * radius, -half * 0.92)]
    disc += [(0.6 * radius, -half * 0.98), (0.6 * radius, half * 0.98), (0.5 * radius, half * 0.92)]
    disc += [(0.24 * radius, half * 0.9), (0.2 * radius, half), (0.0, half)]
    return [
        revolve(tyre, RUBBER, where, 20, smooth=False),
        revolve(disc, rim, where, 14, smooth=False),
    ]


def axle(
    x: float, half_track: float, radius: float, width: float, rim: Material = RIM, dual: bool = False
) -> list[Part]:
    """Build the wheels of an axle at x with outer sides at y = +/- half_track [m]; dual: four of them."""
    parts = [cylinder(0.06, 2 * half_track - width, DARK, pose((x, 0.0, radius), roll=np.pi / 2), 8)]
    for side in (1, -1):
        for inner in range(1 + dual):
            y = side * (half_track - width / 2 - inner * width * 1.15)
            # Nobody sees the rim of an inner wheel.
            parts += wheel((x, y, radius), radius, width, rim)[: 2 - inner]
    return parts


def arches(x: float, half_width: float, radius: float) -> list[Part]:
    """Build the dark wheel housings about an axle at x, wheel radius [m], on both sides of a body."""
    angles = np.linspace(-0.25, np.pi + 0.25, 12)
    outline = [
        (float(x + 1.2 * radius * np.cos(a)), float(radius + 1.2 * radius * np.sin(a))) for a in angles
    ]
    return on_sides(outline, half_width, DARK, 0.006)


def frame(back: float, front: float, width: float, height: float, depth: float = 0.22) -> list[Part]:
    """Build a ladder frame from x = back to front with its top at height [m]."""
    beams = [
        block((back, front), (y - 0.06, y + 0.06), (height - depth, height), DARK)
        for y in (-0.3 * width, 0.3 * width)
    ]
    xs = np.linspace(back + 0.1, front - 0.1, 5)
    return beams + [
        block((x - 0.05, x + 0.05), (-0.3 * width, 0.3 * width), (height - depth, height - 0.04), DARK)
        for x in xs
    ]


def tank(
    back: float, front: float, half_width: float, half_height: float, middle: float, material: Material
) -> Part:
    """Build a lying tank with domed ends from x = back to front, its middle line at a height [m]."""
    length, dome = front - back, 0.12 * (front - back) / max(1.0, (front - back) / 2)
    z = [-length / 2, -length / 2, -length / 2 + 0.35 * dome, -length / 2 + dome]
    radius = [0.0, 0.55, 0.88, 1.0]
    profile = list(zip(radius, z, strict=True)) + [
        (r, -h) for r, h in reversed(list(zip(radius, z, strict=True)))
    ]
    part = revolve(profile, material, pose(pitch=np.pi / 2), 28)
    return scaled(part, (1.0, half_width, half_height), ((back + front) / 2, 0.0, middle))


def scaled(part: Part, factors: ArrayLike, at: ArrayLike = (0.0, 0.0, 0.0)) -> Part:
    """Return the part stretched along x, y, z about the origin, then moved to at [m]."""
    vertices = part.vertices * np.asarray(factors, float) + np.asarray(at, float)
    return replace(part, vertices=vertices, texture=np.eye(4))


def bar(a: ArrayLike, b: ArrayLike, thickness: float, material: Material) -> Part:
    """Build a round bar from point a to b [m], six-sided and as thick as given [m]."""
    return tube([np.asarray(a, float), np.asarray(b, float)], thickness / 2, material, sections=6)


def beam(a: ArrayLike, b: ArrayLike, thickness: float, depth: float, material: Material) -> Part:
    """Build a rectangular beam from point a to b [m]: thickness across, depth upwards."""
    start, end = np.asarray(a, float), np.asarray(b, float)
    span = end - start
    where = pose(
        (start + end) / 2,
        pitch=-np.arctan2(span[2], np.hypot(span[0], span[1])),
        yaw=np.arctan2(span[1], span[0]),
    )
    return box((float(np.linalg.norm(span)), thickness, depth), material, where)


def scissor(
    back: Point, front: Point, half_width: float, material: Material, depth: float = 0.16
) -> list[Part]:
    """Build crossed lifting arms on both sides from the lower back to the upper front corner (x, z) [m]."""
    (x0, z0), (x1, z1) = back, front
    parts = []
    for y in (half_width, -half_width):
        parts += [beam((x0, y, z0), (x1, y, z1), 0.09, depth, material)]
        parts += [beam((x1, y * 0.9, z0), (x0, y * 0.9, z1), 0.09, depth, material)]
    middle = pose(((x0 + x1) / 2, 0.0, (z0 + z1) / 2), roll=np.pi / 2)
    return [*parts, cylinder(0.06, 2 * half_width, DARK, middle, 8)]


def railing(
    path: Sequence[ArrayLike],
    height: float,
    material: Material,
    spacing: float = 1.0,
    thickness: float = 0.04,
) -> list[Part]:
    """Build a handrail with a middle rail and posts along the feet of a path, points [n, 3] [m]."""
    feet = np.asarray(path, float)
    lift = np.array([0.0, 0.0, height])
    parts = []
    for a, b in itertools.pairwise(feet):
        parts += [bar(a + lift * share, b + lift * share, thickness, material) for share in (0.5, 1.0)]
        posts = max(1, round(float(np.linalg.norm(b - a)) / spacing))
        for share in np.arange(posts) / posts:
            foot = a + (b - a) * share
            parts.append(bar(foot, foot + lift, thickness, material))
    return [*parts, bar(feet[-1], feet[-1] + lift, thickness, material)]


def ladder(
    foot: ArrayLike, head: ArrayLike, width: float, material: Material, across: Point = (0.0, 1.0)
) -> list[Part]:
    """Build a ladder between two points [m]; across: direction (x, y) of its rungs."""
    start, end = np.asarray(foot, float), np.asarray(head, float)
    side = np.array([across[0], across[1], 0.0]) * width / 2
    count = max(2, round(float(np.linalg.norm(end - start)) / 0.3))
    rungs = [start + (end - start) * (k + 0.5) / count for k in range(count)]
    return [bar(start + s, end + s, 0.045, material) for s in (side, -side)] + [
        bar(p - side, p + side, 0.03, material) for p in rungs
    ]


Pick = Callable[[float, float], float]


def picker(generator: np.random.Generator) -> Pick:
    """Return a function that picks a number between two limits."""
    return lambda low, high: float(generator.uniform(low, high))
