"""Plastic bags and film."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.finishes import (
    any_colour,
    cloth,
    film,
)
from clipomaly_ros.simulation.assets.forms import (
    arc,
    crumpled,
    cushion,
    deformed,
    ribbon,
    sagged,
    wander,
    wrinkled,
)
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    lump,
    moved,
    on_ground,
    pose,
    torus,
)

Generator = np.random.Generator


def bag_crumpled(g: Generator) -> list[Part]:
    """Build a crumpled plastic bag, a light lump in creases with handles sticking out."""
    size, skin = g.uniform(0.1, 0.22), film(g, (0.75, 1.0))
    body = lump(g, (size, size * g.uniform(0.6, 0.9), size * g.uniform(0.5, 0.8)), 0.3, skin)
    parts = [sagged(wrinkled(g, body, 0.45, 5), -size * 0.3)]
    for turn in g.uniform(0, 2 * np.pi, 2):
        loop = arc(size * 0.4, -1.9, 1.9, 16) + np.array([size * 0.5, 0, 0])
        strip = ribbon(loop, size * 0.2, 0.002, skin, g.uniform(0.4, 1.2))
        at = (size * 0.6 * np.cos(turn), size * 0.6 * np.sin(turn), 0)
        parts.append(strip.moved(pose(at, pitch=-0.6, yaw=turn)))
    flap = crumpled(g, size * 1.7, size * 1.2, size * 0.5, skin, _steps(g))
    parts.append(flap.moved(pose((0, 0, -size * 0.28))))
    return on_ground(parts)


def _steps(g: Generator) -> int:
    """Return how finely a film is meshed: a few steps make sharp creases."""
    return int(g.integers(10, 20))


def bag_carrier(g: Generator) -> list[Part]:
    """Build a full carrier bag standing, its two handles up and something printed on it."""
    width, skin = g.uniform(0.22, 0.38), film(g, (0.85, 1.0))
    height, depth = width * g.uniform(0.7, 1.0), width * g.uniform(0.3, 0.5)
    phases = g.uniform(0, 6.3, 3)

    def sag(v: np.ndarray) -> np.ndarray:
        at = v[:, 2] / height + 0.5
        pinch = 1 - 0.35 * np.clip(at - 0.55, 0, 1) ** 1.2
        ripple = (
            1
            + 0.06 * np.sin(9 * at + phases[0])
            + 0.07 * np.sin(5 * np.arctan2(v[:, 1], v[:, 0]) + 4 * at + phases[1])
        )
        return np.column_stack([v[:, :2] * (pinch * ripple)[:, None], v[:, 2]])

    body = cushion((width / 2, depth / 2, height / 2), 3.5, skin)
    parts = [deformed(wrinkled(g, body, 0.18), sag)]
    for side in (-1, 1):
        path = arc(width * 0.2, 0, np.pi, 14) * [1, 1.7, 1] + [0, height * 0.45, 0]
        where = pose((0, side * depth * 0.12, 0), roll=np.pi / 2 + side * g.uniform(-0.1, 0.5))
        parts.append(ribbon(path, width * 0.09, 0.002, skin, np.pi / 2).moved(where))
    if g.uniform() < 0.7:
        picture = box((width * 0.35, depth * 0.98, height * 0.22), film(g, (0.95, 1.0)))
        parts.append(picture)
    return on_ground(moved(parts, pose(roll=g.choice([0.0, 0.0, 1.3]))))


def bag_flat(g: Generator) -> list[Part]:
    """Build an empty bag lying flat, with cut-out handles and creases."""
    length, width, skin = g.uniform(0.25, 0.5), g.uniform(0.2, 0.35), film(g, (0.7, 0.98))
    rise = g.uniform(0.02, 0.07)
    parts = [crumpled(g, length, width, rise, skin, 18, 5)]
    for side in (-1, 1):
        path = arc(width * 0.16, -2.0, 2.0, 14) * [1.5, 1, 1] + [
            length * 0.55,
            side * width * 0.22,
            rise * 0.5,
        ]
        parts.append(ribbon(path, width * 0.1, 0.002, skin, 0.3))
    return on_ground(parts)


def bag_tied(g: Generator) -> list[Part]:
    """Build a full rubbish bag with a tied neck."""
    size = g.uniform(0.17, 0.32)
    skin = replace(
        film(g, (0.93, 1.0)),
        colour=((0.015, 0.015, 0.018), (0.7, 0.72, 0.75), (0.05, 0.15, 0.5), any_colour(g))[
            g.choice(4, p=(0.45, 0.2, 0.15, 0.2))
        ],
    )
    body = sagged(
        lump(g, (size, size * g.uniform(0.8, 1), size * g.uniform(0.75, 1)), 0.16, skin), -size * 0.6
    )
    folds = int(g.integers(5, 9))

    def neck(v: np.ndarray) -> np.ndarray:
        at = np.clip(v[:, 2] / size, 0, 1.2)
        gather = 1 - 0.6 * at**2 * (0.75 + 0.25 * np.sin(folds * np.arctan2(v[:, 1], v[:, 0])))
        return np.column_stack([v[:, :2] * gather[:, None], v[:, 2] * (1 + 0.3 * at**3)])

    body = deformed(body, neck)
    top = float(body.vertices[:, 2].max())
    parts = [body, torus(size * 0.1, size * 0.05, cloth(g), pose((0, 0, top)), sections=12)]
    for turn in g.uniform(0, 6.3, 4):
        path = np.array([[0, 0, 0], [0.12, 0, 0.25], [0.35, 0.05, 0.4]]) * size
        parts.append(ribbon(path, size * 0.25, 0.003, skin, 0.5).moved(pose((0, 0, top), yaw=turn)))
    return on_ground(parts)


def wrap_sheet(g: Generator) -> list[Part]:
    """Build a spread sheet of clear film with creases."""
    length = g.uniform(0.5, 1.8)
    skin = film(g, (0.3, 0.7))
    return on_ground(
        [crumpled(g, length, length * g.uniform(0.4, 0.9), length * g.uniform(0.05, 0.14), skin, 26, 8)]
    )


def wrap_rope(g: Generator) -> list[Part]:
    """Build stretched film twisted into a rope with flaring ends."""
    length, skin, parts = g.uniform(0.6, 1.9), film(g, (0.55, 0.9)), []
    path = wander(g, length, 0.9, 40, 0.05)
    for turn in np.arange(3) * 2.1:
        twist = np.linspace(0, g.uniform(8, 16), 40) + turn
        parts.append(ribbon(path, length * g.uniform(0.04, 0.08), 0.002, skin, twist))
    for end in (0, -1):
        parts.append(crumpled(g, length * 0.2, length * 0.14, length * 0.05, skin, 12).moved(pose(path[end])))
    return on_ground(parts)


def wrap_heap(g: Generator) -> list[Part]:
    """Build a heap of film pressed together."""
    size, skin = g.uniform(0.15, 0.45), film(g, (0.5, 0.85))
    parts = [sagged(lump(g, (size, size * 0.8, size * 0.45), 0.35, skin), -size * 0.2)]
    for level in (0.1, 0.25, 0.0):
        where = pose((*g.normal(size=2) * size * 0.3, level * size), yaw=g.uniform(0, 3))
        parts.append(
            crumpled(g, size * 2.1, size * 1.5, size * g.uniform(0.3, 0.7), skin, 18, 7).moved(where)
        )
    return on_ground(parts)


def wrap_billowing(g: Generator) -> list[Part]:
    """Build film caught by the wind: an arch standing up from the ground at one side."""
    length = g.uniform(0.6, 1.6)
    width, rise, skin = length * g.uniform(0.4, 0.8), length * g.uniform(0.2, 0.4), film(g, (0.35, 0.75))
    wrinkle = crumpled(g, length, width, length * 0.07, skin, 26, 9)
    lean = g.uniform(0.2, 0.5)

    def blow(v: np.ndarray) -> np.ndarray:
        dome = np.clip(1 - (v[:, 0] / length * 2) ** 2, 0, 1) * np.clip(0.65 + v[:, 1] / width, 0, 1)
        return v + np.column_stack([0 * dome, lean * dome * width, rise * dome])

    return on_ground([deformed(wrinkle, blow)])
