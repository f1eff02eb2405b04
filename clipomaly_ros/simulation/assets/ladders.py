"""Ladders and step ladders left behind."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import bare_metal, painted, plastic
from clipomaly_ros.simulation.assets.forms import (
    along,
    settled,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, moved, on_ground, pose

Generator = np.random.Generator


def _ladder(
    length: float, foot: float, head: float, rung: float, rails: Material, rungs: Material, flat: bool
) -> list[Part]:
    """Build a ladder in the x-y plane, its foot at x = 0."""
    deep, parts = 0.055, []
    for side in (-1, 1):
        path = np.array([[0, side * foot / 2, 0], [length, side * head / 2, 0]])
        reach = float(np.hypot(length, (foot - head) / 2))
        where = pose(path.mean(axis=0), yaw=np.arctan2(*(path[1] - path[0])[[1, 0]]))
        parts.append(box((reach, 0.026, deep), rails, where))
        parts.append(box((0.05, 0.035, deep * 1.2), Material((0.02, 0.02, 0.02)), pose(path[0])))
    for x in np.arange(rung * 0.6, length - 0.05, rung):
        wide = float(np.interp(x, [0, length], [foot, head]))
        if flat:
            parts.append(box((0.08, wide, 0.02), rungs, pose((x, 0, 0), pitch=-0.3)))
        else:
            parts.append(cylinder(0.015, wide, rungs, along("y", (x, 0, 0)), sections=8))
    return parts


def _ladder_look(g: Generator) -> tuple[Material, Material]:
    rails = (
        bare_metal(g) if g.uniform() < 0.5 else painted(g, None if g.uniform() < 0.4 else (0.85, 0.5, 0.02))
    )
    return rails, rails if g.uniform() < 0.5 else bare_metal(g)


def ladder_lying(g: Generator) -> list[Part]:
    """Build a single ladder lying flat."""
    rails, rungs = _ladder_look(g)
    width = g.uniform(0.3, 0.45)
    return on_ground(
        _ladder(
            g.uniform(1.2, 2.0), width, width * g.uniform(0.8, 1), g.uniform(0.22, 0.3), rails, rungs, False
        )
    )


def _steps(g: Generator, spread: float) -> list[Part]:
    """Build a step ladder about its hinge at the origin, its legs spread from each other [rad]."""
    rails, rungs = _ladder_look(g)
    length, foot = g.uniform(1.0, 1.8), g.uniform(0.42, 0.58)
    front = _ladder(length, foot, foot * 0.75, g.uniform(0.22, 0.28), rails, rungs, True)
    back = _ladder(length * 0.97, foot * 0.95, foot * 0.72, length * 0.4, rails, rungs, False)
    parts = [p.moved(pose(pitch=-np.pi / 2 + spread / 2) @ pose((-length, 0, 0.035))) for p in front]
    parts += [p.moved(pose(pitch=-np.pi / 2 - spread / 2) @ pose((-length * 0.97, 0, -0.035))) for p in back]
    parts.append(box((0.24, foot * 0.72, 0.03), plastic(g), pose((0, 0, 0.02))))
    return parts


def ladder_standing(g: Generator) -> list[Part]:
    """Build a step ladder standing open."""
    return on_ground(_steps(g, g.uniform(0.45, 0.75)))


def ladder_fallen(g: Generator) -> list[Part]:
    """Build a step ladder fallen on its side, still open."""
    return settled(moved(_steps(g, g.uniform(0.35, 0.8)), pose(roll=np.pi / 2)))


def ladder_folded(g: Generator) -> list[Part]:
    """Build a folded step ladder lying on its back."""
    return settled(moved(_steps(g, 0.07), pose(pitch=np.pi / 2)))
