"""Building stones of nameless clutter: random finishes, outlines and solids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.finishes import (
    any_colour,
    bare_metal,
    cloth,
    film,
    glass,
    painted,
    paper,
    plastic,
    rubber,
)
from clipomaly_ros.simulation.assets.forms import (
    arc,
    cushion,
    hollow_prism,
    polygon_radii,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    frustum,
    lump,
    pose,
    prism,
    revolve,
    torus,
    tube,
)

Generator = np.random.Generator
PATTERNS = (
    Pattern.STRIPES,
    Pattern.RIBS,
    Pattern.CHEVRONS,
    Pattern.CHECKS,
    Pattern.NOISE,
    Pattern.SPECKLE,
    Pattern.WOOD,
    Pattern.MESH,
    Pattern.RINGS,
    Pattern.FUR,
    Pattern.PANES,
)


def any_size(g: Generator, low: float = 0.05, high: float = 1.4) -> float:
    """Return a size [m], every octave equally likely."""
    return float(np.exp(g.uniform(np.log(low), np.log(high))))


def any_look(g: Generator, size: float) -> Material:
    """Return any finish, in four of ten cases with a random pattern of a period fitting the size."""
    finishes = (bare_metal, painted, plastic, cloth, rubber, paper, film, glass)
    look = finishes[g.choice(8, p=(0.16, 0.24, 0.22, 0.16, 0.05, 0.08, 0.05, 0.04))](g)
    if g.uniform() < 0.4:
        pattern = PATTERNS[g.integers(len(PATTERNS))]
        look = replace(look, pattern=pattern, second=any_colour(g), period=float(size * g.uniform(0.06, 0.5)))
    return replace(look, retro=bool(g.uniform() < 0.03))


def turned(g: Generator, part: Part) -> Part:
    """Return the part turned to any side."""
    return part.moved(pose(roll=g.uniform(0, 6.3), pitch=g.uniform(0, 6.3), yaw=g.uniform(0, 6.3)))


def any_outline(g: Generator, size: float) -> np.ndarray:
    """Return a random simple polygon [n, 2]: blob, star, rectangle or fragment."""
    corners = int(g.integers(3, 14))
    angles = (np.arange(corners) + g.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    reach = size * (
        g.uniform(0.3, 1.0, corners) if g.uniform() < 0.6 else np.where(np.arange(corners) % 2, 0.4, 1.0)
    )
    return np.column_stack([reach * np.cos(angles), reach * np.sin(angles) * g.uniform(0.3, 1)])


def any_solid(g: Generator, size: float) -> Part:
    """Return one random solid of about a size [m], centred near the origin."""
    a, b, c = size / 2 * g.uniform(0.25, 1.0, 3)
    look, kind = any_look(g, size), int(g.integers(9))
    if kind == 0:
        return box((2 * a, 2 * b, 2 * c), look)
    if kind == 1:
        return frustum(
            a, b * g.integers(0, 2) + a * 0.1, 2 * c, look, sections=int(g.choice([3, 4, 5, 6, 8, 20]))
        )
    if kind == 2:
        return cushion((a, b, c), g.uniform(1.2, 9), look)
    if kind == 3:
        return lump(g, (a, b, c), g.uniform(0.1, 0.5), look, facets=bool(g.uniform() < 0.5))
    if kind == 4:
        return torus(a, min(a * 0.8, b * g.uniform(0.15, 0.7)), look, sections=24)
    if kind == 5:
        return prism(any_outline(g, a * 1.4), 2 * c * g.uniform(0.1, 1), look)
    if kind == 6:
        radii = polygon_radii(int(g.integers(3, 9)), 2 * a)
        return hollow_prism(radii, a * g.uniform(0.2, 0.85), 2 * c * g.uniform(0.2, 1), look)
    if kind == 7:
        heights = np.sort(g.uniform(-c, c, 6))
        profile = [
            (0.0, heights[0]),
            *zip(a * g.uniform(0.2, 1, 6), heights, strict=True),
            (0.0, heights[-1]),
        ]
        return revolve(profile, look, smooth=bool(g.uniform() < 0.5), sections=20)
    return tube(arc(a, 0, g.uniform(1, 5), 18), max(0.004, 0.2 * b), look)
