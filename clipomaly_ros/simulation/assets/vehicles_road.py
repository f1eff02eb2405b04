"""Buses, follow-me cars and maintenance vans."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLACK,
    BLUE,
    GLASS,
    NAVY,
    ORANGE,
    SILVER,
    WHITE,
    YELLOW,
    accent,
    beacon,
    front_lights,
    light_bar,
    mirrors,
    paint,
    rear_lights,
    stripe,
)
from clipomaly_ros.simulation.assets.cars import VAN_LEAN, hatchback, pickup, van
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    Point,
    arches,
    axle,
    bar,
    block,
    extruded,
    ladder,
    leaning,
    on_sides,
    picker,
    rectangle,
    slab,
    standing,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part

CHECKS = Material((0.85, 0.6, 0.01), BLACK, Pattern.CHECKS, 0.5, gloss=0.4, reflectance=0.5)


def _bus(
    generator: np.random.Generator, length: float, width: float, height: float, flat: bool
) -> list[Part]:
    """Build a low-floor bus: wide dark windows, doors on both sides, small wheels, a band in colour."""
    pick = picker(generator)
    half, radius, low = length / 2, pick(0.36, 0.44), pick(0.24, 0.32)
    body = paint(generator, WHITE, WHITE, WHITE, SILVER, YELLOW, BLUE, NAVY, ORANGE)
    rake = 0.12 if flat else 0.35
    shell = [
        (-half, low),
        (half, low),
        (half, 1.1),
        (half - rake, height - 0.15),
        (half - rake - 0.15, height),
    ]
    shell += [(-half + 0.15, height), (-half + 0.03, height - 0.15)]
    parts = [extruded(shell, width, body)]
    sill, head = pick(0.95, 1.15), height - pick(0.4, 0.55)
    parts += on_sides(rectangle(-half + 0.25, half - 0.55, sill, head), width / 2, GLASS, 0.01)
    for x in np.linspace(-half + 0.25, half - 0.6, round(length / 1.5)):
        parts += on_sides(rectangle(float(x), float(x) + 0.07, sill, head), width / 2, DARK, 0.014)
    for share in (-0.55, 0.05, 0.62) if length > 11.5 else (-0.3, 0.6):
        x = share * half
        parts += on_sides(rectangle(x, x + 1.3, low + 0.08, head + 0.05), width / 2, DARK, 0.013)
        for pane in (x + 0.06, x + 0.68):
            parts += on_sides(rectangle(pane, pane + 0.56, low + 0.2, head), width / 2, GLASS, 0.018)
    parts.append(slab((half - 0.0, 1.12), (half - rake + 0.02, height - 0.3), 0.93 * width, GLASS, 0.015))
    board = Material((0.012, 0.012, 0.012), (0.9, 0.5, 0.02), Pattern.SPECKLE, 0.3, gloss=0.6)
    parts.append(
        block(
            (half - rake - 0.1, half - rake + 0.05),
            (-0.4 * width, 0.4 * width),
            (height - 0.28, height - 0.08),
            board,
        )
    )
    parts.append(block((-half - 0.005, -half + 0.05), (-0.4 * width, 0.4 * width), (1.3, head), GLASS))
    band = accent(generator)
    z = low + pick(0.1, 0.3)
    parts += on_sides(rectangle(-half + 0.05, half - 0.05, z, z + pick(0.15, 0.45)), width / 2, band, 0.006)
    for x in (-0.52 * half, 0.6 * half) if length < 11.5 else (-0.62 * half, 0.64 * half):
        parts += arches(x - 0.75, width / 2 + 0.004, radius) + axle(x - 0.75, width / 2 + 0.03, radius, 0.28)
    parts.append(
        block((-0.4 * half, 0.3 * half), (-0.35 * width, 0.35 * width), (height, height + 0.18), body)
    )
    parts += front_lights(half, width, 0.6, 0.2) + rear_lights(-half, width, 0.8, 0.4)
    parts += mirrors(half + 0.1, width / 2 - 0.05, 1.9, 0.4)
    parts.append(block((-half + 0.2, half - 0.2), (-0.4 * width, 0.4 * width), (0.18, low + 0.02), DARK))
    return standing(parts + beacon(generator, half - 0.8, 0.0, height))


def bus_apron(generator: np.random.Generator) -> list[Part]:
    """Build a wide apron bus, flat in front."""
    pick = picker(generator)
    return _bus(generator, pick(13.0, 14.2), pick(2.9, 3.1), pick(2.9, 3.15), flat=True)


def bus_city(generator: np.random.Generator) -> list[Part]:
    """Build a city bus with a raked windscreen."""
    pick = picker(generator)
    return _bus(generator, pick(11.6, 12.4), 2.55, pick(2.95, 3.2), flat=False)


def bus_short(generator: np.random.Generator) -> list[Part]:
    """Build a short crew bus."""
    pick = picker(generator)
    return _bus(generator, pick(7.0, 8.8), pick(2.2, 2.4), pick(2.6, 2.9), flat=False)


def _follow_me(
    generator: np.random.Generator,
    parts: list[Part],
    half: float,
    width: float,
    low: float,
    high: float,
    roof: Point,
) -> list[Part]:
    """Put checks on the sides and the back of a car, and a light bar and the lit sign on its roof."""
    pick = picker(generator)
    checks = Material(
        CHECKS.colour, CHECKS.second, Pattern.CHECKS, pick(0.3, 0.6), gloss=0.4, reflectance=0.5
    )
    parts = [*parts, *on_sides(rectangle(-half + 0.15, half - 0.35, low, high), width / 2, checks, 0.005)]
    parts.append(block((-half - 0.012, -half + 0.02), (-0.34 * width, 0.34 * width), (low, high), checks))
    x, z = roof
    parts += light_bar(generator, x + 0.35, z - 0.02, 0.72 * width)
    lit = Material((0.9, 0.6, 0.02), gloss=0.5, emission=float(generator.choice([0.0, 2.0])))
    back = x - 0.35
    parts.append(block((back - 0.06, back + 0.06), (-0.4 * width, 0.4 * width), (z - 0.02, z + 0.4), DARK))
    # FOLLOW over ME as rows of bright blocks, readable as a sign from a distance.
    for row, letters in ((0.29, 6), (0.11, 2)):
        for y in (np.arange(letters) - (letters - 1) / 2) * 0.11 * width:
            parts.append(
                block(
                    (back - 0.075, back - 0.05),
                    (y - 0.035 * width, y + 0.035 * width),
                    (z + row - 0.06, z + row + 0.06),
                    lit,
                )
            )
    return standing(parts)


def follow_me_hatchback(generator: np.random.Generator) -> list[Part]:
    """Build a follow-me car from an ordinary car."""
    pick = picker(generator)
    length, width, tall = pick(4.1, 4.7), pick(1.75, 1.85), pick(1.46, 1.6)
    parts = hatchback(generator, paint(generator, YELLOW, YELLOW, WHITE, BLACK), tall, length, width)
    return _follow_me(generator, parts, length / 2, width, 0.4, 0.58 * tall - 0.06, (-0.25, tall))


def follow_me_pickup(generator: np.random.Generator) -> list[Part]:
    """Build a follow-me pickup."""
    pick = picker(generator)
    length, width, tall = pick(5.0, 5.4), pick(1.82, 1.95), pick(1.75, 1.85)
    parts = pickup(generator, paint(generator, YELLOW, YELLOW, WHITE, BLACK), length, width, tall)
    return _follow_me(generator, parts, length / 2, width, 0.5, 1.02, (0.1, tall))


def follow_me_van(generator: np.random.Generator) -> list[Part]:
    """Build a follow-me van."""
    pick = picker(generator)
    length, width, tall = pick(4.7, 5.3), pick(1.9, 2.0), pick(1.9, 2.1)
    parts = van(generator, paint(generator, YELLOW, YELLOW, WHITE), length, width, tall, panes=True)
    return _follow_me(generator, parts, length / 2, width, 0.4, 1.05, (0.1, tall))


def van_panel(generator: np.random.Generator) -> list[Part]:
    """Build a panel van with a roof rack and a ladder on it."""
    pick = picker(generator)
    length, width, tall = pick(5.0, 6.2), pick(1.9, 2.05), pick(1.95, 2.6)
    parts = van(
        generator,
        paint(generator, WHITE, WHITE, SILVER, BLUE, ORANGE, YELLOW),
        length,
        width,
        tall,
        panes=False,
    )
    parts += leaning(
        stripe(generator, -length / 2 + 0.3, 0.1 * length, width / 2, 1.25, tall - 0.2),
        1.2,
        VAN_LEAN,
    )
    if generator.random() < 0.6:
        for x in np.linspace(-0.38 * length, 0.05 * length, 3):
            parts.append(bar((x, -0.4 * width, tall + 0.1), (x, 0.4 * width, tall + 0.1), 0.05, DARK))
            parts += [
                bar((x, s * 0.38 * width, tall - 0.02), (x, s * 0.38 * width, tall + 0.1), 0.05, DARK)
                for s in (1, -1)
            ]
        parts += ladder((-0.42 * length, 0.3, tall + 0.15), (0.08 * length, 0.3, tall + 0.15), 0.4, STEEL)
    return standing(parts + beacon(generator, 0.12 * length, 0.0, tall - 0.01))


def van_crew(generator: np.random.Generator) -> list[Part]:
    """Build a crew van with side windows."""
    pick = picker(generator)
    length, width, tall = pick(4.7, 5.4), pick(1.88, 2.0), pick(1.9, 2.1)
    parts = van(generator, paint(generator), length, width, tall, panes=True)
    parts += on_sides(
        rectangle(-length / 2 + 0.1, length / 2 - 0.4, 0.6, 0.75), width / 2, accent(generator), 0.006
    )
    return standing(parts + beacon(generator, 0.1 * length, 0.0, tall - 0.01))


def van_pickup(generator: np.random.Generator) -> list[Part]:
    """Build a maintenance pickup with a tool chest and a beacon frame."""
    pick = picker(generator)
    length, width, tall = pick(5.0, 5.4), pick(1.8, 1.95), pick(1.7, 1.85)
    parts = pickup(generator, paint(generator, WHITE, WHITE, SILVER, ORANGE, BLUE), length, width, tall)
    half = length / 2
    parts.append(block((-half + 1.0, -half + 1.5), (-0.42 * width, 0.42 * width), (1.05, 1.45), STEEL))
    for side in (1, -1):
        parts.append(
            bar(
                (-half + 0.15, side * 0.42 * width, 1.05),
                (-half + 0.15, side * 0.42 * width, tall + 0.1),
                0.05,
                DARK,
            )
        )
        parts.append(
            bar(
                (-half + 0.15, side * 0.42 * width, tall + 0.1),
                (0.0, side * 0.36 * width, tall + 0.1),
                0.05,
                DARK,
            )
        )
    return standing(parts + light_bar(generator, 0.1, tall - 0.01, 0.7 * width))


ROAD = (
    Asset("bus", "vehicle", (bus_apron, bus_city, bus_short)),
    Asset("follow-me car", "vehicle", (follow_me_hatchback, follow_me_pickup, follow_me_van)),
    Asset("maintenance van", "vehicle", (van_panel, van_crew, van_pickup)),
)
