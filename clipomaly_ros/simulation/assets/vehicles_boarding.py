"""What lifts people and meals up to an aircraft's cabin."""

from __future__ import annotations

import itertools

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    NAVY,
    ORANGE,
    RED,
    SILVER,
    TEAL,
    WHITE,
    YELLOW,
    paint,
    stripe,
    truck,
)
from clipomaly_ros.simulation.assets.equipment_units import drawbar
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    RUBBER,
    STEEL,
    axle,
    bar,
    beam,
    block,
    on_sides,
    picker,
    railing,
    scissor,
    slab,
    standing,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part

TREAD = Material(
    (0.2, 0.2, 0.21), (0.1, 0.1, 0.1), Pattern.RIBS, 0.05, gloss=0.2, metallic=0.3, reflectance=0.3
)


def _flight(
    generator: np.random.Generator,
    back: float,
    front: float,
    low: float,
    high: float,
    width: float,
    canopy: bool,
) -> list[Part]:
    """Build stairs rising from x = back, z = low to a platform at height high that ends at x = front."""
    pick = picker(generator)
    side = paint(generator, WHITE, WHITE, SILVER, BLUE, YELLOW, NAVY, RED, TEAL)
    landing = pick(1.1, 1.6)
    top = front - landing
    count = max(6, round((high - low) / 0.2))
    run, rise = (top - back) / count, (high - low) / count
    nosing = Material((0.8, 0.6, 0.03), gloss=0.1, reflectance=0.7, retro=True)
    parts = []
    for k in range(count):
        x, z = back + k * run, low + (k + 1) * rise
        parts.append(block((x, x + run + 0.02), (-width / 2, width / 2), (z - 0.05, z), TREAD))
        parts.append(block((x - 0.01, x + 0.03), (-width / 2, width / 2), (z - 0.055, z + 0.006), nosing))
        parts.append(
            block((x + run - 0.02, x + run), (-width / 2, width / 2), (z - 0.05, z + rise - 0.05), DARK)
        )
    parts.append(block((top, front), (-width / 2, width / 2), (high - 0.15, high), TREAD))
    cheek = [
        (back - 0.05, low - 0.05),
        (back + 0.25, low - 0.1),
        (top + 0.05, high - 0.35),
        (front, high - 0.35),
    ]
    cheek += [(front, high + 0.95), (top, high + 0.95), (back - 0.05, low + 0.95)]
    low_cheek = [*cheek[:4], (front, high + 0.15), (top, high + 0.15), (back - 0.05, low + 0.15)]
    solid = bool(generator.random() < 0.55)
    parts += on_sides(cheek if solid else low_cheek, width / 2 + 0.02, side)
    for y in (width / 2 + 0.02, -width / 2 - 0.02):
        rail = [(back, y, low + 0.05), (top, y, high + 0.05), (front - 0.05, y, high + 0.05)]
        parts += railing(rail, 0.98, STEEL, 0.8)
    if solid:
        parts += stripe(generator, top, front, width / 2 + 0.035, high - 0.3, high + 0.9)
    parts.append(
        block(
            (front, front + 0.12), (-width / 2 - 0.05, width / 2 + 0.05), (high - 0.16, high + 0.02), RUBBER
        )
    )
    if canopy:
        roof = paint(generator, WHITE, SILVER, BLUE)
        clear = Material((0.5, 0.56, 0.6), gloss=0.9, mirror=0.15, opacity=0.45, reflectance=0.15)
        tall, start = 2.15, 0.12
        x0, z0 = back + start * (top - back), low + start * (high - low)
        line = [(x0, z0 + tall), (top, high + tall), (front, high + tall)]
        for a, b in itertools.pairwise(line):
            parts.append(slab(a, b, width + 0.2, roof, 0.04))
        pane = [(x0, z0 + 1.0), (top, high + 1.0), (front, high + 1.0), *reversed(line)]
        parts += on_sides(pane, width / 2 + 0.05, clear)
        for share in np.linspace(0.02, 0.98, 5):
            x = x0 + share * (front - x0)
            z = np.interp(x, [x0, top, front], [z0, high, high])
            for y in (width / 2 + 0.05, -width / 2 - 0.05):
                parts.append(bar((x, y, z), (x, y, z + tall), 0.06, roof))
    return parts


def _truck_stairs(generator: np.random.Generator, canopy: bool) -> list[Part]:
    pick = picker(generator)
    length, width = pick(7.5, 9.0), pick(2.1, 2.4)
    half, high = length / 2, pick(2.7, 4.2)
    body = paint(generator, WHITE, WHITE, YELLOW, BLUE, ORANGE)
    parts, deck = truck(
        generator, body, -half + 0.4, half - 0.6, width, 1.45, pick(2.05, 2.2), (half - 1.7, -half + 2.1), 0.4
    )
    parts += _flight(generator, -half, half, 0.45, high, pick(1.4, 1.7), canopy)
    for x in (half - 2.4, -0.1 * half):
        z = np.interp(x, [-half, half - 1.3], [0.3, high - 0.3])
        for side in (1, -1):
            parts.append(beam((x - 0.4, side * 0.7, deck - 0.05), (x + 0.2, side * 0.7, z), 0.1, 0.12, STEEL))
    return standing(parts)


def stairs_truck_canopy(generator: np.random.Generator) -> list[Part]:
    """Build passenger stairs on a truck, under a canopy."""
    return _truck_stairs(generator, canopy=True)


def stairs_truck_open(generator: np.random.Generator) -> list[Part]:
    """Build passenger stairs on a truck, open to the sky."""
    return _truck_stairs(generator, canopy=False)


def stairs_towed(generator: np.random.Generator) -> list[Part]:
    """Build towed passenger stairs: a flight on a wheeled frame with outriggers and a drawbar."""
    pick = picker(generator)
    length, width, high = pick(5.5, 7.5), pick(1.3, 1.6), pick(2.3, 3.8)
    half, radius = length / 2, 0.28
    frame = paint(generator, WHITE, YELLOW, BLUE, RED)
    parts = _flight(generator, -half, half, 0.3, high, width, bool(generator.random() < 0.5))
    parts.append(block((-0.6 * half, 0.9 * half), (-0.5, 0.5), (0.4, 0.52), frame))
    for x in (-0.5 * half, 0.75 * half):
        parts += axle(x, 0.5 * width + 0.1, radius, 0.18)
    for side in (1, -1):
        y = side * (width / 2 - 0.05)
        parts += [bar((x, y, 0.5), (x, y, high - 0.15), 0.1, frame) for x in (half - 1.1, half - 0.1)]
        parts.append(bar((half - 1.1, y, 0.6), (half - 0.1, y, high - 0.2), 0.06, frame))
        parts.append(bar((0.2 * half, y, 0.3), (0.2 * half, y * 1.7, 0.05), 0.08, frame))
    return standing(parts + drawbar(0.9 * half, 0.9, 0.45))


def _catering(generator: np.random.Generator, raised: float, length: float, axles: int) -> list[Part]:
    pick = picker(generator)
    width, half, radius = pick(2.35, 2.55), length / 2, 0.46
    body = paint(generator, WHITE, WHITE, SILVER, BLUE, NAVY, RED)
    rear = (-half + 1.7,) if axles == 2 else (-half + 2.2, -half + 1.1)
    top = pick(2.3, 2.5)
    parts, deck = truck(
        generator, body, -half, half, width, 1.6, top, (half - 1.2, *sorted(rear)[::-1]), radius
    )
    floor = deck + 0.12 + raised
    height, front = pick(2.2, 2.5), half - 1.8
    skin = paint(generator, WHITE, WHITE, WHITE, SILVER, BLUE, TEAL)
    parts.append(block((-half, front), (-width / 2, width / 2), (floor, floor + height), skin))
    edge = paint(generator, SILVER)
    for x in (-half, front):
        for z in (floor, floor + height):
            parts.append(beam((x, -width / 2, z), (x, width / 2, z), 0.08, 0.08, edge))
    for side in (1, -1):
        for z in (floor, floor + height):
            parts.append(beam((-half, side * width / 2, z), (front, side * width / 2, z), 0.08, 0.08, edge))
    parts += stripe(generator, -half + 0.2, front - 0.2, width / 2, floor + 0.15, floor + height - 0.15)
    ribs = Material(
        (0.5, 0.5, 0.51), (0.2, 0.2, 0.2), Pattern.STRIPES, 0.16, gloss=0.4, metallic=0.4, reflectance=0.45
    )
    parts.append(
        block(
            (-half - 0.02, -half), (-0.42 * width, 0.42 * width), (floor + 0.1, floor + height - 0.15), ribs
        )
    )
    parts.append(
        block((front, front + 0.02), (-0.3 * width, 0.3 * width), (floor + 0.1, floor + height - 0.25), ribs)
    )
    if raised > 0.5:
        x0 = -half + 0.6
        parts += scissor((x0, deck + 0.05), (front - 0.5, floor), width / 2 - 0.25, STEEL, 0.2)
    # The bridge to the aircraft's door stands out over the cab.
    platform = max(floor, top + 0.2)
    yellow = paint(generator, YELLOW, RED, SILVER)
    parts.append(
        block((front, half + 0.5), (-width / 2 + 0.1, width / 2 - 0.1), (platform - 0.1, platform), TREAD)
    )
    parts += railing([(front, 0.45 * width, platform), (half + 0.45, 0.45 * width, platform)], 1.1, yellow)
    parts += railing([(front, -0.45 * width, platform), (half + 0.45, -0.45 * width, platform)], 1.1, yellow)
    parts.append(
        block(
            (half + 0.5, half + 0.62),
            (-0.45 * width, 0.45 * width),
            (platform - 0.12, platform + 0.04),
            RUBBER,
        )
    )
    return standing(parts)


def catering_raised(generator: np.random.Generator) -> list[Part]:
    """Build a catering truck with its box raised on scissors to the door."""
    pick = picker(generator)
    return _catering(generator, pick(1.6, 3.2), pick(7.5, 9.0), 2)


def catering_down(generator: np.random.Generator) -> list[Part]:
    """Build a catering truck driving, the box down."""
    return _catering(generator, 0.0, picker(generator)(7.0, 8.8), 2)


def catering_large(generator: np.random.Generator) -> list[Part]:
    """Build a three-axle catering truck for upper decks, the box raised high."""
    pick = picker(generator)
    return _catering(generator, pick(2.5, 4.0), pick(9.5, 10.8), 3)


BOARDING = (
    Asset("passenger stairs", "vehicle", (stairs_truck_canopy, stairs_truck_open, stairs_towed)),
    Asset("catering truck", "vehicle", (catering_raised, catering_down, catering_large)),
)
