"""Units that supply a parked aircraft: ground power and air start."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GREEN,
    GREY,
    LIME,
    ORANGE,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    beacon,
    paint,
    rear_lights,
    stripe,
    truck,
    warning,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    RUBBER,
    STEEL,
    axle,
    bar,
    block,
    extruded,
    on_sides,
    picker,
    rectangle,
    standing,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, cylinder, pose, torus, tube

LOUVRES = Material((0.05, 0.05, 0.052), (0.01, 0.01, 0.01), Pattern.RIBS, 0.07, gloss=0.2, reflectance=0.12)


def drawbar(front: float, reach: float, z: float) -> list[Part]:
    """Build a towing fork with an eye ahead of x = front, reaching as far as given, at height z [m]."""
    tip = (front + reach, 0.0, z * 0.9)
    return [
        *(bar((front - 0.1, side * 0.28, z), tip, 0.07, DARK) for side in (1, -1)),
        torus(0.07, 0.02, STEEL, pose((front + reach + 0.07, 0.0, z * 0.9)), 14),
    ]


def _trailer(generator: np.random.Generator, length: float, width: float, radius: float) -> list[Part]:
    half = length / 2
    parts = [block((-half, half), (-width * 0.4, width * 0.4), (radius + 0.05, radius + 0.2), DARK)]
    for x in (-half * 0.62, half * 0.62):
        parts += axle(x, width / 2, radius, 0.2)
    return parts + drawbar(half, float(generator.uniform(0.7, 1.2)), radius + 0.12)


def _coil(
    x: float, y: float, z: float, radius: float, thickness: float, turns: int, material: Material
) -> Part:
    """Build a cable or hose coiled flat on a side wall at y."""
    angle = np.linspace(0, 2 * np.pi * turns, 12 * turns)
    spiral = radius * (0.6 + 0.4 * angle / angle[-1])
    path = np.column_stack([x + spiral * np.cos(angle), np.full(len(angle), y), z + spiral * np.sin(angle)])
    return tube(path, thickness, material, sections=6)


def power_trailer(generator: np.random.Generator) -> list[Part]:
    """Build a towed diesel set: a hood with sloped ends, louvres, panel and a cable on hooks."""
    pick = picker(generator)
    length, width, radius = pick(2.4, 3.4), pick(1.35, 1.8), pick(0.26, 0.34)
    bottom, top = radius + 0.2, pick(1.35, 1.75)
    half = length / 2
    body = paint(generator, YELLOW, WHITE, WHITE, BLUE, GREEN, ORANGE)
    cut = pick(0.1, 0.5)
    hood = [
        (-half, bottom),
        (half, bottom),
        (half, top - cut),
        (half - cut, top),
        (-half + 0.1, top),
        (-half, top - 0.1),
    ]
    parts = [*_trailer(generator, length, width, radius), extruded(hood, width, body)]
    parts += on_sides(rectangle(-0.8 * half, -0.25 * half, bottom + 0.2, top - 0.25), width / 2, LOUVRES)
    parts += on_sides(
        rectangle(-0.1 * half, 0.3 * half, bottom + 0.15, top - 0.2),
        width / 2,
        paint(generator, GREY, SILVER),
        0.01,
    )
    parts += stripe(generator, -half, half - cut, width / 2, bottom + 0.02, bottom + 0.25)
    parts.append(
        block(
            (half - 0.05, half + 0.01),
            (-0.35 * width, 0.35 * width),
            (bottom + 0.1, top - cut - 0.1),
            LOUVRES,
        )
    )
    parts.append(_coil(0.62 * half, width / 2 + 0.06, (bottom + top) / 2, 0.28, 0.03, 3, RUBBER))
    parts.append(cylinder(0.05, 0.3, STEEL, pose((-0.6 * half, 0.25 * width, top + 0.14)), 10))
    parts.append(
        block(
            (-half - 0.01, -half + 0.02),
            (-0.48 * width, 0.48 * width),
            (bottom, bottom + 0.2),
            warning(generator),
        )
    )
    return standing(parts + rear_lights(-half, width, bottom + 0.3, 0.12))


def power_battery(generator: np.random.Generator) -> list[Part]:
    """Build a battery unit: a smooth low box on small wheels with a bright band and a cable tray."""
    pick = picker(generator)
    length, width, radius = pick(2.2, 3.0), pick(1.4, 1.7), 0.22
    half, bottom, top = length / 2, 0.3, pick(1.15, 1.5)
    hull = [
        (-half, bottom),
        (half - 0.1, bottom),
        (half, bottom + 0.15),
        (half - 0.12, top - 0.1),
        (half - 0.3, top),
    ]
    hull += [(-half + 0.1, top), (-half, top - 0.12)]
    parts = [
        *_trailer(generator, length, width, radius),
        extruded(hull, width, paint(generator, WHITE, WHITE, SILVER)),
    ]
    glow = Material((0.1, 0.7, 0.25), gloss=0.8, emission=0.8)
    band = paint(generator, LIME, GREEN, BLUE, ORANGE)
    parts += on_sides(rectangle(-half + 0.05, half - 0.2, top - 0.3, top - 0.16), width / 2, band, 0.006)
    parts += on_sides(rectangle(0.1, 0.5, bottom + 0.35, bottom + 0.6), width / 2, DARK, 0.01)
    parts += on_sides(rectangle(0.14, 0.2, bottom + 0.42, bottom + 0.48), width / 2, glow, 0.02)
    path = [
        (-half + 0.3, 0.2, top + 0.05),
        (0.2, 0.3, top + 0.06),
        (half - 0.4, 0.0, top + 0.05),
        (0.1, -0.3, top + 0.06),
    ]
    parts.append(tube([*path, (-half + 0.2, -0.1, top + 0.05)], 0.035, RUBBER, sections=6))
    parts.append(block((-half + 0.1, half - 0.35), (-0.42 * width, 0.42 * width), (top, top + 0.03), DARK))
    return standing(parts + beacon(generator, -half + 0.2, 0.4 * width, top))


def start_trailer(generator: np.random.Generator) -> list[Part]:
    """Build a towed air start unit: a long tall enclosure, a wide exhaust, thick yellow hoses in a tray."""
    pick = picker(generator)
    length, width, radius = pick(3.6, 4.8), pick(1.8, 2.2), pick(0.32, 0.4)
    half, bottom, top = length / 2, radius + 0.2, pick(1.9, 2.3)
    body = paint(generator, WHITE, YELLOW, RED, BLUE, GREEN)
    parts = [*_trailer(generator, length, width, radius)]
    parts.append(block((-half, 0.55 * half), (-width / 2, width / 2), (bottom, top), body))
    parts.append(block((0.55 * half, half), (-width / 2, width / 2), (bottom, bottom + 0.25), body))
    for x in (-0.75 * half, -0.1 * half):
        parts += on_sides(rectangle(x, x + 0.45 * half, bottom + 0.4, top - 0.3), width / 2, LOUVRES)
    parts += stripe(generator, -half, 0.5 * half, width / 2, bottom, bottom + 0.35)
    for y in (-0.2, 0.2):
        parts.append(cylinder(0.17, 0.45, STEEL, pose((-0.6 * half, y * width, top + 0.2)), 14))
    parts += _hoses(generator, 0.57 * half, half, width, bottom + 0.25)
    parts.append(
        block(
            (-half - 0.01, -half + 0.02),
            (-0.48 * width, 0.48 * width),
            (bottom, bottom + 0.25),
            warning(generator),
        )
    )
    return standing(parts + beacon(generator, -0.9 * half, 0.35 * width, top))


def _hoses(generator: np.random.Generator, back: float, front: float, width: float, z: float) -> list[Part]:
    """Build thick air hoses folded in a tray between x = back and front."""
    colour = paint(generator, YELLOW, ORANGE, (0.5, 0.45, 0.3))
    hose = Material(colour.colour, BLACK_RIB, Pattern.RIBS, 0.06, gloss=0.1, reflectance=0.45)
    parts = []
    for layer in range(2):
        y = np.linspace(-0.38 * width, 0.38 * width, 6)
        x = np.where(np.arange(6) % 2 == 0, back + 0.2, front - 0.2)
        path = np.column_stack([x, y, np.full(6, z + 0.12 + 0.22 * layer)])
        parts.append(tube(path, 0.11, hose, sections=10))
    return parts


BLACK_RIB = (0.05, 0.04, 0.01)


def start_truck(generator: np.random.Generator) -> list[Part]:
    """Build an air start unit on a truck: a turbine's enclosure with its exhaust, hoses behind."""
    pick = picker(generator)
    length, width, radius = pick(5.8, 7.0), pick(2.1, 2.4), 0.42
    front, back = length / 2, -length / 2
    body = paint(generator, WHITE, YELLOW, BLUE, RED)
    parts, deck = truck(
        generator,
        body,
        back,
        front,
        width,
        pick(1.5, 1.7),
        pick(2.2, 2.45),
        (front - 1.1, back + 1.3),
        radius,
    )
    top = deck + pick(1.2, 1.6)
    parts.append(block((back + 1.3, front - 1.9), (-width / 2, width / 2), (deck, top), body))
    parts += on_sides(rectangle(back + 1.6, front - 2.2, deck + 0.3, top - 0.3), width / 2, LOUVRES)
    parts.append(cylinder(0.3, 0.55, STEEL, pose((back + 2.0, 0.0, top + 0.25)), 16))
    parts.append(block((back, back + 1.3), (-width / 2, width / 2), (deck, deck + 0.12), DARK))
    parts += _hoses(generator, back + 0.05, back + 1.25, width, deck + 0.12)
    return standing(parts)


UNITS = (
    Asset("ground power unit", "equipment", (power_trailer, power_battery)),
    Asset("air start unit", "equipment", (start_trailer, start_truck)),
)
