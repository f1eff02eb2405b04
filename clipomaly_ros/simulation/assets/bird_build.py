"""Builds a bird from its proportions: trunk, wings, neck, head and legs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clipomaly_ros.simulation.assets.asset import Builder
from clipomaly_ros.simulation.assets.organic import loft, near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, ellipsoid, moved, on_ground, pose, tube


@dataclass(frozen=True)
class Plumage:
    """Colours of a bird, linear RGB."""

    back: Colour
    breast: Colour
    wing: Colour
    wing_tip: Colour
    head: Colour
    neck: Colour
    bill: Colour
    legs: Colour


@dataclass(frozen=True)
class BirdShape:
    """Proportions of a bird. body: range of the trunk's length [m]; all else in units of it.

    girth: depth of the trunk. lean: of the trunk, up [rad]. legs: length. neck, neck_size: length
    and half thickness. head: half width. bill, bill_size: length and half depth. tail: length.
    """

    body: tuple[float, float]
    girth: float = 0.5
    lean: float = 0.15
    legs: float = 0.35
    neck: float = 0.2
    neck_size: float = 0.13
    head: float = 0.14
    bill: float = 0.2
    bill_size: float = 0.04
    tail: float = 0.35


@dataclass(frozen=True)
class Bearing:
    """What a bird does.

    legs: share of their length shown; stride: of the feet; neck: its course as
    steps (ahead, up) in units of its length; wings: raised by that angle [rad], None: folded.
    lean: added to the trunk's [rad].
    """

    legs: float = 1.0
    stride: float = 0.0
    neck: tuple[tuple[float, float], ...] = ((0.25, 0.5), (0.3, 1.0))
    wings: float | None = None
    lean: float = 0.0


STANDING = Bearing()
WALKING = Bearing(stride=0.3, neck=((0.45, 0.35), (0.75, 0.7)))
SITTING = Bearing(legs=0.0, neck=((0.15, 0.4), (0.2, 0.75)))
PECKING = Bearing(neck=((0.6, -0.05), (1.0, -0.6)), lean=-0.35, stride=0.1)
FLAPPING = Bearing(neck=((0.3, 0.45), (0.5, 0.85)), wings=0.55, lean=0.25)
CURVED = Bearing(neck=((0.3, 0.25), (0.02, 0.65), (0.12, 1.0)))
STALKING = Bearing(stride=0.35, neck=((0.35, 0.15), (0.45, 0.55), (0.8, 0.7)), lean=-0.3)
HUNCHED = Bearing(neck=((0.2, 0.1), (-0.05, 0.25), (0.08, 0.38)), lean=0.25)


def feathers_of(generator: np.random.Generator, colour: Colour, size: float) -> Material:
    """Return plumage of about the colour, for a bird of a size [m]."""
    second = near(generator, (colour[0] * 0.75, colour[1] * 0.75, colour[2] * 0.75))
    return Material(colour, second, Pattern.FUR, 0.1 * size, gloss=0.12, reflectance=0.45, dirt=0.05)


def _wing_folded(length: float, deep: float, sign: float, wing: Material, tip: Material) -> list[Part]:
    y = sign * 0.52 * deep * 0.9
    return [
        loft(
            [
                (0.36 * length, 0.85 * y, 0.02 * deep),
                (0.05 * length, 1.12 * y, 0.1 * deep),
                (-0.4 * length, 0.75 * y, 0.0),
            ],
            [0.04 * length, 0.045 * length, 0.03 * length],
            [0.2 * deep, 0.34 * deep, 0.22 * deep],
            wing,
            sections=10,
        ),
        loft(
            [(-0.3 * length, 0.85 * y, 0.03 * deep), (-0.85 * length, 0.15 * y, 0.02 * deep)],
            [0.03 * length, 0.012 * length],
            [0.18 * deep, 0.05 * deep],
            tip,
            steps=10,
            sections=8,
        ),
    ]


def wing_open(
    length: float, deep: float, sign: float, rise: float, wing: Material, tip: Material
) -> list[Part]:
    """Spread a wing on one side (sign), raised by an angle [rad]; length, deep: of the trunk [m]."""
    root = np.array([0.15 * length, sign * 0.3 * deep, 0.3 * deep])
    out = np.array([0.0, sign * np.cos(rise), np.sin(rise)]) * length
    elbow, wrist = root + 0.5 * out + [0.12 * length, 0, 0], root + 0.95 * out
    end = root + 1.45 * out - [0.35 * length, 0, 0.1 * length]
    ahead, thin = (1.0, 0.0, 0.0), 0.018 * length
    return [
        loft(
            [root, elbow, wrist],
            [0.25 * length, 0.24 * length, 0.16 * length],
            [2 * thin, thin, thin],
            wing,
            side=ahead,
        ),
        loft(
            [root + 0.8 * out + [0.05 * length, 0, 0], wrist - [0.03 * length, 0, 0], end],
            [0.18 * length, 0.15 * length, 0.03 * length],
            [thin, thin, 0.4 * thin],
            tip,
            side=ahead,
        ),
    ]


def bird(shape: BirdShape, plumages: tuple[Plumage, ...], bearing: Bearing) -> Builder:
    """Return a builder of a bird that bears itself so, in one of the plumages."""

    def build(generator: np.random.Generator) -> list[Part]:
        length = generator.uniform(*shape.body)
        plan = plumages[int(generator.integers(len(plumages)))]
        deep = shape.girth * length * generator.uniform(0.92, 1.1)
        back, breast, wing, tip, head, neck = (
            feathers_of(generator, near(generator, c, 0.07), length)
            for c in (plan.back, plan.breast, plan.wing, plan.wing_tip, plan.head, plan.neck)
        )
        horn = Material(near(generator, plan.bill), gloss=0.35, dirt=0.05)
        shank = Material(near(generator, plan.legs), gloss=0.25, dirt=0.1)
        x = np.array([-0.55, -0.25, 0.15, 0.5]) * length
        spine = np.column_stack([x, np.zeros(4), np.array([0.1, 0.0, 0.0, 0.12]) * deep])
        half = np.array([0.2, 0.42, 0.5, 0.3]) * deep
        trunk = [
            loft(spine, 0.9 * half, half, back, steps=16, sections=14),
            loft(
                spine[1:] - np.array([0, 0, 0.1 * deep]),
                0.88 * half[1:],
                0.93 * half[1:],
                breast,
                sections=14,
            ),
            loft(
                [(-0.4 * length, 0, 0.05 * deep), (-(0.5 + shape.tail) * length, 0, 0.0)],
                [0.16 * deep, 0.22 * deep],
                [0.08 * deep, 0.03 * deep],
                tip if shape.tail < 0.2 else back,
                steps=9,
                sections=8,
            ),
        ]
        for sign in (-1.0, 1.0):
            if bearing.wings is None:
                trunk += _wing_folded(length, deep, sign, wing, tip)
            else:
                trunk += wing_open(length, deep, sign, bearing.wings * generator.uniform(0.6, 1.4), wing, tip)
        lean = shape.lean + bearing.lean + generator.normal(0, 0.05)
        stand = shape.legs * length * bearing.legs
        middle = np.array([0.0, 0.0, stand + 0.48 * deep])
        placed = pose(middle, pitch=-lean)
        parts = moved(trunk, placed)
        chest = placed[:3, :3] @ np.array([0.42 * length, 0.0, 0.16 * deep]) + middle
        reach = shape.neck * length
        knots = [chest - placed[:3, 0] * 0.12 * length, chest]
        knots += [chest + reach * np.array([ahead, 0.0, up]) for ahead, up in bearing.neck]
        thick = np.full(len(knots), min(2.1 * shape.neck_size * length, 0.38 * deep))
        thick[2:] = np.linspace(1.15, 0.9, len(knots) - 2) * shape.neck_size * length
        parts.append(loft(knots, thick, thick, neck, steps=16, sections=10))
        parts += _bird_head(length, shape, knots[-1], bearing.neck[-1][1] < 0, head, horn)
        if stand > 0:
            thin = 0.018 * length * (1.6 if shape.legs < 0.8 else 1.2)
            for sign in (-1.0, 1.0):
                y = sign * 0.2 * deep
                foot = np.array([0.02 * length + sign * bearing.stride * shape.legs * length / 2, y, thin])
                top = np.array([-0.05 * length, y, stand + 0.15 * deep])
                heel = 0.5 * (foot + top) - [0.12 * stand, 0, 0]
                parts.append(tube([top, heel, foot], thin, shank, sections=6))
                toes = foot + np.array([0.06 * length, 0, -0.3 * thin])
                parts.append(ellipsoid((0.1 * length, 0.06 * length, 0.6 * thin), shank, pose(toes), 1))
        return on_ground(parts)

    return build


def _bird_head(
    length: float, shape: BirdShape, at: np.ndarray, down: bool, feathers: Material, horn: Material
) -> list[Part]:
    half, bill = shape.head * length, shape.bill * length
    dark = Material((0.01, 0.01, 0.01), gloss=0.8, reflectance=0.1, dirt=0.0)
    thick = shape.bill_size * length
    parts = [
        loft(
            [(-0.9 * half, 0, 0), (0.2 * half, 0, 0.05 * half), (1.25 * half, 0, -0.1 * half)],
            [0.7 * half, half * 0.9, 0.4 * half],
            [0.75 * half, half, 0.45 * half],
            feathers,
        ),
        loft(
            [
                (0.8 * half, 0, -0.08 * half),
                (half + 0.6 * bill, 0, -0.12 * half),
                (half + bill, 0, -0.22 * half),
            ],
            [thick, 0.7 * thick, 0.12 * thick],
            [1.2 * thick, 0.9 * thick, 0.15 * thick],
            horn,
            steps=10,
            sections=8,
        ),
    ]
    for sign in (-1.0, 1.0):
        parts.append(
            ellipsoid(np.full(3, 0.15 * half), dark, pose((0.5 * half, sign * 0.72 * half, 0.25 * half)), 1)
        )
    return moved(parts, pose(at, pitch=1.0 if down else 0.1))
