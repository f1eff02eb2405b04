"""Trucks that fuel an aircraft: refuellers with a tank, and hydrant dispensers."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GREEN,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    accent,
    paint,
    rear_lights,
    truck,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    RUBBER,
    STEEL,
    axle,
    bar,
    block,
    frame,
    ladder,
    on_sides,
    picker,
    railing,
    rectangle,
    standing,
    tank,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, cylinder, pose, torus, tube

SIGN_FLAME = Material((0.8, 0.03, 0.02), gloss=0.3, reflectance=0.7, retro=True)


def tank_top(
    generator: np.random.Generator, back: float, front: float, middle: float, half_height: float
) -> list[Part]:
    """Build hatches, a walkway and rails on a tank, and a ladder behind it."""
    top = middle + half_height
    parts = [block((back + 0.3, front - 0.3), (-0.35, 0.35), (top - 0.06, top + 0.02), DARK)]
    for x in np.linspace(back + 0.8, front - 0.8, int(generator.integers(2, 4))):
        parts.append(cylinder(0.24, 0.16, STEEL, pose((x, 0.0, top + 0.08)), 14))
    for side in (1, -1):
        parts += railing([(back + 0.3, side * 0.4, top), (front - 0.3, side * 0.4, top)], 0.4, STEEL, 1.4)
    return parts + ladder((back - 0.05, 0.5, 0.6), (back - 0.05, 0.5, top + 0.3), 0.4, STEEL)


def stripe_on_tank(
    back: float, front: float, half: float, height: float, z: float, material: Material
) -> list[Part]:
    """Put a band from x = back to front, of a height about z [m], on both sides of a tank."""
    sign = rectangle(back, front, z - height / 2, z + height / 2)
    return on_sides(sign, half + 0.005, material, 0.03)


def reels(x: float, half_width: float, z: float) -> list[Part]:
    """Build hose reels on both sides."""
    parts: list[Part] = []
    for side in (1, -1):
        for radius in (0.24, 0.34):
            where = pose((x, side * (half_width - 0.12), z), roll=np.pi / 2)
            parts.append(torus(radius, 0.055, RUBBER, where, 14))
        parts.append(cylinder(0.12, 0.2, STEEL, pose((x, side * (half_width - 0.1), z), roll=np.pi / 2), 12))
    return parts


def fuel_rigid(generator: np.random.Generator) -> list[Part]:
    """Build a refuelling truck: an elliptical tank, hose reels and a cabinet behind the cab."""
    pick = picker(generator)
    length, width = pick(8.0, 10.0), pick(2.4, 2.55)
    half = length / 2
    body = paint(generator, WHITE, YELLOW, RED, GREEN, BLUE)
    parts, deck = truck(
        generator,
        body,
        -half,
        half,
        width,
        1.75,
        pick(2.6, 2.85),
        (half - 1.3, -half + 2.9, -half + 1.6),
        0.48,
    )
    skin = paint(generator, WHITE, WHITE, SILVER, YELLOW, GREEN)
    half_width, half_height = 0.49 * width, pick(0.75, 0.9)
    back, front, middle = -half + 0.2, half - 2.9, deck + half_height + 0.08
    parts.append(tank(back, front, half_width, half_height, middle, skin))
    for x in np.linspace(back + 0.9, front - 0.9, 3):
        parts.append(
            block(
                (x - 0.06, x + 0.06),
                (-0.7 * half_width, 0.7 * half_width),
                (deck, middle - 0.5 * half_height),
                DARK,
            )
        )
    parts += tank_top(generator, back, front, middle, half_height)
    cabinet = paint(generator, SILVER, WHITE)
    parts.append(
        block((front + 0.05, half - 1.85), (-width / 2, width / 2), (deck - 0.4, middle + 0.3), cabinet)
    )
    parts += reels((front + half - 1.8) / 2, width / 2 + 0.12, deck + 0.35)
    x = (back + front) / 2
    parts += stripe_on_tank(
        x - pick(0.8, 1.6), x + pick(0.8, 1.6), half_width, pick(0.3, 0.5), middle, accent(generator)
    )
    parts += stripe_on_tank(back + 0.7, back + 1.0, half_width, 0.3, middle, SIGN_FLAME)
    return standing(parts)


def fuel_dispenser(generator: np.random.Generator) -> list[Part]:
    """Build a hydrant dispenser: a short truck with filter vessel, hoses and a lifting platform."""
    pick = picker(generator)
    length, width = pick(5.6, 7.0), pick(2.1, 2.4)
    half = length / 2
    body = paint(generator, WHITE, YELLOW, GREEN, BLUE, RED)
    parts, deck = truck(
        generator, body, -half, half, width, 1.55, pick(2.15, 2.35), (half - 1.1, -half + 1.2), 0.4
    )
    parts.append(block((-half, half - 1.6), (-width / 2, width / 2), (deck, deck + 0.1), DARK))
    vessel = paint(generator, SILVER, WHITE, YELLOW)
    parts.append(cylinder(0.42, 1.4, vessel, pose((half - 2.2, pick(-0.3, 0.3), deck + 0.75)), 18))
    parts += reels(half - 2.9, width / 2 + 0.1, deck + 0.5)
    z = deck + pick(0.5, 1.8)
    parts.append(block((-half + 0.1, -half + 1.7), (-width / 2 + 0.1, width / 2 - 0.1), (z, z + 0.1), STEEL))
    corners = [
        (-half + 0.1, -width / 2 + 0.1),
        (-half + 1.7, -width / 2 + 0.1),
        (-half + 1.7, width / 2 - 0.1),
        (-half + 0.1, width / 2 - 0.1),
    ]
    loop = [(x, y, z + 0.1) for x, y in [*corners, corners[0]]]
    parts += railing(loop, 1.0, paint(generator, YELLOW, RED, SILVER), 0.8)
    for x, y in corners:
        parts.append(bar((x * 0.98, y * 0.9, deck), (x * 0.98, y * 0.9, z), 0.08, STEEL))
    hose = [(half - 1.8, width / 2 + 0.05, deck + 0.4), (half - 2.6, width / 2 + 0.12, deck - 0.1)]
    hose += [(-half + 1.2, width / 2 + 0.12, deck + 0.1), (-half + 0.5, width / 2, z)]
    return standing([*parts, tube(hose, 0.05, RUBBER, sections=8)])


def fuel_articulated(generator: np.random.Generator) -> list[Part]:
    """Build a long articulated refueller: tractor and semi-trailer with a round tank."""
    pick = picker(generator)
    length, width, radius = pick(12.5, 15.0), 2.5, 0.48
    half = length / 2
    body = paint(generator, WHITE, YELLOW, RED, BLUE, GREEN)
    parts, deck = truck(
        generator, body, half - 5.2, half, width, 1.9, pick(2.7, 2.95), (half - 1.3, half - 4.4), radius
    )
    skin = paint(generator, WHITE, SILVER, SILVER, YELLOW)
    parts += frame(-half + 0.2, half - 3.2, width, deck + 0.15)
    for x in (-half + 1.2, -half + 2.4, -half + 3.6):
        parts += axle(x, width / 2, radius, 0.26, dual=True)
    tall = pick(0.85, 1.0)
    middle = deck + 0.2 + tall
    back, front = -half + 0.1, half - 2.2
    parts.append(tank(back, front, 0.49 * width, tall, middle, skin))
    parts += tank_top(generator, back, front, middle, tall)
    parts.append(block((-1.2, 0.6), (-width / 2, width / 2), (0.5, deck), paint(generator, SILVER)))
    parts += reels(-0.3, width / 2 + 0.1, deck - 0.35)
    parts += stripe_on_tank(back + 1.5, front - 1.5, 0.49 * width, pick(0.2, 0.5), middle, accent(generator))
    return standing(parts + rear_lights(-half + 0.15, width, 0.7, 0.18))


FUEL = (Asset("fuel truck", "vehicle", (fuel_rigid, fuel_dispenser, fuel_articulated)),)
