"""Litter of catering: bottles, cups, trays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.finishes import any_colour, bare_metal, glass, paper, plastic, shade
from clipomaly_ros.simulation.assets.forms import crumpled, cushion, deformed, plate, settled
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    frustum,
    grid_surface,
    lump,
    moved,
    on_ground,
    pose,
    revolve,
    torus,
    tube,
)

Generator = np.random.Generator


def _clear(g: Generator) -> Material:
    """PET: nearly clear, blue, green or brown."""
    tints = ((0.75, 0.82, 0.85), (0.3, 0.55, 0.75), (0.15, 0.45, 0.2), shade(g, (0.4, 0.9), (0.2, 0.8)))
    return replace(
        glass(g, tints[g.choice(4, p=(0.45, 0.2, 0.15, 0.2))]), opacity=float(g.uniform(0.45, 0.85))
    )


def _bottle(g: Generator) -> list[Part]:
    height = g.uniform(0.15, 0.34)
    radius, waist, ribs = height * g.uniform(0.13, 0.18), g.uniform(0.0, 0.15), int(g.integers(6, 14))
    profile = [(0.0, 0.02 * height), (radius * 0.8, 0.0), (radius, 0.04 * height)]
    for at in np.linspace(0.06, 0.62, 16):
        groove = 0.03 * np.sin(at * ribs * 2 * np.pi) - waist * np.exp(-(((at - 0.35) / 0.12) ** 2))
        profile.append((radius * (1 + groove), at * height))
    profile += [
        (radius * 0.95, 0.68 * height),
        (radius * 0.6, 0.82 * height),
        (radius * 0.38, 0.88 * height),
        (radius * 0.38, 0.94 * height),
    ]
    label = Material(
        any_colour(g), any_colour(g), Pattern.STRIPES, period=float(g.uniform(0.01, 0.06)), gloss=0.4
    )
    low, high = np.sort(g.uniform(0.4, 0.64, 2)) + np.array([-0.08, 0.02])
    wrap = [(radius * 1.03, low * height), (radius * 1.03, high * height)]
    return [
        revolve(profile, _clear(g), sections=20),
        revolve(wrap, label, sections=20),
        cylinder(radius * 0.44, height * 0.06, plastic(g), pose((0, 0, 0.95 * height)), sections=14),
    ]


def bottle_lying(g: Generator) -> list[Part]:
    """Build a plastic bottle on its side."""
    return settled(moved(_bottle(g), pose(pitch=1.5, roll=g.uniform(0, 6))))


def bottle_standing(g: Generator) -> list[Part]:
    """Build a plastic bottle standing."""
    return on_ground(_bottle(g))


def bottle_crushed(g: Generator) -> list[Part]:
    """Build a trodden, kinked plastic bottle lying."""
    flat, kink, phase = g.uniform(0.3, 0.65), g.uniform(0.15, 0.5), g.uniform(0, 6.3)

    def crush(v: np.ndarray) -> np.ndarray:
        dent = 1 - (1 - flat) * (0.7 + 0.3 * np.sin(40 * v[:, 2] + phase))
        bend = kink * np.clip(v[:, 2] - 0.1, 0, None)
        return np.column_stack(
            [v[:, 0] * dent + 0.006 * np.sin(70 * v[:, 2] + 3 * phase), v[:, 1] * 1.15 + bend, v[:, 2]]
        )

    return settled([p.moved(pose(pitch=np.pi / 2)) for p in (deformed(q, crush) for q in _bottle(g))])


def bottle_glass(g: Generator) -> list[Part]:
    """Build a glass bottle with a long neck and a paper label, standing or lying."""
    height = g.uniform(0.2, 0.33)
    radius = height * g.uniform(0.12, 0.15)
    tint = ((0.02, 0.1, 0.03), (0.12, 0.04, 0.01), (0.6, 0.65, 0.6))[g.integers(3)]
    outline = [
        (0.0, 0.02),
        (0.9, 0.0),
        (1.0, 0.04),
        (1.0, 0.52),
        (0.85, 0.62),
        (0.4, 0.74),
        (0.33, 0.96),
        (0.4, 0.97),
        (0.4, 1.0),
        (0.0, 1.0),
    ]
    parts = [
        revolve(
            [(r * radius, z * height) for r, z in outline], replace(glass(g, tint), opacity=0.85), sections=20
        ),
        revolve([(1.02 * radius, 0.15 * height), (1.02 * radius, 0.42 * height)], paper(g), sections=20),
        frustum(
            radius * 0.42,
            radius * 0.36,
            height * 0.1,
            bare_metal(g),
            pose((0, 0, height * 0.95)),
            sections=12,
        ),
    ]
    return on_ground(parts) if g.uniform() < 0.4 else settled(moved(parts, pose(pitch=1.5)))


def _cup(g: Generator, shell: Material | None = None) -> tuple[list[Part], float, float]:
    height = g.uniform(0.08, 0.16)
    radius = height * g.uniform(0.34, 0.48)
    foot, shell = radius * g.uniform(0.6, 0.78), shell or (paper(g) if g.uniform() < 0.6 else plastic(g))
    wall = [
        (0.0, 0.0),
        (foot, 0.0),
        (radius, height),
        (radius * 0.94, height),
        (foot * 0.92, height * 0.06),
        (0.0, height * 0.06),
    ]
    parts = [
        revolve(wall, shell, sections=24),
        torus(radius * 0.98, radius * 0.05, shell, pose((0, 0, height)), sections=24),
    ]
    if g.uniform() < 0.6:
        band = [np.interp(z, [0, height], [foot, radius]) * 1.02 for z in (0.3 * height, 0.75 * height)]
        look = Material(any_colour(g), any_colour(g), Pattern.STRIPES, period=float(g.uniform(0.01, 0.05)))
        parts.append(revolve([(band[0], 0.3 * height), (band[1], 0.75 * height)], look, sections=24))
    return parts, radius, height


def cup_standing(g: Generator) -> list[Part]:
    """Build an open paper or plastic cup standing."""
    return on_ground(_cup(g)[0])


def cup_lying(g: Generator) -> list[Part]:
    """Build a cup on its side."""
    return settled(moved(_cup(g)[0], pose(pitch=1.7, roll=g.uniform(0, 6))))


def cup_crushed(g: Generator) -> list[Part]:
    """Build a squeezed cup on its side."""
    parts, radius, height = _cup(g)
    flat, lean = g.uniform(0.3, 0.6), g.uniform(-0.4, 0.4)

    def squeeze(v: np.ndarray) -> np.ndarray:
        at = v[:, 2] / height
        fold = 0.12 * radius * np.sin(9 * at + 4 * v[:, 0] / radius)
        return np.column_stack(
            [
                v[:, 0] * (1 + (1 - flat) * 0.4),
                v[:, 1] * (1 - (1 - flat) * at) + fold,
                v[:, 2] * (1 + lean * v[:, 0] / radius * 0.5),
            ]
        )

    return settled(moved([deformed(p, squeeze) for p in parts], pose(roll=1.5)))


def cup_lidded(g: Generator) -> list[Part]:
    """Build a coffee cup with a lid, a sleeve and perhaps a straw, standing or on its side."""
    parts, radius, height = _cup(g)
    lid = plastic(g, (0.02, 0.02, 0.02) if g.uniform() < 0.4 else (0.85, 0.85, 0.85))
    parts.append(frustum(radius * 1.06, radius * 0.9, height * 0.1, lid, pose((0, 0, height * 1.04))))
    if g.uniform() < 0.6:
        straw = np.array(
            [[0, 0, height * 1.02], [radius * 0.3, 0, height * 1.5], [radius * 0.9, 0, height * 1.62]]
        )
        parts.append(tube(straw, 0.004, plastic(g), sections=6))
    return on_ground(parts) if g.uniform() < 0.5 else settled(moved(parts, pose(pitch=1.5)))


def _tray(length: float, width: float, rim: float, skin: Material) -> Part:
    """Build a tray with a raised rim, its bottom at z = 0."""
    steps = [(0.86, 0.0), (0.88, 0.0), (0.97, 1.0), (1.0, 1.0), (1.0, 0.85), (0.9, -0.12), (0.86, -0.12)]
    turn = np.linspace(0, 2 * np.pi, 33)[:-1]
    unit = np.column_stack([np.cos(turn), np.sin(turn)])
    unit /= np.sum(np.abs(unit) ** 8, axis=1, keepdims=True) ** (1 / 8)
    half = np.array([length / 2, width / 2])
    rings = [np.column_stack([np.zeros((32, 2)), np.zeros(32)])]
    rings += [np.column_stack([unit * (half - (1 - r) * width), np.full(32, z * rim)]) for r, z in steps]
    rings.append(np.column_stack([np.zeros((32, 2)), np.full(32, -0.12 * rim)]))
    return grid_surface(np.stack(rings), skin, closed=True, smooth=False)


def _meal(g: Generator, length: float, width: float) -> list[Part]:
    foil = bare_metal(g)
    dish = frustum(width * 0.22, width * 0.27, 0.04, foil, pose((-0.18 * length, 0, 0.022)), sections=20)
    food = lump(
        g,
        (width * 0.2, width * 0.2, 0.014),
        0.3,
        Material(shade(g, (0.4, 0.9), (0.5, 0.9)), gloss=0.3),
        pose((-0.18 * length, 0, 0.042)),
    )
    parts = [
        dish,
        food,
        box(
            (length * 0.2, width * 0.3, 0.03),
            plastic(g),
            pose((0.2 * length, 0.18 * width, 0.017), yaw=g.normal() * 0.2),
        ),
    ]
    parts += moved(_cup(g)[0], pose((0.27 * length, -0.18 * width, 0.003)))
    parts.append(
        cylinder(
            0.006,
            length * 0.35,
            plastic(g),
            pose((0.02 * length, -0.3 * width, 0.008)) @ pose(pitch=np.pi / 2),
            sections=6,
        )
    )
    parts.append(
        crumpled(g, width * 0.35, width * 0.3, 0.03, paper(g), 12, 4).moved(
            pose((0.08 * length, -0.12 * width, 0.004))
        )
    )
    return parts


def _tray_of(g: Generator) -> tuple[Part, float, float]:
    length = g.uniform(0.3, 0.55)
    width = length * g.uniform(0.6, 0.8)
    return _tray(length, width, g.uniform(0.015, 0.03), plastic(g)), length, width


def tray_served(g: Generator) -> list[Part]:
    """Build a meal tray with dishes, a cup, cutlery and a napkin."""
    tray, length, width = _tray_of(g)
    return on_ground([tray, *_meal(g, length, width)])


def tray_empty(g: Generator) -> list[Part]:
    """Build an empty tray lying flat, some with a paper mat."""
    tray, length, width = _tray_of(g)
    mat = plate(length * 0.75, width * 0.7, 0.01, 0.001, paper(g), pose((0, 0, 0.001), yaw=g.normal() * 0.06))
    return on_ground([tray, mat] if g.uniform() < 0.5 else [tray])


def tray_upside_down(g: Generator) -> list[Part]:
    """Build a tray fallen upside down, its dishes spilled around."""
    tray, length, width = _tray_of(g)
    spilled = [
        lump(
            g,
            (0.03, 0.025, 0.02),
            0.3,
            bare_metal(g) if g.uniform() < 0.5 else paper(g),
            pose((length * 0.4, width * g.uniform(-0.6, 0.6), 0.015)),
        )
        for _ in range(2)
    ]
    cup = settled(moved(_cup(g)[0], pose(pitch=1.6)))
    cup = moved(cup, pose((-length * 0.2, width * 0.68, 0.0), yaw=g.uniform(0, 6)))
    return on_ground([*settled([tray.moved(pose(roll=np.pi - 0.05))]), *on_ground(spilled), *cup])


def tray_foil(g: Generator) -> list[Part]:
    """Build a tray with compartments, standing tilted on a second one."""
    length, skin = g.uniform(0.25, 0.4), bare_metal(g) if g.uniform() < 0.5 else plastic(g)
    width = length * g.uniform(0.65, 0.85)
    parts = [_tray(length, width, 0.03, skin)]
    parts.append(box((0.008, width * 0.8, 0.022), skin, pose((length * 0.1, 0, 0.011))))
    parts.append(box((length * 0.4, 0.008, 0.022), skin, pose((length * 0.28, 0, 0.011))))
    for x, y in ((-0.2, 0.0), (0.25, 0.2), (0.25, -0.2)):
        food = Material(
            shade(g, (0.3, 0.9), (0.3, 0.9)), shade(g, (0.3, 0.9), (0.3, 0.9)), Pattern.NOISE, period=0.02
        )
        parts.append(
            cushion((length * 0.1, width * 0.12, 0.012), 3, food, pose((x * length, y * width, 0.008)), 2)
        )
    second = _tray(length, width, 0.03, skin).moved(
        pose((length * 0.25, 0, 0.05), pitch=-0.12, yaw=g.uniform(-0.7, 0.7))
    )
    return on_ground([*parts, second] if g.uniform() < 0.5 else parts)
