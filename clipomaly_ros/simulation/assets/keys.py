"""Lost keys."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import bare_metal, plastic, rubber
from clipomaly_ros.simulation.assets.forms import (
    along,
    cushion,
    hollow_prism,
    plate,
    polygon_radii,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, on_ground, pose, prism, torus

Generator = np.random.Generator


def _key(g: Generator, length: float, metal: Material) -> list[Part]:
    """Build a flat key along x, its bow at the origin's side."""
    bow, thick = length * g.uniform(0.17, 0.22), 0.0024
    shape = polygon_radii(int(g.choice([4, 6, 40])), bow * 1.9, 24)
    teeth = g.uniform(0.35, 1.0, 7)
    edge = np.column_stack([np.linspace(0.02, 0.68, 14) * length, np.repeat(teeth, 2) * bow * 0.42])
    blade = np.concatenate([[[0.7 * length, -bow * 0.35], [-0.02 * length, -bow * 0.35]][::-1], edge[::-1]])
    return [
        hollow_prism(shape, bow * 0.38, thick, metal, pose((-bow * 0.8, 0, thick / 2))),
        prism(blade, thick, metal),
        box((0.68 * length, bow * 0.08, thick * 0.4), rubber(g), pose((0.33 * length, -bow * 0.08, thick))),
    ]


def key_flat(g: Generator) -> list[Part]:
    """Build a flat cylinder-lock key."""
    return on_ground(_key(g, g.uniform(0.045, 0.08), bare_metal(g)))


def key_bunch(g: Generator) -> list[Part]:
    """Build keys on a ring, perhaps with a coloured tag."""
    size, parts = g.uniform(0.05, 0.075), []
    for level, turn in enumerate(np.sort(g.uniform(0, 2 * np.pi, int(g.integers(2, 6))))):
        where = pose(yaw=turn) @ pose((size * 0.62, 0, level * 0.0022))
        parts += [part.moved(where) for part in _key(g, size * g.uniform(0.8, 1.1), bare_metal(g))]
    parts.append(torus(size * 0.34, 0.0012, bare_metal(g), pose((0, 0, 0.004)), sections=24))
    if g.uniform() < 0.7:
        where = pose((-size * 0.8, 0, 0.002), yaw=g.uniform(-0.4, 0.4))
        parts.append(plate(size * 1.1, size * 0.5, 0.01, 0.003, plastic(g), where))
    return on_ground(parts)


def key_car(g: Generator) -> list[Part]:
    """Build a car key with a plastic head and buttons."""
    size = g.uniform(0.035, 0.055)
    head = plastic(g, (0.02, 0.02, 0.025) if g.uniform() < 0.7 else None)
    parts = _key(g, size * 1.5, bare_metal(g))[1:]
    parts.append(
        cushion((size * 0.62, size * 0.4, size * 0.16), 4, head, pose((-size * 0.55, 0, size * 0.08)))
    )
    for x in (-0.75, -0.35):
        parts.append(
            cylinder(size * 0.12, size * 0.06, plastic(g), pose((x * size, 0, size * 0.24)), sections=12)
        )
    parts.append(
        torus(size * 0.25, size * 0.035, bare_metal(g), pose((-size * 1.4, 0, size * 0.06)), sections=20)
    )
    return on_ground(parts)


def key_skeleton(g: Generator) -> list[Part]:
    """Build an old warded key: a round shank, a loop and a bit."""
    length, metal = g.uniform(0.06, 0.14), bare_metal(g)
    thick = length * 0.035
    parts = [
        cylinder(thick, length, metal, along("x", (0, 0, thick)), sections=10),
        torus(length * 0.15, thick * 0.9, metal, pose((-length * 0.62, 0, thick)), sections=20),
        torus(thick, thick * 0.5, metal, along("x", (-length * 0.36, 0, thick)), sections=10),
        box((length * 0.06, length * 0.2, thick), metal, pose((length * 0.46, length * 0.1, thick))),
        box((length * 0.06, length * 0.16, thick), metal, pose((length * 0.36, length * 0.08, thick))),
        box((length * 0.16, length * 0.04, thick), metal, pose((length * 0.41, length * 0.14, thick))),
    ]
    return on_ground(parts)
