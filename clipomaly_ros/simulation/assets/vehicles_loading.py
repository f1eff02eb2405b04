"""What lifts baggage and containers up to an aircraft's hold."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GLASS,
    ORANGE,
    RED,
    SILVER,
    TEAL,
    WHITE,
    YELLOW,
    beacon,
    front_lights,
    paint,
    rear_lights,
    stripe,
    warning,
)
from clipomaly_ros.simulation.assets.equipment_units import drawbar
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    RUBBER,
    STEEL,
    arches,
    axle,
    bar,
    beam,
    block,
    extruded,
    picker,
    railing,
    scissor,
    slab,
    standing,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, cylinder, pose

BELT = Material(
    (0.03, 0.03, 0.03), (0.06, 0.06, 0.06), Pattern.RIBS, 0.2, gloss=0.15, reflectance=0.08, dirt=0.4
)


def _belt(
    generator: np.random.Generator, length: float, width: float, low: float, high: float, y: float
) -> list[Part]:
    """Build a conveyor from (x = -length/2, z = low) up to the front (z = high) with side rails."""
    a, b = (-length / 2, low), (length / 2, high)
    body = paint(generator, WHITE, SILVER, YELLOW, BLUE)
    parts = [
        slab(a, b, width, body, 0.12, y),
        slab((a[0], low + 0.03), (b[0], high + 0.03), width - 0.16, BELT, 0.12, y),
    ]
    # The slab's upper side is its back: the belt itself stands out above the frame.
    for side in (1, -1):
        edge = y + side * (width / 2 - 0.03)
        parts.append(beam((a[0], edge, low + 0.2), (b[0], edge, high + 0.2), 0.05, 0.12, body))
        for x, z in (a, b):
            parts.append(cylinder(0.1, 0.1, DARK, pose((x, edge, z + 0.05), roll=np.pi / 2), 10))
    for x, z in (a, b):
        parts.append(cylinder(0.11, width - 0.1, RUBBER, pose((x, y, z + 0.02), roll=np.pi / 2), 12))
    if generator.random() < 0.7:
        rail = paint(generator, YELLOW, RED, WHITE)
        steps = [
            (x, y - width / 2 + 0.02, low + (x / length + 0.5) * (high - low) + 0.2)
            for x in np.linspace(-0.35 * length, 0.47 * length, 2)
        ]
        parts += railing(steps, 0.75, rail, 1.2)
    for side in (1, -1):
        y0 = sorted((y + side * 0.25 * width, y + side * 0.5 * width))
        parts.append(block((b[0] + 0.08, b[0] + 0.2), (y0[0], y0[1]), (high - 0.12, high + 0.12), RUBBER))
    return parts


def _belt_chassis(generator: np.random.Generator, closed: bool) -> list[Part]:
    pick = picker(generator)
    length, width, radius = pick(6.8, 8.2), pick(1.9, 2.2), pick(0.34, 0.4)
    half, deck = length / 2, pick(0.75, 0.9)
    body = paint(generator, YELLOW, WHITE, WHITE, ORANGE, BLUE, RED, TEAL)
    hull = [
        (-0.78 * half, 0.3),
        (0.7 * half, 0.3),
        (0.7 * half, deck - 0.1),
        (0.66 * half, deck),
        (-0.78 * half, deck),
    ]
    parts = [extruded(hull, width, body)]
    for x in (-0.45 * half, 0.45 * half):
        parts += arches(x, width / 2, radius) + axle(x, width / 2 + 0.02, radius, 0.22)
    low, high = pick(0.6, 1.2), pick(1.9, 3.6)
    belt_width = pick(0.85, 1.05)
    y = -(width - belt_width) / 2 + 0.05
    middle = deck + 0.05
    # The conveyor clears its own chassis.
    low = max(low, middle + 0.1 - 0.12 * (high - middle))
    parts += _belt(generator, length, belt_width, low, high, y)
    at = 0.25
    z = low + (at + 0.5) * (high - low)
    for side in (1, -1):
        edge = y + side * belt_width * 0.4
        parts.append(beam((-0.1 * length, edge, deck), (at * length, edge, z - 0.1), 0.08, 0.12, STEEL))
    left = y + belt_width / 2 + 0.03
    cab_y, cab_width = (left + width / 2) / 2, width / 2 - left
    front, back = 0.62 * half, 0.62 * half - pick(1.2, 1.5)
    top = deck + pick(0.95, 1.15)
    if closed:
        shell = [(back, 0.5), (front, 0.5), (front, deck + 0.3), (front - 0.25, top), (back, top)]
        parts.append(extruded(shell, cab_width, body, cab_y))
        pane = [
            (back + 0.1, deck + 0.2),
            (front - 0.08, deck + 0.2),
            (front - 0.27, top - 0.08),
            (back + 0.1, top - 0.08),
        ]
        parts.append(extruded(pane, cab_width + 0.03, GLASS, cab_y))
        parts.append(
            slab((front, deck + 0.32), (front - 0.23, top - 0.06), cab_width - 0.1, GLASS, 0.015, cab_y)
        )
        parts += beacon(generator, (front + back) / 2 - 0.2, cab_y, top)
    else:
        seat = Material((0.03, 0.03, 0.035), gloss=0.2, reflectance=0.15)
        parts.append(block((back + 0.1, back + 0.6), (cab_y - 0.22, cab_y + 0.22), (deck, deck + 0.15), seat))
        parts.append(slab((back + 0.02, deck + 0.65), (back + 0.1, deck + 0.1), 0.42, seat, 0.06, cab_y))
        parts.append(
            block(
                (front - 0.25, front),
                (cab_y - cab_width / 2, cab_y + cab_width / 2),
                (deck, deck + 0.35),
                body,
            )
        )
        pole = (-0.7 * half, width / 2 - 0.1)
        parts.append(bar((*pole, deck), (*pole, deck + 0.9), 0.04, STEEL))
        parts += beacon(generator, *pole, deck + 0.9)
    parts += stripe(generator, -0.3 * half, 0.25 * half, width / 2, 0.4, deck)
    parts += front_lights(0.7 * half, width, 0.42, 0.14) + rear_lights(-0.78 * half, width, 0.5, 0.14)
    parts.append(
        block(
            (-0.78 * half - 0.015, -0.77 * half),
            (-0.45 * width, 0.45 * width),
            (0.32, 0.48),
            warning(generator),
        )
    )
    return standing(parts)


def belt_loader_open(generator: np.random.Generator) -> list[Part]:
    """Build a self-propelled belt loader with an open seat beside the belt."""
    return _belt_chassis(generator, closed=False)


def belt_loader_cabin(generator: np.random.Generator) -> list[Part]:
    """Build a self-propelled belt loader with a closed cab beside the belt."""
    return _belt_chassis(generator, closed=True)


def belt_loader_towed(generator: np.random.Generator) -> list[Part]:
    """Build a towed belt loader: a conveyor on a two-axle trailer, lifted by arms."""
    pick = picker(generator)
    length, radius = pick(5.2, 6.5), 0.26
    low, high = pick(0.7, 0.9), pick(1.8, 2.8)
    frame = paint(generator, YELLOW, BLUE, RED)
    parts = _belt(generator, length, pick(0.8, 1.0), low, high, 0.0)
    parts.append(block((-0.35 * length, 0.3 * length), (-0.35, 0.35), (0.42, 0.56), frame))
    for x in (-0.25 * length, 0.22 * length):
        parts += axle(x, 0.75, radius, 0.18)
    for side in (1, -1):
        y = side * 0.33
        top = low + 0.75 * (high - low) - 0.1
        parts.append(beam((-0.1 * length, y, 0.5), (0.25 * length, y, top), 0.07, 0.12, frame))
        parts.append(
            beam(
                (0.25 * length, y, 0.5), (-0.2 * length, y, low + 0.3 * (high - low) - 0.1), 0.07, 0.12, frame
            )
        )
    return standing(parts + drawbar(0.3 * length, 0.9, 0.45))


def _container_loader(
    generator: np.random.Generator, main_up: bool, bridge_up: bool, wide: bool
) -> list[Part]:
    pick = picker(generator)
    length, width, radius = pick(8.0, 9.5), pick(3.4, 4.0) if wide else pick(2.7, 3.2), pick(0.38, 0.46)
    half, base = length / 2, 0.75
    body = paint(generator, YELLOW, YELLOW, WHITE, WHITE, BLUE, ORANGE)
    rail = paint(generator, YELLOW, RED, WHITE, SILVER)
    parts = [
        block((-half, half), (s * width / 2 - 0.22, s * width / 2 + 0.22), (0.4, base), body) for s in (1, -1)
    ]
    parts += [
        block((x - 0.15, x + 0.15), (-width / 2, width / 2), (0.4, base - 0.05), DARK)
        for x in (-0.9 * half, 0.0, half - 0.2)
    ]
    for x in (-0.6 * half, 0.55 * half, 0.75 * half):
        parts += axle(x, width / 2 + 0.42, radius, 0.24)
    plates = warning(generator)
    split = pick(0.25, 0.35) * half
    rollers = Material(
        (0.3, 0.3, 0.31), (0.08, 0.08, 0.08), Pattern.RIBS, 0.18, gloss=0.4, metallic=0.5, reflectance=0.35
    )
    main = pick(2.0, 3.2) if main_up else base + 0.22
    bridge = pick(2.4, 3.6) if bridge_up else base + 0.3
    for x0, x1, z in ((-half, split - 0.1, main), (split + 0.05, half + 0.25, bridge)):
        parts.append(block((x0, x1), (-width / 2, width / 2), (z - 0.22, z), body))
        parts.append(
            block((x0 + 0.1, x1 - 0.05), (-width / 2 + 0.2, width / 2 - 0.2), (z - 0.05, z + 0.03), rollers)
        )
        if z > base + 0.6:
            parts += scissor((x0 + 0.25, base), (x1 - 0.25, z - 0.24), width / 2 - 0.25, STEEL)
        guide = block((x0 + 0.05, x1 - 0.1), (-width / 2, -width / 2 + 0.06), (z, z + 0.16), rail)
        parts += [guide, block((x0 + 0.05, x1 - 0.1), (width / 2 - 0.06, width / 2), (z, z + 0.16), rail)]
    parts += railing([(split + 0.2, -width / 2, bridge), (half + 0.1, -width / 2, bridge)], 1.05, rail)
    parts += railing([(split + 0.2, width / 2 + 0.7, bridge), (split + 0.2, width / 2, bridge)], 1.05, rail)
    # The driver stands in a cab at the left side of the bridge and goes up with it.
    x0, x1, y0, y1 = split + 0.5, half + 0.1, width / 2 + 0.02, width / 2 + 0.85
    parts.append(block((split + 0.2, x1), (y0, y1), (bridge - 0.15, bridge - 0.05), DARK))
    pillars = [(x, y) for x in (x0, x1) for y in (y0 + 0.03, y1 - 0.03)]
    top = bridge + 2.0
    parts += [bar((x, y, bridge), (x, y, top), 0.08, body) for x, y in pillars]
    parts.append(block((x0, x1), (y0, y1), (bridge - 0.05, bridge + 0.85), body))
    parts.append(block((x0 + 0.04, x1 - 0.04), (y0 + 0.05, y1 - 0.05), (bridge + 0.85, top), GLASS))
    parts.append(block((x0 - 0.05, x1 + 0.05), (y0 - 0.05, y1 + 0.05), (top, top + 0.08), body))
    parts += beacon(generator, (x0 + x1) / 2, (y0 + y1) / 2, top + 0.08)
    for s in (1, -1):
        y = sorted((s * width / 2 - 0.2, s * width / 2 + 0.2))
        parts.append(block((-half - 0.015, -half + 0.01), (y[0], y[1]), (0.42, base - 0.02), plates))
    parts += stripe(generator, -0.3 * half, 0.3 * half, width / 2 + 0.22, 0.42, base)
    return standing(parts)


def container_loader_ready(generator: np.random.Generator) -> list[Part]:
    """Build a container loader: bridge raised to the door, main platform down or half-way."""
    return _container_loader(generator, main_up=bool(generator.random() < 0.4), bridge_up=True, wide=False)


def container_loader_down(generator: np.random.Generator) -> list[Part]:
    """Build a container loader driving, both platforms down."""
    return _container_loader(generator, main_up=False, bridge_up=False, wide=False)


def container_loader_wide(generator: np.random.Generator) -> list[Part]:
    """Build a wide main deck loader with both platforms up."""
    return _container_loader(generator, main_up=True, bridge_up=True, wide=True)


LOADING = (
    Asset("belt loader", "vehicle", (belt_loader_open, belt_loader_cabin, belt_loader_towed)),
    Asset(
        "container loader", "vehicle", (container_loader_ready, container_loader_down, container_loader_wide)
    ),
)
