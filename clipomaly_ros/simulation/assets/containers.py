"""Fallen unit load devices: aircraft cargo containers on their side, head, open, crushed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.finishes import any_colour, bare_metal, cloth, painted, plastic, shade
from clipomaly_ros.simulation.assets.forms import crumpled, cushion, deformed, settled
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, moved, on_ground, pose, prism, tube

Generator = np.random.Generator


def _uld(g: Generator, opened: bool = False) -> list[Part]:
    """Build a lower-deck container with one cut lower edge (the outline of an LD3, IATA type AKE) or two."""
    wide, deep, high = g.uniform(1.85, 2.0), g.uniform(1.35, 1.53), g.uniform(1.45, 1.62)
    cut = 0.45
    both = g.uniform() < 0.2
    outline = np.array(
        [[-0.78, 0.0], [wide - 0.78 - cut, 0.0], [wide - 0.78, cut], [wide - 0.78, high], [-0.78, high]]
    )
    if both:
        outline = np.concatenate([outline[1:], [[-0.78, cut], [-0.78 + cut, 0.0]]])
    skin = bare_metal(g) if g.uniform() < 0.2 else painted(g, shade(g, (0.55, 0.9), (0.0, 0.08)))
    skin = replace(skin, gloss=0.4, reflectance=0.6, dirt=0.25)
    frame = bare_metal(g)
    turn = pose((0, deep / 2, 0), roll=np.pi / 2)
    parts = [prism(outline, deep, skin, turn)]
    for y in (-deep / 2, deep / 2):
        for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            parts.append(tube([[a[0], y, a[1]], [b[0], y, b[1]]], 0.03, frame, sections=5))
    parts.append(
        box((1.56, deep * 1.03, 0.05), frame, pose((0.0 if not both else wide / 2 - 0.78, 0, 0.017)))
    )
    door = cloth(g) if g.uniform() < 0.6 else painted(g)
    left, right = -0.68, wide - 0.78 - cut - 0.02
    size = ((right - left), 0.02, high * 0.72)
    dark = Material((0.02, 0.02, 0.02))
    parts.append(box(size, dark if opened else door, pose(((left + right) / 2, -deep / 2, high * 0.52))))
    if opened:
        flap = crumpled(g, size[0], high * 0.6, 0.1, door, 14, 4)
        parts.append(
            flap.moved(pose(((left + right) / 2, -deep / 2 - 0.2, high * 0.6), roll=g.uniform(1.1, 1.35)))
        )
    else:
        for z in (0.35, 0.6):
            parts.append(
                box((size[0], 0.03, 0.05), plastic(g), pose(((left + right) / 2, -deep / 2 - 0.01, high * z)))
            )
    logo = Material(any_colour(g), any_colour(g), Pattern.STRIPES, period=float(g.uniform(0.1, 0.5)))
    parts.append(box((g.uniform(0.4, 0.9), 0.015, 0.3), logo, pose((0.0, deep / 2 + 0.005, high * 0.62))))
    parts.append(box((0.015, g.uniform(0.4, 0.8), 0.3), logo, pose((wide - 0.775, 0, high * 0.62))))
    return parts


def uld_on_side(g: Generator) -> list[Part]:
    """Build a container fallen on one of its sides."""
    turn = ((np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.0, np.pi / 2), (0.0, -np.pi / 2))[g.integers(4)]
    return settled(moved(_uld(g), pose(roll=turn[0], pitch=turn[1])))


def uld_upside_down(g: Generator) -> list[Part]:
    """Build a container on its roof."""
    return on_ground(moved(_uld(g), pose(roll=np.pi)))


def uld_open(g: Generator) -> list[Part]:
    """Build a container on its back or a side, its door torn open and bags on top of the opening."""
    parts = moved(_uld(g, True), pose(roll=-np.pi / 2))
    for x in g.uniform(-0.4, 0.4, int(g.integers(1, 4))):
        size = np.array([g.uniform(0.2, 0.32), g.uniform(0.18, 0.3), g.uniform(0.08, 0.14)])
        look = cloth(g) if g.uniform() < 0.5 else plastic(g)
        top = max(float(part.vertices[:, 2].max()) for part in parts[:1])
        at = (x, 0.8 + g.uniform(-0.3, 0.3), top + size[2] * 0.8)
        parts.append(cushion(size, 6, look, pose(at, yaw=g.uniform(0, 3)), 2))
    return on_ground(parts)


def uld_crushed(g: Generator) -> list[Part]:
    """Build a dented container on its side, one corner pushed in."""
    corner = np.array([g.choice([-0.7, 1.0]), g.choice([-0.7, 0.7]), 1.5])
    depth = g.uniform(0.25, 0.5)

    def dent(v: np.ndarray) -> np.ndarray:
        near = np.exp(-np.sum((v - corner) ** 2, axis=1) / 0.7)[:, None]
        return v + near * depth * (np.array([0.2, 0.0, 0.6]) - corner) / 1.2

    turn = ((np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.0, np.pi / 2))[g.integers(3)]
    return settled(moved([deformed(p, dent) for p in _uld(g)], pose(roll=turn[0], pitch=turn[1])))
