"""Mammals that stray onto an airfield: rabbit, hare, fox, deer, dog, cat."""

from __future__ import annotations

from dataclasses import replace

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.mammal_build import mammal
from clipomaly_ros.simulation.assets.mammal_shape import (
    BLACK,
    CROUCH,
    GRAZE,
    LIE,
    RUN,
    SIT,
    STAND,
    WALK,
    Coat,
    Posture,
    Shape,
)
from clipomaly_ros.simulation.materials import Colour


def _plain(colour: Colour, light: Colour) -> Coat:
    return Coat(colour, light, colour, colour, colour, colour, colour)


_RABBIT = Shape(
    height=(0.17, 0.24),
    depth=0.75,
    width=0.6,
    waist=0.95,
    neck=0.14,
    neck_size=0.2,
    neck_rise=0.7,
    head=0.5,
    head_size=0.19,
    snout=0.65,
    ear=0.5,
    ear_size=0.085,
    leg=0.06,
    haunch=1.4,
    tail=0.22,
    tail_size=0.14,
    tail_rise=0.6,
    nose=0.22,
)
_HARE = Shape(
    height=(0.28, 0.36),
    length=1.05,
    depth=0.5,
    width=0.38,
    waist=0.85,
    neck=0.24,
    neck_size=0.13,
    neck_rise=0.85,
    head=0.4,
    head_size=0.13,
    snout=0.6,
    ear=0.5,
    ear_size=0.065,
    leg=0.045,
    haunch=1.3,
    tail=0.2,
    tail_size=0.08,
    tail_rise=0.4,
    nose=0.28,
)
_FOX = Shape(
    height=(0.35, 0.43),
    length=1.15,
    depth=0.4,
    neck=0.3,
    neck_rise=0.55,
    head=0.5,
    head_size=0.13,
    snout=0.28,
    ear=0.25,
    ear_size=0.08,
    tail=0.8,
    tail_size=0.14,
    tail_rise=-0.35,
)
_DEER = Shape(
    height=(0.62, 0.8),
    width=0.28,
    waist=0.72,
    neck=0.48,
    neck_size=0.09,
    neck_rise=0.95,
    head=0.34,
    head_size=0.085,
    snout=0.42,
    ear=0.2,
    leg=0.026,
    haunch=0.9,
    tail=0.07,
    tail_rise=-0.6,
)
_BUCK = replace(_DEER, height=(0.66, 0.82), neck_size=0.1, antlers=0.32)
_DOG = Shape(
    height=(0.4, 0.65),
    depth=0.46,
    width=0.32,
    neck=0.26,
    neck_size=0.13,
    head=0.42,
    head_size=0.12,
    snout=0.55,
    ear=0.15,
    ear_size=0.07,
    leg=0.05,
    tail_size=0.045,
    tail_rise=0.4,
)
_CAT = Shape(
    height=(0.23, 0.3),
    length=1.2,
    depth=0.46,
    width=0.36,
    waist=0.9,
    neck=0.24,
    neck_size=0.13,
    neck_rise=0.65,
    head=0.27,
    head_size=0.165,
    snout=0.62,
    ear=0.19,
    ear_size=0.085,
    leg=0.045,
    tail=1.05,
    tail_size=0.055,
    tail_rise=0.7,
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
    return tuple(mammal(shape, coats, posture) for shape, posture in kinds)


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
