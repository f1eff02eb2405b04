"""What is built into the apron's ground or soils it: drains, manholes, cracks, repairs, stains, rubber."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipomaly_ros.simulation.ground_curves import BLACK, IRON, TAR, bend, random_place
from clipomaly_ros.simulation.ground_strokes import Blob, Stroke


def draw_drain(g: np.random.Generator, clutter: float) -> list[Stroke | Blob]:
    """Draw a grate, square or a long channel."""
    x, y = random_place(g)
    length, half = (
        (g.uniform(0.5, 1.2), g.uniform(0.25, 0.45))
        if g.random() < 0.6
        else (g.uniform(10, 90), g.uniform(0.08, 0.18))
    )
    turned = g.random() < 0.5
    end = (x, y + length) if turned else (x + length, y)
    return [
        Stroke((x, y), end, half + 0.06, (0.16, 0.155, 0.15), "drain", 0.9, wear=0.0),
        Stroke((x, y), end, half, IRON, "drain", 0.95, wear=0.0),
        Stroke((x, y), end, 0.85 * half, (0.012, 0.012, 0.012), "drain", 0.95, dash=(0.07, 0.55), wear=0.0),
    ]


def draw_manhole(g: np.random.Generator, clutter: float) -> list[Stroke | Blob]:
    """Draw an iron cover in its concrete frame."""
    place, radius = random_place(g), float(g.uniform(0.28, 0.5))
    rust = tuple(np.array(IRON) * g.uniform(0.7, 1.8))
    whole = (-np.pi, np.pi)
    rings = [
        Stroke(place, whole, 0.012, BLACK, "manhole", 0.8, radius=radius * r, wear=0.0)
        for r in (0.35, 0.65, 1.0)
    ]
    return [
        Blob(place, (1.25 * radius,) * 2, 0.0, (0.14, 0.135, 0.13), "manhole", 0.8, 0.05, 0.0),
        Blob(place, (radius,) * 2, 0.0, rust, "manhole", 0.95, 0.03, 0.0),
        *rings,
    ]


def draw_crack(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw a wandering crack, open or sealed with tar."""
    point, heading = np.array(random_place(g, 0.8)), g.uniform(0, 2 * np.pi)
    half, sealed = (g.uniform(0.03, 0.06), True) if g.random() < 0.3 else (g.uniform(0.004, 0.014), False)
    strokes = []
    for _ in range(g.integers(6, 22)):
        heading += g.normal(0, 0.45)
        end = point + g.uniform(0.15, 0.7) * np.array([np.cos(heading), np.sin(heading)])
        width = half * g.uniform(0.7, 1.2)
        strokes.append(
            Stroke(tuple(point), tuple(end), width, TAR, "crack", 0.9 if sealed else 0.8, wear=0.0)
        )
        point = end
    return strokes


def draw_stain(g: np.random.Generator, clutter: float) -> list[Blob]:
    """Draw a few overlapping stains of oil, fuel or rust."""
    place, size = np.array(random_place(g)), g.lognormal(-0.5, 0.8)
    dark = (
        (0.02, 0.019, 0.017) if g.random() < 0.75 else tuple(g.uniform(0.08, 0.3) * np.array([1, 0.8, 0.6]))
    )
    blobs = []
    for _ in range(g.integers(1, 6)):
        axes = size * g.uniform(0.2, 1.0) * np.array([1.0, g.uniform(0.4, 1.0)])
        at = place + size * g.normal(0, 0.7, 2)
        blobs.append(
            Blob(
                tuple(at),
                tuple(axes),
                g.uniform(0, np.pi),
                dark,
                "stain",
                g.uniform(0.2, 0.75),
                g.uniform(0.2, 0.8),
                g.uniform(0.4, 1.4),
            )
        )
    return blobs


def draw_tar_patch(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Lay a rectangular repair of another tone, its rim sealed with tar."""
    x, y = random_place(g)
    length, half = g.uniform(0.8, 12), g.uniform(0.4, 2.5)
    tone = g.uniform(0.06, 0.35)
    patch = Stroke(
        (x, y),
        (x + length, y),
        half,
        (tone, tone, 0.97 * tone),
        "apron pavement",
        g.uniform(0.4, 0.9),
        wear=0.1,
    )
    corners = [(x, y - half), (x + length, y - half), (x + length, y + half), (x, y + half), (x, y - half)]
    rim = [Stroke(a, b, 0.025, TAR, "pavement joint", 0.7, wear=0.2) for a, b in pairwise(corners)]
    return [patch, *rim]


def draw_rubber(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw the two tracks of a turn under load."""
    track = g.uniform(0.9, 2.2)
    start, heading = np.array(random_place(g)), g.choice([0, np.pi / 2]) + g.normal(0, 0.25)
    radius, turn = g.uniform(6, 30), g.choice([-1, 1]) * g.uniform(0.1, 1.4)
    side = np.array([-np.sin(heading), np.cos(heading)])
    of = {
        "half_width": g.uniform(0.06, 0.2),
        "colour": BLACK,
        "label": "rubber deposit",
        "strength": g.uniform(0.25, 0.65),
        "soft": g.uniform(0.04, 0.16),
        "wear": g.uniform(0.3, 0.9),
    }
    straight, end = g.uniform(0.5, 14), g.uniform(0.5, 14)
    inner, outer = radius - np.sign(turn) * track / 2, radius + np.sign(turn) * track / 2
    return [
        *bend(tuple(start + track / 2 * side), heading, straight, max(inner, 2.0), turn, end, **of),
        *bend(tuple(start - track / 2 * side), heading, straight, max(outer, 2.0), turn, end, **of),
    ]
