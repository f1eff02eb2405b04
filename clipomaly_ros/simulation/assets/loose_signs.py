"""Portable warning signs."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.loose_paint import ORANGE, RED, WHITE, YELLOW, plastic
from clipomaly_ros.simulation.assets.organic import near
from clipomaly_ros.simulation.materials import Colour, Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, moved, on_ground, pose, prism, tube


def _sign_face(generator: np.random.Generator, size: float, where: np.ndarray, triangle: bool) -> list[Part]:
    """Build a warning face in the y-z plane looking ahead: border, field and a dark symbol."""
    field: Colour = (YELLOW, WHITE, ORANGE)[int(generator.integers(3))]
    border = Material(near(generator, RED), gloss=0.4, retro=True, reflectance=0.8)
    face = Material(near(generator, field, 0.08), gloss=0.4, retro=True, reflectance=0.9)
    ink = Material((0.015, 0.015, 0.015), gloss=0.3)
    upright = pose(roll=np.pi / 2, yaw=np.pi / 2)
    if triangle:
        outline = size * np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.87]])
        middle = size * np.array([0.0, 0.29])
    else:
        high = generator.uniform(0.8, 1.3)
        outline = size * np.array([[-0.5, 0.0], [0.5, 0.0], [0.5, high], [-0.5, high]])
        middle = size * np.array([0.0, high / 2])
    inner = middle + 0.8 * (outline - middle)
    symbol = middle + 0.3 * size * np.array([[-0.14, -0.05], [0.14, -0.05], [0.22, 0.75], [-0.22, 0.75]])
    dot = middle + 0.3 * size * np.array([[-0.14, -0.42], [0.14, -0.42], [0.14, -0.16], [-0.14, -0.16]])
    layers = [prism(outline, 0.012, border, upright), prism(inner, 0.016, face, upright)]
    layers += [prism(symbol, 0.02, ink, upright), prism(dot, 0.02, ink, upright)]
    return moved(layers, where)


def _sign_a_frame(generator: np.random.Generator) -> list[Part]:
    size, lean = generator.uniform(0.45, 0.65), 0.28
    frame = plastic(generator, YELLOW if generator.random() < 0.6 else WHITE)
    high = size * generator.uniform(1.35, 1.7)
    parts = []
    for turn in (0.0, np.pi):
        panel = [box((0.02, size * 1.08, high), frame, pose((-0.011, 0, high / 2)))]
        panel += _sign_face(generator, size * 0.95, pose((0, 0, 0.3 * size)), generator.random() < 0.5)
        # Both panels meet at the top and stand apart at the ground.
        tilted = moved(moved(panel, pose((0, 0, -high))), pose(pitch=-lean))
        parts += moved(tilted, pose(yaw=turn))
    return on_ground(parts)


def _sign_tripod(generator: np.random.Generator) -> list[Part]:
    size, high = generator.uniform(0.5, 0.8), generator.uniform(0.25, 0.45)
    steel = Material(near(generator, (0.25, 0.25, 0.26)), gloss=0.5, metallic=0.6, dirt=0.3)
    parts = _sign_face(generator, size, pose((0, 0, high)), True)
    for foot in ((0.1, -0.4), (0.1, 0.4), (-0.5, 0.0)):
        parts.append(
            tube(
                [(-0.02, 0.3 * foot[1] * size, high + 0.2 * size), (foot[0], foot[1] * size * 1.2, 0.01)],
                0.012,
                steel,
            )
        )
    return on_ground(parts)


def _sign_post(generator: np.random.Generator) -> list[Part]:
    size, high = generator.uniform(0.4, 0.6), generator.uniform(0.5, 0.9)
    steel = Material(near(generator, (0.4, 0.4, 0.41)), gloss=0.5, metallic=0.6, dirt=0.3)
    parts = _sign_face(generator, size, pose((0.02, 0, high)), False)
    parts.append(cylinder(0.025, high + 0.8 * size, steel, pose((0, 0, (high + 0.8 * size) / 2)), 12))
    parts.append(box((0.4, 0.5, 0.1), plastic(generator, (0.03, 0.03, 0.03)), pose((0, 0, 0.05))))
    return on_ground(parts)


def _sign_fallen(generator: np.random.Generator) -> list[Part]:
    """Blow a sign on a foot over: the face looks up."""
    up = _sign_post(generator)
    return on_ground(moved(up, pose(pitch=-np.pi / 2 * generator.uniform(0.9, 0.97))))


SIGN = Asset("temporary sign", "loose_equipment", (_sign_a_frame, _sign_tripod, _sign_post, _sign_fallen))
