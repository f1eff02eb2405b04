"""Cars, vans, buses and rescue vehicles on the apron."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLACK,
    BLUE,
    GLASS,
    HEADLIGHT,
    LIME,
    NAVY,
    ORANGE,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    accent,
    beacon,
    car,
    front_lights,
    light_bar,
    mirrors,
    paint,
    rear_lights,
    stripe,
    truck,
    warning,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    Point,
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
        parts += arches(x - 0.75, width / 2 + 0.004, radius) + axle(x - 0.75, width / 2 + 0.01, radius, 0.28)
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


def _hatchback(
    generator: np.random.Generator, body: Material, tall: float, length: float, width: float
) -> list[Part]:
    """Build a car with a rear hatch, from a small car to an off-roader by its height tall [m]."""
    pick = picker(generator)
    half, radius, low = length / 2, pick(0.31, 0.36), 0.22 + 0.1 * (tall - 1.4)
    waist, hood = 0.58 * tall, 0.56 * tall
    cowl, rear = half - pick(1.15, 1.3), -half + pick(0.05, 0.15)
    screen = cowl - pick(0.5, 0.7)
    tail = -half + pick(0.35, 0.6)
    shell = [(-half, low), (half, low), (half, 0.62 * hood), (half - 0.12, hood - 0.12), (cowl, hood + 0.06)]
    shell += [
        (screen, tall - 0.03),
        (screen - 0.4, tall),
        (tail + 0.2, tall - 0.02),
        (tail, tall - 0.07),
        (rear, waist),
    ]
    shell += [(-half, waist - 0.15)]
    pillar = (screen + tail) / 2 - 0.1
    first = [
        (pillar + 0.05, waist + 0.03),
        (cowl - 0.18, waist + 0.03),
        (screen - 0.06, tall - 0.1),
        (pillar + 0.05, tall - 0.1),
    ]
    second = [
        (rear + 0.35, waist + 0.03),
        (pillar - 0.05, waist + 0.03),
        (pillar - 0.05, tall - 0.1),
        (tail + 0.25, tall - 0.1),
    ]
    windscreen = ((cowl - 0.02, hood + 0.09), (screen + 0.03, tall - 0.06))
    rear_window = ((tail - 0.01, tall - 0.1), (rear + 0.01, waist + 0.06))
    axles = (half - 0.85, -half + 0.8)
    return car(
        generator, body, shell, [first, second], windscreen, rear_window, width, axles, radius, waist, tall
    )


def _van(
    generator: np.random.Generator, body: Material, length: float, width: float, tall: float, panes: bool
) -> list[Part]:
    pick = picker(generator)
    half, radius = length / 2, 0.34
    nose, hood, waist = half - pick(0.7, 0.9), pick(1.0, 1.1), 1.12
    screen = nose - pick(0.6, 0.8)
    shell = [
        (-half, 0.3),
        (half, 0.3),
        (half, 0.75),
        (half - 0.08, hood - 0.08),
        (nose, hood + 0.08),
        (screen, tall - 0.12),
    ]
    shell += [(screen - 0.4, tall), (-half + 0.12, tall), (-half, tall - 0.15)]
    window = [
        (screen - 0.45, waist),
        (nose - 0.15, waist),
        (screen - 0.02, min(tall - 0.3, 1.85)),
        (screen - 0.45, min(tall - 0.3, 1.85)),
    ]
    windows = [window]
    if panes:
        windows.append(rectangle(-half + 0.3, screen - 0.65, waist + 0.05, min(tall - 0.3, 1.85)))
    share = 0.93
    windscreen = (
        (nose - 0.02, hood + 0.12),
        (nose + share * (screen - nose), hood + 0.08 + share * (tall - 0.2 - hood)),
    )
    rear_window = ((-half + 0.005, tall - 0.3), (-half + 0.005, 1.3))
    parts = car(
        generator,
        body,
        shell,
        windows,
        windscreen,
        rear_window,
        width,
        (half - 0.85, -half + 0.95),
        radius,
        1.2,
        tall,
    )
    seam = rectangle(screen - 0.52, screen - 0.5, 0.4, tall - 0.25)
    return parts + leaning(on_sides(seam, width / 2, DARK, 0.006), 1.2, 0.16)


def _pickup(
    generator: np.random.Generator, body: Material, length: float, width: float, tall: float
) -> list[Part]:
    pick = picker(generator)
    half, radius, waist = length / 2, 0.38, 1.08
    cowl = half - pick(1.25, 1.4)
    screen, tail = cowl - 0.6, -half + pick(1.6, 2.1)
    shell = [
        (-half, 0.42),
        (half, 0.42),
        (half, 0.9),
        (half - 0.1, 1.0),
        (cowl, waist + 0.06),
        (screen, tall - 0.04),
    ]
    shell += [(screen - 0.3, tall), (tail + 0.1, tall), (tail, waist), (-half, waist)]
    pane = [
        (tail + 0.12, waist + 0.02),
        (cowl - 0.18, waist + 0.02),
        (screen - 0.06, tall - 0.1),
        (tail + 0.18, tall - 0.1),
    ]
    windscreen = ((cowl - 0.02, waist + 0.09), (screen + 0.03, tall - 0.07))
    rear_window = ((tail + 0.09, tall - 0.1), (tail + 0.01, waist + 0.06))
    parts = car(
        generator,
        body,
        shell,
        [pane],
        windscreen,
        rear_window,
        width,
        (half - 0.9, -half + 1.05),
        radius,
        waist,
        tall,
    )
    parts.append(
        block(
            (-half + 0.08, tail - 0.1),
            (-width / 2 + 0.1, width / 2 - 0.1),
            (waist - 0.01, waist + 0.006),
            DARK,
        )
    )
    return parts


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
    parts = _hatchback(generator, paint(generator, YELLOW, YELLOW, WHITE, BLACK), tall, length, width)
    return _follow_me(generator, parts, length / 2, width, 0.4, 0.58 * tall - 0.06, (-0.25, tall))


def follow_me_pickup(generator: np.random.Generator) -> list[Part]:
    """Build a follow-me pickup."""
    pick = picker(generator)
    length, width, tall = pick(5.0, 5.4), pick(1.82, 1.95), pick(1.75, 1.85)
    parts = _pickup(generator, paint(generator, YELLOW, YELLOW, WHITE, BLACK), length, width, tall)
    return _follow_me(generator, parts, length / 2, width, 0.5, 1.02, (0.1, tall))


def follow_me_van(generator: np.random.Generator) -> list[Part]:
    """Build a follow-me van."""
    pick = picker(generator)
    length, width, tall = pick(4.7, 5.3), pick(1.9, 2.0), pick(1.9, 2.1)
    parts = _van(generator, paint(generator, YELLOW, YELLOW, WHITE), length, width, tall, panes=True)
    return _follow_me(generator, parts, length / 2, width, 0.4, 1.05, (0.1, tall))


def van_panel(generator: np.random.Generator) -> list[Part]:
    """Build a panel van with a roof rack and a ladder on it."""
    pick = picker(generator)
    length, width, tall = pick(5.0, 6.2), pick(1.9, 2.05), pick(1.95, 2.6)
    parts = _van(
        generator,
        paint(generator, WHITE, WHITE, SILVER, BLUE, ORANGE, YELLOW),
        length,
        width,
        tall,
        panes=False,
    )
    parts += leaning(
        stripe(generator, -length / 2 + 0.3, 0.1 * length, width / 2, 0.6, min(tall - 0.3, 1.8)), 1.2, 0.16
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
    parts = _van(generator, paint(generator), length, width, tall, panes=True)
    parts += on_sides(
        rectangle(-length / 2 + 0.1, length / 2 - 0.4, 0.6, 0.75), width / 2, accent(generator), 0.006
    )
    return standing(parts + beacon(generator, 0.1 * length, 0.0, tall - 0.01))


def van_pickup(generator: np.random.Generator) -> list[Part]:
    """Build a maintenance pickup with a tool chest and a beacon frame."""
    pick = picker(generator)
    length, width, tall = pick(5.0, 5.4), pick(1.8, 1.95), pick(1.7, 1.85)
    parts = _pickup(generator, paint(generator, WHITE, WHITE, SILVER, ORANGE, BLUE), length, width, tall)
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


def _crash_tender(generator: np.random.Generator, axles: int) -> tuple[list[Part], float, float, float]:
    """Build an airport crash tender up to its turret: returns parts, half length, width and roof height [m]."""
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
    return standing([*parts, bar(tip, tip + [0.7, 0.0, -0.2], 0.12, DARK)])


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
    parts = _van(
        generator, paint(generator, WHITE, WHITE, (0.8, 0.6, 0.05)), length, width, tall, panes=False
    )
    parts += leaning(_rescue_marks(generator, length / 2, width, 0.7, tall - 0.3), 1.2, 0.16)
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


ROAD = (
    Asset("bus", "vehicle", (bus_apron, bus_city, bus_short)),
    Asset("follow-me car", "vehicle", (follow_me_hatchback, follow_me_pickup, follow_me_van)),
    Asset("maintenance van", "vehicle", (van_panel, van_crew, van_pickup)),
    Asset("fire engine", "vehicle", (fire_engine_large, fire_engine_small, fire_engine_boom)),
    Asset("ambulance", "vehicle", (ambulance_van, ambulance_box)),
)
