"""Mammals that stray onto an airfield: rabbit, hare, fox, deer, dog, cat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.organic import loft, near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, ellipsoid, moved, on_ground, pose

BLACK: Colour = (0.015, 0.013, 0.012)


@dataclass(frozen=True)
class Coat:
    """Colours of a mammal, linear RGB."""

    back: Colour
    belly: Colour
    feet: Colour
    muzzle: Colour
    tail: Colour
    tail_tip: Colour
    ear_tip: Colour


@dataclass(frozen=True)
class Shape:
    """Proportions of a mammal. height: range of the withers [m]; all else in units of it.

    length: hip to shoulder. depth, width: of the chest. waist: its share left at the waist.
    neck, neck_size, neck_rise: length, half thickness, angle up [rad]. head, head_size: length
    and half width. snout: share of the head's thickness left at the nose. ear, ear_size: length
    and half width. leg: half thickness of the shin. haunch: size of the thigh. tail, tail_size,
    tail_rise: length, half thickness, angle up from straight back [rad]. antlers: length. nose: share of the tip
    of the snout that is bare.
    """

    height: tuple[float, float]
    length: float = 1.0
    depth: float = 0.42
    width: float = 0.3
    waist: float = 0.75
    neck: float = 0.35
    neck_size: float = 0.12
    neck_rise: float = 0.8
    head: float = 0.38
    head_size: float = 0.1
    snout: float = 0.4
    ear: float = 0.16
    ear_size: float = 0.05
    leg: float = 0.04
    haunch: float = 1.0
    tail: float = 0.5
    tail_size: float = 0.05
    tail_rise: float = -0.5
    antlers: float = 0.0
    nose: float = 0.5


@dataclass(frozen=True)
class Posture:
    """How a mammal holds itself.

    hip, shoulder: height of the middle of the body there, in units of a standing one's; None: on
    the ground. reach: strides of the hind left, hind right, fore left, fore right foot ahead, in
    units of the withers. neck: angle added to the neck's [rad]. roll: of the whole [rad].
    """

    hip: float | None = 1.0
    shoulder: float | None = 1.0
    reach: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    neck: float = 0.0
    roll: float = 0.0


STAND = Posture(reach=(-0.06, 0.06, 0.04, -0.04))
WALK = Posture(reach=(-0.22, 0.2, 0.22, -0.18))
RUN = Posture(1.0, 1.1, (-0.5, -0.4, 0.5, 0.4), -0.35)
SIT = Posture(None, 1.0, neck=0.25)
LIE = Posture(None, None)
CROUCH = Posture(None, None, neck=-0.35)
GRAZE = Posture(reach=(-0.1, 0.06, 0.1, -0.12), neck=-1.75)
ON_SIDE = Posture(reach=(-0.1, 0.1, 0.2, 0.05), neck=-0.3, roll=np.pi / 2)


def _fur(generator: np.random.Generator, colour: Colour, height: float) -> Material:
    second = near(generator, (colour[0] * 0.65, colour[1] * 0.62, colour[2] * 0.6))
    return Material(colour, second, Pattern.FUR, height * 0.06, gloss=0.06, reflectance=0.45, dirt=0.08)


def _leg(
    h: float, leg: float, top: np.ndarray, foot: np.ndarray, bend: float, skin: Material, shod: Material
) -> list[Part]:
    """Join a joint of the body to a foot, float [3] each [m]; bend: of the knee, ahead positive."""
    side = (0.0, 1.0, 0.0)
    span = float(np.linalg.norm(top - foot))
    knee = top + 0.45 * (foot - top) + np.array([bend * 0.22 * span, 0.0, 0.0])
    hock = top + 0.74 * (foot - top) - np.array([bend * 0.16 * span, 0.0, 0.0])
    sole = foot + np.array([0.0, 0.0, leg * h * 0.5])
    upper = loft(
        [top, knee, hock],
        np.array([2.4, 1.6, 1.0]) * leg * h,
        np.array([3.4, 1.9, 1.1]) * leg * h,
        skin,
        side=side,
    )
    lower = loft(
        [hock, 0.5 * (hock + sole), sole],
        np.array([1.0, 0.85, 0.85]) * leg * h,
        np.array([1.1, 0.85, 0.9]) * leg * h,
        shod,
        side=side,
        sections=8,
    )
    paw = loft(
        [sole - [0.6 * leg * h, 0, 0], sole + [1.8 * leg * h, 0, 0]],
        [1.1 * leg * h, leg * h],
        [0.6 * leg * h, 0.5 * leg * h],
        shod,
        side=side,
        steps=8,
        sections=8,
    )
    return [upper, lower, paw]


def _folded(
    h: float, shape: Shape, joint: np.ndarray, hind: bool, skin: Material, shod: Material
) -> list[Part]:
    """Fold a leg under: a thigh against the body, the foot ahead of it on the ground."""
    x, y, z = joint
    sign, leg = np.sign(y), shape.leg * h
    reach = (0.36 * shape.haunch if hind else 0.42) * h
    foot = loft(
        [(x - 0.05 * h, y + sign * leg, leg), (x + reach, y + sign * leg, 0.8 * leg)],
        [1.3 * leg, 1.2 * leg],
        [leg, 0.8 * leg],
        shod,
        side=(0, 1, 0),
        steps=8,
        sections=8,
    )
    if not hind:
        return [foot]
    size = shape.haunch * h * np.array([0.24, 0.09, 0.2])
    thigh = ellipsoid(size, skin, pose((x + 0.08 * h, y, max(z, float(size[2]))), pitch=-0.3))
    return [thigh, foot]


def _head(
    generator: np.random.Generator,
    h: float,
    shape: Shape,
    base: np.ndarray,
    droop: float,
    coat: Coat,
    skin: Material,
) -> list[Part]:
    """Set a head at the end of the neck; droop: of the snout below the horizon [rad]."""
    length, half = shape.head * h, shape.head_size * h
    dark = Material(BLACK, gloss=0.7, reflectance=0.1, dirt=0.0)
    muzzle = _fur(generator, near(generator, coat.muzzle, 0.05), h)
    mid, tip = half * (0.5 + 0.5 * shape.snout), half * shape.snout
    parts = [
        loft(
            [(-0.45 * half, 0, 0), (0.3 * length, 0, 0.05 * half), (0.62 * length, 0, -0.2 * half)],
            [0.8 * half, half, mid],
            [0.9 * half, half, mid],
            skin,
        ),
        loft(
            [(0.45 * length, 0, -0.22 * half), (0.8 * length, 0, -0.35 * half), (length, 0, -0.38 * half)],
            [mid, 0.5 * (mid + tip), tip],
            [0.85 * mid, 0.45 * (mid + tip), 0.85 * tip],
            muzzle,
        ),
        ellipsoid(np.full(3, shape.nose * tip), dark, pose((length, 0, -0.2 * half)), 1),
    ]
    ear, ear_half = shape.ear * h, shape.ear_size * h
    spread, back = generator.uniform(0.2, 0.4), generator.uniform(-0.1, 0.35)
    tip_fur = _fur(generator, coat.ear_tip, h)
    for sign in (-1.0, 1.0):
        parts.append(
            ellipsoid(
                np.full(3, 0.16 * half), dark, pose((0.42 * length, sign * 0.82 * half, 0.35 * half)), 1
            )
        )
        root = np.array([0.02 * length, sign * 0.55 * half, 0.65 * half])
        way = np.array([-back, sign * spread, 1.0]) * ear
        thin = 0.3 * ear_half
        parts.append(
            loft(
                [root, root + 0.5 * way, root + 0.85 * way],
                [0.8 * ear_half, ear_half, 0.5 * ear_half],
                [thin, thin, thin],
                skin,
                side=(0.0, 1.0, 0.0),
                steps=9,
                sections=8,
            )
        )
        parts.append(
            loft(
                [root + 0.72 * way, root + way],
                [0.7 * ear_half, 0.1 * ear_half],
                [thin, 0.5 * thin],
                tip_fur,
                side=(0.0, 1.0, 0.0),
                steps=8,
                sections=8,
            )
        )
        if shape.antlers:
            horn = Material(near(generator, (0.2, 0.13, 0.08)), gloss=0.2)
            beam = shape.antlers * h
            knots = root + beam * np.array([[0, 0, 0], [0.05, sign * 0.15, 0.5], [-0.15, sign * 0.22, 1.0]])
            thick = np.array([0.09, 0.07, 0.02]) * beam
            parts.append(loft(knots, thick, thick, horn, sections=7))
            tine = [knots[1], knots[1] + beam * np.array([0.25, 0.0, 0.25])]
            parts.append(loft(tine, thick[1:], thick[1:], horn, steps=7, sections=7))
    return moved(parts, pose(base, pitch=droop))


def mammal(shape: Shape, coats: tuple[Coat, ...], posture: Posture) -> Builder:
    """Return a builder of a mammal in a posture, in one of the coats."""

    def build(generator: np.random.Generator) -> list[Part]:
        h = generator.uniform(*shape.height)
        plan = coats[int(generator.integers(len(coats)))]
        stout = generator.uniform(0.9, 1.12)
        deep, wide = shape.depth * h * stout / 2, shape.width * h * stout / 2
        half = shape.length * h * generator.uniform(0.94, 1.06) / 2
        skin = _fur(generator, near(generator, plan.back, 0.12), h)
        belly, shod = (_fur(generator, near(generator, c, 0.08), h) for c in (plan.belly, plan.feet))
        up = h - deep
        hip = np.array([-half, 0.0, deep * 0.95 if posture.hip is None else up * posture.hip])
        sits = posture.hip is None and posture.shoulder is not None
        shoulder = np.array([half, 0.0, deep * 1.0 if posture.shoulder is None else up * posture.shoulder])
        if sits:  # The body turns about the hip and keeps its length.
            hip[0], shoulder[0] = -0.3 * half, -0.3 * half + 2 * half * 0.62
            shoulder[2] = hip[2] + 2 * half * 0.78
        line = shoulder - hip
        ahead = line / np.linalg.norm(line)
        above = np.array([-ahead[2], 0.0, ahead[0]])
        waist = shape.waist
        spine = [
            hip - 0.55 * deep * ahead,
            hip,
            hip + 0.45 * line + 0.08 * deep * above,
            shoulder - 0.12 * line,
            shoulder + 0.75 * deep * ahead,
        ]
        widths = np.array([0.75, 0.95, 0.5 + 0.5 * waist, 1.0, 0.6]) * wide
        heights = np.array([0.7, 0.9, waist, 1.0, 0.6]) * deep
        parts = [loft(spine, widths, heights, skin, steps=18, sections=14)]
        low = [point - (0.14 * deep) * above for point in spine[1:]]
        parts.append(loft(low, 0.93 * widths[1:], 0.93 * heights[1:], belly, steps=14))
        turn = shape.neck_rise + posture.neck + generator.normal(0, 0.08)
        start = shoulder + (0.25 * deep) * ahead + 0.3 * deep * above
        base = start + shape.neck * h * np.array([np.cos(turn), 0.0, np.sin(turn)])
        thick = shape.neck_size * h * stout
        parts.append(
            loft(
                [start - 0.35 * deep * ahead, start, base],
                np.array([1.35, 1.25, 0.95]) * thick,
                np.array([1.9, 1.6, 1.0]) * thick,
                skin,
            )
        )
        droop = generator.uniform(0.05, 0.35) if posture.neck > -1 else 1.0
        parts += _head(generator, h, shape, base, droop, plan, skin)
        for i, (hind, sign) in enumerate(((True, 1.0), (True, -1.0), (False, 1.0), (False, -1.0))):
            y = sign * wide * (0.7 if hind else 0.62)
            joint = hip + [0.02 * h, y, -0.15 * deep] if hind else shoulder + [0.0, y, -0.2 * deep]
            if hind and posture.hip is None:
                parts += _folded(
                    h, shape, hip + np.array([0.0, sign * 0.85 * wide, -0.1 * deep]), True, skin, shod
                )
            elif not hind and posture.shoulder is None:
                parts += _folded(h, shape, joint, False, skin, shod)
            else:
                lifted = max(0.0, abs(posture.reach[i]) - 0.3) * h if not hind else 0.0
                foot = np.array([joint[0] + posture.reach[i] * h + (0.12 * h if sits else 0.0), y, lifted])
                bend = (0.9 if hind else 0.12) * generator.uniform(0.85, 1.15)
                parts += _leg(h, shape.leg, joint, foot, bend, skin, shod)
        rise = shape.tail_rise + generator.normal(0, 0.15)
        if posture.hip is None:
            rise = max(rise, -0.1)
        root = spine[0] + 0.25 * deep * above
        way = shape.tail * h * np.array([-np.cos(rise), 0.0, np.sin(rise)])
        sway = np.array([0.0, generator.normal(0, 0.15) * shape.tail * h, 0.0])
        size = shape.tail_size * h
        bush = np.array([0.6, 1.0, 1.0]) * size
        parts.append(
            loft(
                [root, root + 0.45 * way + 0.3 * sway, root + 0.8 * way + 0.7 * sway],
                bush,
                bush,
                _fur(generator, plan.tail, h),
                sections=9,
            )
        )
        bush = np.array([1.0, 0.8, 0.25]) * size
        parts.append(
            loft(
                [root + 0.66 * way + 0.56 * sway, root + 0.85 * way + 0.8 * sway, root + way + sway],
                bush,
                bush,
                _fur(generator, plan.tail_tip, h),
                sections=9,
                steps=9,
            )
        )
        return on_ground(moved(parts, pose(roll=posture.roll * (1 if generator.random() < 0.5 else -1))))

    return build


def _plain(colour: Colour, light: Colour) -> Coat:
    return Coat(colour, light, colour, colour, colour, colour, colour)


_RABBIT = Shape(
    (0.17, 0.24),
    1.0,
    0.75,
    0.6,
    0.95,
    0.14,
    0.2,
    0.7,
    0.5,
    0.19,
    0.65,
    0.5,
    0.085,
    0.06,
    1.4,
    0.22,
    0.14,
    0.6,
    nose=0.22,
)
_HARE = Shape(
    (0.28, 0.36),
    1.05,
    0.5,
    0.38,
    0.85,
    0.24,
    0.13,
    0.85,
    0.4,
    0.13,
    0.6,
    0.5,
    0.065,
    0.045,
    1.3,
    0.2,
    0.08,
    0.4,
    nose=0.28,
)
_FOX = Shape(
    (0.35, 0.43),
    1.15,
    0.4,
    0.3,
    0.75,
    0.3,
    0.12,
    0.55,
    0.5,
    0.13,
    0.28,
    0.25,
    0.08,
    0.04,
    1.0,
    1.0,
    0.12,
    -0.35,
)
_DEER = Shape(
    (0.62, 0.8),
    1.0,
    0.42,
    0.28,
    0.72,
    0.48,
    0.09,
    0.95,
    0.34,
    0.085,
    0.42,
    0.2,
    0.05,
    0.026,
    0.9,
    0.07,
    0.05,
    -0.6,
)
_BUCK = Shape(
    (0.66, 0.82),
    1.0,
    0.42,
    0.28,
    0.72,
    0.48,
    0.1,
    0.95,
    0.34,
    0.088,
    0.42,
    0.2,
    0.05,
    0.026,
    0.9,
    0.07,
    0.05,
    -0.6,
    0.32,
)
_DOG = Shape(
    (0.4, 0.65),
    1.0,
    0.46,
    0.32,
    0.75,
    0.26,
    0.13,
    0.8,
    0.42,
    0.12,
    0.55,
    0.15,
    0.07,
    0.05,
    1.0,
    0.5,
    0.045,
    0.4,
)
_CAT = Shape(
    (0.23, 0.3),
    1.2,
    0.46,
    0.36,
    0.9,
    0.24,
    0.13,
    0.65,
    0.27,
    0.165,
    0.62,
    0.19,
    0.085,
    0.045,
    1.0,
    1.05,
    0.055,
    0.7,
    nose=0.2,
)

_RABBIT_COATS = (
    Coat(
        (0.2, 0.15, 0.1),
        (0.42, 0.37, 0.3),
        (0.24, 0.18, 0.12),
        (0.24, 0.19, 0.13),
        (0.6, 0.57, 0.52),
        (0.8, 0.78, 0.74),
        (0.16, 0.12, 0.08),
    ),
    Coat(
        (0.11, 0.095, 0.08),
        (0.3, 0.28, 0.25),
        (0.13, 0.11, 0.09),
        (0.14, 0.12, 0.1),
        (0.5, 0.48, 0.45),
        (0.75, 0.73, 0.7),
        (0.09, 0.07, 0.06),
    ),
)
_HARE_COATS = (
    Coat(
        (0.29, 0.18, 0.09),
        (0.55, 0.48, 0.38),
        (0.32, 0.2, 0.1),
        (0.3, 0.2, 0.11),
        (0.03, 0.03, 0.03),
        (0.7, 0.68, 0.64),
        BLACK,
    ),
)
_FOX_COATS = (
    Coat(
        (0.48, 0.15, 0.03),
        (0.68, 0.62, 0.54),
        (0.04, 0.03, 0.025),
        (0.6, 0.42, 0.28),
        (0.44, 0.14, 0.035),
        (0.82, 0.8, 0.76),
        BLACK,
    ),
)
_DEER_COATS = (
    Coat(
        (0.3, 0.15, 0.065),
        (0.42, 0.28, 0.16),
        (0.26, 0.14, 0.07),
        (0.12, 0.08, 0.06),
        (0.7, 0.66, 0.58),
        (0.75, 0.72, 0.65),
        (0.14, 0.08, 0.05),
    ),
    Coat(
        (0.19, 0.14, 0.095),
        (0.3, 0.24, 0.18),
        (0.17, 0.12, 0.08),
        (0.08, 0.06, 0.05),
        (0.7, 0.67, 0.6),
        (0.75, 0.72, 0.65),
        (0.1, 0.07, 0.05),
    ),
)
_DOG_COATS = (
    Coat((0.02, 0.018, 0.016), (0.03, 0.026, 0.022), (0.25, 0.12, 0.05), (0.2, 0.1, 0.045), *[BLACK] * 3),
    _plain((0.55, 0.38, 0.2), (0.65, 0.5, 0.32)),
    _plain((0.17, 0.08, 0.035), (0.2, 0.1, 0.05)),
    Coat(
        (0.03, 0.028, 0.027),
        (0.75, 0.73, 0.7),
        (0.75, 0.73, 0.7),
        (0.7, 0.68, 0.65),
        (0.03, 0.028, 0.027),
        (0.8, 0.78, 0.75),
        BLACK,
    ),
    _plain((0.7, 0.67, 0.6), (0.76, 0.74, 0.68)),
)
_CAT_COATS = (
    _plain((0.018, 0.017, 0.017), (0.02, 0.02, 0.02)),
    Coat(
        (0.22, 0.2, 0.18),
        (0.4, 0.37, 0.33),
        (0.3, 0.27, 0.24),
        (0.4, 0.37, 0.33),
        (0.2, 0.18, 0.16),
        BLACK,
        BLACK,
    ),
    Coat(
        (0.55, 0.25, 0.08),
        (0.75, 0.65, 0.52),
        (0.7, 0.6, 0.48),
        (0.72, 0.62, 0.5),
        (0.55, 0.25, 0.08),
        (0.5, 0.22, 0.07),
        (0.5, 0.22, 0.07),
    ),
    Coat(
        (0.75, 0.73, 0.7),
        (0.8, 0.78, 0.75),
        (0.8, 0.78, 0.75),
        (0.78, 0.7, 0.66),
        (0.05, 0.05, 0.05),
        BLACK,
        BLACK,
    ),
)


def _kinds(*kinds: tuple[Shape, Posture], coats: tuple[Coat, ...]) -> tuple[Builder, ...]:
    build: Callable[..., Builder] = mammal
    return tuple(build(shape, coats, posture) for shape, posture in kinds)


MAMMALS: tuple[Asset, ...] = (
    Asset(
        "rabbit",
        "animals",
        _kinds((_RABBIT, LIE), (_RABBIT, SIT), (_RABBIT, WALK), (_RABBIT, RUN), coats=_RABBIT_COATS),
    ),
    Asset(
        "hare",
        "animals",
        _kinds((_HARE, SIT), (_HARE, RUN), (_HARE, CROUCH), (_HARE, WALK), coats=_HARE_COATS),
    ),
    Asset("fox", "animals", _kinds((_FOX, STAND), (_FOX, SIT), (_FOX, LIE), (_FOX, WALK), coats=_FOX_COATS)),
    Asset(
        "deer",
        "animals",
        _kinds((_DEER, STAND), (_BUCK, WALK), (_DEER, LIE), (_DEER, GRAZE), coats=_DEER_COATS),
    ),
    Asset("dog", "animals", _kinds((_DOG, STAND), (_DOG, SIT), (_DOG, LIE), (_DOG, WALK), coats=_DOG_COATS)),
    Asset("cat", "animals", _kinds((_CAT, STAND), (_CAT, SIT), (_CAT, LIE), (_CAT, WALK), coats=_CAT_COATS)),
)
