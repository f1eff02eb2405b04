"""Airport fire engines and ambulances."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLUE,
    GLASS,
    HEADLIGHT,
    LIME,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    beacon,
    front_lights,
    light_bar,
    mirrors,
    paint,
    rear_lights,
    truck,
    warning,
)
from clipomaly_ros.simulation.assets.cars import VAN_LEAN, van
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    arches,
    axle,
    bar,
    beam,
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
from clipomaly_ros.simulation.mesh import Part, cylinder, pose


def _crash_tender(generator: np.random.Generator, axles: int) -> tuple[list[Part], float, float, float]:
    """Build an airport crash tender up to its turret: parts, half length, width, roof height [m]."""
    pick = picker(generator)
    length, width, radius = (
        (pick(8.2, 9.2), 2.9, 0.66) if axles == 2 else (pick(10.8, 12.0), pick(2.95, 3.05), 0.68)
    )
    half, top, low = length / 2, pick(3.3, 3.6), 0.75
    body = paint(generator, RED, RED, RED, LIME, YELLOW, (0.75, 0.06, 0.02))
    face = half - pick(0.35, 0.55)
    shell = [
        (-half, low + 0.15),
        (-half + 0.3, low),
        (half - 0.25, low),
        (half, 1.2),
        (half, 1.5),
        (face, top - 0.25),
    ]
    shell += [
        (face - 0.35, top),
        (face - 2.4, top),
        (face - 2.5, top - 0.25),
        (-half + 0.1, top - 0.25),
        (-half, top - 0.45),
    ]
    parts = [extruded(shell, width, body)]
    parts.append(slab((half - 0.01, 1.52), (face + 0.05, top - 0.3), 0.93 * width, GLASS, 0.015))
    door = [(face - 2.0, 1.75), (half - 0.3, 1.75), (face - 0.15, top - 0.35), (face - 2.0, top - 0.35)]
    parts += on_sides(door, width / 2, GLASS, 0.012)
    white = Material(WHITE, gloss=0.4, reflectance=0.85, retro=True)
    parts += on_sides(
        rectangle(-half + 0.1, half - 0.2, 1.35, 1.35 + pick(0.15, 0.3)), width / 2, white, 0.008
    )
    shutter = Material(
        (0.5, 0.5, 0.51), (0.25, 0.25, 0.26), Pattern.STRIPES, 0.1, gloss=0.4, metallic=0.4, reflectance=0.45
    )
    for x in np.arange(-half + 0.4, face - 3.8, 1.5):
        parts += on_sides(rectangle(float(x), float(x) + 1.3, 1.72, top - 0.55), width / 2, shutter, 0.012)
    wheels = (half - 1.9, -half + 1.9) if axles == 2 else (half - 2.0, -half + 3.3, -half + 1.7)
    for x in wheels:
        parts += arches(x, width / 2, radius) + axle(x, width / 2 + 0.04, radius, 0.46)
    parts.append(
        block((half - 0.15, half + 0.14), (-0.48 * width, 0.48 * width), (low - 0.05, low + 0.35), DARK)
    )
    parts += front_lights(half + 0.13, width, low + 0.1, 0.2) + rear_lights(-half, width, 1.0, 0.3)
    parts.append(block((half, half + 0.2), (-0.15, 0.15), (1.22, 1.45), DARK))
    parts.append(block((-half - 0.012, -half), (-0.46 * width, 0.46 * width), (1.3, 2.4), warning(generator)))
    parts += mirrors(half - 0.1, width / 2, 2.3, 0.5)
    parts += light_bar(generator, face - 0.7, top, 0.8 * width, BLUE)
    parts += beacon(generator, -half + 0.3, 0.4 * width, top - 0.25, BLUE) + beacon(
        generator, -half + 0.3, -0.4 * width, top - 0.25, BLUE
    )
    parts += ladder(
        (-half + 0.6, 0.35 * width, top - 0.15), (face - 2.7, 0.35 * width, top - 0.15), 0.45, STEEL
    )
    return parts, half, width, top


def _monitor(x: float, z: float) -> list[Part]:
    """Build the water cannon of a turret."""
    return [
        cylinder(0.25, 0.3, STEEL, pose((x, 0.0, z + 0.15)), 14),
        bar((x, 0.0, z + 0.35), (x + 1.5, 0.0, z + 0.6), 0.2, DARK),
        block((x - 0.2, x + 0.4), (-0.25, 0.25), (z + 0.25, z + 0.5), STEEL),
    ]


def fire_engine_large(generator: np.random.Generator) -> list[Part]:
    """Build a three-axle crash tender with a roof turret."""
    parts, half, _, top = _crash_tender(generator, 3)
    return standing(parts + _monitor(half - 2.3, top))


def fire_engine_small(generator: np.random.Generator) -> list[Part]:
    """Build a two-axle crash tender with a roof turret."""
    parts, half, _, top = _crash_tender(generator, 2)
    return standing(parts + _monitor(half - 2.2, top))


def fire_engine_boom(generator: np.random.Generator) -> list[Part]:
    """Build a crash tender whose high reach extendable turret is raised over the cab."""
    pick = picker(generator)
    parts, half, _, top = _crash_tender(generator, 3)
    arm = paint(generator, WHITE, SILVER, YELLOW)
    root, angle, length = np.array([-half + 1.5, 0.0, top]), pick(0.15, 0.6), pick(7.0, 8.5)
    knee = root + length * np.array([np.cos(angle), 0.0, np.sin(angle)])
    tip = knee + 2.2 * np.array([1.0, 0.0, -0.2])
    parts.append(block((-half + 1.0, -half + 2.0), (-0.5, 0.5), (top - 0.3, top + 0.1), DARK))
    parts += [beam(root, knee, 0.45, 0.5, arm), beam(knee, tip, 0.3, 0.35, arm)]
    return standing([*parts, bar(tip, tip + np.array([0.7, 0.0, -0.2]), 0.12, DARK)])


def _rescue_marks(
    generator: np.random.Generator, half: float, width: float, low: float, high: float
) -> list[Part]:
    """Put chequered bands and a cross on the sides."""
    first, second = ((RED, WHITE), (LIME, BLUE), (RED, LIME))[int(generator.integers(3))]
    band = Material(first, second, Pattern.CHECKS, 0.35, gloss=0.4, reflectance=0.8, retro=True)
    parts = on_sides(rectangle(-half + 0.1, half - 0.5, low, low + 0.35), width / 2, band, 0.007)
    cross = paint(generator, RED, BLUE)
    x, z, arm = -0.35 * half, (low + 0.35 + high) / 2, min(0.35, 0.4 * (high - low - 0.35))
    parts += on_sides(rectangle(x - arm, x + arm, z - arm / 3, z + arm / 3), width / 2, cross, 0.008)
    return parts + on_sides(rectangle(x - arm / 3, x + arm / 3, z - arm, z + arm), width / 2, cross, 0.008)


def ambulance_van(generator: np.random.Generator) -> list[Part]:
    """Build an ambulance from a high van."""
    pick = picker(generator)
    length, width, tall = pick(5.6, 6.3), pick(1.95, 2.05), pick(2.5, 2.75)
    parts = van(generator, paint(generator, WHITE, WHITE, (0.8, 0.6, 0.05)), length, width, tall, panes=False)
    parts += leaning(_rescue_marks(generator, length / 2, width, 0.7, tall - 0.3), 1.2, VAN_LEAN)
    parts += light_bar(generator, 0.14 * length, tall - 0.01, 0.75 * width, BLUE)
    return standing(parts + beacon(generator, -0.45 * length, 0.0, tall, BLUE))


def ambulance_box(generator: np.random.Generator) -> list[Part]:
    """Build an ambulance with a square body behind a truck's cab."""
    pick = picker(generator)
    length, width = pick(6.0, 7.0), pick(2.15, 2.35)
    half, top = length / 2, pick(2.8, 3.0)
    body = paint(generator, WHITE, WHITE, (0.8, 0.6, 0.05))
    parts, deck = truck(
        generator, body, -half, half, width, 1.6, pick(2.2, 2.4), (half - 1.1, -half + 1.5), 0.4, 0.45
    )
    front = half - 1.65
    parts.append(block((-half, front), (-width / 2, width / 2), (deck - 0.25, top), body))
    marks = _rescue_marks(generator, (front + half) / 2, width, deck - 0.15, top - 0.2)
    parts += [part.moved(pose(((front - half) / 2 + 0.2, 0.0, 0.0))) for part in marks]
    parts += on_sides(rectangle(front - 1.0, front - 0.4, top - 0.9, top - 0.4), width / 2, GLASS, 0.012)
    parts.append(block((-half - 0.01, -half), (-0.4 * width, 0.4 * width), (top - 0.9, top - 0.3), GLASS))
    for side in (1, -1):
        y = sorted((side * 0.3 * width, side * 0.48 * width))
        lamp = Material(BLUE, gloss=0.8, emission=float(generator.choice([0.0, 2.0])))
        parts += [
            block((x - 0.1, x + 0.1), (y[0], y[1]), (top, top + 0.14), lamp)
            for x in (-half + 0.2, front - 0.2)
        ]
        parts.append(block((front, front + 0.03), (y[0], y[1]), (top - 0.25, top - 0.1), HEADLIGHT))
    return standing(parts)


RESCUE = (
    Asset("fire engine", "vehicle", (fire_engine_large, fire_engine_small, fire_engine_boom)),
    Asset("ambulance", "vehicle", (ambulance_van, ambulance_box)),
)
