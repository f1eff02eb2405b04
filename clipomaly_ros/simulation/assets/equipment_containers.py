"""Air cargo containers and pallets (unit load devices) in the usual contours of IATA's ULD regulations."""

from __future__ import annotations

import itertools

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.bodywork import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    RED,
    SILVER,
    WHITE,
    accent,
    paint,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    STEEL,
    Point,
    bar,
    block,
    extruded,
    on_sides,
    picker,
    rectangle,
    standing,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part


def _panels(generator: np.random.Generator) -> Material:
    """Pick the skin: bare aluminium, or painted in an airline's colour."""
    if generator.random() < 0.65:
        grey = float(generator.uniform(0.42, 0.62))
        return Material((grey, grey, grey * 1.02), gloss=0.4, metallic=0.5, reflectance=0.5, dirt=0.4)
    return paint(generator, WHITE, SILVER, BLUE)


def container(generator: np.random.Generator, outline: list[Point], depth: float) -> list[Part]:
    """Build a container from its front view, outline (x, z) [m], and its depth along y [m].

    Skin, bright edge posts, a base plate, a curtain or a door with bars in front, an airline's sign.
    """
    pick = picker(generator)
    skin = _panels(generator)
    edge = Material((0.6, 0.61, 0.62), gloss=0.5, metallic=0.6, reflectance=0.55, dirt=0.2)
    back, front = min(x for x, _ in outline), max(x for x, _ in outline)
    height = max(z for _, z in outline)
    half = depth / 2
    parts = [extruded(outline, depth - 0.02, skin)]
    for a, b in zip(outline, [*outline[1:], outline[0]], strict=True):
        for y in (-half, half):
            parts.append(bar((a[0], y, a[1]), (b[0], y, b[1]), 0.06, edge))
        parts.append(bar((a[0], -half, a[1]), (a[0], half, a[1]), 0.06, edge))
    base = [x for x, z in outline if z < 0.05]
    parts.append(block((min(base) - 0.03, max(base) + 0.03), (-half - 0.03, half + 0.03), (0.0, 0.1), edge))
    # The opening lies where the outline is upright: between the widest points of the upper half.
    inner, outer = min(base) + 0.1, max(base) - 0.1
    cloth = paint(generator, BLUE, RED, ORANGE, GREEN, WHITE, BLACK)
    if generator.random() < 0.5:
        parts += on_sides(rectangle(inner, outer, 0.16, height - 0.12), half, cloth, 0.012)
        for z in np.linspace(0.35, height - 0.3, 3):
            parts += on_sides(
                rectangle(inner - 0.04, outer + 0.04, float(z), float(z) + 0.045), half, DARK, 0.02
            )
    else:
        ribs = Material(
            skin.colour, pattern=Pattern.RIBS, period=0.25, gloss=0.35, metallic=0.4, reflectance=0.5
        )
        parts += on_sides(rectangle(inner, outer, 0.14, height - 0.1), half, ribs, 0.012)
        for x in np.linspace(inner, outer, int(generator.integers(2, 5))):
            parts += on_sides(
                rectangle(float(x) - 0.02, float(x) + 0.02, 0.14, height - 0.1), half, edge, 0.025
            )
    sign, tall = accent(generator), pick(0.15, 0.35)
    x, z = back + pick(0.25, 0.45) * (front - back), pick(0.45, 0.7) * height
    parts += on_sides(rectangle(x, x + pick(0.3, 0.5) * (front - back) * 0.8, z, z + tall), half, sign, 0.03)
    return parts


def single_cut(generator: np.random.Generator) -> list[Part]:
    """Build an LD3 (AKE): one lower edge cut off aslant."""
    height = float(generator.choice([1.63, 1.63, 1.14]))
    outline = [(-0.78, 0.0), (0.78, 0.0), (1.23, 0.45), (1.23, height), (-0.78, height)]
    if generator.random() < 0.5:
        outline = [(-x, z) for x, z in reversed(outline)]
    return standing(container(generator, outline, 1.53))


def double_cut(generator: np.random.Generator) -> list[Part]:
    """Build an LD6 or LD8 (ALF, DQF): wide, both lower edges cut off."""
    base, top = [(3.18, 4.06), (2.44, 3.18)][int(generator.integers(2))]
    outline = [
        (-base / 2, 0.0),
        (base / 2, 0.0),
        (top / 2, 0.45),
        (top / 2, 1.63),
        (-top / 2, 1.63),
        (-top / 2, 0.45),
    ]
    return standing(container(generator, outline, 1.53))


def netted_pallet(generator: np.random.Generator, length: float = 3.18, depth: float = 2.24) -> list[Part]:
    """Build a flat pallet with boxes under a film and a net."""
    pick = picker(generator)
    parts = [block((-length / 2, length / 2), (-depth / 2, depth / 2), (0.0, 0.06), STEEL)]
    height = pick(1.1, 1.6)
    columns = int(generator.integers(2, 5))
    edges = np.linspace(-length / 2 + 0.08, length / 2 - 0.08, columns + 1)
    card = Material((0.33, 0.2, 0.1), gloss=0.05, reflectance=0.5, dirt=0.4)
    film = Material((0.62, 0.65, 0.68), gloss=0.7, reflectance=0.5, dirt=0.3)
    for a, b in itertools.pairwise(edges):
        z = 0.06
        while z < height - 0.2:
            top = min(z + pick(0.35, 0.7), height)
            inset = pick(0.08, 0.18)
            material = (card, film, paint(generator, WHITE, BLUE, BLACK))[int(generator.choice([0, 0, 1, 2]))]
            limits = (-depth / 2 + inset, depth / 2 - inset)
            parts.append(block((float(a) + 0.02, float(b) - 0.02), limits, (z + 0.01, top), material))
            z = top
    cord = Material(paint(generator, WHITE, ORANGE, BLACK).colour, gloss=0.05, reflectance=0.4)
    for x in np.linspace(-length / 2 + 0.1, length / 2 - 0.1, 9):
        path = [
            (-depth / 2, 0.08),
            (-depth / 2 + 0.06, height + 0.02),
            (depth / 2 - 0.06, height + 0.02),
            (depth / 2, 0.08),
        ]
        for a, b in itertools.pairwise(path):
            parts.append(bar((x, a[0], a[1]), (x, b[0], b[1]), 0.025, cord))
    for z in np.linspace(0.3, height, 4):
        for y in (-depth / 2 + 0.04, depth / 2 - 0.04):
            parts.append(bar((-length / 2 + 0.1, y, z), (length / 2 - 0.1, y, z), 0.025, cord))
        for x in (-length / 2 + 0.05, length / 2 - 0.05):
            parts.append(bar((x, -depth / 2 + 0.06, z), (x, depth / 2 - 0.06, z), 0.025, cord))
    return standing(parts)


def main_deck(generator: np.random.Generator) -> list[Part]:
    """Build a tall main deck container (AMA, AMJ): upright, or rounded off to a fuselage on one side."""
    height = float(generator.uniform(2.3, 2.44))
    outline = [(-1.22, 0.0), (1.22, 0.0), (1.22, height), (-1.22, height)]
    if generator.random() < 0.6:
        curve = [(0.95, height * 0.9), (0.5, height)]
        outline = [(-1.22, 0.0), (1.22, 0.0), (1.22, height * 0.62), *curve, (-1.22, height)]
    return standing(container(generator, outline, 3.18))


CONTAINERS = (Asset("uld", "equipment", (single_cut, double_cut, netted_pallet, main_deck)),)
