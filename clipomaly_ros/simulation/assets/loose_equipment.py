"""Equipment that was left, dropped or blown over: what is known, in the wrong place or position."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.loose_lines import CABLE, HOSE
from clipomaly_ros.simulation.assets.loose_paint import ORANGE, RED, WHITE, YELLOW, painted, plastic
from clipomaly_ros.simulation.assets.loose_signs import SIGN
from clipomaly_ros.simulation.assets.loose_small import BUCKET, EXTINGUISHER, TARPAULIN
from clipomaly_ros.simulation.assets.organic import near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    moved,
    on_ground,
    pose,
    prism,
    revolve,
    torus,
    tube,
)


def _yaw(generator: np.random.Generator) -> float:
    return float(generator.uniform(0, 2 * np.pi))


def _upright_cone(generator: np.random.Generator, bands: int, square: bool) -> list[Part]:
    """Build a cone as it should stand: base, body in rings, retro-reflective bands."""
    height = generator.uniform(0.45, 0.95)
    foot, top, wide = (
        height * generator.uniform(0.17, 0.2),
        height * 0.035,
        height * generator.uniform(0.5, 0.58),
    )
    body = plastic(generator, ORANGE if generator.random() < 0.85 else YELLOW)
    white = Material(near(generator, WHITE, 0.05), gloss=0.4, retro=True, reflectance=0.9, dirt=0.2)
    black = generator.random() < 0.4
    base = plastic(generator, (0.02, 0.02, 0.02)) if black else body
    thick = 0.045 * height
    if square:
        parts = [box((wide, wide, thick), base, pose((0, 0, thick / 2)))]
    else:
        turn = np.linspace(0, 2 * np.pi, 8, endpoint=False) + np.pi / 8
        parts = [prism(0.54 * wide * np.column_stack([np.cos(turn), np.sin(turn)]), thick, base)]
    cuts = np.linspace(0.35, 0.85, 2 * bands) if bands else np.zeros(0)
    edges = np.concatenate([[0.0], cuts, [1.0]])
    for i, (low, high) in enumerate(pairwise(edges)):
        z = thick + np.array([low, high]) * (height - thick)
        radius = foot + (top - foot) * np.array([low, high])
        profile = [(radius[0], z[0]), (radius[1], z[1])]
        if i == len(edges) - 2:
            profile.append((0.0, z[1]))
        parts.append(revolve(profile, white if i % 2 else body))
    return parts


def _fallen_cone(bands: int, square: bool, count: int = 1) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        parts: list[Part] = []
        for i in range(count):
            cone = _upright_cone(generator, bands, square)
            # On its side it rests on the rim of the base and on its tip.
            base = max(float(np.abs(part.vertices[:, 1]).max()) for part in cone)
            tip = max(float(part.vertices[:, 2].max()) for part in cone)
            roll = 0.0 if square else np.pi / 8
            spun = moved(cone, pose(yaw=roll))
            laid = on_ground(moved(spun, pose(pitch=np.pi / 2 + np.arctan2(base, tip) * 0.92)))
            at = (0.0, 0.0, 0.0) if i == 0 else (*generator.uniform(0.35, 0.6, 2), 0.0)
            parts += moved(laid, pose(at, yaw=_yaw(generator)))
        return parts

    return build


def _wedge(generator: np.random.Generator, material: Material, curved: bool) -> list[Part]:
    """Build a chock along y, its wheel side ahead."""
    width, high = generator.uniform(0.25, 0.6), generator.uniform(0.1, 0.18)
    deep = high * generator.uniform(1.2, 1.6)
    if curved:
        turn = np.linspace(0, np.pi / 2, 8)
        hollow = np.column_stack([deep / 2 - 0.9 * deep * np.sin(turn), high * (1.0 - 0.93 * np.cos(turn))])
        outline = np.concatenate([[[-deep / 2, 0.0], [deep / 2, 0.0]], hollow, [[-deep / 2, high]]])
    else:
        outline = np.array([[-deep / 2, 0.0], [deep / 2, 0.0], [deep * 0.12, high], [-deep * 0.12, high]])
    stand = pose((0.0, width / 2, 0.0), roll=np.pi / 2)
    return [prism(outline, width, material, stand)]


def _chock(colours: tuple[Colour, ...], pair: bool, curved: bool, tipped: bool) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        material = painted(generator, colours)
        if generator.random() < 0.4:
            material = Material(
                material.colour, (0.02, 0.02, 0.02), Pattern.CHEVRONS, 0.12, gloss=0.3, dirt=0.3
            )
        one = _wedge(generator, material, curved)
        if tipped:
            one = moved(one, pose(pitch=generator.choice([-1.0, 1.0]) * np.pi / 2))
        parts = on_ground(moved(one, pose(yaw=generator.normal(0, 0.3))))
        rope = Material(
            near(generator, (0.7, 0.3, 0.03) if generator.random() < 0.5 else (0.4, 0.37, 0.3)), dirt=0.3
        )
        far = generator.uniform(0.35, 0.8)
        if pair:
            parts += on_ground(moved(one, pose((far, 0.0, 0.0), yaw=np.pi + generator.normal(0, 0.5))))
        s = np.linspace(0, 1, 14)
        sway = generator.normal(0, 0.12) * np.sin(np.pi * s) + 0.05 * np.sin(2 * np.pi * s)
        path = np.column_stack([s * far * (1.0 if pair else 0.8), sway, 0.012 + 0.05 * (1 - s) ** 4])
        parts.append(tube(path, 0.009, rope, sections=6))
        return on_ground(parts)

    return build


def _tow_bar(wheels: bool, bends: bool, fork: bool) -> Builder:
    """Lay a bar along x: an eye at one end, a towing head at the other, perhaps wheels and a fork."""

    def build(generator: np.random.Generator) -> list[Part]:
        length, radius = generator.uniform(1.6, 3.2), generator.uniform(0.03, 0.05)
        paint = painted(generator, (RED, YELLOW, WHITE, (0.03, 0.1, 0.4), ORANGE))
        if generator.random() < 0.35:
            paint = Material(paint.colour, WHITE, Pattern.CHECKS, 0.4, gloss=0.4, dirt=0.3)
        steel = Material(near(generator, (0.3, 0.3, 0.31)), gloss=0.6, metallic=0.8, dirt=0.4)
        rubber = Material((0.02, 0.02, 0.02), gloss=0.15, reflectance=0.08)
        z = radius * (3.5 if wheels else 1.2)
        start, end = -length / 2, length / 2
        if fork:
            parts = [tube([(start, 0, z), (0.15 * length, 0, z)], radius, paint)]
            for sign in (-1.0, 1.0):
                parts.append(tube([(0.12 * length, 0, z), (end, sign * 0.22, z)], radius * 0.8, paint))
                parts.append(box((0.12, 0.05, 0.09), steel, pose((end, sign * 0.22, z))))
            parts.append(tube([(0.38 * length, -0.16, z), (0.38 * length, 0.16, z)], radius * 0.7, paint))
        else:
            middle = generator.normal(0, 0.05) if bends else 0.0
            parts = [tube([(start, 0, z), (0, middle, z), (end, 0, z)], radius, paint, sections=12)]
            parts.append(box((0.16, 0.3, 0.05), steel, pose((end, 0, z))))
            for sign in (-1.0, 1.0):
                parts.append(box((0.2, 0.04, 0.1), paint, pose((end + 0.09, sign * 0.13, z))))
        parts.append(torus(0.07, 0.018, steel, pose((start - 0.06, 0, z))))
        if wheels:
            rim = 3.4 * radius
            at = generator.uniform(-0.1, 0.2) * length
            parts.append(tube([(at, -0.2, rim), (at, 0.2, rim)], 0.016, steel))
            for sign in (-1.0, 1.0):
                parts.append(cylinder(rim, 0.07, rubber, pose((at, sign * 0.2, rim), roll=np.pi / 2)))
                parts.append(cylinder(rim * 0.55, 0.08, steel, pose((at, sign * 0.2, rim), roll=np.pi / 2)))
        return on_ground(parts)

    return build


def _wood(generator: np.random.Generator) -> Material:
    grey = generator.random() < 0.35
    colour = near(generator, (0.3, 0.27, 0.23) if grey else (0.48, 0.32, 0.17))
    return Material(
        colour,
        near(generator, (colour[0] * 0.6, colour[1] * 0.55, colour[2] * 0.5)),
        Pattern.WOOD,
        0.1,
        gloss=0.08,
        reflectance=0.5,
        dirt=0.3,
    )


def _one_pallet(generator: np.random.Generator, length: float, width: float, lost: int = 0) -> list[Part]:
    """Build a block pallet flat on the ground; lost: boards of the deck that broke away."""
    wood, board = _wood(generator), 0.022
    boards = int(generator.integers(5, 8))
    gone = set(generator.choice(boards, lost, replace=False).tolist())
    each = width / boards * generator.uniform(0.65, 0.82)
    parts = []
    for i, y in enumerate(np.linspace(-1, 1, boards) * (width - each) / 2):
        if i not in gone:
            parts.append(box((length, each, board), wood, pose((0, float(y), 0.133))))
        elif generator.random() < 0.6:
            stub = length * generator.uniform(0.2, 0.5)
            parts.append(box((stub, each, board), wood, pose(((length - stub) / 2, float(y), 0.133))))
    for y in (-1, 0, 1):
        at = y * (width - 0.1) / 2
        parts.append(box((length, 0.1, board), wood, pose((0, at, board / 2))))
        for x in (-1, 0, 1):
            parts.append(box((0.12, 0.1, 0.08), wood, pose((x * (length - 0.12) / 2, at, 0.062))))
    for x in (-1, 0, 1):
        parts.append(box((0.1, width, board), wood, pose((x * (length - 0.1) / 2, 0, 0.112))))
    return parts


def _pallet(kind: str) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        length, width = generator.uniform(1.0, 1.25), generator.uniform(0.75, 1.05)
        if kind == "stack":
            parts: list[Part] = []
            for i in range(int(generator.integers(2, 5))):
                shift = (*generator.normal(0, 0.025, 2), 0.145 * i)
                parts += moved(
                    _one_pallet(generator, length, width), pose(shift, yaw=generator.normal(0, 0.03))
                )
            return parts
        if kind == "edge":
            stood = _one_pallet(generator, length, width)
            return on_ground(moved(stood, pose(roll=np.pi / 2 * generator.uniform(0.86, 1.0))))
        lost = int(generator.integers(1, 3)) if kind == "broken" else 0
        parts = _one_pallet(generator, length, width, lost)
        if kind == "broken":
            plank = box((length * generator.uniform(0.5, 0.9), 0.09, 0.022), _wood(generator))
            parts.append(plank.moved(pose((0.1, width * 0.75, 0.011), yaw=generator.uniform(-0.8, 0.8))))
            flipped = generator.random() < 0.5
            return on_ground(moved(parts[:-1], pose(roll=np.pi if flipped else 0.0))) + parts[-1:]
        return parts

    return build


LOOSE_EQUIPMENT: tuple[Asset, ...] = (
    Asset(
        "knocked-over cone",
        "loose_equipment",
        (_fallen_cone(1, True), _fallen_cone(0, True), _fallen_cone(2, False), _fallen_cone(2, True, 2)),
    ),
    Asset(
        "stray chock",
        "loose_equipment",
        (
            _chock((YELLOW, ORANGE), False, False, False),
            _chock(((0.02, 0.02, 0.02), YELLOW), True, False, False),
            _chock((YELLOW, (0.03, 0.03, 0.03)), False, True, False),
            _chock((YELLOW, RED, (0.4, 0.27, 0.14)), True, True, True),
        ),
    ),
    HOSE,
    CABLE,
    Asset(
        "stray tow bar",
        "loose_equipment",
        (
            _tow_bar(False, False, False),
            _tow_bar(True, False, False),
            _tow_bar(False, False, True),
            _tow_bar(True, False, True),
        ),
    ),
    SIGN,
    Asset("pallet", "loose_equipment", tuple(_pallet(kind) for kind in ("flat", "stack", "broken", "edge"))),
    BUCKET,
    EXTINGUISHER,
    TARPAULIN,
)
