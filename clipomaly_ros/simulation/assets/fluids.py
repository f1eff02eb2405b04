"""What runs out on the apron: fuel, oil, foam and standing water."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.organic import blot_outlines, near
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, lump, on_ground, pose, prism

Drops = NDArray[np.float64]
Spread = Callable[[np.random.Generator, float], Drops]
Coat = Callable[[np.random.Generator], Material]


def pool_drops(generator: np.random.Generator, size: float) -> Drops:
    """Return drops (x, y, radius) [m] of one lobed pool with satellites, about size [m] across."""
    main = np.column_stack([generator.normal(0, size / 5.5, (7, 2)), generator.uniform(0.07, 0.2, 7) * size])
    turn, reach = generator.uniform(0, 2 * np.pi, 5), generator.uniform(0.45, 0.6, 5) * size
    rim = [reach * np.cos(turn), reach * np.sin(turn), generator.uniform(0.02, 0.06, 5) * size]
    return np.concatenate([main, np.column_stack(rim)])


def trail_drops(generator: np.random.Generator, size: float) -> Drops:
    """Return drops (x, y, radius) [m] of a run down a slope, about size [m] long."""
    x = np.linspace(-0.5, 0.5, 16) * size
    y = np.cumsum(generator.normal(0, size / 45, 16))
    radius = np.linspace(0.09, 0.035, 16) * size * generator.uniform(0.8, 1.2, 16)
    return np.column_stack([x, y, radius])


def splash_drops(generator: np.random.Generator, size: float) -> Drops:
    """Return drops (x, y, radius) [m] of a splash: many separate spots about a small pool."""
    turn, reach = generator.uniform(0, 2 * np.pi, 26), np.abs(generator.normal(0, 0.26, 26)) * size
    radius = generator.uniform(0.02, 0.07, 26) * size * np.exp(-reach / size)
    spots = np.column_stack([reach * np.cos(turn), 0.7 * reach * np.sin(turn), radius])
    return np.concatenate([[[0.0, 0.0, 0.13 * size]], spots])


def two_pools_drops(generator: np.random.Generator, size: float) -> Drops:
    """Return drops (x, y, radius) [m] of two pools joined by a thin channel."""
    centres = np.array([[-0.28, generator.normal(0, 0.08)], [0.28, generator.normal(0, 0.08)]]) * size
    pools = [
        np.column_stack([c + generator.normal(0, size / 14, (4, 2)), generator.uniform(0.08, 0.15, 4) * size])
        for c in centres
    ]
    way = np.linspace(0, 1, 9)[:, None]
    channel = centres[0] + way * (centres[1] - centres[0]) + generator.normal(0, size / 60, (9, 2))
    return np.concatenate([*pools, np.column_stack([channel, np.full(9, 0.035 * size)])])


def film(
    generator: np.random.Generator, drops: Drops, material: Material, raggedness: float = 0.25
) -> list[Part]:
    """Lay the material 2 to 4 mm thick on the ground where the drops run together."""
    outlines = blot_outlines(generator, drops, raggedness)
    return [prism(outline, generator.uniform(0.002, 0.004), material) for outline in outlines]


def _spill(spread: Spread, coat: Coat, low: float, high: float) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        return film(generator, spread(generator, generator.uniform(low, high)), coat(generator))

    return build


def _fuel(generator: np.random.Generator) -> Material:
    # Kerosene darkens the concrete and shows thin-film colours where it is thinnest.
    sheens = ((0.12, 0.07, 0.12), (0.05, 0.095, 0.12), (0.13, 0.095, 0.045), (0.06, 0.11, 0.07))
    return Material(
        near(generator, (0.075, 0.068, 0.05)),
        near(generator, sheens[int(generator.integers(len(sheens)))]),
        Pattern.NOISE,
        generator.uniform(0.12, 0.4),
        gloss=0.5,
        mirror=generator.uniform(0.04, 0.09),
        reflectance=0.08,
        dirt=0.05,
    )


def _oil(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.014, 0.011, 0.008), 0.3),
        near(generator, (0.03, 0.02, 0.01), 0.3),
        Pattern.NOISE,
        generator.uniform(0.2, 0.5),
        # Much gloss on top of the mirror image would wash the black out; old oil has lost its shine.
        gloss=0.3,
        mirror=generator.uniform(0.021, 0.04) if generator.random() < 0.5 else 0.0,
        reflectance=0.04,
        dirt=0.05,
    )


def _water(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.06, 0.066, 0.07)),
        near(generator, (0.045, 0.05, 0.055)),
        Pattern.NOISE,
        generator.uniform(0.4, 0.9),
        gloss=1.0,
        mirror=generator.uniform(0.1, 0.22),
        reflectance=0.05,
        dirt=0.0,
    )


def _foam_material(generator: np.random.Generator) -> Material:
    return Material(
        near(generator, (0.86, 0.87, 0.86), 0.05),
        near(generator, (0.66, 0.69, 0.7), 0.06),
        Pattern.NOISE,
        generator.uniform(0.03, 0.08),
        gloss=0.15,
        reflectance=0.75,
        dirt=0.03,
    )


def _foam(spread: Spread, low: float, high: float, thickness: float) -> Builder:
    """Heap low white lumps where the drops are, on a thin skirt."""

    def build(generator: np.random.Generator) -> list[Part]:
        material = _foam_material(generator)
        drops = spread(generator, generator.uniform(low, high))
        parts = film(generator, drops, material, 0.35)
        for x, y, radius in drops[np.argsort(-drops[:, 2])[:8]]:
            height = min(radius * generator.uniform(0.35, 0.6), thickness * generator.uniform(0.6, 1.2))
            axes = (radius * generator.uniform(0.8, 1.2), radius * generator.uniform(0.8, 1.2), height)
            heap = lump(generator, axes, 0.16, material)
            # What would be under the ground lies flat on it.
            heap.vertices[:, 2] = np.maximum(heap.vertices[:, 2], 0.0)
            parts.append(heap.moved(pose((x, y, 0.0))))
        return on_ground(parts)

    return build


FLUIDS: tuple[Asset, ...] = (
    Asset(
        "fuel spill",
        "fluids",
        (
            _spill(pool_drops, _fuel, 0.8, 2.6),
            _spill(trail_drops, _fuel, 1.2, 3.0),
            _spill(splash_drops, _fuel, 0.9, 2.2),
            _spill(two_pools_drops, _fuel, 1.2, 2.6),
        ),
    ),
    Asset(
        "oil spill",
        "fluids",
        (
            _spill(pool_drops, _oil, 0.4, 1.8),
            _spill(splash_drops, _oil, 0.5, 1.6),
            _spill(trail_drops, _oil, 0.8, 2.5),
            _spill(two_pools_drops, _oil, 0.7, 2.0),
        ),
    ),
    Asset(
        "foam",
        "fluids",
        (
            _foam(pool_drops, 0.8, 2.4, 0.12),
            _foam(trail_drops, 1.2, 2.8, 0.14),
            _foam(splash_drops, 1.0, 2.2, 0.2),
            _foam(two_pools_drops, 1.2, 2.6, 0.18),
        ),
    ),
    Asset(
        "standing water",
        "fluids",
        (
            _spill(pool_drops, _water, 1.0, 3.0),
            _spill(two_pools_drops, _water, 1.4, 3.0),
            _spill(trail_drops, _water, 1.4, 3.0),
            _spill(splash_drops, _water, 1.2, 2.6),
        ),
    ),
)
