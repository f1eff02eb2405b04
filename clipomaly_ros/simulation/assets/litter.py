"""Soft litter: plastic bags and film, straps, rags, luggage tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.finishes import (
    any_colour,
    bare_metal,
    cloth,
    film,
    paper,
    plastic,
    shade,
)
from clipomaly_ros.simulation.assets.forms import arc, crumpled, cushion, deformed, plate, ribbon, wander
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, lump, moved, on_ground, pose, torus, tube

Generator = np.random.Generator


def _sagged(part: Part, floor: float) -> Part:
    """Flatten what is below a height [m], as a soft body on the ground."""
    return deformed(part, lambda v: np.column_stack([v[:, :2], np.maximum(v[:, 2], floor)]))


def bag_crumpled(g: Generator) -> list[Part]:
    """Build a crumpled plastic bag, a light lump with handles sticking out."""
    size, skin = g.uniform(0.1, 0.25), film(g, (0.75, 1.0))
    parts = [
        _sagged(
            lump(g, (size, size * g.uniform(0.6, 0.9), size * g.uniform(0.4, 0.7)), 0.3, skin), -size * 0.3
        )
    ]
    for turn in g.uniform(0, 2 * np.pi, 2):
        loop = ribbon(
            arc(size * 0.4, -1.9, 1.9, 16) + [size * 0.5, 0, 0], size * 0.2, 0.002, skin, g.uniform(0.4, 1.2)
        )
        parts.append(
            loop.moved(pose((size * 0.6 * np.cos(turn), size * 0.6 * np.sin(turn), 0), pitch=-0.6, yaw=turn))
        )
    parts.append(
        crumpled(g, size * 1.6, size * 1.1, size * 0.4, skin, where_steps(g)).moved(
            pose((0, 0, -size * 0.28))
        )
    )
    return on_ground(parts)


def where_steps(g: Generator) -> int:
    """Return how finely a film is meshed: a few steps, so that its creases are sharp."""
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

    parts = [deformed(cushion((width / 2, depth / 2, height / 2), 3.5, skin), sag)]
    for side in (-1, 1):
        path = arc(width * 0.2, 0, np.pi, 14) * [1, 1.7, 1] + [0, height * 0.45, 0]
        where = pose((0, side * depth * 0.12, 0), roll=np.pi / 2 + side * g.uniform(-0.1, 0.5))
        parts.append(ribbon(path, width * 0.09, 0.002, skin, np.pi / 2).moved(where))
    parts.append(box((width * 0.4, depth * 1.04, height * 0.25), film(g, (0.95, 1.0))))
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
    size = g.uniform(0.2, 0.38)
    skin = replace(
        film(g, (0.93, 1.0)),
        colour=((0.015, 0.015, 0.018), (0.7, 0.72, 0.75), (0.05, 0.15, 0.5), any_colour(g))[
            g.choice(4, p=(0.45, 0.2, 0.15, 0.2))
        ],
    )
    body = _sagged(
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
    parts = [_sagged(lump(g, (size, size * 0.8, size * 0.45), 0.35, skin), -size * 0.2)]
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
    where = pose(middle + [0, 0, 0.02], yaw=heading)
    ratchet = [
        box((0.13, 0.006, 0.035), metal, pose((0, width * 0.6, 0))),
        box((0.13, 0.006, 0.035), metal, pose((0, -width * 0.6, 0))),
        box((0.1, width * 1.4, 0.012), painted_grip(g), pose((0.07, 0, 0.03), pitch=-0.45)),
        tube([[0, -width * 0.7, 0.01], [0, width * 0.7, 0.01]], 0.014, metal),
    ]
    return on_ground([ribbon(path, width, 0.004, web), *moved(ratchet, where)])


def painted_grip(g: Generator) -> Material:
    """Return the coloured plastic of a ratchet's lever."""
    return plastic(g)


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
    parts = [_sagged(lump(g, (size, size * 0.85, size * 0.6), 0.3, fabric), -size * 0.35)]
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
    body = grid_rope(rings, fabric)
    ends = [
        crumpled(g, length * 0.22, length * 0.2, length * 0.08, fabric, 12, 4).moved(
            pose(path[k] - [0, 0, length * 0.06])
        )
        for k in (0, -1)
    ]
    return on_ground([body, *ends])


def grid_rope(rings: np.ndarray, fabric: Material) -> Part:
    """Join rings of points to a rope."""
    from clipomaly_ros.simulation.mesh import grid_surface

    return grid_surface(rings, fabric, closed=True)


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
    """Build a torn-off paper tag, curled up."""
    length, width = g.uniform(0.1, 0.3), g.uniform(0.04, 0.06)
    bend = np.linspace(0, g.uniform(1.5, 6.5), 30)
    path = np.column_stack([np.cos(bend), np.zeros(30), np.sin(bend)]).cumsum(axis=0) * length / 30
    return on_ground([ribbon(path, width, 0.001, _label(g))])


def tag_leather(g: Generator) -> list[Part]:
    """Build a leather tag with a buckled strap and a pointed end."""
    length, leather = g.uniform(0.09, 0.14), cloth(g, shade(g, (0.2, 0.6), (0.4, 0.8)))
    outline = (
        np.array([[-0.5, -0.28], [0.3, -0.28], [0.5, -0.1], [0.5, 0.1], [0.3, 0.28], [-0.5, 0.28]]) * length
    )
    from clipomaly_ros.simulation.mesh import prism

    strap = arc(length * 0.35, -np.pi * 0.9, np.pi * 0.9, 24) * [1.5, 0.7, 1] + [length * 0.92, 0, 0.008]
    return on_ground(
        [
            prism(outline, 0.005, leather),
            plate(length * 0.6, length * 0.36, 0.006, 0.002, paper(g), pose((-length * 0.1, 0, 0.005))),
            ribbon(strap, 0.012, 0.003, leather, np.linspace(0, 1.2, 24)),
            box((0.018, 0.02, 0.006), bare_metal(g), pose(strap[6])),
        ]
    )
