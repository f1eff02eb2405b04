"""Nameless clutter that is thin: frames, sticks, sheets, cords, flat pieces."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.clutter_solids import any_look, any_outline, any_size, any_solid, turned
from clipomaly_ros.simulation.assets.forms import (
    crumpled,
    plate,
    ribbon,
    settled,
    spoked_wheel,
    wander,
    wheel,
)
from clipomaly_ros.simulation.mesh import Part, box, moved, on_ground, pose, prism, sheet, tube

Generator = np.random.Generator


def frame(g: Generator) -> list[Part]:
    """Build an open frame of bars: a box, pyramid or ladder-like lattice, some bars missing."""
    size, look = any_size(g, 0.15, 1.5), any_look(g, 0.3)
    a, b, c = size * g.uniform(0.3, 1.0, 3)
    taper = g.uniform(0.0, 1.0)
    low = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [a / 2, b / 2]
    corners = np.concatenate(
        [np.column_stack([low, np.zeros(4)]), np.column_stack([low * taper, np.full(4, c)])]
    )
    edges = [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 0),
        (4, 5),
        (5, 6),
        (6, 7),
        (7, 4),
        (0, 4),
        (1, 5),
        (2, 6),
        (3, 7),
        (0, 5),
        (2, 7),
    ]
    bar, parts = size * g.uniform(0.01, 0.05), []
    for start, end in edges:
        if g.uniform() < 0.85 and np.linalg.norm(corners[start] - corners[end]) > 1e-3:
            parts.append(tube(corners[[start, end]], bar, look, sections=int(g.choice([4, 6]))))
    if g.uniform() < 0.5 or not parts:
        parts.append(box((a * 0.9, b * 0.9, bar), any_look(g, size), pose((0, 0, c * g.uniform(0, 0.3)))))
    return settled(
        [turned(g, p) for p in parts] if len(parts) == 1 else moved(parts, pose(roll=g.choice([0, 1.5, 0.8])))
    )


def wheeled_stick(g: Generator) -> list[Part]:
    """Build wheels joined by bars, with something on top."""
    size, tyre, rim = any_size(g, 0.15, 1.2), any_look(g, 0.1), any_look(g, 0.1)
    radius, parts = size * g.uniform(0.1, 0.3), []
    maker = spoked_wheel if g.uniform() < 0.4 else wheel
    track, base = size * g.uniform(0.2, 0.6), size * g.uniform(0.3, 0.9)
    spots = [(0.0, -0.5), (0.0, 0.5), (1.0, 0.5), (1.0, -0.5)][: int(g.integers(1, 5))]
    for x, y in spots:
        parts += maker(radius, radius * g.uniform(0.1, 0.3), tyre, rim, (x * base, y * track, radius))
    bar = any_look(g, 0.2)
    parts.append(tube([[0, -track / 2, radius], [0, track / 2, radius]], size * 0.02, bar))
    if len(spots) > 2:
        parts.append(tube([[base, -track / 2, radius], [base, track / 2, radius]], size * 0.02, bar))
        parts.append(tube([[0, 0, radius], [base, 0, radius]], size * 0.02, bar))
    path = wander(g, size * g.uniform(0.5, 1.2), 0.4, 14)[:, [0, 1, 2]]
    parts.append(tube(path - path[0], size * 0.025, bar, pose((0, 0, radius), pitch=-g.uniform(0.1, 1.4))))
    if g.uniform() < 0.6:
        parts.append(turned(g, any_solid(g, size * 0.5)).moved(pose((base * 0.4, 0, radius + size * 0.2))))
    return settled(moved(parts, pose(roll=g.choice([0.0, 1.3]))))


def bent_sheet(g: Generator) -> list[Part]:
    """Build a stiff sheet bent, folded or wavy."""
    size = any_size(g, 0.08, 1.5)
    width, look, kind = size * g.uniform(0.15, 0.9), any_look(g, size), int(g.integers(4))
    amount, waves = g.uniform(0.05, 0.4) * size, g.uniform(1, 9)

    def rise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        shapes = (
            amount * (x / size * 2) ** 2,
            amount * np.abs(x / size * 2 + 0.3),
            0.3 * amount * np.sin(waves * 2 * np.pi * x / size),
            amount * (x / size) * (y / width) * 4,
        )
        return np.asarray(shapes[kind])

    body = sheet(size, width, rise, look, steps=22)
    lying = settled(moved([body], pose(roll=g.uniform(0, 6.3), pitch=g.choice([0.0, 1.2]))))
    # A flat sheet exactly in the ground's plane would flicker between both.
    return moved(lying, pose((0, 0, 0.003)))


def crumple(g: Generator) -> list[Part]:
    """Build crumpled film, cloth or paper, in one or several layers."""
    size, parts = any_size(g, 0.06, 1.4), []
    for _ in range(int(g.integers(1, 4))):
        look = any_look(g, size)
        part = crumpled(
            g, size, size * g.uniform(0.3, 1), size * g.uniform(0.05, 0.4), look, 20, int(g.integers(3, 10))
        )
        parts.append(part.moved(pose((*g.normal(size=2) * size * 0.15, 0), yaw=g.uniform(0, 6))))
    return on_ground(parts)


def cord(g: Generator) -> list[Part]:
    """Build ropes, hoses and bands in bends and loops."""
    size, parts = any_size(g, 0.1, 1.5), []
    for _ in range(int(g.integers(1, 4))):
        path = wander(g, size * g.uniform(0.8, 1.6), g.uniform(0.3, 2.5), 50, size * g.uniform(0, 0.15))
        path[:, :2] *= min(1.0, 1.6 / float(np.ptp(path[:, :2], axis=0).max()))
        if g.uniform() < 0.5:
            parts.append(tube(path, size * g.uniform(0.006, 0.05), any_look(g, size * 0.3), sections=8))
        else:
            parts.append(
                ribbon(
                    path,
                    size * g.uniform(0.02, 0.15),
                    0.004,
                    any_look(g, size * 0.3),
                    np.linspace(0, g.uniform(0, 6), 50),
                )
            )
    return on_ground(parts)


def flat_piece(g: Generator) -> list[Part]:
    """Build flat cut-outs lying on each other: signs, mats, fragments."""
    size, parts, top = any_size(g), [], 0.0
    for _ in range(int(g.integers(1, 4))):
        thick = max(0.004, size * g.uniform(0.01, 0.08))
        where = pose((*g.normal(size=2) * size * 0.12, top), yaw=g.uniform(0, 6))
        if g.uniform() < 0.5:
            parts.append(prism(any_outline(g, size * 0.5), thick, any_look(g, size), where))
        else:
            parts.append(
                plate(
                    size * g.uniform(0.3, 1),
                    size * g.uniform(0.1, 0.7),
                    size * g.uniform(0.01, 0.2),
                    thick,
                    any_look(g, size),
                    where,
                )
            )
        top += thick
    return on_ground(parts)
