"""Trucks that serve a parked aircraft: fuel, lavatory, drinking water, de-icing."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GLASS,
    GREEN,
    HEADLIGHT,
    NAVY,
    ORANGE,
    RED,
    SILVER,
    TEAL,
    WHITE,
    YELLOW,
    accent,
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
    beam,
    block,
    extruded,
    frame,
    ladder,
    on_sides,
    picker,
    railing,
    rectangle,
    slab,
    standing,
    tank,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, cylinder, pose, torus, tube

SIGN_FLAME = Material((0.8, 0.03, 0.02), gloss=0.3, reflectance=0.7, retro=True)


def _tank_top(
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


def _reels(x: float, half_width: float, z: float) -> list[Part]:
    """Build hose reels on both sides."""
    parts: list[Part] = []
    for side in (1, -1):
        for radius in (0.2, 0.28, 0.36):
            where = pose((x, side * (half_width - 0.12), z), roll=np.pi / 2)
            parts.append(torus(radius, 0.045, RUBBER, where, 18))
        parts.append(cylinder(0.12, 0.2, STEEL, pose((x, side * (half_width - 0.1), z), roll=np.pi / 2), 12))
    return parts


def _stripe_on_tank(
    back: float, front: float, half: float, height: float, z: float, material: Material
) -> list[Part]:
    sign = rectangle(back, front, z - height / 2, z + height / 2)
    return on_sides(sign, half + 0.005, material, 0.03)


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
    parts += _tank_top(generator, back, front, middle, half_height)
    cabinet = paint(generator, SILVER, WHITE)
    parts.append(
        block((front + 0.05, half - 1.85), (-width / 2, width / 2), (deck - 0.4, middle + 0.3), cabinet)
    )
    parts += _reels((front + half - 1.8) / 2, width / 2 + 0.12, deck + 0.35)
    x = (back + front) / 2
    parts += _stripe_on_tank(
        x - pick(0.8, 1.6), x + pick(0.8, 1.6), half_width, pick(0.3, 0.5), middle, accent(generator)
    )
    parts += _stripe_on_tank(back + 0.7, back + 1.0, half_width, 0.3, middle, SIGN_FLAME)
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
    parts += _reels(half - 2.9, width / 2 + 0.1, deck + 0.5)
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
    parts += _tank_top(generator, back, front, middle, tall)
    parts.append(block((-1.2, 0.6), (-width / 2, width / 2), (0.5, deck), paint(generator, SILVER)))
    parts += _reels(-0.3, width / 2 + 0.1, deck - 0.35)
    parts += _stripe_on_tank(back + 1.5, front - 1.5, 0.49 * width, pick(0.2, 0.5), middle, accent(generator))
    return standing(parts + rear_lights(-half + 0.15, width, 0.7, 0.18))


def _service_base(generator: np.random.Generator, body: Material) -> tuple[list[Part], float, float, float]:
    pick = picker(generator)
    length, width = pick(5.6, 7.0), pick(2.0, 2.3)
    half = length / 2
    parts, deck = truck(
        generator, body, -half, half, width, 1.5, pick(2.1, 2.3), (half - 1.05, -half + 1.3), 0.38
    )
    return parts, deck, half, width


def _basket(
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
    parts += _basket(generator, -half + 0.6, 0.0, z, 1.3, width - 0.3)
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
    parts += _stripe_on_tank(back + 0.5, front - 0.5, 0.42 * width, pick(0.2, 0.35), middle, blue)
    parts.append(
        block((back - 0.45, back - 0.02), (-0.45 * width, 0.45 * width), (deck - 0.2, deck + 0.9), blue)
    )
    parts += ladder((back - 0.5, 0.5, 0.45), (back - 0.5, 0.5, middle + tall), 0.4, STEEL)
    return standing(parts + _reels(front + 0.05, width / 2 + 0.05, deck + 0.3))


def water_cabinet(generator: np.random.Generator) -> list[Part]:
    """Build a drinking water truck with a closed white and blue cabinet and a basket on top of the cab's back."""
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
    parts += _basket(generator, back + 0.7, 0.0, top + pick(0.1, 0.8), 1.2, width - 0.5)
    parts.append(bar((back + 0.7, 0.0, top - 0.1), (back + 0.7, 0.0, top + 0.8), 0.14, STEEL))
    return standing(parts + ladder((back - 0.04, 0.4, 0.5), (back - 0.04, 0.4, top), 0.4, STEEL))


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
    parts.append(bar(root + [0.9, 0.0, -0.3], root + 0.4 * length * ahead, 0.16, STEEL))
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
    parts.append(bar(root + [-0.6, 0.0, -0.1], root + 0.5 * (knee - root) + [0.1, 0.0, -0.25], 0.14, STEEL))
    return standing(parts + _basket(generator, float(tip[0]) + 0.6, 0.0, float(tip[2]) - 0.3, 1.1, 1.2))


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


SERVICE = (
    Asset("fuel truck", "vehicle", (fuel_rigid, fuel_dispenser, fuel_articulated)),
    Asset("lavatory truck", "vehicle", (lavatory_platform, lavatory_round)),
    Asset("water truck", "vehicle", (water_tank, water_cabinet)),
    Asset("de-icer", "vehicle", (deicer_raised, deicer_folded, deicer_stowed)),
)
