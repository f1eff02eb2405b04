"""Suitcases and backpacks."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import any_colour, bare_metal, cloth, plastic, rubber, shade
from clipomaly_ros.simulation.assets.forms import (
    along,
    arc,
    cushion,
    deformed,
    ribbon,
    settled,
    wander,
    wheel,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, moved, on_ground, pose, tube

Generator = np.random.Generator


def _bow(width: float, rise: float, radius: float, material: Material, where: np.ndarray) -> Part:
    """Build a grip: a flat arch of a width over y = 0, up to a rise along y, moved to where."""
    path = np.array(
        [[-0.5, 0, 0], [-0.47, 0.75, 0], [-0.36, 1, 0], [0.36, 1, 0], [0.47, 0.75, 0], [0.5, 0, 0]]
    )
    return tube(path * [width, rise, 1], radius, material, where, sections=6)


def _trolley_case(g: Generator) -> list[Part]:
    height = g.uniform(0.42, 0.75)
    width, depth = height * g.uniform(0.6, 0.72), height * g.uniform(0.3, 0.42)
    hard = g.uniform() < 0.6
    shell, dark, steel = plastic(g) if hard else cloth(g), rubber(g), bare_metal(g)
    parts = [
        cushion((depth / 2, width / 2, height / 2), g.uniform(6, 11), shell, pose((0, 0, height / 2 + 0.05)))
    ]
    middle = height / 2 + 0.05
    if hard:
        for y in np.linspace(-0.36, 0.36, int(g.integers(4, 8))):
            parts.append(
                box((depth * 1.03, width * 0.035, height * 0.78), shell, pose((0, y * width, middle)))
            )
    else:
        parts.append(
            cushion(
                (depth * 0.12, width * 0.38, height * 0.3),
                7,
                shell,
                pose((depth * 0.48, 0, middle - height * 0.1)),
                2,
            )
        )
    seam = arc(1.0, 0, 2 * np.pi, 40)
    seam /= np.sum(np.abs(seam) ** 9, axis=1, keepdims=True) ** (1 / 9)
    parts.append(
        tube(
            seam[:, [0, 1, 2]] * [height * 0.502, width * 0.502, 0],
            0.008,
            dark,
            pose((0, 0, middle), pitch=np.pi / 2),
            sections=5,
        )
    )
    parts.append(
        _bow(width * 0.35, 0.035, 0.011, dark, pose((0, 0, height + 0.045), yaw=np.pi / 2, roll=np.pi / 2))
    )
    pull = g.uniform(0.2, 0.45) if g.uniform() < 0.5 else 0.03
    for y in (-0.2, 0.2):
        parts.append(
            cylinder(
                0.008, pull, steel, pose((-depth * 0.38, y * width, height + 0.05 + pull / 2)), sections=8
            )
        )
    parts.append(box((0.025, width * 0.46, 0.03), dark, pose((-depth * 0.38, 0, height + 0.05 + pull))))
    for x in (-0.36, 0.36):
        for y in (-0.4, 0.4):
            parts += wheel(0.028, 0.025, dark, plastic(g), (x * depth, y * width, 0.028))
    return parts


def case_standing(g: Generator) -> list[Part]:
    """Build a trolley case standing on its wheels."""
    return on_ground(_trolley_case(g))


def case_lying(g: Generator) -> list[Part]:
    """Build a trolley case fallen on its face, back or side."""
    turn = ((np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.0, np.pi / 2))[g.integers(3)]
    return settled(moved(_trolley_case(g), pose(pitch=turn[0], roll=turn[1])))


def duffel(g: Generator) -> list[Part]:
    """Build a soft travel bag with two grips, end caps and a shoulder strap."""
    length, fabric, trim = g.uniform(0.45, 0.85), cloth(g), cloth(g)
    radius, sag = length * g.uniform(0.2, 0.27), g.uniform(0.1, 0.25)

    def droop(v: np.ndarray) -> np.ndarray:
        return v - np.column_stack(
            [
                0 * v[:, :2],
                sag * radius * np.cos(v[:, 0] / length * np.pi) ** 2 * (v[:, 2] > 0) * v[:, 2] / radius,
            ]
        )

    parts = [deformed(cushion((length / 2, radius, radius * 0.85), 3.6, fabric), droop)]
    belt = arc(1.0, 0, 2 * np.pi, 36)
    belt /= np.sum(np.abs(belt) ** 3.6, axis=1, keepdims=True) ** (1 / 3.6)
    for x in (-0.2, 0.2):
        parts.append(
            ribbon(belt * [radius * 0.97, radius * 0.86, 1], 0.035, 0.004, trim, np.pi / 2).moved(
                along("x", (x * length, 0, 0)) @ pose(yaw=np.pi / 2)
            )
        )
    for side in (-1, 1):
        where = pose((0, side * radius * 0.45, radius * 0.6), roll=np.pi / 2 - side * g.uniform(0.0, 0.9))
        parts.append(_bow(length * 0.36, radius * 0.75, 0.011, trim, where))
    parts.append(box((length * 0.7, 0.015, 0.006), rubber(g), pose((0, 0, radius * 0.72))))
    return on_ground(parts)


def case_leather(g: Generator) -> list[Part]:
    """Build an old leather case with straps, corners and locks, standing on its long side or lying."""
    length = g.uniform(0.45, 0.75)
    height, depth = length * g.uniform(0.6, 0.72), length * g.uniform(0.22, 0.32)
    hide, trim, steel = (
        cloth(g, shade(g, (0.3, 0.6), (0.3, 0.8))),
        cloth(g, (0.06, 0.03, 0.015)),
        bare_metal(g),
    )
    parts = [box((length, depth, height), hide, pose((0, 0, height / 2)))]
    for x in (-0.28, 0.28):
        parts.append(box((0.035, depth * 1.03, height * 1.02), trim, pose((x * length, 0, height / 2))))
        parts.append(box((0.05, 0.02, 0.04), steel, pose((x * length, -depth * 0.51, height * 0.8))))
    for x in (-1, 1):
        for y in (-1, 1):
            for z in (0.04, 0.96):
                parts.append(
                    cushion(
                        (0.04, 0.04, 0.04),
                        5,
                        trim,
                        pose((x * (length / 2 - 0.03), y * (depth / 2 - 0.03), z * height)),
                        2,
                    )
                )
    parts.append(_bow(0.16, 0.05, 0.012, trim, pose((0, 0, height), roll=np.pi / 2)))
    return settled(moved(parts, pose(roll=g.choice([0.0, 1.4, -1.4]))))


def _pack(g: Generator, height: float, slack: float) -> list[Part]:
    """Build a backpack standing, its back towards -x; slack: how far its straps stand off, up to 1."""
    width, depth = height * g.uniform(0.58, 0.75), height * g.uniform(0.32, 0.45)
    fabric, other = cloth(g), cloth(g)
    slope = g.uniform(0.15, 0.4)

    def taper(v: np.ndarray) -> np.ndarray:
        at = np.clip(v[:, 2] / height + 0.5, 0, 1)
        x = (v[:, 0] + depth / 2) * (1 - slope * at**2) - depth / 2
        return np.column_stack([x, v[:, 1] * (1 - 0.4 * slope * at**2), v[:, 2]])

    parts = [deformed(cushion((depth / 2, width / 2, height / 2), 3.6, fabric), taper)]
    parts.append(
        cushion(
            (depth * 0.22, width * 0.36, height * 0.2), 4, other, pose((depth * 0.42, 0, -height * 0.2)), 2
        )
    )
    if g.uniform() < 0.6:
        parts.append(
            cushion(
                (depth * 0.14, width * 0.3, height * 0.12),
                4,
                other,
                pose((depth * 0.32, 0, height * 0.14)),
                2,
            )
        )
    strap = cloth(g, (0.03, 0.03, 0.035) if g.uniform() < 0.6 else None)
    for side in (-1, 1):
        bend = np.linspace(-np.pi / 2, np.pi / 2, 16)
        reach = depth * (0.12 + slack * g.uniform(0.2, 0.5))
        path = np.column_stack([height * 0.4 * np.sin(bend), reach * np.cos(bend), np.zeros(16)])
        where = pose((-depth * 0.45, side * width * 0.24, 0)) @ pose(roll=np.pi / 2) @ pose(yaw=np.pi / 2)
        parts.append(ribbon(path, 0.055, 0.012, strap, np.pi / 2).moved(where))
        parts.append(
            cushion(
                (depth * 0.25, width * 0.08, height * 0.14),
                3,
                other,
                pose((0, side * width * 0.5, -height * 0.25)),
                2,
            )
        )
    seam = arc(1.0, 0, 2 * np.pi, 40)
    seam /= np.sum(np.abs(seam) ** 3.6, axis=1, keepdims=True) ** (1 / 3.6)
    zipper = tube(seam * [height / 2, width / 2, 0], 0.006, rubber(g), pose(pitch=np.pi / 2), sections=5)
    parts.append(deformed(zipper, taper))
    parts.append(
        _bow(
            width * 0.25,
            height * 0.07,
            0.01,
            strap,
            pose((-depth * 0.3, 0, height * 0.47), yaw=np.pi / 2) @ pose(roll=np.pi / 2),
        )
    )
    return parts


def pack_upright(g: Generator) -> list[Part]:
    """Build a daypack standing upright."""
    return on_ground(moved(_pack(g, g.uniform(0.35, 0.55), 1.0), pose(pitch=g.uniform(-0.12, 0.05))))


def pack_lying(g: Generator) -> list[Part]:
    """Build a daypack lying on its front, back or side."""
    turn = ((np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.2, np.pi / 2))[g.integers(3)]
    return settled(moved(_pack(g, g.uniform(0.35, 0.55), 0.0), pose(pitch=turn[0], roll=turn[1])))


def pack_trekking(g: Generator) -> list[Part]:
    """Build a tall trekking pack with a lid, a bedroll and a hip belt, lying or upright."""
    height = g.uniform(0.6, 0.85)
    parts, depth, width = _pack(g, height, 0.1), height * 0.36, height * 0.6
    parts.append(
        cushion(
            (depth * 0.48, width * 0.44, height * 0.1), 4, cloth(g), pose((-depth * 0.1, 0, height * 0.5)), 2
        )
    )
    parts.append(
        cylinder(
            height * 0.11,
            width * g.uniform(1.1, 1.4),
            cloth(g),
            along("y", (depth * 0.3, 0, -height * 0.55)),
            16,
        )
    )
    for y in (-0.25, 0.25):
        parts.append(
            cylinder(
                height * 0.114, 0.03, rubber(g), along("y", (depth * 0.3, y * width, -height * 0.55)), 16
            )
        )
    return settled(moved(parts, pose(pitch=g.choice([-1.4, 1.4, -0.1]))))


def pack_drawstring(g: Generator) -> list[Part]:
    """Build a sack gathered by a cord at its top, the cords lying loose."""
    height, fabric, cord = g.uniform(0.35, 0.5), cloth(g), cloth(g, any_colour(g))
    width, folds = height * g.uniform(0.7, 0.9), int(g.integers(6, 10))

    def gather(v: np.ndarray) -> np.ndarray:
        at = np.clip(v[:, 2] / height + 0.5, 0, 1)
        pinch = 1 - 0.75 * np.clip(at - 0.6, 0, 1) ** 1.3 / 0.3
        ripple = 1 + 0.18 * at**2 * np.sin(folds * np.arctan2(v[:, 1], v[:, 0]))
        return np.column_stack([v[:, :2] * (np.clip(pinch, 0.12, 1) * ripple)[:, None], v[:, 2]])

    parts = [deformed(cushion((width * 0.32, width / 2, height / 2), 3, fabric), gather)]
    parts.append(cushion((width * 0.1, width * 0.1, height * 0.07), 2, fabric, pose((0, 0, height * 0.5)), 2))
    lying = settled(moved(parts, pose(pitch=g.choice([0.0, -1.3]))))
    for side in (-1, 1):
        path = wander(g, height * g.uniform(0.6, 1.0), 0.8, 24, 0.03)
        at = (-height * 0.3, side * width * 0.3, 0.006)
        lying.append(tube(path, 0.005, cord, pose(at, yaw=g.uniform(0, 6.3)), sections=6))
    return on_ground(lying)
