"""Smoke and open fire."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.fluids import film, pool_drops
from clipomaly_ros.simulation.assets.organic import broken_piece, loft, near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, ellipsoid, on_ground, pose

_DARK, _GREY, _WHITE = (0.05, 0.05, 0.05), (0.35, 0.35, 0.36), (0.75, 0.76, 0.78)


def _smoke_material(generator: np.random.Generator, colour: Colour) -> Material:
    shade = near(generator, colour, 0.08)
    red, green, blue = (min(1.0, 1.6 * c + 0.02) for c in shade)
    return Material(
        shade,
        (red, green, blue),
        Pattern.NOISE,
        generator.uniform(0.1, 0.4),
        gloss=0.0,
        # What stops less than 0.3 a side would be seen, yet count as what is behind it.
        opacity=generator.uniform(0.3, 0.42),
        reflectance=0.1,
        dirt=0.0,
    )


def _billow(generator: np.random.Generator, axes: np.ndarray, material: Material, at: np.ndarray) -> Part:
    """Build a puff with rounded bulges and creases between them; axes, at: float [3] [m]."""
    part = ellipsoid((1.0, 1.0, 1.0), material)
    bulge = np.zeros(len(part.vertices))
    for axis in generator.normal(size=(5, 3)):
        axis *= generator.uniform(1.5, 4.5) / np.linalg.norm(axis)
        bulge += np.abs(np.sin(part.vertices @ axis + generator.uniform(0, np.pi))) - 0.6
    return replace(part, vertices=part.vertices * (1 + 0.16 * bulge[:, None]) * axes + at)


def _puffs(generator: np.random.Generator, path: np.ndarray, radii: np.ndarray, colour: Colour) -> list[Part]:
    """Set billowing lumps along a path, float [n, 3] [m], with radii [n] [m]."""
    parts = []
    shade = near(generator, colour, 0.3)
    for at, radius in zip(path, radii, strict=True):
        axes = radius * generator.uniform(0.75, 1.2, 3)
        stray = generator.normal(0, 0.45, 3) * radius
        parts.append(_billow(generator, axes, _smoke_material(generator, shade), at + stray))
    return on_ground(parts)


def _column(colour: Colour) -> Builder:
    """Rise and widen, bent by the wind."""

    def build(generator: np.random.Generator) -> list[Part]:
        height, lean = generator.uniform(1.0, 2.0), generator.uniform(-0.5, 0.5, 2)
        rise = np.linspace(0.05, 1, 24)
        path = np.column_stack([lean[0] * rise**2, lean[1] * rise**2, rise]) * height
        return _puffs(
            generator, path, height * (0.05 + 0.14 * rise) * generator.uniform(0.6, 1.2, 24), colour
        )

    return build


def _drift(colour: Colour) -> Builder:
    """Creep along the ground."""

    def build(generator: np.random.Generator) -> list[Part]:
        length = generator.uniform(1.2, 2.0)
        along = np.linspace(-0.5, 0.5, 24)
        path = np.column_stack([along, generator.normal(0, 0.07, 24), 0.12 + 0.1 * (along + 0.5)]) * length
        return _puffs(generator, path, length * generator.uniform(0.05, 0.14, 24), colour)

    return build


def _cloud(colour: Colour) -> Builder:
    """Billow as one round cloud."""

    def build(generator: np.random.Generator) -> list[Part]:
        size = generator.uniform(0.8, 1.8)
        path = generator.normal(0, 0.17, (24, 3)) * size
        return _puffs(generator, path, size * generator.uniform(0.08, 0.2, 24), colour)

    return build


def _flame_material(generator: np.random.Generator, heat: float) -> Material:
    """Return red at heat 0, bright yellow at heat 1."""
    return Material(
        near(generator, (1.0, 0.15 + 0.45 * heat, 0.01 + 0.14 * heat), 0.08),
        near(generator, (1.0, 0.27 + 0.45 * heat, 0.02 + 0.2 * heat), 0.08),
        Pattern.NOISE,
        generator.uniform(0.08, 0.2),
        gloss=0.0,
        opacity=generator.uniform(0.65, 0.9),
        emission=0.9 + 1.3 * heat,
        reflectance=0.05,
        dirt=0.0,
    )


def _tongue(generator: np.random.Generator, at: tuple[float, float], height: float) -> list[Part]:
    """Lick upwards in an outer red and an inner yellow flame."""
    parts = []
    waver = np.cumsum(generator.normal(0, 0.09, (5, 2)), axis=0) * height
    waver -= waver[0]
    for heat, scale in ((generator.uniform(0.1, 0.4), 1.0), (generator.uniform(0.75, 1.0), 0.58)):
        z = np.linspace(0, 1, 5) * height * scale
        spine = np.column_stack([at[0] + waver[:, 0] * scale, at[1] + waver[:, 1] * scale, z])
        width = height * scale * generator.uniform(0.16, 0.24) * np.array([0.7, 1.0, 0.75, 0.35, 0.04])
        # The inner flame stands before the outer one to the eye: it is thicker across one way.
        parts.append(
            loft(
                spine,
                width,
                width * (0.75 if scale == 1.0 else 1.45),
                _flame_material(generator, heat),
                side=(np.cos(height * 40), np.sin(height * 40), 0.0),
                sections=9,
            )
        )
    return parts


def _char(generator: np.random.Generator) -> Material:
    return Material(near(generator, (0.012, 0.011, 0.01), 0.3), gloss=0.15, reflectance=0.05, dirt=0.1)


def _burning_pool(generator: np.random.Generator) -> list[Part]:
    size = generator.uniform(0.7, 1.8)
    drops = pool_drops(generator, size)
    parts = film(generator, drops, _char(generator))
    for x, y, radius in drops[:6]:
        for _ in range(2):
            at = (x + generator.normal(0, radius / 3), y + generator.normal(0, radius / 3))
            parts += _tongue(generator, at, size * generator.uniform(0.25, 0.5))
    return on_ground(parts)


def _tall_fire(generator: np.random.Generator) -> list[Part]:
    height = generator.uniform(0.6, 1.8)
    parts = film(generator, pool_drops(generator, height * 0.6), _char(generator))
    parts += _tongue(generator, (0.0, 0.0), height)
    for turn in generator.uniform(0, 2 * np.pi, 6):
        at = (0.17 * height * np.cos(turn), 0.17 * height * np.sin(turn))
        parts += _tongue(generator, at, height * generator.uniform(0.4, 0.8))
    return on_ground(parts)


def _burning_heap(generator: np.random.Generator) -> list[Part]:
    """Burn charred rubbish under a first wisp of smoke."""
    size, parts = generator.uniform(0.4, 0.9), []
    for _ in range(7):
        piece = size * generator.uniform((0.25, 0.15, 0.08), (0.6, 0.35, 0.2))
        where = pose(
            (*generator.normal(0, size / 5, 2), 0.0),
            pitch=generator.normal(0, 0.3),
            yaw=generator.uniform(0, 6.3),
        )
        parts += on_ground([broken_piece(generator, piece, _char(generator), where)])
    for x, y in generator.normal(0, size / 4, (7, 2)):
        parts += _tongue(generator, (x, y), size * generator.uniform(0.5, 1.2))
    return on_ground(parts)


def _fire_line(generator: np.random.Generator) -> list[Part]:
    """Run along a trail of spilt fuel."""
    length, parts = generator.uniform(1.0, 2.0), []
    drops = np.column_stack(
        [
            np.linspace(-0.5, 0.5, 12) * length,
            generator.normal(0, 0.03, 12) * length,
            np.full(12, 0.06 * length),
        ]
    )
    parts += film(generator, drops, _char(generator))
    for x, y, _ in drops:
        parts += _tongue(generator, (x, y), length * generator.uniform(0.15, 0.4))
    return on_ground(parts)


SMOKE_FIRE: tuple[Asset, ...] = (
    Asset("smoke", "smoke_fire", (_column(_DARK), _drift(_WHITE), _cloud(_GREY), _column(_GREY))),
    Asset("fire", "smoke_fire", (_burning_pool, _tall_fire, _burning_heap, _fire_line)),
)
