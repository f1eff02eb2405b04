"""Soft litter: plastic bags and film, straps, rags, luggage tags."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import (
    any_colour,
    bare_metal,
    cloth,
    paper,
    plastic,
    shade,
)
from clipomaly_ros.simulation.assets.forms import arc, crumpled, plate, ribbon, sagged, settled, wander
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    grid_surface,
    lump,
    moved,
    on_ground,
    pose,
    prism,
    tube,
)

Generator = np.random.Generator


def _webbing(g: Generator) -> Material:
    striped = g.uniform() < 0.4
    return Material(
        shade(g, (0.5, 1.0), (0.5, 1.0)) if g.uniform() < 0.75 else (0.03, 0.03, 0.03),
        second=any_colour(g),
        pattern=Pattern.STRIPES if striped else Pattern.PLAIN,
        period=0.1,
        gloss=0.08,
        dirt=0.3,
    )


def strap_stray(g: Generator) -> list[Part]:
    """Build a strap lying in bends, partly turned over, with a hook."""
    length, width, twist = g.uniform(0.8, 2.6), g.uniform(0.025, 0.06), np.zeros(60)
    path = wander(g, length, 0.9, 60, 0.03)
    path[:, :2] *= min(1.0, 1.8 / float(np.ptp(path[:, :2], axis=0).max()))
    twist[30:] = np.clip(np.arange(30) / 8, 0, 1) * np.pi * g.integers(0, 2)
    hook = tube(
        arc(width * 0.6, -2.6, 1.6, 14) + path[-1] + [width * 0.5, 0, 0.006], 0.005, bare_metal(g), sections=6
    )
    return on_ground([ribbon(path, width, 0.004, _webbing(g), twist), hook])


def strap_coil(g: Generator) -> list[Part]:
    """Build a rolled-up strap with a loose end, lying or on its edge."""
    turns, width = int(g.integers(4, 9)), g.uniform(0.025, 0.06)
    angle = np.linspace(0, 2 * np.pi * turns, 20 * turns)
    radius = 0.02 + angle * g.uniform(0.0011, 0.002)
    spiral = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle])
    tail = spiral[-1] + np.linspace(0, 1, 10)[1:, None] * [g.uniform(-0.03, 0.05), g.uniform(0.1, 0.4), 0]
    strip = ribbon(np.concatenate([spiral, tail]), width, 0.003, _webbing(g), np.pi / 2)
    return on_ground([strip])


def strap_ratchet(g: Generator) -> list[Part]:
    """Build a lashing strap with its ratchet in the middle."""
    length, width, web = g.uniform(0.5, 1.7), g.uniform(0.03, 0.055), _webbing(g)
    path = wander(g, length, 0.5, 40, 0.02)
    metal, middle = bare_metal(g), path[20]
    heading = float(np.arctan2(*(path[21] - path[19])[[1, 0]]))
    where = pose(middle + np.array([0, 0, 0.02]), yaw=heading)
    ratchet = [
        box((0.13, 0.006, 0.035), metal, pose((0, width * 0.6, 0))),
        box((0.13, 0.006, 0.035), metal, pose((0, -width * 0.6, 0))),
        box((0.1, width * 1.4, 0.012), plastic(g), pose((0.07, 0, 0.03), pitch=-0.45)),
        tube([[0, -width * 0.7, 0.01], [0, width * 0.7, 0.01]], 0.014, metal),
    ]
    return on_ground([ribbon(path, width, 0.004, web), *moved(ratchet, where)])


def strap_tangle(g: Generator) -> list[Part]:
    """Build a tangle of straps in loops."""
    parts, web, width = [], _webbing(g), g.uniform(0.025, 0.05)
    size = g.uniform(0.12, 0.35)
    for _ in range(int(g.integers(2, 5))):
        turn = np.linspace(0, 2 * np.pi * g.uniform(1, 2), 40)
        rx, ry = g.uniform(0.5, 1.2, 2) * size
        path = np.column_stack(
            [
                rx * np.cos(turn),
                ry * np.sin(turn * g.choice([1, 2]) + g.uniform(0, 6)),
                0.05 + 0.05 * np.sin(turn * 2 + g.uniform(0, 6)),
            ]
        )
        parts.append(
            ribbon(path, width, 0.004, web, g.uniform(0, 0.8) * np.sin(turn)).moved(
                pose((*g.normal(size=2) * size * 0.3, 0), yaw=g.uniform(0, 6))
            )
        )
    parts.append(
        plate(width * 1.8, width * 1.5, 0.01, 0.012, bare_metal(g), pose((size * 0.5, 0, 0.06), pitch=0.3))
    )
    return on_ground(parts)


def rag_crumpled(g: Generator) -> list[Part]:
    """Build a cloth dropped in deep folds."""
    size = g.uniform(0.2, 0.5)
    return on_ground(
        [crumpled(g, size, size * g.uniform(0.6, 1), size * g.uniform(0.15, 0.3), cloth(g), 24, 5)]
    )


def rag_flat(g: Generator) -> list[Part]:
    """Build a cloth lying spread or folded over, nearly flat."""
    size, fabric = g.uniform(0.25, 0.6), cloth(g)
    parts = [crumpled(g, size, size * 0.8, size * 0.05, fabric, 20, 4)]
    if g.uniform() < 0.6:
        parts.append(
            crumpled(g, size * 0.5, size * 0.7, size * 0.06, fabric, 16, 4).moved(
                pose((size * 0.15, 0, size * 0.03), yaw=g.normal() * 0.3)
            )
        )
    return on_ground(parts)


def rag_heap(g: Generator) -> list[Part]:
    """Build a balled-up cloth."""
    size, fabric = g.uniform(0.06, 0.18), cloth(g)
    parts = [sagged(lump(g, (size, size * 0.85, size * 0.6), 0.3, fabric), -size * 0.35)]
    parts.append(
        crumpled(g, size * 2.2, size * 1.6, size * 0.5, fabric, 20, 6).moved(pose((0, 0, -size * 0.33)))
    )
    return on_ground(parts)


def rag_twisted(g: Generator) -> list[Part]:
    """Build a wrung cloth, a thick twisted roll with ragged ends."""
    length, fabric = g.uniform(0.25, 0.6), cloth(g)
    path, at = wander(g, length, 0.7, 40), np.linspace(0, 1, 40)
    grown = length * 0.06 * (1 + 0.6 * (2 * at - 1) ** 4)
    turn = np.linspace(0, 2 * np.pi, 19)[:-1]
    twist = at[:, None] * g.uniform(6, 12) + turn
    reach = grown[:, None] * (1 + 0.25 * np.cos(3 * turn))[None]
    heading = np.gradient(path, axis=0)
    side = np.cross([0, 0, 1.0], heading)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    rings = path[:, None] + reach[..., None] * (
        np.cos(twist)[..., None] * side[:, None] + np.sin(twist)[..., None] * [0, 0, 1.0]
    )
    body = grid_surface(rings, fabric, closed=True)
    ends = [
        crumpled(g, length * 0.22, length * 0.2, length * 0.08, fabric, 12, 4).moved(
            pose(path[k] - [0, 0, length * 0.06])
        )
        for k in (0, -1)
    ]
    return on_ground([body, *ends])


def _label(g: Generator) -> Material:
    return Material(
        (0.88, 0.88, 0.86),
        second=(0.05, 0.05, 0.05) if g.uniform() < 0.6 else any_colour(g),
        pattern=Pattern.STRIPES,
        period=float(g.uniform(0.01, 0.05)),
        gloss=0.2,
        reflectance=0.7,
    )


def tag_paper_loop(g: Generator) -> list[Part]:
    """Build an airline's paper bag tag: a long printed strip stuck to a loop."""
    length, width = g.uniform(0.25, 0.5), g.uniform(0.045, 0.06)
    loop = arc(length * 0.1, -np.pi + 0.3, np.pi - 0.3, 20) * [1, 0.8, 1] + [length * 0.1, 0, 0]
    tail = np.column_stack(
        [np.linspace(0, -length * 0.7, 12), 0.02 * np.sin(np.linspace(0, g.uniform(1, 5), 12)), np.zeros(12)]
    )
    path = np.concatenate([loop[::-1], tail])
    strip = ribbon(path, width, 0.001, _label(g), np.pi / 2).moved(pose(roll=g.choice([0.0, np.pi / 2])))
    flat = ribbon(tail * [1, 1.5, 1], width, 0.001, _label(g))
    return on_ground([strip, flat.moved(pose((0, 0, -width * 0.45)))])


def tag_card(g: Generator) -> list[Part]:
    """Build a name card in a plastic sleeve with a looped string."""
    length, frame = g.uniform(0.08, 0.13), plastic(g)
    parts = [
        plate(length, length * 0.6, 0.01, 0.003, frame),
        plate(length * 0.8, length * 0.42, 0.004, 0.002, paper(g), pose((-length * 0.04, 0, 0.0025))),
    ]
    loop = arc(length * 0.3, -np.pi + 0.1, np.pi - 0.1, 24) * [1.6, g.uniform(0.4, 0.8), 1] + [
        length * 0.85,
        0,
        0.004,
    ]
    return on_ground([*parts, tube(loop, 0.002, cloth(g), sections=5)])


def tag_curled(g: Generator) -> list[Part]:
    """Build a torn-off paper tag, curled up at its ends."""
    length, width = g.uniform(0.14, 0.4), g.uniform(0.04, 0.06)
    bend = np.linspace(-1, 1, 36)
    bend = g.uniform(0.3, 2.2) * bend**3 + g.uniform(-0.3, 1.2) * bend**2
    path = np.column_stack([np.cos(bend), 0.1 * bend, np.sin(bend)]).cumsum(axis=0) * length / 36
    lying = settled([ribbon(path, width, 0.001, _label(g))])
    return moved(lying, pose((0, 0, 0.002)))


def tag_leather(g: Generator) -> list[Part]:
    """Build a leather tag with a buckled strap and a pointed end."""
    length, leather = g.uniform(0.09, 0.14), cloth(g, shade(g, (0.2, 0.6), (0.4, 0.8)))
    outline = (
        np.array([[-0.5, -0.28], [0.3, -0.28], [0.5, -0.1], [0.5, 0.1], [0.3, 0.28], [-0.5, 0.28]]) * length
    )
    strap = arc(length * 0.35, -np.pi * 0.9, np.pi * 0.9, 24) * [1.5, 0.7, 1] + [length * 0.92, 0, 0.008]
    return on_ground(
        [
            prism(outline, 0.005, leather),
            plate(length * 0.6, length * 0.36, 0.006, 0.002, paper(g), pose((-length * 0.1, 0, 0.005))),
            ribbon(strap, 0.012, 0.003, leather, np.linspace(0, 1.2, 24)),
            box((0.018, 0.02, 0.006), bare_metal(g), pose(strap[6])),
        ]
    )
