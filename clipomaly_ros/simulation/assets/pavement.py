"""Debris of the pavement and of tyres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.organic import broken_piece, near
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    cylinder,
    grid_surface,
    lump,
    on_ground,
    pose,
    prism,
    revolve,
    tube,
)

Matter = Callable[[np.random.Generator], Material]


def _stone_matter(generator: np.random.Generator) -> Material:
    colours = (
        (0.32, 0.30, 0.27),
        (0.16, 0.16, 0.165),
        (0.42, 0.33, 0.24),
        (0.5, 0.48, 0.45),
        (0.22, 0.15, 0.12),
    )
    colour = colours[int(generator.integers(len(colours)))]
    second = (colour[0] * 0.6, colour[1] * 0.6, colour[2] * 0.6)
    pattern = Pattern.NOISE if generator.random() < 0.6 else Pattern.SPECKLE
    period = generator.uniform(0.02, 0.06)
    return Material(near(generator, colour), near(generator, second), pattern, period, gloss=0.08, dirt=0.2)


def _asphalt_matter(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.028, 0.027, 0.027), 0.25),
        near(generator, (0.2, 0.19, 0.18)),
        Pattern.SPECKLE,
        generator.uniform(0.03, 0.06),
        gloss=0.12,
        reflectance=0.12,
        dirt=0.2,
    )


def _concrete_matter(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.5, 0.49, 0.46), 0.12),
        near(generator, (0.28, 0.27, 0.25)),
        Pattern.SPECKLE if generator.random() < 0.5 else Pattern.NOISE,
        generator.uniform(0.03, 0.08),
        gloss=0.03,
        reflectance=0.5,
        dirt=0.25,
    )


def _rubber(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.018, 0.018, 0.019), 0.25),
        near(generator, (0.028, 0.027, 0.026)),
        Pattern.NOISE,
        0.15,
        gloss=0.2,
        reflectance=0.08,
        dirt=0.25,
    )


def _rounded(size: tuple[float, float]) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        axes = generator.uniform(*size) / 2 * generator.uniform((0.9, 0.65, 0.45), (1.1, 0.95, 0.75))
        return on_ground([lump(generator, axes, 0.1, _stone_matter(generator))])

    return build


def _faceted(
    matter: Matter, size: tuple[float, float], flatness: tuple[float, float] = (0.5, 0.8)
) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        length = generator.uniform(*size)
        extent = (length, length * generator.uniform(0.6, 0.95), length * generator.uniform(*flatness))
        where = pose(roll=generator.normal(0, 0.2), pitch=generator.normal(0, 0.2))
        return on_ground([broken_piece(generator, extent, matter(generator), where)])

    return build


def _several(matter: Matter, size: tuple[float, float], count: tuple[int, int], scatter: float) -> Builder:
    """Strew pieces, one of them the largest."""

    def build(generator: np.random.Generator) -> list[Part]:
        material, parts = matter(generator), []
        largest = generator.uniform(*size)
        for i in range(int(generator.integers(count[0], count[1] + 1))):
            length = largest if i == 0 else largest * generator.uniform(0.2, 0.6)
            extent = length * generator.uniform((0.9, 0.6, 0.4), (1.1, 0.9, 0.7))
            where = pose(
                (*generator.normal(0, scatter * largest, 2), 0.0),
                generator.normal(0, 0.3),
                0.0,
                generator.uniform(0, 2 * np.pi),
            )
            parts += on_ground([broken_piece(generator, extent, material, where, 14)])
        return parts

    return build


def _broken_slab(
    matter: Matter, size: tuple[float, float], thickness: tuple[float, float], bars: bool
) -> Builder:
    """Break a plate out of the pavement: flat top, ragged edge; with bars of reinforcement if wanted."""

    def build(generator: np.random.Generator) -> list[Part]:
        length = generator.uniform(*size)
        deep = length * generator.uniform(*thickness)
        turn = np.sort(
            generator.uniform(0, 2 * np.pi, 13) * 0.35 + np.linspace(0, 2 * np.pi, 13, endpoint=False) * 0.9
        )
        reach = generator.uniform(0.32, 0.55, 13) * length
        outline = np.column_stack([reach * np.cos(turn), 0.75 * reach * np.sin(turn)])
        tilt = pose(roll=generator.normal(0, 0.08), pitch=generator.uniform(0.02, 0.2))
        parts = [prism(outline, deep, matter(generator), tilt)]
        if bars:
            rust = Material(near(generator, (0.2, 0.08, 0.035)), gloss=0.1, metallic=0.3, dirt=0.4)
            for y in generator.uniform(-0.2, 0.2, 3) * length:
                start, end = (-0.3 * length, y, deep / 2), (0.62 * length, y + 0.05 * length, deep * 0.6)
                parts.append(tube([start, (0.2 * length, y, deep / 2), end], 0.006, rust, tilt))
        return on_ground(parts)

    return build


def _tread(
    generator: np.random.Generator, spine: np.ndarray, width: float, across: tuple[float, float, float]
) -> list[Part]:
    """Lay a thick ragged strip of tread along a spine, float [n, 3] [m]; across: direction of its width."""
    count, thickness = len(spine), generator.uniform(0.012, 0.025)
    half = width / 2 * generator.uniform(0.8, 1.1, (count, 2))
    half[[0, -1]] *= generator.uniform(0.2, 0.6)
    ahead = np.gradient(spine, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    # The width follows the spine where that turns on the ground, the thickness stands across both.
    side = np.asarray(across, float) - ahead * (ahead @ np.asarray(across, float))[:, None]
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    out = np.cross(ahead, side) * thickness / 2
    left, right = spine + side * half[:, :1], spine - side * half[:, 1:]
    # Counter-clockwise about the way ahead: side, then out, then back.
    rings = np.stack([left - out, left + out, spine + out, right + out, right - out], axis=1)
    rings = np.concatenate(
        [rings[:1].mean(1, keepdims=True).repeat(5, 1), rings, rings[-1:].mean(1, keepdims=True).repeat(5, 1)]
    )
    return on_ground([grid_surface(rings, _rubber(generator), closed=True, smooth=False)])


def _tread_flat(generator: np.random.Generator) -> list[Part]:
    length, n = generator.uniform(0.3, 1.4), 18
    s = np.linspace(-0.5, 0.5, n)
    bend = generator.uniform(-0.5, 0.5)
    lift = generator.uniform(0.02, 0.1) * length * np.sin(np.pi * (s + 0.5) * generator.uniform(1, 3)) ** 2
    spine = np.column_stack([s * length, bend * s**2 * length, lift])
    return _tread(generator, spine, generator.uniform(0.08, 0.22), (0.0, 1.0, 0.0))


def _tread_curl(generator: np.random.Generator) -> list[Part]:
    """Curl up off the ground as worn belts do."""
    radius, turns = generator.uniform(0.15, 0.35), generator.uniform(0.3, 0.55)
    angle = np.linspace(-0.5, 0.5, 24) * turns * 2 * np.pi - np.pi / 2 + generator.normal(0, 0.2)
    grow = np.linspace(1.0, 1.5, 24) * radius
    spine = np.column_stack([grow * np.cos(angle), np.linspace(0, 0.15, 24), grow * np.sin(angle)])
    return _tread(generator, spine, generator.uniform(0.1, 0.22), (0.0, 1.0, 0.0))


def _tread_scraps(generator: np.random.Generator) -> list[Part]:
    parts = []
    for _ in range(int(generator.integers(4, 8))):
        s = np.linspace(-0.5, 0.5, 9) * generator.uniform(0.1, 0.35)
        spine = np.column_stack(
            [s, generator.uniform(-2, 2) * s**2, 1.2 * np.abs(s) * generator.uniform(0, 1)]
        )
        where = pose((*generator.normal(0, 0.28, 2), 0.0), yaw=generator.uniform(0, 2 * np.pi))
        parts += [p.moved(where) for p in _tread(generator, spine, generator.uniform(0.04, 0.12), (0, 1, 0))]
    return parts


def _tread_arc(generator: np.random.Generator) -> list[Part]:
    """Lie on edge, curved like the tyre it came off."""
    radius, turn = generator.uniform(0.3, 0.55), generator.uniform(1.8, 4.2)
    angle = np.linspace(0, turn, 26)
    spine = radius * np.column_stack([np.cos(angle), np.sin(angle), np.zeros(26)])
    return _tread(generator, spine, generator.uniform(0.12, 0.24), (0.0, 0.0, 1.0))


def _wheel(generator: np.random.Generator, rim: bool, radius: float) -> list[Part]:
    """Build a tyre about z, centred, with a grooved tread, with a rim if wanted."""
    half, inner = radius * generator.uniform(0.28, 0.4), radius * generator.uniform(0.52, 0.62)
    profile = [
        (inner, -0.8 * half),
        (inner * 1.06, -half),
        (0.8 * radius, -1.05 * half),
        (0.95 * radius, -0.85 * half),
    ]
    for z in np.linspace(-0.7, 0.7, 4):
        profile += [
            (0.995 * radius, (z - 0.12) * half),
            (radius, z * half),
            (0.955 * radius, (z + 0.13) * half),
        ]
    profile += [
        (0.95 * radius, 0.85 * half),
        (0.8 * radius, 1.05 * half),
        (inner * 1.06, half),
        (inner, 0.8 * half),
    ]
    parts = [revolve([*profile, profile[0]], _rubber(generator), sections=32)]
    if rim:
        steel = Material(
            near(generator, (0.45, 0.45, 0.46) if generator.random() < 0.6 else (0.5, 0.4, 0.1)),
            (0.1, 0.1, 0.1),
            Pattern.RINGS,
            radius / 3,
            gloss=0.6,
            metallic=0.7,
            dirt=0.3,
        )
        parts.append(cylinder(inner * 1.02, half * 1.1, steel))
        parts.append(cylinder(inner * 0.3, half * 1.5, steel))
    return parts


def _tyre(rim: bool, roll: float, stack: tuple[int, int] = (1, 1)) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        radius, parts, top = generator.uniform(0.2, 0.5), [], 0.0
        turned = roll if roll in (0.0, np.pi / 2) else roll * generator.uniform(0.85, 1.1)
        for _ in range(int(generator.integers(stack[0], stack[1] + 1))):
            where = pose((*generator.normal(0, radius / 12, 2), top), turned, 0.0, 0.0)
            parts += [
                p.moved(pose((0.0, 0.0, top)))
                for p in on_ground([q.moved(where) for q in _wheel(generator, rim, radius)])
            ]
            top = max(float(p.vertices[:, 2].max()) for p in parts)
        return parts

    return build


PAVEMENT: tuple[Asset, ...] = (
    Asset(
        "stone",
        "pavement",
        (
            _rounded((0.03, 0.3)),
            _faceted(_stone_matter, (0.04, 0.35)),
            _several(_stone_matter, (0.04, 0.15), (4, 9), 1.2),
            _faceted(_stone_matter, (0.06, 0.35), (0.25, 0.4)),
        ),
    ),
    Asset(
        "asphalt chunk",
        "pavement",
        (
            _faceted(_asphalt_matter, (0.05, 0.3)),
            _broken_slab(_asphalt_matter, (0.15, 0.6), (0.15, 0.28), False),
            _several(_asphalt_matter, (0.08, 0.25), (4, 8), 0.9),
            _faceted(_asphalt_matter, (0.1, 0.4), (0.3, 0.5)),
        ),
    ),
    Asset(
        "concrete chunk",
        "pavement",
        (
            _faceted(_concrete_matter, (0.06, 0.4)),
            _broken_slab(_concrete_matter, (0.2, 0.7), (0.18, 0.32), False),
            _several(_concrete_matter, (0.1, 0.3), (4, 8), 0.9),
            _broken_slab(_concrete_matter, (0.25, 0.7), (0.2, 0.35), True),
        ),
    ),
    Asset("tyre rubber", "pavement", (_tread_flat, _tread_curl, _tread_scraps, _tread_arc)),
    Asset(
        "tyre",
        "pavement",
        (
            _tyre(False, 0.0),
            _tyre(True, np.pi / 2),
            _tyre(True, 0.0),
            _tyre(False, 0.0, (2, 3)),
        ),
    ),
)
