"""People on the apron: standing, walking, crouching, kneeling, lying, marshalling, pushing, bending.

Origin: on the ground under the pelvis, facing x.
"""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.people_body import Direction, Figure, Stance, body, draw_clothes, limb
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, moved, on_ground, pose


def _draw(generator: np.random.Generator, stance: Stance) -> Figure:
    stature = float(np.clip(generator.normal(1.73, 0.085), 1.52, 1.98))
    return body(
        stance, stature, float(np.clip(generator.normal(1.03, 0.08), 0.88, 1.25)), draw_clothes(generator)
    )


def _mirrored(stance: Stance) -> Stance:
    """Swap left and right."""
    return Stance(
        stance.thighs[::-1],
        stance.shins[::-1],
        stance.upper_arms[::-1],
        stance.forearms[::-1],
        stance.lean,
        -stance.twist,
        -stance.tilt,
        stance.nod,
        -stance.look,
    )


def _either(generator: np.random.Generator, stance: Stance) -> Stance:
    return stance if generator.uniform() < 0.5 else _mirrored(stance)


def _jitter(generator: np.random.Generator, ahead: float, out: float, spread: float = 0.12) -> Direction:
    return float(ahead + generator.normal(0, spread)), float(out + generator.normal(0, spread / 2))


def _arm(generator: np.random.Generator) -> tuple[Direction, Direction]:
    """Draw upper arm and forearm of someone at rest: hanging, on the hip, radio at the mouth, pointing."""
    kind = generator.choice(["hang", "hip", "radio", "point", "carry"], p=[0.55, 0.12, 0.13, 0.08, 0.12])
    upper, fore = {
        "hang": ((0.0, 0.14), (0.2, 0.1)),
        "hip": ((-0.3, 0.75), (0.35, -0.6)),
        "radio": ((0.5, 0.25), (2.5, -0.35)),
        "point": ((1.45, 0.25), (1.55, 0.2)),
        "carry": ((0.05, 0.2), (1.5, -0.1)),
    }[str(kind)]
    return _jitter(generator, *upper), _jitter(generator, *fore)


def standing(generator: np.random.Generator) -> list[Part]:
    """Build someone who stands about."""
    u, (left, left_fore), (right, right_fore) = generator.uniform, _arm(generator), _arm(generator)
    spread = u(0.03, 0.16)
    thighs = (_jitter(generator, 0.03, spread, 0.04), _jitter(generator, 0.03, spread, 0.04))
    shins = ((thighs[0][0] - u(0.02, 0.1), spread), (thighs[1][0] - u(0.02, 0.1), spread))
    stance = Stance(
        thighs,
        shins,
        (left, right),
        (left_fore, right_fore),
        u(-0.04, 0.12),
        u(-0.2, 0.2),
        0.0,
        u(0, 0.35),
        u(-0.7, 0.7),
    )
    return on_ground(_draw(generator, stance).parts)


def walking(generator: np.random.Generator) -> list[Part]:
    """Build someone in mid-stride."""
    u = generator.uniform
    stride = u(0.25, 0.52)
    thighs, shins = (
        ((stride, 0.03), (-0.7 * stride, 0.03)),
        ((stride - u(0.05, 0.2), 0.02), (-stride - u(0.2, 0.5), 0.02)),
    )
    swing = u(0.2, 0.6)
    arms = ((-swing, 0.12), (swing, 0.12))
    fore = ((-swing + u(0.15, 0.5), 0.05), (swing + u(0.2, 0.7), 0.05))
    stance = Stance(thighs, shins, arms, fore, u(0.02, 0.15), -0.2 * stride, 0.0, u(0, 0.2), u(-0.3, 0.3))
    return on_ground(_draw(generator, _either(generator, stance)).parts)


def crouching(generator: np.random.Generator) -> list[Part]:
    """Build someone squatting at work on the ground."""
    u = generator.uniform
    thigh, shin, out = u(1.75, 2.05), u(-0.75, -0.45), u(0.1, 0.4)
    reach = u(0.5, 1.2)
    stance = Stance(
        (_jitter(generator, thigh, out, 0.06), _jitter(generator, thigh, out, 0.06)),
        ((shin, 0.05), (shin, 0.05)),
        (_jitter(generator, reach, 0.1), _jitter(generator, reach, 0.1)),
        (_jitter(generator, reach + 0.3, -0.15), _jitter(generator, reach + 0.3, -0.15)),
        u(0.35, 0.8),
        u(-0.2, 0.2),
        0.0,
        u(-0.1, 0.3),
        u(-0.3, 0.3),
    )
    return on_ground(_draw(generator, stance).parts)


def kneeling(generator: np.random.Generator) -> list[Part]:
    """Build someone on one knee or on both."""
    u = generator.uniform
    both = u() < 0.35
    thighs = (
        ((u(-0.1, 0.25), 0.12), (u(-0.1, 0.25), 0.12))
        if both
        else ((u(1.45, 1.65), 0.15), (u(-0.15, 0.05), 0.05))
    )
    back = u(-1.62, -1.5)
    shins = ((back, 0.0), (back, 0.0)) if both else ((u(-0.15, 0.1), 0.0), (back, 0.0))
    arms = (_jitter(generator, u(0.3, 1.0), 0.15), _jitter(generator, u(0.3, 1.0), 0.15))
    fore = (_jitter(generator, u(0.9, 1.5), -0.15), _jitter(generator, u(0.9, 1.5), -0.15))
    stance = Stance(thighs, shins, arms, fore, u(0.1, 0.55), u(-0.2, 0.2), 0.0, u(0, 0.4), u(-0.3, 0.3))
    return on_ground(_draw(generator, _either(generator, stance)).parts)


def lying(generator: np.random.Generator) -> list[Part]:
    """Build someone who lies on the ground: on the back, face down or on the side."""
    u = generator.uniform

    roll = generator.choice([0.0, np.pi, np.pi / 2, -np.pi / 2], p=[0.4, 0.35, 0.13, 0.12]) + u(-0.12, 0.12)
    aside = 0.5 < abs(roll) < 2.5

    def leg() -> tuple[Direction, Direction]:
        bend = u(0, 0.8) if u() < 0.4 else u(0, 0.1)
        out = u(0.02, 0.08) if aside else u(0.03, 0.3)
        return (bend, out), (-bend * u(0.6, 1.3), out)

    def arm() -> tuple[Direction, Direction]:
        if aside:  # an arm stretched out sideways would hold the body up
            ahead = u(0.2, 1.6)
            return (ahead, u(-0.1, 0.1)), (ahead + u(0, 0.9), u(-0.1, 0.1))
        out = u(0.1, 2.2)
        return (u(-0.1, 0.1), out), (u(-0.1, 0.4), out + u(-0.6, 0.9))

    legs, arms = (leg(), leg()), (arm(), arm())
    stance = Stance(
        (legs[0][0], legs[1][0]),
        (legs[0][1], legs[1][1]),
        (arms[0][0], arms[1][0]),
        (arms[0][1], arms[1][1]),
        u(0, 0.15),
        u(-0.2, 0.2),
        0.0,
        u(-0.1, 0.2),
        u(-0.8, 0.8),
    )
    parts = _draw(generator, stance).parts
    # On the back: ahead becomes up, the head towards -x; then rolled about the length of the body.
    return on_ground(moved(moved(parts, pose(pitch=-np.pi / 2)), pose(roll=roll)))


def marshaller(generator: np.random.Generator) -> list[Part]:
    """Build a marshaller with two wands, arms raised."""
    u = generator.uniform
    signal = generator.choice(["stop", "up", "out", "ahead"])
    upper, fore = {
        "stop": ((0.1, 2.3), (0.1, 3.5)),
        "up": ((0.1, 2.75), (0.1, 3.0)),
        "out": ((0.1, 1.55), (0.2, 1.6)),
        "ahead": ((0.2, 1.5), (0.3, 2.95)),
    }[str(signal)]
    stance = Stance(
        ((0.02, 0.12), (0.02, 0.12)),
        ((-0.02, 0.12), (-0.02, 0.12)),
        (_jitter(generator, *upper, 0.1), _jitter(generator, *upper, 0.1)),
        (_jitter(generator, *fore, 0.15), _jitter(generator, *fore, 0.15)),
        u(-0.05, 0.05),
        nod=u(-0.2, 0.1),
    )
    figure = _draw(generator, stance)
    lit = 0.8 if u() < 0.7 else 0.0
    glow = Material(
        (1.0, 0.22, 0.02) if u() < 0.8 else (0.95, 0.85, 0.1), gloss=0.3, emission=lit, reflectance=0.7
    )
    grip = Material((0.03, 0.03, 0.03), gloss=0.3, reflectance=0.1)
    length = u(0.32, 0.5)
    wands = []
    for hand, ahead in zip(figure.hands, figure.forearms, strict=True):
        wands.append(limb(hand - 0.06 * ahead, hand + 0.08 * ahead, 0.017, 0.017, grip))
        wands.append(limb(hand + 0.09 * ahead, hand + (0.09 + length) * ahead, 0.022, 0.019, glow))
    return on_ground(figure.parts + wands)


def pushing(generator: np.random.Generator) -> list[Part]:
    """Build someone who pushes with both hands at breast height."""
    u = generator.uniform
    lean = u(0.25, 0.65)
    thighs = ((lean * 0.9 + u(0, 0.2), 0.05), (-lean - u(0, 0.15), 0.05))
    shins = ((thighs[0][0] - u(0.5, 0.9), 0.03), (thighs[1][0] - u(0.05, 0.3), 0.03))
    reach = u(1.0, 1.4)
    arms = ((reach, 0.08), (reach, 0.08))
    fore = ((reach + u(0.1, 0.5), 0.0), (reach + u(0.1, 0.5), 0.0))
    stance = Stance(thighs, shins, arms, fore, lean, 0.0, 0.0, -0.5 * lean, u(-0.2, 0.2))
    return on_ground(_draw(generator, _either(generator, stance)).parts)


def bending(generator: np.random.Generator) -> list[Part]:
    """Build someone who bends down to pick something up."""
    u = generator.uniform
    back = u(-0.25, -0.05)
    knees = u(0.15, 0.6)
    reach = u(-0.1, 0.5)
    stance = Stance(
        ((back + knees, 0.08), (back + knees + u(-0.1, 0.1), 0.08)),
        ((back - knees * 0.5, 0.03), (back - knees * 0.5, 0.03)),
        (_jitter(generator, reach, 0.08), _jitter(generator, reach, 0.08)),
        (_jitter(generator, reach + 0.15, 0.0), _jitter(generator, reach + 0.15, 0.0)),
        u(1.15, 1.7),
        u(-0.2, 0.2),
        0.0,
        u(-0.4, 0.1),
        u(-0.3, 0.3),
    )
    return on_ground(_draw(generator, stance).parts)


_STANCES: tuple[Builder, ...] = (standing, walking, crouching, kneeling, lying, marshaller, pushing, bending)

PEOPLE: tuple[Asset, ...] = (Asset("person", "person", _STANCES),)
