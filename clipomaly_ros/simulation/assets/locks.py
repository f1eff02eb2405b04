"""Lost padlocks."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import bare_metal, painted, rubber
from clipomaly_ros.simulation.assets.forms import (
    along,
    arc,
    cushion,
    hollow_prism,
    plate,
    polygon_radii,
    settled,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    moved,
    on_ground,
    pose,
    torus,
    tube,
)

Generator = np.random.Generator


def _shackle(width: float, rise: float, radius: float, metal: Material, lifted: float) -> Part:
    bow = arc(width / 2, 0, np.pi, 12) + np.array([0, rise + lifted, 0])
    legs = [[width / 2, lifted, 0], *bow, [-width / 2, 0, 0.0]]
    return tube(np.array(legs), radius, metal, pose(roll=np.pi / 2))


def _padlock(g: Generator, opened: bool) -> list[Part]:
    width = g.uniform(0.035, 0.08)
    height, depth = width * g.uniform(0.75, 1.1), width * g.uniform(0.28, 0.45)
    body = bare_metal(g) if g.uniform() < 0.5 else painted(g)
    lifted = height * 0.35 if opened else 0.0
    shackle = _shackle(width * 0.6, width * g.uniform(0.25, 0.7), width * 0.08, bare_metal(g), lifted)
    if opened:
        shackle = shackle.moved(
            pose((-width * 0.3, 0, 0)) @ pose(yaw=g.uniform(0.5, 2.5)) @ pose((width * 0.3, 0, 0))
        )
    return [
        cushion((width / 2, depth / 2, height / 2), 7, body, pose((0, 0, -height / 2)), 2),
        shackle,
        cylinder(
            width * 0.09, depth * 0.2, rubber(g), along("y", (0, -depth / 2, -height * 0.6)), sections=12
        ),
        box((width * 0.9, depth * 1.02, height * 0.06), painted(g), pose((0, 0, -height * 0.85))),
    ]


def lock_lying(g: Generator) -> list[Part]:
    """Build a closed padlock lying on its flat side."""
    return settled(moved(_padlock(g, False), pose(roll=g.choice([-1.5, 1.5]))))


def lock_standing(g: Generator) -> list[Part]:
    """Build a closed padlock standing on its base."""
    return on_ground(_padlock(g, False))


def lock_open(g: Generator) -> list[Part]:
    """Build a padlock with the shackle pulled out and turned."""
    parts = _padlock(g, True)
    return settled(moved(parts, pose(roll=1.45)))


def lock_combination(g: Generator) -> list[Part]:
    """Build a combination padlock with number rings along its body."""
    radius, body = g.uniform(0.012, 0.02), bare_metal(g)
    width = radius * g.uniform(3.2, 4.5)
    parts = [cylinder(radius * 0.86, width, body, along("x"), sections=18)]
    for at in np.linspace(-0.3, 0.3, 4) * width:
        parts.append(
            hollow_prism(
                polygon_radii(10, 2 * radius, 20),
                radius * 0.5,
                width * 0.13,
                painted(g),
                along("x", (at, 0, 0)),
            )
        )
    bow = _shackle(width * 0.7, radius * 1.4, radius * 0.25, bare_metal(g), 0.0)
    ring = torus(radius * 0.9, radius * 0.12, body, along("x", (width / 2, 0, 0)), sections=16)
    return settled(
        moved([*parts, bow, ring, plate(width, radius, radius * 0.3, radius * 0.7, body)], pose(roll=1.4))
    )
