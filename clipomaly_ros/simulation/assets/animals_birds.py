"""Birds of an airfield: gull, starling, goose, heron, and what is left of one after a strike."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.bird_build import (
    CURVED,
    FLAPPING,
    HUNCHED,
    PECKING,
    SITTING,
    STALKING,
    STANDING,
    WALKING,
    BirdShape,
    Plumage,
    bird,
    feathers_of,
    wing_open,
)
from clipomaly_ros.simulation.assets.fluids import film, splash_drops
from clipomaly_ros.simulation.assets.organic import loft, near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, lump, moved, on_ground, pose


def remains(wings: int, feathers: int, heap: bool) -> Builder:
    """Return a builder of bird remains: a blood stain, wings torn off, loose feathers, perhaps a body."""

    def build(generator: np.random.Generator) -> list[Part]:
        size = generator.uniform(0.15, 0.45)
        pale = generator.random() < 0.6
        colour: Colour = near(generator, (0.6, 0.6, 0.6) if pale else (0.09, 0.08, 0.075))
        plume = feathers_of(generator, colour, size)
        dark = feathers_of(generator, near(generator, (0.05, 0.05, 0.05)), size)
        flesh = Material(
            near(generator, (0.2, 0.015, 0.012), 0.3),
            near(generator, (0.09, 0.01, 0.01)),
            Pattern.NOISE,
            0.04,
            gloss=0.5,
            reflectance=0.2,
        )
        parts = film(generator, splash_drops(generator, size * generator.uniform(0.7, 1.6)), flesh)
        if heap:
            body = [lump(generator, size * np.array([0.3, 0.2, 0.12]), 0.22, plume)]
            parts += on_ground(body)
            parts += on_ground(
                [
                    lump(
                        generator,
                        size * np.array([0.12, 0.1, 0.1]),
                        0.3,
                        flesh,
                        pose((0.2 * size, generator.normal(0, 0.1) * size, 0)),
                    )
                ]
            )
        for i in range(wings):
            laid = wing_open(size * 0.6, size * 0.3, 1.0, generator.uniform(0.05, 0.9), plume, dark)
            where = pose(generator.normal(0, 0.12, 3) * size, yaw=generator.uniform(-1, 1) + np.pi * i)
            parts += on_ground(moved(laid, where))
        for _ in range(feathers):
            long = size * generator.uniform(0.12, 0.3)
            curl = loft(
                [
                    (-long / 2, 0, 0.0),
                    (0, 0.08 * long, 0.02 * long),
                    (long / 2, 0, generator.uniform(0, 0.3) * long),
                ],
                [0.05 * long, 0.13 * long, 0.05 * long],
                np.full(3, 0.012 * long),
                plume if generator.random() < 0.7 else dark,
                steps=8,
                sections=6,
            )
            where = pose((*generator.normal(0, 0.5, 2) * size, 0.0), yaw=generator.uniform(0, 6.3))
            parts += on_ground([curl.moved(where)])
        return on_ground(parts)

    return build


_GULL = BirdShape((0.24, 0.34), 0.5, 0.1, 0.34, 0.22, 0.15, 0.15, 0.2, 0.04, 0.3)
_STARLING = BirdShape((0.1, 0.13), 0.55, 0.35, 0.32, 0.14, 0.16, 0.17, 0.25, 0.03, 0.32)
_GOOSE = BirdShape((0.4, 0.52), 0.52, 0.15, 0.36, 0.5, 0.085, 0.105, 0.14, 0.045, 0.2)
_HERON = BirdShape((0.36, 0.46), 0.46, 0.35, 1.0, 0.85, 0.06, 0.085, 0.36, 0.03, 0.18)

_GULLS = (
    Plumage(
        (0.42, 0.45, 0.48),
        (0.86, 0.86, 0.85),
        (0.4, 0.43, 0.46),
        (0.03, 0.03, 0.03),
        (0.88, 0.88, 0.87),
        (0.87, 0.87, 0.86),
        (0.75, 0.42, 0.03),
        (0.65, 0.35, 0.28),
    ),
    Plumage(
        (0.5, 0.53, 0.56),
        (0.85, 0.85, 0.84),
        (0.48, 0.51, 0.54),
        (0.03, 0.03, 0.03),
        (0.06, 0.035, 0.025),
        (0.86, 0.86, 0.85),
        (0.4, 0.03, 0.02),
        (0.45, 0.04, 0.03),
    ),
    Plumage(
        (0.33, 0.28, 0.23),
        (0.5, 0.46, 0.41),
        (0.3, 0.25, 0.2),
        (0.05, 0.04, 0.035),
        (0.5, 0.46, 0.42),
        (0.48, 0.44, 0.4),
        (0.05, 0.045, 0.04),
        (0.5, 0.38, 0.32),
    ),
)
_STARLINGS = (
    Plumage(
        (0.016, 0.018, 0.02),
        (0.018, 0.02, 0.022),
        (0.03, 0.026, 0.022),
        (0.035, 0.028, 0.022),
        (0.014, 0.016, 0.022),
        (0.014, 0.02, 0.02),
        (0.6, 0.45, 0.08),
        (0.3, 0.13, 0.08),
    ),
    Plumage(
        (0.03, 0.027, 0.024),
        (0.04, 0.037, 0.034),
        (0.045, 0.036, 0.028),
        (0.04, 0.032, 0.025),
        (0.04, 0.036, 0.032),
        (0.035, 0.032, 0.028),
        (0.04, 0.035, 0.03),
        (0.28, 0.13, 0.09),
    ),
)
_GEESE = (
    Plumage(
        (0.19, 0.16, 0.13),
        (0.42, 0.38, 0.33),
        (0.17, 0.145, 0.12),
        (0.06, 0.05, 0.045),
        (0.24, 0.2, 0.16),
        (0.26, 0.22, 0.18),
        (0.65, 0.25, 0.05),
        (0.6, 0.25, 0.18),
    ),
    Plumage(
        (0.17, 0.13, 0.1),
        (0.45, 0.4, 0.34),
        (0.15, 0.115, 0.09),
        (0.04, 0.035, 0.03),
        (0.02, 0.02, 0.02),
        (0.02, 0.02, 0.02),
        (0.015, 0.015, 0.015),
        (0.02, 0.02, 0.02),
    ),
)
_HERONS = (
    Plumage(
        (0.36, 0.39, 0.43),
        (0.7, 0.7, 0.7),
        (0.33, 0.36, 0.4),
        (0.05, 0.055, 0.065),
        (0.78, 0.78, 0.77),
        (0.66, 0.66, 0.65),
        (0.65, 0.42, 0.08),
        (0.25, 0.2, 0.13),
    ),
)

BIRDS: tuple[Asset, ...] = (
    Asset("gull", "animals", tuple(bird(_GULL, _GULLS, b) for b in (STANDING, SITTING, FLAPPING, WALKING))),
    Asset(
        "starling",
        "animals",
        tuple(bird(_STARLING, _STARLINGS, b) for b in (STANDING, PECKING, FLAPPING, WALKING)),
    ),
    Asset("goose", "animals", tuple(bird(_GOOSE, _GEESE, b) for b in (STANDING, PECKING, SITTING, WALKING))),
    Asset("heron", "animals", tuple(bird(_HERON, _HERONS, b) for b in (CURVED, HUNCHED, STALKING, STANDING))),
    Asset(
        "bird remains",
        "animals",
        (remains(1, 8, True), remains(2, 12, False), remains(0, 16, True), remains(2, 6, True)),
    ),
)
