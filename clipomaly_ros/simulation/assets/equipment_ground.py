"""What stands on the apron and is put down by hand: cones, chocks, tow bars."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import BLACK, BLUE, ORANGE, RED, WHITE, YELLOW, paint
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    RUBBER,
    STEEL,
    bar,
    block,
    extruded,
    on_sides,
    picker,
    standing,
    wheel,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, cylinder, frustum, pose, prism, revolve, torus, tube

BAND = Material((0.82, 0.83, 0.84), gloss=0.3, reflectance=0.95, retro=True, dirt=0.2)


def _cone_body(
    generator: np.random.Generator,
    height: float,
    bottom: float,
    top: float,
    lift: float,
    bands: list[tuple[float, float]],
) -> list[Part]:
    """Build a hollow-topped cone with retro-reflective bands between shares of its height."""
    body = paint(generator, ORANGE, ORANGE, ORANGE, (0.85, 0.09, 0.02), YELLOW)

    def radius(share: float) -> float:
        return bottom + (top - bottom) * share

    shell = [
        (0.0, 0.0),
        (bottom, 0.0),
        (top, height),
        (0.7 * top, height),
        (0.6 * top, 0.9 * height),
        (0.0, 0.9 * height),
    ]
    parts = [revolve(shell, body, pose((0.0, 0.0, lift)), 24, smooth=False)]
    for low, high in bands:
        where = pose((0.0, 0.0, lift + (low + high) / 2 * height))
        parts.append(
            frustum(radius(low) + 0.004, radius(high) + 0.004, (high - low) * height, BAND, where, 24)
        )
    return parts


def cone_square(generator: np.random.Generator) -> list[Part]:
    """Build the usual cone on a square foot, with one or two bands."""
    pick = picker(generator)
    height = pick(0.45, 0.8)
    bottom, foot = pick(0.17, 0.21) * height + 0.05, pick(0.26, 0.3) * height + 0.07
    corner = 0.25 * foot
    outline = [(foot, corner), (corner, foot), (-corner, foot), (-foot, corner)]
    outline = [(foot, -foot + corner), (foot, foot - corner), (foot - corner, foot), (corner - foot, foot)]
    outline += [
        (-foot, foot - corner),
        (-foot, corner - foot),
        (corner - foot, -foot),
        (foot - corner, -foot),
    ]
    bands = [(0.5, 0.8)] if generator.random() < 0.4 else [(0.34, 0.5), (0.62, 0.8)]
    base = DARK if generator.random() < 0.5 else paint(generator, ORANGE)
    return standing([prism(outline, 0.035, base), *_cone_body(generator, height, bottom, 0.035, 0.03, bands)])


def cone_round(generator: np.random.Generator) -> list[Part]:
    """Build a slender cone on a heavy round rubber foot."""
    pick = picker(generator)
    height, foot = pick(0.7, 1.05), pick(0.2, 0.26)
    ring = [(0.0, 0.0), (foot, 0.0), (foot, 0.04), (0.75 * foot, 0.08), (0.0, 0.08)]
    bands = [(0.25, 0.38), (0.48, 0.6), (0.7, 0.82)][: int(generator.integers(2, 4))]
    return standing(
        [revolve(ring, RUBBER, None, 20, False), *_cone_body(generator, height, 0.13, 0.045, 0.07, bands)]
    )


def cone_weighted(generator: np.random.Generator) -> list[Part]:
    """Build a wide cone with a weight ring over it and a lamp or a handle on top, as against jet blast."""
    pick = picker(generator)
    height, bottom = pick(0.5, 0.75), pick(0.2, 0.24)
    parts = [cylinder(bottom + 0.1, 0.03, paint(generator, ORANGE, YELLOW), pose((0.0, 0.0, 0.015)), 8)]
    parts += _cone_body(generator, height, bottom, 0.04, 0.03, [(0.42, 0.76)])
    parts.append(torus(bottom * 0.95, 0.045, RUBBER, pose((0.0, 0.0, 0.09)), 20))
    if generator.random() < 0.5:
        lamp = Material(
            (0.85, 0.35, 0.02), gloss=0.8, emission=float(generator.choice([0.0, 2.5])), reflectance=0.7
        )
        parts.append(cylinder(0.06, 0.1, lamp, pose((0.0, 0.0, height + 0.08)), 12))
    else:
        parts.append(torus(0.045, 0.012, DARK, pose((0.0, 0.0, height + 0.07), roll=np.pi / 2), 14))
    return standing(parts)


def _wedge(
    length: float, width: float, height: float, material: Material, x: float, ahead: int
) -> list[Part]:
    """Build a chock with a hollowed slope towards the wheel at x; ahead: 1 where the wheel lies behind it."""
    slope = np.linspace(0.0, 1.0, 5)
    outline = [(0.05 * length + length * 0.55 * float(s), height * float(s) ** 1.5) for s in slope]
    outline = [(0.0, 0.0), *outline[1:], (0.72 * length, height), (length, 0.25 * height), (length, 0.0)]
    return [extruded([(x + ahead * px, pz) for px, pz in outline], width, material)]


def chock_rubber(generator: np.random.Generator) -> list[Part]:
    """Build a pair of rubber chocks tied by a rope, a wheel's length apart."""
    pick = picker(generator)
    length, width, height, gap = pick(0.2, 0.35), pick(0.22, 0.5), pick(0.13, 0.22), pick(0.15, 0.45)
    material = RUBBER if generator.random() < 0.6 else paint(generator, YELLOW)
    parts = _wedge(length, width, height, material, gap / 2, 1) + _wedge(
        length, width, height, material, -gap / 2, -1
    )
    for x in (gap / 2 + length, -gap / 2 - length):
        end = (x - 0.003, x + 0.003)
        parts.append(block(end, (-0.35 * width, 0.35 * width), (0.03 * height, 0.22 * height), BAND))
    rope = Material((0.7, 0.6, 0.4), gloss=0.05, reflectance=0.5)
    x, y = gap / 2 + 0.5 * length, width / 2 + 0.005
    path = [(x, y, 0.4 * height), (x * 0.8, y + 0.06, 0.02), (0.0, y + pick(0.05, 0.15), 0.012)]
    path += [(-x * 0.8, y + 0.05, 0.02), (-x, y, 0.4 * height)]
    return standing([*parts, tube(path, 0.009, rope, sections=6)])


def chock_bar(generator: np.random.Generator) -> list[Part]:
    """Build a pair of triangular metal chocks joined by a bar."""
    pick = picker(generator)
    length, width, height, gap = pick(0.18, 0.26), pick(0.35, 0.6), pick(0.12, 0.18), pick(0.25, 0.6)
    material = paint(generator, YELLOW, YELLOW, RED, ORANGE)
    parts = []
    for ahead in (1, -1):
        x = ahead * gap / 2
        outline = [(x, 0.0), (x + ahead * length, 0.0), (x + ahead * length / 2, height)]
        parts.append(extruded(outline, width, material))
        parts += on_sides([(px * 0.999, pz) for px, pz in outline], width / 2, BLACK_PAINT, 0.004)
    reach = gap / 2 + length
    parts.append(bar((-reach, width / 2 + 0.03, 0.05), (reach, width / 2 + 0.03, 0.05), 0.035, STEEL))
    for x in (-gap / 2 - length / 2, gap / 2 + length / 2):
        parts.append(bar((x, width / 2 - 0.02, 0.05), (x, width / 2 + 0.04, 0.05), 0.03, STEEL))
    return standing(parts)


def chock_long(generator: np.random.Generator) -> list[Part]:
    """Build a pair of long trapezoid chocks with a handle, set against two wheels of a bogie."""
    pick = picker(generator)
    length, width, height, gap = pick(0.16, 0.24), pick(0.7, 1.1), pick(0.15, 0.22), pick(0.35, 0.8)
    material = paint(generator, YELLOW, YELLOW, BLACK, (0.4, 0.25, 0.12))
    parts = []
    for ahead in (1, -1):
        middle = ahead * (gap + length) / 2
        outline = [(-length / 2, 0.0), (length / 2, 0.0), (0.2 * length, height), (-0.2 * length, height)]
        parts.append(extruded([(middle + x, z) for x, z in outline], width, material))
        for y in (-0.48 * width, 0.48 * width):
            parts.append(extruded([(middle + 1.04 * x, 1.02 * z) for x, z in outline], 0.05, BAND, y))
        handle = [(middle, -0.12, height - 0.01), (middle, -0.1, height + 0.05), (middle, 0.1, height + 0.05)]
        parts.append(tube([*handle, (middle, 0.12, height - 0.01)], 0.012, RUBBER, sections=6))
    return standing(parts)


BLACK_PAINT = Material(BLACK, gloss=0.2, reflectance=0.1)


def tow_bar_single(generator: np.random.Generator) -> list[Part]:
    """Build an aircraft tow bar: one long tube, a forked head, an eye and two small wheels."""
    pick = picker(generator)
    length, thick, z = pick(3.6, 5.2), pick(0.09, 0.14), pick(0.3, 0.42)
    body = paint(generator, YELLOW, RED, WHITE, BLUE)
    half = length / 2
    parts = [bar((-half, 0.0, z), (half - 0.4, 0.0, z), thick, body)]
    for x in np.linspace(-half + 0.5, half - 0.9, int(generator.integers(2, 5))):
        parts.append(bar((x, 0.0, z), (x + 0.25, 0.0, z), thick + 0.01, BAND))
    for side in (1, -1):
        parts.append(bar((half - 0.45, 0.0, z), (half - 0.2, 0.16 * side, z), 0.08, STEEL))
        parts.append(bar((half - 0.2, 0.16 * side, z), (half, 0.16 * side, z), 0.07, STEEL))
    parts.append(bar((half - 0.2, -0.18, z), (half - 0.2, 0.18, z), 0.05, DARK))
    parts.append(torus(0.08, 0.022, STEEL, pose((-half - 0.08, 0.0, z)), 16))
    x, radius = pick(-0.1, 0.25) * length, pick(0.17, 0.24)
    for side in (1, -1):
        parts += wheel((x, 0.28 * side, radius), radius, 0.1)
    parts.append(bar((x, -0.28, radius), (x, 0.28, radius), 0.05, STEEL))
    parts += [bar((x, 0.2 * s, radius), (x, 0.0, z), 0.05, body) for s in (1, -1)]
    return standing(parts)


def tow_bar_braced(generator: np.random.Generator) -> list[Part]:
    """Build a wide tow bar: two tubes that meet at the eye, cross-braces, a hand pump and four wheels."""
    pick = picker(generator)
    length, spread, z = pick(3.8, 5.5), pick(0.35, 0.6), pick(0.32, 0.45)
    body = paint(generator, YELLOW, RED, WHITE, ORANGE)
    half = length / 2
    parts = [torus(0.09, 0.025, STEEL, pose((-half - 0.09, 0.0, z)), 16)]
    for side in (1, -1):
        parts.append(bar((-half, 0.03 * side, z), (half - 0.5, spread * side, z), 0.09, body))
        parts.append(bar((half - 0.5, spread * side, z), (half, 0.2 * side, z), 0.09, STEEL))
    for share in (0.35, 0.6, 0.88):
        x, y = -half + share * (length - 0.5), spread * share
        parts.append(bar((x, -y, z), (x, y, z), 0.06, body))
        parts.append(bar((x, -y * 0.5, z), (x, y * 0.5, z), 0.07, BAND))
    parts.append(block((-0.1, 0.3), (-0.12, 0.12), (z, z + 0.22), paint(generator, RED, BLUE)))
    parts.append(bar((0.1, 0.1, z + 0.2), (0.1, 0.12, z + 0.6), 0.03, STEEL))
    for x, y in ((half - 0.9, spread + 0.1), (half - 0.35, spread + 0.1)):
        for side in (1, -1):
            parts += wheel((x, side * y, 0.2), 0.2, 0.12)
        parts.append(bar((x, -y, 0.2), (x, y, 0.2), 0.05, DARK))
        parts += [bar((x, s * spread * 0.8, 0.2), (x, s * spread * 0.8, z), 0.06, STEEL) for s in (1, -1)]
    return standing(parts)


GROUND_ITEMS = (
    Asset("cone", "equipment", (cone_square, cone_round, cone_weighted)),
    Asset("chock", "equipment", (chock_rubber, chock_bar, chock_long)),
    Asset("tow bar", "equipment", (tow_bar_single, tow_bar_braced)),
)
