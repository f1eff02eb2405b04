"""Pushback tugs: with a tow bar, and towbarless."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GLASS,
    ORANGE,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    beacon,
    front_lights,
    paint,
    rear_lights,
    stripe,
    warning,
)
from clipomaly_ros.simulation.assets.equipment_units import LOUVRES
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    arches,
    axle,
    bar,
    beam,
    block,
    extruded,
    on_sides,
    picker,
    rectangle,
    slab,
    standing,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part


def _glasshouse(
    generator: np.random.Generator,
    back: float,
    front: float,
    width: float,
    y: float,
    z: float,
    top: float,
    body: Material,
) -> list[Part]:
    """Build a small cabin with panes all around, between x = back and front, z and top [m]."""
    lean, half = 0.1, width / 2
    shell = [
        (back, z),
        (front, z),
        (front, z + 0.25),
        (front - lean, top),
        (back + lean, top),
        (back, z + 0.25),
    ]
    parts = [extruded(shell, width, GLASS, y)]
    for x in (back, front):
        inward = lean if x == back else -lean
        for side in (1, -1):
            foot = (x, y + side * (half - 0.02), z + 0.2)
            parts.append(bar(foot, (x + inward, y + side * (half - 0.02), top), 0.1, body))
    parts.append(block((back - 0.02, front + 0.02), (y - half - 0.02, y + half + 0.02), (z, z + 0.25), body))
    parts.append(
        block(
            (back + lean - 0.05, front - lean + 0.05),
            (y - half - 0.03, y + half + 0.03),
            (top - 0.02, top + 0.07),
            body,
        )
    )
    return parts + beacon(generator, (back + front) / 2, y, top + 0.07)


def _slab_tug(generator: np.random.Generator, cabins: int) -> list[Part]:
    pick = picker(generator)
    length, width, height, radius = pick(5.5, 8.0), pick(2.4, 2.9), pick(1.15, 1.4), pick(0.52, 0.62)
    half = length / 2
    body = paint(generator, WHITE, YELLOW, YELLOW, BLUE, RED, ORANGE, SILVER)
    plates, bevel = warning(generator), pick(0.15, 0.35)
    hull = [
        (-half, 0.35),
        (half, 0.35),
        (half, height - bevel),
        (half - bevel, height),
        (-half + bevel, height),
        (-half, height - bevel),
    ]
    parts = [extruded(hull, width, body)]
    for x in (-0.55 * half, 0.55 * half):
        parts += arches(x, width / 2, radius) + axle(x, width / 2 + 0.08, radius, 0.42)
    for end in (1, -1):
        for side in (1, -1):
            y = sorted((side * 0.25 * width, side * 0.49 * width))
            parts.append(
                block(
                    (end * half - 0.015, end * half + 0.015),
                    (y[0], y[1]),
                    (0.45, height - bevel - 0.05),
                    plates,
                )
            )
        parts.append(block((end * half - 0.12, end * half + 0.12), (-0.16, 0.16), (0.42, 0.62), DARK))
    parts += on_sides(rectangle(-0.2 * half, 0.2 * half, 0.6, height - 0.15), width / 2, LOUVRES)
    for k in range(cabins):
        side = 1 - 2 * k
        x = side * half - side * pick(0.9, 1.1)
        wide = 0.5 * width
        across = side * 0.22 * width
        parts += _glasshouse(
            generator, x - 0.75, x + 0.75, wide, across, height, height + pick(0.75, 0.95), body
        )
    parts += front_lights(half, width, 0.45, 0.14) + rear_lights(-half, width, 0.5, 0.14)
    parts.append(
        block((-0.35 * half, 0.15 * half), (-0.3 * width, 0.3 * width), (height, height + 0.06), DARK)
    )
    return standing(parts)


def tug_slab(generator: np.random.Generator) -> list[Part]:
    """Build a conventional pushback tug: a heavy low slab on big wheels with one cabin at the front."""
    return _slab_tug(generator, 1)


def tug_towbarless(generator: np.random.Generator) -> list[Part]:
    """Build a towbarless tug: a cabin ahead, two long arms behind with a cradle for the nose wheel."""
    pick = picker(generator)
    length, width, height, radius = pick(7.5, 9.5), pick(3.2, 4.0), pick(1.05, 1.25), pick(0.5, 0.6)
    half = length / 2
    body = paint(generator, WHITE, YELLOW, ORANGE, BLUE, RED)
    plates, inner = warning(generator), pick(0.1, 0.35) * half
    hull = [(-inner, 0.3), (half, 0.3), (half, 0.7), (half - 0.35, height), (-inner, height)]
    parts = [extruded(hull, width, body)]
    arm = 0.28 * width
    for side in (1, -1):
        y = sorted((side * (width / 2 - arm), side * width / 2))
        parts.append(block((-half, -inner), (y[0], y[1]), (0.25, height - 0.1), body))
        parts.append(
            block(
                (-half - 0.015, -half + 0.015),
                (y[0] + 0.05, y[1] - 0.05),
                (0.35, height - 0.2),
                plates,
            )
        )
    for x in (-half + 0.9, half - 1.5):
        parts += arches(x, width / 2, radius)
        for part in axle(x, width / 2 + 0.08, radius, 0.45)[1:]:
            parts.append(part)
    gap = width - 2 * arm
    parts.append(slab((-half + 0.3, 0.12), (-inner - 0.6, 0.3), gap - 0.1, STEEL, 0.05))
    parts.append(block((-inner - 0.6, -inner), (-gap / 2, gap / 2), (0.2, 0.8), STEEL))
    for side in (1, -1):
        parts.append(
            beam((-half + 0.4, side * 0.25, 0.35), (-half + 0.4, side * gap / 2, 0.55), 0.3, 0.2, DARK)
        )
    parts += _glasshouse(
        generator, half - 1.9, half - 0.35, 0.62 * width, 0.0, height, height + pick(0.65, 0.85), body
    )
    parts += stripe(generator, -inner + 0.3, half - 0.6, width / 2, 0.5, height - 0.1)
    parts.append(
        block((-inner + 0.1, half - 2.1), (-0.35 * width, 0.35 * width), (height, height + 0.05), LOUVRES)
    )
    return standing(parts + front_lights(half, width, 0.42, 0.16))


def tug_two_cabins(generator: np.random.Generator) -> list[Part]:
    """Build a large conventional tug with a cabin at either end."""
    return _slab_tug(generator, 2)


PUSHBACK = (Asset("pushback tug", "vehicle", (tug_slab, tug_towbarless, tug_two_cabins)),)
