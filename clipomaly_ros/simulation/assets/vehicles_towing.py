"""What tows baggage and what is towed: tractors, dollies, carts."""

from __future__ import annotations

import itertools

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GLASS,
    GREEN,
    GREY,
    NAVY,
    ORANGE,
    RED,
    SILVER,
    TEAL,
    WHITE,
    YELLOW,
    beacon,
    front_lights,
    mirrors,
    paint,
    rear_lights,
    stripe,
    warning,
)
from clipomaly_ros.simulation.assets.equipment_containers import double_cut, netted_pallet, single_cut
from clipomaly_ros.simulation.assets.equipment_units import LOUVRES, drawbar
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    Pick,
    arches,
    axle,
    bar,
    beam,
    block,
    extruded,
    on_sides,
    picker,
    slab,
    standing,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, labelled, moved, pose, torus

SEAT = Material((0.03, 0.03, 0.035), gloss=0.2, reflectance=0.15)


def _seat(x: float, y: float, z: float) -> list[Part]:
    return [
        block((x - 0.25, x + 0.25), (y - 0.24, y + 0.24), (z, z + 0.14), SEAT),
        slab((x - 0.32, z + 0.7), (x - 0.22, z + 0.1), 0.46, SEAT, 0.06, y),
    ]


def _steering(x: float, y: float, z: float) -> list[Part]:
    return [
        torus(0.19, 0.02, DARK, pose((x, y, z), pitch=-0.6), 16),
        bar((x, y, z), (x + 0.25, y, z - 0.4), 0.05, DARK),
    ]


def _tractor(
    generator: np.random.Generator, body: Material
) -> tuple[list[Part], Pick, float, float, float, float]:
    """Build a tractor up to its seat: returns parts, picker, back, front, width and floor height [m]."""
    pick = picker(generator)
    length, width = pick(2.7, 3.3), pick(1.25, 1.6)
    back, front, hood, floor = -length / 2, length / 2, pick(0.95, 1.15), 0.55
    rear = pick(0.75, 0.95)
    seat_back, dash = back + 0.34 * length, back + 0.62 * length
    nose = pick(0.05, 0.3)
    outline = [
        (back, 0.3),
        (front, 0.3),
        (front, hood - 0.15),
        (front - 0.1 - nose, hood),
        (dash, hood + 0.05),
    ]
    outline += [(dash, floor), (seat_back, floor), (seat_back, rear), (back, rear)]
    parts = [extruded(outline, width, body)]
    radius = pick(0.27, 0.33)
    for x in (back + 0.5, front - 0.55):
        parts += arches(x, width / 2, radius) + axle(x, width / 2 + 0.04, radius, 0.2)
    parts += _seat(seat_back + 0.32, pick(-0.25, 0.25), floor + 0.15)
    parts += _steering(dash - 0.12, 0.0, hood + 0.08)
    parts += front_lights(front, width, hood - 0.4, 0.13) + rear_lights(back, width, 0.5, 0.12)
    parts.append(
        block((front - 0.03, front + 0.012), (-0.24 * width, 0.24 * width), (0.4, hood - 0.22), LOUVRES)
    )
    parts.append(block((front - 0.1, front + 0.08), (-0.5 * width, 0.5 * width), (0.22, 0.38), DARK))
    parts.append(block((back - 0.16, back), (-0.1, 0.1), (0.32, 0.5), DARK))
    return parts, pick, back, front, width, floor


def tractor_roofed(generator: np.random.Generator) -> list[Part]:
    """Build a baggage tractor with a roof on four posts and a windscreen, open at the sides."""
    body = paint(generator, YELLOW, WHITE, WHITE, BLUE, RED, ORANGE, GREEN, NAVY)
    parts, pick, back, front, width, _ = _tractor(generator, body)
    top, length = pick(1.75, 2.0), front - back
    rear, dash, half = back + 0.2 * length, back + 0.68 * length, width / 2 - 0.06
    roof = body if generator.random() < 0.5 else paint(generator, WHITE)
    parts.append(block((rear - 0.1, dash + 0.02), (-width / 2, width / 2), (top, top + 0.08), roof))
    for side in (1, -1):
        parts.append(bar((rear, side * half, 0.8), (rear, side * half, top), 0.06, DARK))
        parts.append(bar((dash + 0.12, side * half, 1.0), (dash - 0.08, side * half, top), 0.06, DARK))
    parts.append(slab((dash + 0.12, 1.1), (dash - 0.06, top - 0.04), 2 * half - 0.06, GLASS, 0.012))
    return standing(parts + beacon(generator, rear + 0.3, 0.2, top + 0.08))


def tractor_cabin(generator: np.random.Generator) -> list[Part]:
    """Build a baggage tractor with a closed cabin at the back and a long hood."""
    body = paint(generator, WHITE, WHITE, SILVER, YELLOW, BLUE, TEAL, GREEN)
    parts, pick, back, front, width, floor = _tractor(generator, body)
    top, length = pick(1.8, 2.05), front - back
    rear, dash = back + pick(0.05, 0.2) * length, back + 0.64 * length
    cabin = [(rear, floor), (dash + 0.2, floor), (dash + 0.2, 1.05), (dash - 0.05, top), (rear + 0.05, top)]
    parts.append(extruded(cabin, width - 0.06, body))
    window = [(rear + 0.15, 1.08), (dash + 0.08, 1.08), (dash - 0.12, top - 0.1), (rear + 0.17, top - 0.1)]
    parts += on_sides(window, width / 2 - 0.03, GLASS)
    parts.append(slab((dash + 0.2, 1.1), (dash - 0.02, top - 0.08), width - 0.25, GLASS, 0.015))
    parts.append(slab((rear + 0.04, top - 0.1), (rear, 1.1), width - 0.25, GLASS, 0.015))
    parts += stripe(generator, dash + 0.3, front - 0.3, width / 2, 0.5, 0.9)
    parts += mirrors(dash, width / 2 - 0.03, 1.2, 0.25)
    return standing(parts + beacon(generator, rear + 0.4, 0.0, top))


def tractor_open(generator: np.random.Generator) -> list[Part]:
    """Build a baggage tractor without a roof: a roll bar, a beacon on a pole, a low windscreen."""
    body = paint(generator, YELLOW, ORANGE, RED, WHITE, BLUE, GREEN)
    parts, pick, back, front, width, floor = _tractor(generator, body)
    length, half = front - back, width / 2 - 0.08
    rear, dash = back + 0.3 * length, back + 0.63 * length
    arch = [(rear, half, 0.7), (rear, half, 1.55), (rear, -half, 1.55), (rear, -half, 0.7)]
    parts += [bar(a, b, 0.07, DARK) for a, b in itertools.pairwise(arch)]
    parts.append(slab((dash + 0.12, 1.0), (dash + 0.02, pick(1.25, 1.4)), width - 0.2, GLASS, 0.012))
    parts += _seat(rear + 0.38, 0.32 if generator.random() < 0.5 else -0.32, floor + 0.15)
    parts.append(bar((back + 0.15, half, 0.8), (back + 0.15, half, 1.75), 0.04, STEEL))
    parts.append(block((back - 0.01, back + 0.01), (-half, half), (0.42, 0.7), warning(generator)))
    return standing(parts + beacon(generator, back + 0.15, half, 1.75))


def _deck(generator: np.random.Generator, length: float, width: float) -> tuple[list[Part], float]:
    """Build a container dolly's frame with rollers, stops, wheels and drawbar: parts and deck height [m]."""
    pick = picker(generator)
    radius, half = pick(0.2, 0.26), length / 2
    z = 2 * radius + 0.06
    body = paint(generator, YELLOW, SILVER, WHITE, BLUE, RED, GREY)
    parts = [
        beam((-half, s * width * 0.46, z), (half, s * width * 0.46, z), 0.1, 0.14, body) for s in (1, -1)
    ]
    parts += [beam((s * half, -width / 2, z), (s * half, width / 2, z), 0.1, 0.14, body) for s in (1, -1)]
    parts.append(beam((-half, 0.0, z - 0.06), (half, 0.0, z - 0.06), 0.16, 0.1, DARK))
    for x in np.linspace(-half + 0.2, half - 0.2, 8):
        parts.append(cylinder(0.04, 0.86 * width, STEEL, pose((x, 0.0, z + 0.05), roll=np.pi / 2), 8))
    for x in (-0.62 * half, 0.62 * half):
        parts += axle(x, width * 0.45, radius, 0.16)
    for x in (-half, half):
        for side in (1, -1):
            parts.append(
                block(
                    (x - 0.06, x + 0.06),
                    (side * 0.4 * width - 0.06, side * 0.4 * width + 0.06),
                    (z, z + 0.16),
                    body,
                )
            )
    return parts + drawbar(half, pick(0.8, 1.3), z - 0.06), z + 0.09


def dolly_empty(generator: np.random.Generator) -> list[Part]:
    """Build an empty container dolly."""
    pick = picker(generator)
    return standing(_deck(generator, pick(2.6, 3.6), pick(1.55, 1.9))[0])


def dolly_loaded(generator: np.random.Generator) -> list[Part]:
    """Build a dolly with a container on it; the container is labelled as its own class."""
    wide = bool(generator.random() < 0.35)
    parts, z = _deck(generator, 3.4 if wide else 2.4, 1.7)
    load = (double_cut if wide else single_cut)(generator)
    return standing(parts + labelled(moved(load, pose((0.0, 0.0, z))), "uld"))


def dolly_cart(generator: np.random.Generator) -> list[Part]:
    """Build a baggage cart: a flat bed with a roof on posts, a curtain, suitcases in it."""
    pick = picker(generator)
    length, width, radius = pick(2.5, 3.2), pick(1.4, 1.6), 0.2
    half, z, top = length / 2, 0.5, pick(1.7, 2.0)
    body = paint(generator, SILVER, WHITE, BLUE, YELLOW, GREEN, GREY)
    parts = [block((-half, half), (-width / 2, width / 2), (z - 0.1, z), body)]
    for x in (-0.6 * half, 0.6 * half):
        parts += axle(x, width * 0.45, radius, 0.14)
    parts += drawbar(half, pick(0.8, 1.2), z - 0.1)
    ends = paint(generator, SILVER, WHITE, GREY)
    for x in (-half + 0.03, half - 0.03):
        parts.append(
            block(
                (x - 0.03, x + 0.03),
                (-width / 2, width / 2),
                (z, top if generator.random() < 0.6 else z + 0.9),
                ends,
            )
        )
        for side in (1, -1):
            parts.append(
                bar((x, side * (width / 2 - 0.04), z), (x, side * (width / 2 - 0.04), top), 0.06, body)
            )
    if generator.random() < 0.75:
        cover = paint(generator, BLUE, WHITE, RED, NAVY, GREY, GREEN)
        roof = [(-half, top), (half, top), (half - 0.05, top + 0.08), (-half + 0.05, top + 0.08)]
        parts.append(extruded(roof, width, cover))
        parts.append(block((-half, half), (width / 2 - 0.02, width / 2), (z + 0.1, top), cover))
    for x in np.arange(-half + 0.35, half - 0.3, 0.42):
        for level in range(int(generator.integers(0, 3))):
            size = (pick(0.28, 0.38), pick(0.5, 0.8), pick(0.35, 0.42))
            case = paint(generator, (0.02, 0.02, 0.025), NAVY, RED, GREY, SILVER, TEAL, (0.3, 0.12, 0.05))
            where = pose((x, pick(-0.15, 0.15), z + 0.21 + level * 0.42), yaw=pick(-0.15, 0.15))
            parts.append(box(size, case, where))
    return standing(parts)


def dolly_pallet(generator: np.random.Generator) -> list[Part]:
    """Build a long pallet dolly with a netted pallet; the load is labelled as its own class."""
    parts, z = _deck(generator, 3.5, 2.4)
    return standing(parts + labelled(moved(netted_pallet(generator), pose((0.0, 0.0, z))), "uld"))


TOWING = (
    Asset("baggage tractor", "vehicle", (tractor_roofed, tractor_cabin, tractor_open)),
    Asset("dolly", "vehicle", (dolly_empty, dolly_loaded, dolly_cart, dolly_pallet)),
)
