"""Strollers and wheelchairs: standing, toppled, folded."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import bare_metal, cloth, painted, plastic, rubber
from clipomaly_ros.simulation.assets.forms import along, arc, cushion, deformed, settled, spoked_wheel, wheel
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    grid_surface,
    moved,
    on_ground,
    pose,
    sheet,
    tube,
)

Generator = np.random.Generator


def _bar(
    start: tuple[float, float, float], end: tuple[float, float, float], radius: float, metal: Material
) -> Part:
    return tube(np.array([start, end]), radius, metal, sections=7)


def _narrowed(parts: list[Part], factor: float) -> list[Part]:
    """Return the parts pressed together along y."""
    return [deformed(part, lambda v: v * [1.0, factor, 1.0]) for part in parts]


def _hood(length: float, width: float, span: float, fabric: Material, where: np.ndarray) -> Part:
    angles = np.linspace(0, span, 10)
    across = np.linspace(-1, 1, 11)
    bulge = np.sqrt(1 - 0.75 * across**4)
    rings = [
        np.column_stack([-length * np.cos(a) * bulge, across * width / 2, length * np.sin(a) * bulge])
        for a in angles
    ]
    return grid_surface(np.stack(rings), fabric, where)


def _stroller(g: Generator) -> list[Part]:
    frame, fabric, tyre = bare_metal(g) if g.uniform() < 0.5 else painted(g), cloth(g), rubber(g)
    rim = plastic(g)
    width, radius, high = g.uniform(0.42, 0.55), g.uniform(0.07, 0.12), g.uniform(0.9, 1.05)
    parts, back = [], g.uniform(0.4, 0.75)
    for side in (-1, 1):
        y = side * width / 2
        parts.append(_bar((0.42, y, radius), (-0.45, y, high), 0.012, frame))
        parts.append(_bar((-0.35, y, radius), (0.12, y, 0.55), 0.012, frame))
        parts.append(_bar((-0.45, y, high), (-0.57, y, high + 0.02), 0.018, tyre))
        for x in (0.42, -0.35):
            for z in (-0.022, 0.022):
                parts += wheel(radius, 0.025, tyre, rim, (x, y + z, radius))
    parts.append(_bar((-0.35, -width / 2, radius), (-0.35, width / 2, radius), 0.01, frame))
    parts.append(_bar((0.36, -width / 2, radius + 0.06), (0.36, width / 2, radius + 0.06), 0.015, frame))
    parts.append(cushion((0.17, width * 0.45, 0.035), 4, fabric, pose((0.08, 0, 0.46), pitch=-0.15), 2))
    lean = back * 0.5
    parts.append(
        cushion((0.03, width * 0.45, 0.28), 4, fabric, pose((-0.12 - 0.2 * lean, 0, 0.7), pitch=-lean), 2)
    )
    parts.append(cushion((0.02, width * 0.42, 0.12), 4, fabric, pose((0.28, 0, 0.34), pitch=-0.4), 2))
    if g.uniform() < 0.75:
        parts.append(_hood(0.36, width * 0.95, g.uniform(1.3, 2.2), cloth(g), pose((-0.17, 0, 0.8))))
    parts.append(box((0.34, width * 0.8, 0.1), cloth(g), pose((-0.12, 0, 0.24))))
    return parts


def stroller_standing(g: Generator) -> list[Part]:
    """Build a buggy standing on its wheels, with or without its hood."""
    return on_ground(_stroller(g))


def stroller_toppled(g: Generator) -> list[Part]:
    """Build a buggy fallen on its side or its back."""
    turn = ((np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.0, -np.pi / 2))[g.integers(3)]
    return settled(moved(_stroller(g), pose(roll=turn[0], pitch=turn[1])))


def stroller_folded(g: Generator) -> list[Part]:
    """Build an umbrella-folded buggy lying: a bundle of bars, cloth between them, wheels and hooked grips."""
    frame, fabric, tyre = bare_metal(g) if g.uniform() < 0.5 else painted(g), cloth(g), rubber(g)
    length, radius, rim = g.uniform(0.9, 1.1), g.uniform(0.06, 0.09), plastic(g)
    parts = [cushion((length * 0.33, 0.1, 0.08), 3, fabric, pose((0.02, 0, 0)), 3)]
    parts.append(cushion((length * 0.14, 0.11, 0.1), 3, cloth(g), pose((length * 0.2, 0, 0.02)), 2))
    for y in (-0.09, 0.09):
        for z in (-0.07, 0.05):
            end = g.uniform(0.4, 0.48) * length
            parts.append(_bar((-length * 0.45, y, z), (end, y * 0.8, z * 0.6), 0.012, frame))
            for side in (-0.02, 0.02):
                parts += wheel(
                    radius,
                    0.025,
                    tyre,
                    rim,
                    (-length * 0.46 + (z > 0) * 0.1, y + side + np.sign(y) * 0.03, z),
                )
        grip = arc(0.07, -np.pi / 2, np.pi / 2, 10) + np.array([length * 0.45, 0.07, 0])
        parts.append(
            tube(grip, 0.016, tyre, pose((0, y * 0.8, 0.03), roll=np.pi / 2 + np.sign(y) * 0.3), sections=7)
        )
    for x in (-0.25, 0.1):
        parts.append(_bar((x * length, -0.1, 0.05), (x * length + 0.05, 0.1, 0.05), 0.01, frame))
    return settled(moved(parts, pose(roll=g.choice([0.0, np.pi / 2, np.pi]))))


def pram(g: Generator) -> list[Part]:
    """Build a pram: a tub on four spoked wheels, or on three large ones, with a hood."""
    frame, fabric, tyre = bare_metal(g), cloth(g), rubber(g)
    radius, width, length = g.uniform(0.13, 0.2), g.uniform(0.42, 0.52), g.uniform(0.75, 0.9)
    top = radius + 0.5

    def tub(v: np.ndarray) -> np.ndarray:
        return np.column_stack([v[:, :2] * (0.9 + 0.5 * v[:, 2:3]), np.minimum(v[:, 2], 0.1)])

    body = deformed(cushion((length / 2, width / 2, 0.18), 3.5, fabric), tub)
    parts = [body.moved(pose((0, 0, top - 0.05)))]
    parts.append(
        _hood(length * 0.38, width * 0.95, g.uniform(1.4, 2.0), fabric, pose((-length * 0.1, 0, top + 0.03)))
    )
    parts.append(
        cushion((length * 0.22, width * 0.44, 0.04), 4, cloth(g), pose((length * 0.22, 0, top + 0.05)), 2)
    )
    spots = [(x, y) for x in (-0.4, 0.4) for y in (-0.5, 0.5)]
    if g.uniform() < 0.4:
        spots = [(-0.4, -0.5), (-0.4, 0.5), (0.55, 0.0)]
    for x, y in spots:
        parts += spoked_wheel(radius, 0.016, tyre, frame, (x * length, y * width, radius))
        parts.append(
            _bar(
                (x * length, y * width * 0.9, radius),
                (-x * length * 0.5, y * width * 0.8, top - 0.15),
                0.012,
                frame,
            )
        )
    for x in (-0.4, 0.4):
        parts.append(_bar((x * length, -width / 2, radius), (x * length, width / 2, radius), 0.01, frame))
    for y in (-0.45, 0.45):
        parts.append(
            _bar((-length * 0.4, y * width, top - 0.1), (-length * 0.75, y * width, top + 0.3), 0.01, frame)
        )
    parts.append(
        _bar(
            (-length * 0.75, -0.45 * width, top + 0.3), (-length * 0.75, 0.45 * width, top + 0.3), 0.016, tyre
        )
    )
    turn = ((0.0, 0.0), (0.0, 0.0), (np.pi / 2, 0.0))[g.integers(3)]
    return settled(moved(parts, pose(roll=turn[0])))


def _chair(g: Generator, big: float) -> list[Part]:
    """Build a wheelchair with rear wheels of a radius big [m], facing x."""
    frame, fabric, tyre = bare_metal(g) if g.uniform() < 0.6 else painted(g), cloth(g), rubber(g)
    rim = plastic(g)
    width, seat, high = g.uniform(0.42, 0.52), g.uniform(0.46, 0.53), g.uniform(0.85, 0.98)
    parts = [
        cushion((0.22, width * 0.48, 0.025), 5, fabric, pose((0.02, 0, seat)), 2),
        sheet(
            0.42,
            width * 0.96,
            lambda x, y: 0.04 * (2 * y / width) ** 2,
            fabric,
            pose((-0.22, 0, seat + 0.2), pitch=np.pi / 2),
            steps=8,
        ),
    ]
    for side in (-1, 1):
        y = side * width / 2
        parts.append(_bar((-0.22, y, 0.2), (-0.24, y, high), 0.012, frame))
        parts.append(_bar((-0.24, y, high - 0.01), (-0.38, y, high), 0.016, tyre))
        parts.append(_bar((-0.22, y, seat), (0.25, y, seat), 0.012, frame))
        parts.append(_bar((-0.22, y, 0.22), (0.25, y, 0.22), 0.012, frame))
        parts.append(
            tube(
                [[0.25, y, 0.2], [0.25, y, seat], [0.34, y, seat - 0.04], [0.45, y, 0.14]],
                0.012,
                frame,
                sections=7,
            )
        )
        parts.append(
            box((0.17, width * 0.36, 0.012), rim, pose((0.5, side * width * 0.26, 0.12), pitch=-0.25))
        )
        parts.append(_bar((-0.2, y, seat + 0.22), (0.15, y, seat + 0.22), 0.01, frame))
        parts.append(box((0.28, 0.05, 0.03), tyre, pose((-0.04, y, seat + 0.235))))
        parts += wheel(0.075, 0.03, tyre, rim, (0.27, y * 0.95, 0.075))
        parts.append(_bar((0.27, y * 0.95, 0.075), (0.25, y, 0.24), 0.01, frame))
        if big > 0.2:
            parts += spoked_wheel(big, 0.017, tyre, frame, (-0.18, side * (width / 2 + 0.045), big))
            ring = arc(big * 0.86, 0, 2 * np.pi, 25)
            parts.append(
                tube(
                    ring,
                    0.008,
                    bare_metal(g),
                    along("y", (-0.18, side * (width / 2 + 0.09), big)),
                    sections=5,
                )
            )
        else:
            parts += wheel(big, 0.035, tyre, rim, (-0.2, side * (width / 2 + 0.03), big))
    parts.append(_bar((-0.18, -width / 2 - 0.05, big), (-0.18, width / 2 + 0.05, big), 0.012, frame))
    for side in (-1, 1):
        parts.append(_bar((0, side * width / 2, 0.22), (0, -side * width / 2, seat - 0.02), 0.01, frame))
    return parts


def chair_standing(g: Generator) -> list[Part]:
    """Build an empty wheelchair standing."""
    return on_ground(_chair(g, g.uniform(0.28, 0.32)))


def chair_toppled(g: Generator) -> list[Part]:
    """Build a wheelchair tipped on its side or its back."""
    turn = ((np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.0, -1.4))[g.integers(3)]
    return settled(moved(_chair(g, g.uniform(0.28, 0.32)), pose(roll=turn[0], pitch=turn[1])))


def chair_folded(g: Generator) -> list[Part]:
    """Build a wheelchair folded to a third of its width, standing."""
    return on_ground(_narrowed(_chair(g, g.uniform(0.28, 0.32)), g.uniform(0.35, 0.5)))


def chair_transport(g: Generator) -> list[Part]:
    """Build an airport's transport chair: small rear wheels, high back and a push bar."""
    parts, frame = _chair(g, g.uniform(0.1, 0.16)), painted(g)
    parts.append(cushion((0.03, 0.23, 0.16), 5, cloth(g), pose((-0.25, 0, 1.02)), 2))
    parts.append(
        tube(
            [[-0.24, -0.24, 0.9], [-0.4, -0.24, 1.02], [-0.4, 0.24, 1.02], [-0.24, 0.24, 0.9]],
            0.015,
            frame,
            sections=7,
        )
    )
    parts.append(cylinder(0.012, 0.5, frame, pose((-0.24, 0.28, 1.0)), sections=7))
    return settled(parts) if g.uniform() < 0.6 else settled(moved(parts, pose(roll=np.pi / 2)))
