"""De-icers: a tank truck with a boom, a cabin or a basket at its end."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    GLASS,
    GREEN,
    HEADLIGHT,
    ORANGE,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    beacon,
    paint,
    stripe,
    truck,
    warning,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
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
from clipomaly_ros.simulation.assets.vehicles_service import basket
from clipomaly_ros.simulation.mesh import Part, cylinder, pose, tube


def _deicer_base(generator: np.random.Generator) -> tuple[list[Part], float, float, float, float]:
    pick = picker(generator)
    length, width = pick(8.0, 10.0), pick(2.4, 2.55)
    half = length / 2
    body = paint(generator, WHITE, WHITE, YELLOW, RED, ORANGE)
    parts, deck = truck(
        generator, body, -half, half, width, 1.75, pick(2.5, 2.8), (half - 1.3, -half + 1.7), 0.48
    )
    front, back, top = half - 1.95, -half, deck + pick(1.1, 1.5)
    box = paint(generator, WHITE, WHITE, SILVER, YELLOW)
    cut = pick(0.1, 0.35)
    profile = [(back, deck - 0.3), (front, deck - 0.3), (front, top), (back + cut, top), (back, top - cut)]
    parts.append(extruded(profile, width, box))
    # The fluids are told apart by colour: type I orange, type IV green.
    parts += on_sides(
        rectangle(back + 1.0, back + 1.7, deck + 0.2, deck + 0.7), width / 2, paint(generator, ORANGE), 0.008
    )
    parts += on_sides(
        rectangle(back + 1.9, back + 2.6, deck + 0.2, deck + 0.7), width / 2, paint(generator, GREEN), 0.008
    )
    parts += stripe(generator, back + 2.8, front - 0.2, width / 2, deck - 0.2, top - 0.15)
    parts.append(
        block((back - 0.015, back), (-0.46 * width, 0.46 * width), (deck - 0.25, deck), warning(generator))
    )
    return parts, half, width, top, deck


def _operator_cabin(generator: np.random.Generator, x: float, z: float) -> list[Part]:
    body = paint(generator, WHITE, YELLOW, ORANGE, RED)
    parts = [block((x - 0.55, x + 0.55), (-0.6, 0.6), (z, z + 0.75), body)]
    parts.append(block((x - 0.52, x + 0.57), (-0.57, 0.57), (z + 0.75, z + 1.95), GLASS))
    parts.append(block((x - 0.6, x + 0.62), (-0.64, 0.64), (z + 1.95, z + 2.05), body))
    for y in (-0.58, 0.58):
        parts += [bar((x + px, y, z + 0.7), (x + px, y, z + 2.0), 0.08, body) for px in (-0.54, 0.56)]
    nozzle = [(x + 0.5, 0.0, z + 0.3), (x + 1.3, 0.0, z + 0.2), (x + 1.8, 0.0, z + 0.35)]
    return [
        *parts,
        tube(nozzle, 0.05, STEEL),
        block((x + 0.6, x + 0.68), (0.3, 0.5), (z + 0.5, z + 0.7), HEADLIGHT),
    ]


def deicer_raised(generator: np.random.Generator) -> list[Part]:
    """Build a de-icer with a telescopic boom raised ahead and a closed cabin at its end."""
    pick = picker(generator)
    parts, half, _, top, _ = _deicer_base(generator)
    boom = paint(generator, WHITE, YELLOW, SILVER)
    root = np.array([-half + pick(0.8, 1.6), 0.0, top + 0.5])
    length, angle = pick(7.0, 10.0), pick(0.35, 0.8)
    ahead = np.array([np.cos(angle), 0.0, np.sin(angle)])
    parts.append(cylinder(0.45, 0.6, DARK, pose((root[0], 0.0, top + 0.2)), 16))
    parts.append(beam(root - 0.3 * ahead, root + 0.6 * length * ahead, 0.4, 0.5, boom))
    parts.append(beam(root + 0.5 * length * ahead, root + length * ahead, 0.28, 0.36, boom))
    parts.append(bar(root + np.array([0.9, 0.0, -0.3]), root + 0.4 * length * ahead, 0.16, STEEL))
    tip = root + length * ahead
    return standing(parts + _operator_cabin(generator, float(tip[0]) + 0.5, float(tip[2]) - 0.9))


def deicer_folded(generator: np.random.Generator) -> list[Part]:
    """Build a de-icer with an articulated boom folded like a knee and an open basket."""
    pick = picker(generator)
    parts, half, _, top, _ = _deicer_base(generator)
    boom = paint(generator, WHITE, YELLOW, ORANGE, SILVER)
    root = np.array([half - 2.8, 0.0, top + 0.4])
    angle, length = pick(0.5, 1.0), pick(3.8, 5.0)
    knee = root + length * np.array([-np.cos(angle), 0.0, np.sin(angle)])
    fore = pick(0.0, 0.4)
    tip = knee + (length + 0.5) * np.array([np.cos(fore), 0.0, np.sin(fore)])
    parts.append(cylinder(0.42, 0.5, DARK, pose((root[0], 0.0, top + 0.15)), 16))
    parts += [beam(root, knee, 0.36, 0.44, boom), beam(knee, tip, 0.28, 0.36, boom)]
    parts.append(cylinder(0.28, 0.5, DARK, pose(knee, roll=np.pi / 2), 14))
    parts.append(
        bar(
            root + np.array([-0.6, 0.0, -0.1]),
            root + 0.5 * (knee - root) + np.array([0.1, 0.0, -0.25]),
            0.14,
            STEEL,
        )
    )
    return standing(parts + basket(generator, float(tip[0]) + 0.6, 0.0, float(tip[2]) - 0.3, 1.1, 1.2))


def deicer_stowed(generator: np.random.Generator) -> list[Part]:
    """Build a de-icer driving: the boom lies over the roof, the cabin hangs before the windscreen."""
    pick = picker(generator)
    parts, half, _, top, _ = _deicer_base(generator)
    boom = paint(generator, WHITE, YELLOW, RED, SILVER)
    z = max(top, 2.8) + 0.35
    parts.append(cylinder(0.45, z - top + 0.2, DARK, pose((-half + 1.0, 0.0, (z + top) / 2)), 16))
    parts.append(beam((-half + 0.6, 0.0, z), (half + 0.3, 0.0, z), 0.4, 0.48, boom))
    parts.append(slab((half - 2.3, top), (half - 2.3, z - 0.2), 0.5, STEEL, 0.08))
    parts += _operator_cabin(generator, half + 0.85, z - pick(1.2, 1.5))
    return standing(parts + beacon(generator, -half + 0.3, 0.6, top))


DEICING = (Asset("de-icer", "vehicle", (deicer_raised, deicer_folded, deicer_stowed)),)
