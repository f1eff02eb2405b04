"""Builds a mammal from its proportions: trunk, neck, head, legs and tail."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Builder
from clipomaly_ros.simulation.assets.mammal_shape import BLACK, Coat, Posture, Shape
from clipomaly_ros.simulation.assets.organic import loft, near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, ellipsoid, moved, on_ground, pose


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
        [sole - [0.6 * leg * h, 0, 0], sole + np.array([1.8 * leg * h, 0, 0])],
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
    # Short ears stand as triangles, long ones are leaves.
    leaf = (0.8, 1.0, 0.5, 0.7, 0.1) if shape.ear > 5 * shape.ear_size else (1.1, 0.8, 0.35, 0.55, 0.05)
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
                np.array(leaf[:3]) * ear_half,
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
                np.array(leaf[3:]) * ear_half,
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
                [start - 0.6 * deep * ahead, start, base],
                np.minimum(np.array([1.3, 1.2, 0.95]) * thick, [0.75 * wide, 0.72 * wide, wide]),
                np.minimum(np.array([1.9, 1.6, 1.0]) * thick, [0.72 * deep, 0.7 * deep, deep]),
                skin,
            )
        )
        droop = generator.uniform(0.05, 0.35) if posture.neck > -1 else 1.0
        parts += _head(generator, h, shape, base, droop, plan, skin)
        for i, (hind, sign) in enumerate(((True, 1.0), (True, -1.0), (False, 1.0), (False, -1.0))):
            y = sign * wide * (0.7 if hind else 0.62)
            joint = (
                hip + np.array([0.02 * h, y, -0.15 * deep])
                if hind
                else shoulder + np.array([0.0, y, -0.2 * deep])
            )
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
        bush = np.array([0.45, 0.95, 1.15]) * size
        parts.append(
            loft(
                [root, root + 0.45 * way + 0.3 * sway, root + 0.8 * way + 0.7 * sway],
                bush,
                bush,
                _fur(generator, plan.tail, h),
                sections=9,
            )
        )
        bush = np.array([1.15, 0.9, 0.25]) * size
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
        return on_ground(parts)

    return build
