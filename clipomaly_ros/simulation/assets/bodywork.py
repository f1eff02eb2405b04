"""Cabs, cars and what is painted and fixed on them: liveries, glass, lights, beacons, warning plates."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    Point,
    arches,
    axle,
    block,
    cut,
    extruded,
    frame,
    leaning,
    on_sides,
    picker,
    rectangle,
    slab,
)
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, cylinder, pose, revolve

GLASS = Material((0.03, 0.045, 0.055), gloss=0.95, mirror=0.3, reflectance=0.08, dirt=0.1)
HEADLIGHT = Material((0.85, 0.87, 0.85), gloss=0.95, mirror=0.15, reflectance=0.6, dirt=0.05)
TAIL_LIGHT = Material((0.5, 0.012, 0.01), gloss=0.8, reflectance=0.6, retro=True)
PLATE = Material((0.75, 0.7, 0.55), gloss=0.3, reflectance=0.7, retro=True)

WHITE: Colour = (0.78, 0.78, 0.77)
SILVER: Colour = (0.45, 0.46, 0.48)
YELLOW: Colour = (0.85, 0.5, 0.015)
ORANGE: Colour = (0.8, 0.22, 0.015)
RED: Colour = (0.55, 0.02, 0.018)
BLUE: Colour = (0.02, 0.1, 0.42)
NAVY: Colour = (0.012, 0.025, 0.1)
GREEN: Colour = (0.03, 0.26, 0.09)
TEAL: Colour = (0.0, 0.25, 0.3)
GREY: Colour = (0.2, 0.21, 0.22)
LIME: Colour = (0.5, 0.75, 0.03)
BLACK: Colour = (0.025, 0.025, 0.025)

FLEET = (WHITE, WHITE, WHITE, SILVER, YELLOW, YELLOW, ORANGE, RED, BLUE, NAVY, GREEN, TEAL, GREY)


def paint(generator: np.random.Generator, *colours: Colour) -> Material:
    """Pick one of the colours (of a ground handler's fleet if none is given) and weather it a little."""
    choices = colours or FLEET
    colour = np.array(choices[int(generator.integers(len(choices)))])
    red, green, blue = np.clip(
        colour * generator.uniform(0.8, 1.1) + generator.normal(0, 0.01, 3), 0.008, 0.9
    )
    bright = 0.15 + 0.6 * float(red)
    return Material(
        (float(red), float(green), float(blue)),
        gloss=float(generator.uniform(0.35, 0.7)),
        reflectance=min(bright, 0.85),
        dirt=float(generator.uniform(0.1, 0.35)),
    )


def accent(generator: np.random.Generator) -> Material:
    """Pick a strong colour for stripes and lettering."""
    return paint(generator, RED, BLUE, NAVY, GREEN, TEAL, ORANGE, YELLOW, BLACK)


def warning(generator: np.random.Generator) -> Material:
    """Pick warning stripes: red and white, or black and yellow, retro-reflective."""
    first, second = ((RED, WHITE), (YELLOW, BLACK))[int(generator.integers(2))]
    return Material(first, second, Pattern.CHEVRONS, 0.3, gloss=0.3, reflectance=0.8, retro=True)


def beacon(
    generator: np.random.Generator, x: float, y: float, z: float, colour: Colour = ORANGE
) -> list[Part]:
    """Build a beacon light standing at x, y, z [m]; half of them are lit."""
    lamp = Material(colour, gloss=0.8, emission=float(generator.choice([0.0, 2.0])), reflectance=0.4)
    dome = [(0.0, 0.0), (0.075, 0.0), (0.07, 0.11), (0.04, 0.15), (0.0, 0.16)]
    return [
        cylinder(0.085, 0.05, DARK, pose((x, y, z + 0.025)), 10),
        revolve(dome, lamp, pose((x, y, z + 0.05)), 10),
    ]


def light_bar(
    generator: np.random.Generator, x: float, z: float, width: float, colour: Colour = ORANGE
) -> list[Part]:
    """Build a flat light bar across the roof at x and z [m]."""
    lamp = Material(colour, gloss=0.8, emission=float(generator.choice([0.3, 2.5])), reflectance=0.4)
    half = width / 2
    return [
        block((x - 0.12, x + 0.12), (-half, half), (z, z + 0.05), DARK),
        block((x - 0.13, x + 0.13), (0.35 * half, half), (z + 0.03, z + 0.15), lamp),
        block((x - 0.13, x + 0.13), (-half, -0.35 * half), (z + 0.03, z + 0.15), lamp),
        block((x - 0.1, x + 0.1), (-0.35 * half, 0.35 * half), (z + 0.03, z + 0.12), HEADLIGHT),
    ]


def front_lights(x: float, width: float, z: float, height: float = 0.16) -> list[Part]:
    """Build headlights on the face at x, width of the vehicle, at height z [m]."""
    outer, inner = 0.46 * width, 0.3 * width
    return [
        block((x - 0.1, x + 0.025), (s * inner, s * outer), (z, z + height), HEADLIGHT) for s in (1, -1)
    ] + [block((x, x + 0.03), (-0.26, 0.26), (z - 0.25, z - 0.14), PLATE)]


def rear_lights(x: float, width: float, z: float, height: float = 0.22) -> list[Part]:
    """Build tail lights on the back at x, width of the vehicle, at height z [m]."""
    return [
        block(
            (x - 0.03, x + 0.06),
            (s * 0.36 * width, s * 0.47 * width),
            (z, z + height),
            TAIL_LIGHT,
        )
        for s in (1, -1)
    ]


def mirrors(x: float, half_width: float, z: float, size: float = 0.3) -> list[Part]:
    """Build outside mirrors beside a cab at x and z [m]."""
    return [
        block(
            (x - 0.04, x + 0.06),
            (s * half_width, s * (half_width + 0.22)),
            (z, z + size),
            DARK,
        )
        for s in (1, -1)
    ]


def cab(
    generator: np.random.Generator,
    body: Material,
    front: float,
    length: float,
    width: float,
    bottom: float,
    top: float,
    rake: float = 0.22,
) -> list[Part]:
    """Build a truck's cab with panes, bumper, lights, mirrors, doors and a beacon, its front at x [m]."""
    height, back = top - bottom, front - length
    waist, head = bottom + 0.46 * height, top - 0.09 * height
    face = front - rake * (head - waist) / (top - waist)
    shell = [(back, bottom), (front - 0.06, bottom), (front, bottom + 0.1), (front, waist), (face, head)]
    shell += [(front - rake - 0.15, top), (back, top)]
    shell_parts = [extruded(side, width, body) for side in cut(shell, waist)]
    shell_parts.append(slab((front, waist + 0.03), (face, head), 0.9 * width, GLASS, 0.015))
    door = min(length, 1.45)
    window = [(front - door + 0.12, waist), (front - 0.1, waist - 0.08), (face - 0.1, head - 0.05)]
    window += [(front - door + 0.12, head - 0.05)]
    shell_parts += on_sides(window, width / 2, GLASS)
    seam = rectangle(front - door, front - door + 0.025, bottom + 0.1, top - 0.15)
    shell_parts += on_sides(seam, width / 2, DARK, 0.006)
    handle = rectangle(front - door + 0.1, front - door + 0.26, waist - 0.16, waist - 0.11)
    shell_parts += on_sides(handle, width / 2, DARK)
    grille = Material(
        (0.04, 0.04, 0.042), (0.015, 0.015, 0.015), Pattern.RIBS, 0.08, gloss=0.3, reflectance=0.15
    )
    parts = leaning(shell_parts, waist, 0.04)
    parts.append(
        block(
            (front - 0.05, front + 0.02), (-0.33 * width, 0.33 * width), (waist - 0.42, waist - 0.12), grille
        )
    )
    bumper = body if generator.random() < 0.3 else DARK
    low = bottom - 0.25
    parts.append(
        block((front - 0.3, front + 0.09), (-0.5 * width, 0.5 * width), (low, bottom + 0.12), bumper)
    )
    parts += front_lights(front + 0.08, width, low + 0.17)
    parts += mirrors(front - 0.12, 0.49 * width, waist + 0.1, 0.42)
    parts += beacon(generator, front - 0.55 - rake, float(generator.choice([0.0, 0.3])) * width, top)
    return parts


def stripe(
    generator: np.random.Generator, back: float, front: float, half_width: float, low: float, high: float
) -> list[Part]:
    """Paint a livery on both flat sides of a body between x = back and front, z = low and high [m].

    A level band, a slanted field, or a sign with lettering-like blocks.
    """
    pick = picker(generator)
    colour = accent(generator)
    length, height = front - back, high - low
    style = int(generator.integers(3))
    if style == 0:
        z = low + pick(0.1, 0.6) * height
        return on_sides(rectangle(back, front, z, z + pick(0.12, 0.3) * height), half_width, colour, 0.006)
    if style == 1:
        x, wide, slant = back + pick(0.0, 0.4) * length, pick(0.2, 0.4) * length, pick(-0.2, 0.2) * length
        outline = [(x, low), (x + wide, low), (x + wide + slant, high), (x + slant, high)]
        outline = [(min(max(px, back), front), pz) for px, pz in outline]
        return on_sides(outline, half_width, colour, 0.006)
    x, z, tall = back + pick(0.1, 0.3) * length, low + pick(0.35, 0.6) * height, pick(0.15, 0.28) * height
    parts: list[Part] = []
    for _ in range(int(generator.integers(4, 9))):
        wide = tall * pick(0.35, 0.8)
        if x + wide > front - 0.1:
            break
        parts += on_sides(rectangle(x, x + wide, z, z + tall), half_width, colour, 0.006)
        x += wide + 0.18 * tall
    return parts


def car(
    generator: np.random.Generator,
    body: Material,
    shell: list[Point],
    windows: list[list[Point]],
    windscreen: tuple[Point, Point],
    rear_window: tuple[Point, Point],
    width: float,
    axles: Point,
    radius: float,
    shoulder: float,
    lean: float = 0.16,
) -> list[Part]:
    """Build a car or van from its side view.

    shell: outline (x, z) [m]; windows: outlines of the side panes; windscreen, rear_window: lines
    from below upwards, and from above downwards. axles: x of both; radius: of the wheels;
    shoulder: height above which the sides lean inwards, by lean of the width per metre.
    """
    half = width / 2
    back, front = min(x for x, _ in shell), max(x for x, _ in shell)
    leant = [extruded(side, width, body) for side in cut(shell, shoulder)]
    for outline in windows:
        leant += on_sides(outline, half, GLASS, 0.012)
    leant.append(slab(*windscreen, 0.88 * width, GLASS, 0.015))
    leant.append(slab(*rear_window, 0.82 * width, GLASS, 0.015))
    parts = leaning(leant, shoulder, lean)
    for x in axles:
        parts += arches(x, half, radius)
        parts += axle(x, half + 0.03, radius, 0.22)
    low = radius * 0.75
    parts.append(block((front - 0.2, front + 0.04), (-0.48 * width, 0.48 * width), (low, low + 0.22), DARK))
    parts.append(block((back - 0.05, back + 0.2), (-0.48 * width, 0.48 * width), (low, low + 0.22), DARK))
    parts += front_lights(front + 0.02, width, low + 0.3, 0.13)
    parts += rear_lights(back, width, low + 0.32, 0.25)
    parts += mirrors(windscreen[0][0] - 0.25, half - 0.02, windscreen[0][1] - 0.02, 0.16)
    return parts


def underbody(back: float, front: float, width: float, low: float, high: float) -> Part:
    """Build the dark box of engine, tanks and mudguards below a body [m]."""
    return block((back, front), (-0.42 * width, 0.42 * width), (low, high), DARK)


def truck(
    generator: np.random.Generator,
    body: Material,
    back: float,
    front: float,
    width: float,
    cab_length: float,
    top: float,
    axles: tuple[float, ...],
    radius: float = 0.48,
    rake: float = 0.22,
) -> tuple[list[Part], float]:
    """Build a truck without its load: frame, axles (front one first), cab up to the height top, lights.

    Returns the parts and the height of the deck [m].
    """
    deck = 2 * radius + 0.12
    parts = frame(back, front - cab_length, width, deck)
    parts += cab(generator, body, front, cab_length, width, 0.62 + 0.1 * radius, top, rake)
    parts += arches(axles[0], width / 2, radius)
    parts += axle(axles[0], width / 2 + 0.03, radius, 0.28)
    for x in axles[1:]:
        parts += axle(x, width / 2, radius, 0.26, dual=True)
        parts.append(
            block((x - 1.25 * radius, x + 1.25 * radius), (-width / 2, width / 2), (deck - 0.08, deck), DARK)
        )
    parts.append(underbody(axles[1] + 1.3 * radius, axles[0] - 1.3 * radius, width, 0.45, deck - 0.1))
    parts.append(block((back - 0.03, back + 0.06), (-0.48 * width, 0.48 * width), (0.5, 0.72), DARK))
    parts += rear_lights(back - 0.02, width, deck - 0.3, 0.16)
    return parts, deck
