"""Proportions, colours and postures of mammals."""

from __future__ import annotations

from dataclasses import dataclass

from clipomaly_ros.simulation.materials import Colour

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
    tail_rise: length, half thickness, angle up from straight back [rad]. antlers: length.
    nose: share of the tip of the snout that is bare.
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
    units of the withers. neck: angle added to the neck's [rad].
    """

    hip: float | None = 1.0
    shoulder: float | None = 1.0
    reach: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    neck: float = 0.0


STAND = Posture(reach=(-0.06, 0.06, 0.04, -0.04))
WALK = Posture(reach=(-0.22, 0.2, 0.22, -0.18))
RUN = Posture(1.0, 1.1, (-0.5, -0.4, 0.5, 0.4), -0.35)
SIT = Posture(None, 1.0, neck=0.25)
LIE = Posture(None, None)
CROUCH = Posture(None, None, neck=-0.35)
GRAZE = Posture(reach=(-0.1, 0.06, 0.1, -0.12), neck=-1.75)
