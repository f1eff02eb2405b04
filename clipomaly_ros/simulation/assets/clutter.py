"""Strange things without a name: random compositions of simple shapes, to learn 'something odd' from."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.clutter_solids import any_look, any_size, any_solid, turned
from clipomaly_ros.simulation.assets.clutter_thin import (
    bent_sheet,
    cord,
    crumple,
    flat_piece,
    frame,
    wheeled_stick,
)
from clipomaly_ros.simulation.assets.forms import along, arc, cushion, deformed, settled
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    frustum,
    grid_surface,
    moved,
    on_ground,
    pose,
    revolve,
    torus,
    tube,
)

Generator = np.random.Generator


def pile(g: Generator) -> list[Part]:
    """Build one to five solids grown into each other."""
    size, parts, at = any_size(g), [], np.zeros(3)
    for _ in range(int(g.integers(1, 6))):
        part = turned(g, any_solid(g, size * g.uniform(0.4, 1)))
        parts.append(part.moved(pose(at)))
        at = at + g.normal(size=3) * size * 0.22
    return settled(parts)


def stack(g: Generator) -> list[Part]:
    """Build solids stacked on each other, upright or fallen over as one."""
    size, parts, top = any_size(g, 0.05, 0.8), [], 0.0
    for _ in range(int(g.integers(2, 5))):
        part = any_solid(g, size * g.uniform(0.4, 1))
        low, high = part.vertices[:, 2].min(), part.vertices[:, 2].max()
        parts.append(part.moved(pose((*g.normal(size=2) * size * 0.05, top - low), yaw=g.uniform(0, 6))))
        top += (high - low) * 0.95
    if top > 1.8:
        parts = [deformed(p, lambda v: v * 1.8 / top) for p in parts]
    return settled(parts) if g.uniform() < 0.5 else settled(moved(parts, pose(pitch=np.pi / 2)))


def debris_field(g: Generator) -> list[Part]:
    """Build a few separate fragments lying close together."""
    size, parts = any_size(g, 0.08, 0.9), []
    for _ in range(int(g.integers(2, 6))):
        part = settled([turned(g, any_solid(g, size * g.uniform(0.15, 0.6)))])
        parts += moved(part, pose((*g.normal(size=2) * size * 0.2, 0), yaw=g.uniform(0, 6)))
    return on_ground(parts)


def vessel(g: Generator) -> list[Part]:
    """Build a turned hollow or solid body with rings and a spout or grip."""
    size = any_size(g, 0.05, 1.0)
    steps = int(g.integers(4, 9))
    radii = size * np.clip(0.3 + 0.2 * np.cumsum(g.normal(size=steps)) / 1.5, 0.08, 0.6)
    heights = np.linspace(0, size * g.uniform(0.4, 1.5), steps)
    profile = [(0.0, 0.0), *zip(radii, heights, strict=True)]
    if g.uniform() < 0.5:
        profile += [(radii[-1] * 0.85, heights[-1]), (radii[-1] * 0.7, heights[1])]
    profile.append((0.0, profile[-1][1]))
    parts = [
        revolve(
            profile, any_look(g, size), sections=int(g.choice([6, 8, 24])), smooth=bool(g.uniform() < 0.7)
        )
    ]
    if g.uniform() < 0.6:
        middle = int(g.integers(1, steps))
        parts.append(torus(radii[middle], size * 0.03, any_look(g, size), pose((0, 0, heights[middle]))))
    if g.uniform() < 0.5:
        grip = arc(size * 0.2, -np.pi / 2, np.pi / 2, 12) + np.array([radii[steps // 2] * 0.9, 0, 0])
        parts.append(
            tube(grip, size * 0.03, any_look(g, size), pose((0, 0, heights[steps // 2]), roll=np.pi / 2))
        )
    return settled(moved(parts, pose(pitch=g.choice([0.0, 1.5, 3.1]))))


def spiky(g: Generator) -> list[Part]:
    """Build a core with rods, cones or blades sticking out."""
    size = any_size(g, 0.06, 1.2)
    parts, look = [any_solid(g, size * g.uniform(0.3, 0.6))], any_look(g, size)
    for _ in range(int(g.integers(3, 12))):
        reach = size * g.uniform(0.3, 0.55)
        end = size * g.uniform(0.0, 0.05) + 0.001
        turn = pose(roll=g.uniform(0, 6.3), pitch=g.uniform(0, 6.3))
        parts.append(
            frustum(
                size * g.uniform(0.015, 0.07), end, reach, look, turn @ pose((0, 0, reach / 2)), sections=8
            )
        )
    return settled(parts)


def shell(g: Generator) -> list[Part]:
    """Build a piece of a curved or torn shell: part of a tube, dome or fairing."""
    size, look = any_size(g, 0.08, 1.4), any_look(g, 0.3)
    span, taper, flare = g.uniform(1.0, 5.0), g.uniform(0.3, 1.2), g.uniform(-0.3, 0.3)
    angles = np.linspace(0, span, 22)
    ragged = g.uniform(-0.08, 0.08, 22)
    rings = []
    for at in np.linspace(0, 1, 10):
        radius = size * 0.4 * (1 + (taper - 1) * at + flare * np.sin(np.pi * at))
        x = size * (at - 0.5) + (at > 0.9) * ragged * size
        rings.append(
            np.column_stack([np.broadcast_to(x, 22), radius * np.cos(angles), radius * np.sin(angles)])
        )
    parts = [grid_surface(np.stack(rings), look)]
    if g.uniform() < 0.4:
        parts.append(
            box((size * 0.9, size * 0.05, size * 0.05), any_look(g, size), pose((0, size * 0.38, 0)))
        )
    return settled([*moved(parts, pose(roll=g.uniform(0, 6.3)))])


def package(g: Generator) -> list[Part]:
    """Build a parcel, crate or soft bundle with bands, labels and lids."""
    size = any_size(g, 0.08, 1.3)
    a, b, c = size * np.array([1.0, g.uniform(0.4, 1), g.uniform(0.2, 1)])
    soft = g.uniform(2.5, 5) if g.uniform() < 0.5 else 20.0
    body = (
        cushion((a / 2, b / 2, c / 2), soft, any_look(g, size))
        if soft < 6
        else box((a, b, c), any_look(g, size))
    )
    parts = [body]
    for x in g.uniform(-0.35, 0.35, int(g.integers(0, 3))):
        parts.append(
            box((size * g.uniform(0.02, 0.1), b * 1.02, c * 1.02), any_look(g, size), pose((x * a, 0, 0)))
        )
    for _ in range(int(g.integers(0, 3))):
        label = box((a * g.uniform(0.1, 0.5), b * g.uniform(0.1, 0.5), c * 1.03), any_look(g, size * 0.3))
        parts.append(label.moved(pose((a * g.uniform(-0.2, 0.2), b * g.uniform(-0.2, 0.2), 0))))
    if g.uniform() < 0.3:
        parts.append(box((a, b, c * 0.05), parts[0].material, pose((0, b * 0.55, c * 0.6), roll=0.9)))
    return settled(moved(parts, pose(roll=g.choice([0, 1.5, 3.1]), pitch=g.choice([0, 1.5]))))


def jointed(g: Generator) -> list[Part]:
    """Build a chain of tubes and boxes joined at angles, as of a broken mechanism."""
    size, parts, where = any_size(g, 0.1, 1.4), [], np.eye(4)
    for _ in range(int(g.integers(2, 6))):
        reach = size * g.uniform(0.15, 0.4)
        thick = reach * g.uniform(0.08, 0.4)
        middle = where @ pose((reach / 2, 0, 0))
        if g.uniform() < 0.5:
            parts.append(
                cylinder(
                    thick / 2,
                    reach,
                    any_look(g, size),
                    middle @ along("x"),
                    sections=int(g.choice([5, 8, 16])),
                )
            )
        else:
            parts.append(box((reach, thick, thick * g.uniform(0.2, 1.5)), any_look(g, size), middle))
        where = where @ pose((reach, 0, 0), yaw=g.normal() * 0.9, pitch=g.normal() * 0.35)
        if g.uniform() < 0.5:
            parts.append(turned(g, any_solid(g, thick * 1.8)).moved(where))
    return settled(parts)


CLUTTER = (
    Asset(
        "object",
        "generic",
        (
            pile,
            stack,
            debris_field,
            frame,
            wheeled_stick,
            bent_sheet,
            crumple,
            cord,
            flat_piece,
            vessel,
            spiky,
            package,
            jointed,
            shell,
        ),
    ),
)
