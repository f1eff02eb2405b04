"""Ice and lumps of snow left on, or fallen onto, the apron."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.fluids import Spread, film, pool_drops, splash_drops, two_pools_drops
from clipomaly_ros.simulation.assets.organic import broken_piece, near
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, lump, on_ground, pose


def _ice_material(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.42, 0.5, 0.56), 0.1),
        near(generator, (0.74, 0.8, 0.84), 0.06),
        Pattern.NOISE,
        generator.uniform(0.1, 0.35),
        gloss=0.95,
        mirror=generator.uniform(0.05, 0.12),
        reflectance=0.25,
        dirt=0.05,
    )


def _snow_material(generator: np.random.Generator) -> Material:
    # Cleared snow is rarely clean: grit of the pavement is frozen into it.
    return Material(
        near(generator, (0.84, 0.86, 0.9), 0.05),
        near(generator, (0.6, 0.6, 0.61), 0.15),
        Pattern.NOISE,
        generator.uniform(0.03, 0.12),
        gloss=0.08,
        reflectance=0.8,
        dirt=generator.uniform(0.05, 0.3),
    )


def _ice_sheet(spread: Spread, low: float, high: float) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        drops = spread(generator, generator.uniform(low, high))
        return film(generator, drops, _ice_material(generator), 0.35)

    return build


def _ice_shards(generator: np.random.Generator) -> list[Part]:
    """Scatter broken plates, as they fall off a wing."""
    material, parts = _ice_material(generator), []
    for _ in range(int(generator.integers(5, 10))):
        length, thickness = generator.uniform(0.06, 0.3), generator.uniform(0.008, 0.03)
        size = (length, length * generator.uniform(0.4, 0.9), thickness)
        x, y = generator.normal(0, 0.25, 2)
        where = pose((x, y, thickness / 2), yaw=generator.uniform(0, 2 * np.pi))
        parts += on_ground([broken_piece(generator, size, material, where, 14)])
    return parts


def _clods(count: tuple[int, int], size: tuple[float, float], scatter: float, facets: bool) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        material, parts = _snow_material(generator), []
        for _ in range(int(generator.integers(count[0], count[1] + 1))):
            radius = generator.uniform(*size)
            axes = radius * generator.uniform((0.8, 0.7, 0.5), (1.3, 1.0, 0.8))
            turned = pose((*generator.normal(0, scatter, 2), 0.0), yaw=generator.uniform(0, 2 * np.pi))
            parts += on_ground(
                [lump(generator, axes, generator.uniform(0.12, 0.25), material, turned, facets)]
            )
        return parts

    return build


def _snow_slab(generator: np.random.Generator) -> list[Part]:
    """Break a slab that slid off a roof or wheel arch, with crumbs about it."""
    material = _snow_material(generator)
    length = generator.uniform(0.25, 0.6)
    size = (length, length * generator.uniform(0.5, 0.8), length * generator.uniform(0.2, 0.4))
    slab = broken_piece(generator, size, material, pose(pitch=generator.uniform(-0.25, 0.25)), 24)
    crumbs = _clods((3, 6), (0.02, 0.05), length * 0.5, True)(generator)
    return [*on_ground([slab]), *crumbs]


ICE_SNOW: tuple[Asset, ...] = (
    Asset(
        "ice",
        "ice_snow",
        (
            _ice_sheet(pool_drops, 0.6, 2.4),
            _ice_sheet(two_pools_drops, 0.8, 2.4),
            _ice_shards,
            _ice_sheet(splash_drops, 0.8, 2.2),
        ),
    ),
    Asset(
        "snow clod",
        "ice_snow",
        (
            _clods((1, 1), (0.06, 0.3), 0.0, False),
            _clods((3, 7), (0.04, 0.15), 0.25, False),
            _snow_slab,
            _clods((2, 4), (0.08, 0.22), 0.2, True),
        ),
    ),
)
