"""Parts fallen off aircraft and lighting: panels, light fittings, engine parts."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import bare_metal, glass, painted, plastic, rubber, shade
from clipomaly_ros.simulation.assets.forms import (
    along,
    arc,
    cushion,
    deformed,
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
    frustum,
    grid_surface,
    moved,
    on_ground,
    pose,
    revolve,
    sheet,
    torus,
    tube,
)

Generator = np.random.Generator


def _skin(g: Generator) -> Material:
    """Aircraft skin: white or grey paint, a livery colour, primer green, or bare metal."""
    kind = g.uniform()
    if kind < 0.4:
        return painted(g, shade(g, (0.75, 0.97), (0.0, 0.05)))
    return bare_metal(g) if kind < 0.6 else painted(g, (0.3, 0.38, 0.1)) if kind < 0.7 else painted(g)


def _rivets(g: Generator, length: float, width: float, top: float) -> list[Part]:
    metal, count = bare_metal(g), int(g.integers(3, 7))
    spots = [(x, side * width * 0.43) for x in np.linspace(-0.43, 0.43, count) * length for side in (-1, 1)]
    return [cylinder(0.008, 0.004, metal, pose((x, y, top)), sections=8) for x, y in spots]


def panel_flat(g: Generator) -> list[Part]:
    """Build a flat access panel with screws along its edges."""
    length, width = g.uniform(0.25, 1.3), g.uniform(0.2, 0.7)
    body = plate(length, width, g.uniform(0.02, 0.12), g.uniform(0.003, 0.015), _skin(g))
    top = float(body.vertices[:, 2].max())
    parts = [body, *_rivets(g, length, width, top)]
    if g.uniform() < 0.5:
        parts.append(
            box((0.12, 0.05, 0.004), painted(g), pose((g.uniform(-0.2, 0.2) * length, 0, top + 0.002)))
        )
    return on_ground(parts)


def panel_bent(g: Generator) -> list[Part]:
    """Build a torn and bent panel, curled up at a corner."""
    length, width, a, b = g.uniform(0.3, 1.5), g.uniform(0.2, 0.8), g.uniform(0.1, 0.5), g.uniform(0.05, 0.25)
    turn = g.uniform(0, 2 * np.pi)

    def rise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        across = np.cos(turn) * x / length + np.sin(turn) * y / width
        return np.asarray(width * (a * np.clip(across + 0.05, 0, None) ** 1.5 + b * (x / length) ** 2))

    body = sheet(length, width, rise, _skin(g), steps=16)
    torn = body.vertices[:, 0] > 0.48 * length
    ragged = np.where(torn, g.uniform(-0.12, 0.02, len(torn)) * length, 0.0)
    lying = settled([deformed(body, lambda v: v + np.column_stack([ragged, 0 * v[:, 1:]]))])
    # Its flat half stays clear of the ground's plane.
    return moved(lying, pose((0, 0, 0.003)))


def panel_framed(g: Generator) -> list[Part]:
    """Build a door panel lying inside up, with stiffeners and a hinge."""
    length, width, skin, frame = g.uniform(0.35, 1.2), g.uniform(0.3, 0.8), _skin(g), bare_metal(g)
    parts = [plate(length, width, 0.06, 0.006, skin)]
    height = g.uniform(0.02, 0.05)
    for y in (-0.44, 0.44):
        parts.append(box((length * 0.9, 0.02, height), frame, pose((0, y * width, height / 2))))
    for x in np.linspace(-0.45, 0.45, int(g.integers(3, 6))):
        parts.append(box((0.02, width * 0.88, height * 0.8), frame, pose((x * length, 0, height * 0.4))))
    for x in (-0.25, 0.25):
        parts.append(
            cylinder(0.015, 0.08, bare_metal(g), along("x", (x * length, width / 2 + 0.01, 0.015)), 10)
        )
    return on_ground(parts)


def panel_oval(g: Generator) -> list[Part]:
    """Build an oval curved cover with latches, arched like a fuselage's skin."""
    length, width = g.uniform(0.3, 1.1), g.uniform(0.25, 0.6)
    rings = (
        np.linspace(0.0, 1.0, 8)[:, None, None]
        * (arc(1.0, 0, 2 * np.pi, 32) * [length / 2, width / 2, 1])[None]
    )
    arch = g.uniform(0.15, 0.5) / width
    rings[..., 2] = arch * ((width / 2) ** 2 - rings[..., 1] ** 2)
    parts = [grid_surface(rings, _skin(g))]
    for x in (-0.3, 0.3):
        parts.append(box((0.05, 0.03, 0.012), bare_metal(g), pose((x * length, 0, arch * width**2 / 4))))
    parts.append(box((0.1, 0.004 + width * 0.05, 0.006), painted(g), pose((0, 0, arch * width**2 / 4))))
    return on_ground(parts)


def _signal(g: Generator) -> tuple[float, float, float]:
    """Return the colour of an airfield lens: red, green, blue, amber or clear."""
    colours = ((0.8, 0.03, 0.03), (0.03, 0.6, 0.2), (0.03, 0.12, 0.75), (0.9, 0.5, 0.03), (0.85, 0.88, 0.9))
    return colours[g.integers(5)]


def light_inset(g: Generator) -> list[Part]:
    """Build an inset runway light torn out: a flanged can with a dome and a lens."""
    radius, metal = g.uniform(0.09, 0.16), bare_metal(g)
    can = [(0.0, -1.0), (0.75, -1.0), (0.75, 0.0), (1.0, 0.0), (1.0, 0.1), (0.6, 0.25), (0.0, 0.3)]
    parts = [revolve([(r * radius, z * radius) for r, z in can], metal, smooth=False)]
    lens = glass(g, _signal(g))
    for side in (-1, 1):
        parts.append(
            cushion(
                (0.1 * radius, 0.28 * radius, 0.1 * radius),
                5,
                lens,
                pose((side * 0.62 * radius, 0, 0.2 * radius)),
                2,
            )
        )
    for turn in np.arange(6) * np.pi / 3:
        at = (0.88 * radius * np.cos(turn), 0.88 * radius * np.sin(turn), 0.12 * radius)
        parts.append(cylinder(0.06 * radius, 0.06 * radius, rubber(g), pose(at), sections=8))
    return settled(moved(parts, pose(roll=g.uniform(-2, 2))))


def light_tube(g: Generator) -> list[Part]:
    """Build a fluorescent fitting with its tubes, one perhaps missing."""
    length, width, body = (
        g.uniform(0.5, 1.5),
        g.uniform(0.1, 0.2),
        painted(g, shade(g, (0.7, 0.95), (0.0, 0.1))),
    )
    section = np.array([(-0.5, 0.35), (-0.3, 0.0), (0.3, 0.0), (0.5, 0.35)]) * width
    trough = np.stack([np.column_stack([np.full(4, x), section]) for x in (-length / 2, length / 2)])
    parts = [grid_surface(trough, body, smooth=False)]
    for y in (-0.2, 0.2):
        if y > 0 or g.uniform() < 0.6:
            white = Material((0.92, 0.93, 0.95), gloss=0.8, reflectance=0.5)
            parts.append(cylinder(0.014, length * 0.92, white, along("x", (0, y * width, 0.3 * width)), 12))
    for x in (-0.49, 0.49):
        parts.append(
            box((0.02 * length, width * 0.9, width * 0.35), plastic(g), pose((x * length, 0, 0.175 * width)))
        )
    return settled(moved(parts, pose(roll=g.choice([0.0, 2.2, np.pi]))))


def light_flood(g: Generator) -> list[Part]:
    """Build a floodlight head with a bracket, on its back or face."""
    width, body = g.uniform(0.18, 0.5), painted(g) if g.uniform() < 0.6 else bare_metal(g)
    height, depth = width * g.uniform(0.6, 0.9), width * g.uniform(0.2, 0.4)
    parts = [
        cushion((width / 2, height / 2, depth / 2), 8, body, subdivisions=3),
        box(
            (width * 0.84, height * 0.8, 0.01),
            Material((0.85, 0.87, 0.8), gloss=0.9, mirror=0.15),
            pose((0, 0, depth / 2)),
        ),
    ]
    for x in np.linspace(-0.35, 0.35, 6):
        parts.append(box((0.012, height * 0.8, depth * 0.3), body, pose((x * width, 0, -depth * 0.55))))
    bow = np.array([[-0.53, 0, 0], [-0.53, -0.75, 0], [0.53, -0.75, 0], [0.53, 0, 0]]) * [width, height, 1]
    parts.append(tube(bow, width * 0.025, bare_metal(g), sections=6))
    return settled(moved(parts, pose(roll=g.choice([0.2, -0.9, 1.7]))))


def light_edge(g: Generator) -> list[Part]:
    """Build an elevated edge light knocked off its base: a glass dome on a stem."""
    tall, lens = g.uniform(0.25, 0.45), glass(g, _signal(g))
    stem, radius = painted(g, (0.8, 0.55, 0.02)), tall * g.uniform(0.15, 0.2)
    dome = [(0.0, 0.0), (1.0, 0.0), (0.95, 0.6), (0.7, 1.1), (0.0, 1.35)]
    parts = [
        cylinder(radius * 0.42, tall * 0.6, stem, pose((0, 0, tall * 0.3)), sections=14),
        frustum(radius * 0.6, radius * 1.15, radius * 0.5, stem, pose((0, 0, tall * 0.6 + radius * 0.2))),
        revolve([(r * radius, z * radius + tall * 0.6 + radius * 0.45) for r, z in dome], lens, sections=18),
        frustum(radius * 0.9, radius * 0.5, radius * 0.3, bare_metal(g), pose((0, 0, radius * 0.1))),
    ]
    end = np.array([[0, 0, 0], [radius, 0, -radius], [radius * 2, radius, -radius * 1.2]])
    parts.append(tube(end, radius * 0.12, rubber(g), sections=6))
    return settled(moved(parts, pose(pitch=g.uniform(1.2, 1.8))))


def _blade(length: float, chord: float, twist: float, metal: Material, steps: int = 10) -> Part:
    rings = []
    for part in np.linspace(0, 1, steps):
        turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        x, y = chord * (0.5 + 0.12 * np.sin(3 * part)) * np.cos(turn), chord * 0.05 * np.sin(turn)
        y = y + chord * 0.12 * (1 - (x / (0.5 * chord)) ** 2)
        angle = twist * part
        rings.append(
            np.column_stack(
                [
                    np.cos(angle) * x - np.sin(angle) * y,
                    np.sin(angle) * x + np.cos(angle) * y,
                    np.full(16, part * length),
                ]
            )
        )
    caps = [np.repeat(ring.mean(axis=0, keepdims=True), 16, axis=0) for ring in (rings[0], rings[-1])]
    return grid_surface(np.stack([caps[0], *rings, caps[1]]), metal, closed=True)


def engine_blade(g: Generator) -> list[Part]:
    """Build a fan blade with its root, the tip perhaps bent."""
    length, metal = g.uniform(0.2, 0.9), bare_metal(g)
    chord = length * g.uniform(0.25, 0.4)
    bend = g.uniform(0, 0.25) / length
    blade = deformed(
        _blade(length, chord, g.uniform(0.5, 1.1), metal),
        lambda v: v + np.column_stack([0 * v[:, 0], bend * v[:, 2] ** 2, 0 * v[:, 2]]),
    )
    root = box((chord * 0.7, chord * 0.3, chord * 0.25), metal, pose((0, chord * 0.05, -chord * 0.1)))
    return settled(moved((blade, root), pose(pitch=1.57, roll=g.uniform(0, 6))))


def engine_cowl(g: Generator) -> list[Part]:
    """Build a fragment of an engine cowling: a curved shell with ribs and a ragged edge."""
    radius, length, span = g.uniform(0.5, 1.0), g.uniform(0.3, 1.1), g.uniform(0.6, 1.3)
    angles = np.linspace(np.pi / 2 - span / 2, np.pi / 2 + span / 2, 20)
    ragged = 1 + g.uniform(-0.12, 0.1, 20)
    shell = np.stack(
        [
            np.column_stack(
                [
                    np.full(20, x * length) * (ragged if x > 0 else 1),
                    radius * np.cos(angles),
                    radius * np.sin(angles),
                ]
            )
            for x in np.linspace(-0.5, 0.5, 8)
        ]
    )
    parts, frame = [grid_surface(shell, _skin(g))], bare_metal(g)
    for x in (-0.4, 0.0, 0.3):
        rib = np.column_stack(
            [np.full(20, x * length), 0.98 * radius * np.cos(angles), 0.98 * radius * np.sin(angles)]
        )
        parts.append(tube(rib, 0.015, frame, sections=6))
    return settled(moved(parts, pose(roll=g.choice([0.0, np.pi]))))


def engine_pipe(g: Generator) -> list[Part]:
    """Build a bent duct with flanges and a clamp."""
    radius, metal = g.uniform(0.02, 0.06), bare_metal(g)
    sweep = radius * g.uniform(3, 6)
    bow = arc(sweep, 0, g.uniform(1.0, 2.4), 16)
    start = bow[0] - [0, radius * g.uniform(2, 7), 0]
    path = np.concatenate([np.linspace(start, bow[0], 4)[:-1], bow])
    parts = [tube(path, radius, metal, sections=14)]
    parts.append(
        hollow_prism(polygon_radii(4, radius * 3.2), radius, radius * 0.3, bare_metal(g), along("y", path[0]))
    )
    parts.append(
        hollow_prism(np.full(24, radius * 1.25), radius, radius * 0.5, painted(g), along("y", path[2]))
    )
    ahead = path[-1] - path[-2]
    yaw = np.arctan2(ahead[1], ahead[0])
    parts.append(
        hollow_prism(
            np.full(24, radius * 1.6), radius, radius * 0.3, metal, pose(path[-1], yaw=yaw) @ along("x")
        )
    )
    return settled(parts)


def engine_disc(g: Generator) -> list[Part]:
    """Build a turbine disc: hub, rim and a ring of blades, some broken off."""
    radius, metal, count = g.uniform(0.1, 0.35), bare_metal(g), int(g.integers(14, 24))
    parts = [
        hollow_prism(np.full(32, radius * 0.62), radius * 0.2, radius * 0.12, metal),
        torus(radius * 0.24, radius * 0.06, metal, sections=24),
    ]
    blades = bare_metal(g)
    for turn in np.arange(count) * 2 * np.pi / count:
        if g.uniform() < 0.9:
            where = pose(yaw=turn) @ pose((radius * 0.8, 0, 0), roll=0.6)
            parts.append(box((radius * 0.4, radius * 0.02, radius * 0.2), blades, where))
    return on_ground(parts)
