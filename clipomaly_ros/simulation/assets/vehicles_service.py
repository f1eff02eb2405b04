"""Trucks that empty lavatories and bring drinking water."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GREEN,
    RED,
    SILVER,
    TEAL,
    WHITE,
    YELLOW,
    paint,
    stripe,
    truck,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    bar,
    block,
    extruded,
    ladder,
    on_sides,
    picker,
    railing,
    rectangle,
    standing,
    tank,
)
from clipomaly_ros.simulation.assets.vehicles_fuel import reels, stripe_on_tank
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, cylinder, pose, tube


def _service_base(generator: np.random.Generator, body: Material) -> tuple[list[Part], float, float, float]:
    pick = picker(generator)
    length, width = pick(5.6, 7.0), pick(2.0, 2.3)
    half = length / 2
    parts, deck = truck(
        generator, body, -half, half, width, 1.5, pick(2.1, 2.3), (half - 1.05, -half + 1.3), 0.38
    )
    return parts, deck, half, width


def basket(
    generator: np.random.Generator, x: float, y: float, z: float, length: float, width: float
) -> list[Part]:
    """Build an open work basket, its floor centred on x, y at height z [m]."""
    yellow = paint(generator, YELLOW, RED, WHITE)
    a, b = length / 2, width / 2
    loop = [(x + px, y + py, z) for px, py in ((-a, -b), (a, -b), (a, b), (-a, b), (-a, -b))]
    floor = block((x - a, x + a), (y - b, y + b), (z - 0.08, z), STEEL)
    skirt = block((x - a - 0.01, x + a + 0.01), (y - b - 0.01, y + b + 0.01), (z - 0.1, z + 0.2), yellow)
    return [floor, skirt, *railing(loop, 1.05, yellow, 0.6)]


def lavatory_platform(generator: np.random.Generator) -> list[Part]:
    """Build a lavatory truck: a square waste tank, a raised basket behind and a thick hose hanging down."""
    pick = picker(generator)
    parts, deck, half, width = _service_base(generator, paint(generator, WHITE, WHITE, YELLOW, BLUE, GREEN))
    skin = paint(generator, SILVER, WHITE, BLUE)
    front, back, top = half - 1.65, -half + 1.5, deck + pick(1.0, 1.35)
    profile = [
        (back, deck),
        (front, deck),
        (front, top - 0.2),
        (front - 0.2, top),
        (back + 0.2, top),
        (back, top - 0.2),
    ]
    parts.append(extruded(profile, width - 0.1, skin))
    parts += on_sides(
        rectangle(back + 0.2, front - 0.2, deck + 0.15, deck + 0.22), width / 2 - 0.05, DARK, 0.02
    )
    parts.append(cylinder(0.22, 0.12, DARK, pose(((front + back) / 2, 0.0, top + 0.06)), 14))
    z = deck + pick(0.4, 1.6)
    parts += basket(generator, -half + 0.6, 0.0, z, 1.3, width - 0.3)
    for side in (1, -1):
        parts.append(bar((-half + 1.3, side * 0.5, deck), (-half + 0.8, side * 0.5, z), 0.1, STEEL))
    hose = Material((0.1, 0.09, 0.35), gloss=0.2, reflectance=0.2)
    y = width / 2 - 0.1
    path = [(back + 0.2, y, top - 0.2), (back - 0.2, y + 0.15, top + 0.4), (-half + 0.4, y + 0.1, z + 1.1)]
    parts.append(tube([*path, (-half - 0.1, y, z + 0.6), (-half - 0.15, y, 0.5)], 0.07, hose, sections=8))
    parts += stripe(generator, back + 0.1, front - 0.1, width / 2 - 0.05, deck + 0.25, top - 0.25)
    return standing(parts)


def lavatory_round(generator: np.random.Generator) -> list[Part]:
    """Build a lavatory truck with two upright cylindrical tanks, a pump box and hoses on hooks."""
    pick = picker(generator)
    parts, deck, half, width = _service_base(generator, paint(generator, WHITE, YELLOW, BLUE, TEAL))
    parts.append(block((-half, half - 1.6), (-width / 2, width / 2), (deck, deck + 0.1), DARK))
    waste, rinse = paint(generator, GREEN, SILVER, (0.25, 0.15, 0.07)), paint(generator, BLUE, WHITE)
    tall = pick(1.2, 1.6)
    parts.append(cylinder(0.44 * width, tall, waste, pose((half - 2.65, 0.0, deck + 0.1 + tall / 2)), 22))
    parts.append(
        cylinder(0.3 * width, 0.8 * tall, rinse, pose((half - 4.1, 0.2, deck + 0.1 + 0.4 * tall)), 20)
    )
    parts.append(
        block(
            (-half + 0.1, -half + 0.9),
            (-0.45 * width, 0.45 * width),
            (deck + 0.1, deck + 0.8),
            paint(generator, SILVER),
        )
    )
    hose = Material((0.12, 0.1, 0.3), gloss=0.2, reflectance=0.2)
    for side in (1, -1):
        y, z = side * (width / 2 + 0.06), deck + 0.05
        path = [
            (half - 2.0, y, z + 0.3),
            (half - 2.8, y, z - 0.15),
            (-half + 1.0, y, z - 0.1),
            (-half + 0.3, y, z + 0.4),
        ]
        parts.append(tube(path, 0.065, hose, sections=8))
    parts.append(bar((-half + 0.5, 0.0, deck + 0.8), (-half + 0.5, 0.0, deck + 2.2), 0.1, YELLOW_POST))
    parts.append(bar((-half + 0.5, 0.0, deck + 2.2), (-half - 0.5, 0.0, deck + 2.5), 0.08, YELLOW_POST))
    parts.append(
        tube(
            [(-half - 0.5, 0.0, deck + 2.5), (-half - 0.6, 0.0, deck + 1.6), (-half - 0.5, 0.0, 0.7)],
            0.06,
            hose,
        )
    )
    return standing(parts)


YELLOW_POST = Material(YELLOW, gloss=0.3, reflectance=0.5)


def water_tank(generator: np.random.Generator) -> list[Part]:
    """Build a drinking water truck: a clean round tank lying behind the cab, a platform in front of it."""
    pick = picker(generator)
    parts, deck, half, width = _service_base(generator, paint(generator, WHITE, WHITE, BLUE))
    front, back, tall = half - 1.75, -half + 0.5, pick(0.5, 0.7)
    middle = deck + tall + 0.1
    parts.append(
        tank(back, front, 0.42 * width, tall, middle, paint(generator, WHITE, SILVER, (0.3, 0.55, 0.75)))
    )
    for x in (back + 0.5, front - 0.5):
        parts.append(
            block((x - 0.06, x + 0.06), (-0.35 * width, 0.35 * width), (deck, middle - 0.4 * tall), DARK)
        )
    blue = paint(generator, BLUE, (0.03, 0.3, 0.6), TEAL)
    parts += stripe_on_tank(back + 0.5, front - 0.5, 0.42 * width, pick(0.2, 0.35), middle, blue)
    parts.append(
        block((back - 0.45, back - 0.02), (-0.45 * width, 0.45 * width), (deck - 0.2, deck + 0.9), blue)
    )
    parts += ladder((back - 0.5, 0.5, 0.45), (back - 0.5, 0.5, middle + tall), 0.4, STEEL)
    return standing(parts + reels(front + 0.05, width / 2 + 0.05, deck + 0.3))


def water_cabinet(generator: np.random.Generator) -> list[Part]:
    """Build a drinking water truck with a closed white and blue cabinet and a basket over its back."""
    pick = picker(generator)
    parts, deck, half, width = _service_base(generator, paint(generator, WHITE, WHITE, BLUE, TEAL))
    front, back, top = half - 1.65, -half, deck + pick(1.0, 1.3)
    parts.append(block((back, front), (-width / 2, width / 2), (deck - 0.25, top), paint(generator, WHITE)))
    blue = paint(generator, BLUE, (0.03, 0.3, 0.6), TEAL)
    wave = [(back, deck - 0.2)]
    xs = np.linspace(back, front, 16)
    wave += [(front, deck - 0.2), *((float(x), float(deck + 0.25 + 0.12 * np.sin(3 * x))) for x in xs[::-1])]
    parts += on_sides(wave, width / 2, blue, 0.006)
    for x in np.linspace(back + 0.6, front - 0.6, 3):
        parts += on_sides(
            rectangle(float(x) - 0.01, float(x) + 0.01, deck, top - 0.1), width / 2, DARK, 0.008
        )
    parts += basket(generator, back + 0.7, 0.0, top + pick(0.1, 0.8), 1.2, width - 0.5)
    parts.append(bar((back + 0.7, 0.0, top - 0.1), (back + 0.7, 0.0, top + 0.8), 0.14, STEEL))
    return standing(parts + ladder((back - 0.04, 0.4, 0.5), (back - 0.04, 0.4, top), 0.4, STEEL))


SERVICE = (
    Asset("lavatory truck", "vehicle", (lavatory_platform, lavatory_round)),
    Asset("water truck", "vehicle", (water_tank, water_cabinet)),
)
