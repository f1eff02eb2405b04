"""Hoses and cables left on the ground: coiled, snaking, looped, in a figure of eight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.organic import near
from clipomaly_ros.simulation.materials import Colour, Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, on_ground, pose, tube

# A course on the ground for a line of a radius [m]: float64 [n, 3] [m].
Course = Callable[[np.random.Generator, float], NDArray[np.float64]]


def coil(generator: np.random.Generator, radius: float) -> NDArray[np.float64]:
    """Wind turns on top of each other, with a tail that runs out."""
    wide, turns = generator.uniform(0.2, 0.45), generator.uniform(2.5, 5.0)
    angle = np.linspace(0, 2 * np.pi * turns, int(18 * turns))
    wobble = wide * (1 + 0.06 * np.sin(0.83 * angle + generator.uniform(0, 6)))
    level = radius + 1.5 * radius * angle / (2 * np.pi)
    wound = np.column_stack([wobble * np.cos(angle), wobble * np.sin(angle), level])
    end, ahead = wound[-1], np.array([-np.sin(angle[-1]), np.cos(angle[-1]), 0.0])
    s = np.linspace(0.05, 1, 10)[:, None]
    drop = np.column_stack([np.zeros(10), np.zeros(10), (radius - end[2]) * np.sin(np.pi / 2 * s[:, 0])])
    return np.concatenate([wound, end + 0.7 * wide * s * ahead * 1.6 + drop])


def snake(generator: np.random.Generator, radius: float) -> NDArray[np.float64]:
    """Wind to and fro along x."""
    length, bends = generator.uniform(1.3, 2.4), int(generator.integers(5, 9))
    sway = np.where(np.arange(bends) % 2, 1, -1) * generator.uniform(0.05, 0.22, bends) * length / 2
    knots = np.column_stack([np.linspace(-0.5, 0.5, bends) * length, sway])
    flat = CubicSpline(np.arange(bends), knots)(np.linspace(0, bends - 1, 80))
    return np.column_stack([flat, np.full(80, radius)])


def loops(generator: np.random.Generator, radius: float) -> NDArray[np.float64]:
    """Throw down overlapping loops as the line falls off a hand."""
    turns = generator.uniform(2.5, 4.5)
    angle = np.linspace(0, 2 * np.pi * turns, int(18 * turns))
    wide = generator.uniform(0.18, 0.35) * (1 + 0.25 * np.sin(angle * generator.uniform(0.3, 0.6)))
    drift = generator.uniform(0.05, 0.12) * angle / 2
    x, y = wide * np.cos(angle) + drift, wide * np.sin(angle)
    level = radius * (1 + 1.1 * (1 - np.cos(angle * 0.5 + 0.3)))
    return np.column_stack([x - x.mean(), y, level])


def eight(generator: np.random.Generator, radius: float) -> NDArray[np.float64]:
    """Lay a figure of eight more than once round."""
    long, turns = generator.uniform(0.45, 0.9), generator.uniform(1.3, 2.6)
    angle = np.linspace(0, 2 * np.pi * turns, int(36 * turns))
    grow = long * (1 + 0.035 * angle)
    x, y = grow * np.sin(angle), grow * generator.uniform(0.5, 0.75) * np.sin(2 * angle)
    level = radius * (1 + 1.2 * (1 + np.sin(angle - 0.4)) + 0.5 * angle / np.pi)
    return np.column_stack([x, y, level])


def _end_pose(path: NDArray[np.float64], end: int, beyond: float) -> NDArray[np.float64]:
    """Return where a fitting sits: x out of the line's end, beyond it by so much [m]."""
    inner = path[3] if end == 0 else path[-4]
    way = path[end] - inner
    way[2] = 0.0
    way /= max(float(np.linalg.norm(way)), 1e-9)
    return pose(path[end] + way * beyond, yaw=float(np.arctan2(way[1], way[0])))


def _hose(course: Course) -> Builder:
    colours: tuple[Colour, ...] = (
        (0.02, 0.02, 0.02),
        (0.5, 0.03, 0.02),
        (0.75, 0.5, 0.04),
        (0.03, 0.2, 0.06),
        (0.1, 0.14, 0.3),
        (0.6, 0.57, 0.5),
    )

    def build(generator: np.random.Generator) -> list[Part]:
        radius = generator.uniform(0.016, 0.035)
        path = course(generator, radius)
        colour = near(generator, colours[int(generator.integers(len(colours)))])
        wall = Material(colour, gloss=0.3, reflectance=0.2, dirt=generator.uniform(0.1, 0.4))
        metal = Material(near(generator, (0.55, 0.5, 0.4)), gloss=0.7, metallic=0.9, dirt=0.2)
        parts = [tube(path, radius, wall, sections=6)]
        for end, (size, long) in ((0, (1.35, 3.5)), (-1, (1.5, 5.0))):
            where = _end_pose(path, end, 0.4 * long * radius)
            parts.append(cylinder(size * radius, long * radius, metal, where @ pose(pitch=np.pi / 2), 14))
        return on_ground(parts)

    return build


def _cable(course: Course, heavy: bool) -> Builder:
    colours: tuple[Colour, ...] = (
        (0.015, 0.015, 0.015),
        (0.8, 0.25, 0.02),
        (0.75, 0.6, 0.03),
        (0.03, 0.06, 0.3),
    )

    def build(generator: np.random.Generator) -> list[Part]:
        radius = generator.uniform(0.018, 0.028) if heavy else generator.uniform(0.005, 0.011)
        path = course(generator, radius)
        colour = colours[0 if heavy and generator.random() < 0.7 else int(generator.integers(len(colours)))]
        sleeve = Material(
            near(generator, colour), gloss=0.25, reflectance=0.15, dirt=generator.uniform(0.1, 0.3)
        )
        plug = Material(
            near(generator, (0.02, 0.02, 0.02) if heavy else (0.05, 0.12, 0.4)), gloss=0.3, dirt=0.2
        )
        metal = Material((0.6, 0.55, 0.4), gloss=0.8, metallic=0.9)
        parts = [tube(path, radius, sleeve, sections=6)]
        size = np.array([0.22, 0.12, 0.09]) if heavy else np.array([0.08, 0.045, 0.04])
        where = _end_pose(path, -1, float(size[0]) / 2)
        # The plug lies on the ground whatever the height of the line.
        where[2, 3] = max(float(where[2, 3]) - radius + size[2] / 2, size[2] / 2)
        parts.append(box(size, plug, where))
        for y in (-0.25, 0.25):
            pin = where @ pose((0.62 * size[0], y * size[1], 0), pitch=np.pi / 2)
            parts.append(cylinder(0.08 * float(size[1]), 0.3 * float(size[0]), metal, pin, 8))
        return on_ground(parts)

    return build


HOSE = Asset("hose", "loose_equipment", tuple(_hose(course) for course in (coil, snake, loops, eight)))
CABLE = Asset(
    "cable",
    "loose_equipment",
    (_cable(coil, True), _cable(snake, True), _cable(loops, False), _cable(eight, True)),
)
