"""Builders of the objects on the synthetic apron, each in its own frame: x ahead, ground at z = 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clipomaly_ros.simulation.shapes import (
    Kind,
    Material,
    Pattern,
    Shape,
    rotation_x,
    rotation_y,
    rotation_z,
)

_WHITE = Material((0.86, 0.88, 0.90), gloss=0.5, reflectance=0.7)
_FUSELAGE = Material((0.86, 0.88, 0.90), (0.03, 0.10, 0.36), Pattern.PORTHOLES, gloss=0.6, reflectance=0.7)
_TAIL = Material((0.05, 0.16, 0.42), gloss=0.5)
_METAL = Material((0.46, 0.48, 0.51), gloss=0.6, reflectance=0.5)
_RUBBER = Material((0.035, 0.035, 0.038), (0.42, 0.43, 0.45), Pattern.RIM, gloss=0.05, reflectance=0.08)
_GLASS = Material((0.05, 0.08, 0.11), gloss=0.9, reflectance=0.1)
_YELLOW = Material((0.85, 0.58, 0.04), gloss=0.4, reflectance=0.6)
_ORANGE = Material((0.92, 0.24, 0.03), (0.92, 0.92, 0.9), Pattern.BANDS, gloss=0.2, reflectance=0.8)

Parts = list[Shape]


def _shape(kind, x, y, z, hx, hy, hz, material, rotation=None) -> Shape:
    rotation = np.eye(3) if rotation is None else rotation
    return Shape(kind, np.array([x, y, z], float), np.array([hx, hy, hz], float), material, rotation)


def _box(x, y, z, hx, hy, hz, material, rotation=None) -> Shape:
    return _shape(Kind.BOX, x, y, z, hx, hy, hz, material, rotation)


def _wheel(x, y, radius, half_width, material=_RUBBER) -> Shape:
    return _shape(Kind.CYLINDER, x, y, radius, radius, radius, half_width, material, rotation_x(np.pi / 2))


_ALONG_X = rotation_y(np.pi / 2)  # a cylinder's axis along x


def aircraft() -> Parts:
    """Build a narrow-body aircraft, 36 m long, nose towards +x, nose wheel near x = 13."""
    parts = [
        _shape(Kind.CYLINDER, 0, 0, 3.9, 1.95, 1.95, 12.5, _FUSELAGE, _ALONG_X),
        _shape(Kind.ELLIPSOID, 12.5, 0, 3.9, 4.6, 1.95, 1.95, _WHITE),
        _shape(Kind.ELLIPSOID, -12.5, 0, 4.3, 7.5, 1.7, 1.6, _WHITE),
        _box(15.15, 0, 4.86, 0.62, 1.12, 0.2, _GLASS, rotation_y(0.62)),
        _box(-16.3, 0, 8.2, 2.1, 0.14, 3.3, _TAIL, rotation_y(-0.5)),
    ]
    for side in (-1, 1):
        sweep = rotation_z(-side * 0.42) @ rotation_x(side * 0.08)
        parts += [
            _box(-2.4, side * 8.2, 3.3, 1.7, 7.6, 0.16, _WHITE, sweep),
            _box(-17.0, side * 3.0, 5.0, 0.9, 2.8, 0.1, _WHITE, rotation_z(-side * 0.45)),
            _shape(Kind.CYLINDER, 1.4, side * 5.6, 2.1, 1.0, 1.0, 1.7, _TAIL, _ALONG_X),
            _shape(Kind.CYLINDER, 3.15, side * 5.6, 2.1, 0.86, 0.86, 0.06, _GLASS, _ALONG_X),
            _box(-1.2, side * 2.9, 1.5, 0.12, 0.12, 1.0, _METAL),
            _wheel(-1.2, side * 2.6, 0.55, 0.2),
            _wheel(-1.2, side * 3.2, 0.55, 0.2),
        ]
    parts += [_box(12.3, 0, 1.3, 0.1, 0.1, 1.0, _METAL), _wheel(12.3, 0.22, 0.4, 0.12)]
    parts += [_wheel(12.3, -0.22, 0.4, 0.12)]
    return parts


def terminal() -> Parts:
    """Build the front of a terminal building, facing -x."""
    facade = Material((0.56, 0.58, 0.60), (0.08, 0.13, 0.18), Pattern.WINDOWS, gloss=0.5, reflectance=0.5)
    roof = Material((0.32, 0.34, 0.37))
    plinth = Material((0.42, 0.41, 0.40))
    return [
        _box(6, 0, 8, 6, 75, 6, facade),
        _box(6, 0, 1, 6.2, 75, 1, plinth),
        _box(5, 0, 14.4, 8, 77, 0.4, roof),
    ]


def jet_bridge() -> Parts:
    """Build a jet bridge on a pillar, cabin towards -x."""
    tube = Material((0.66, 0.68, 0.70), (0.10, 0.14, 0.18), Pattern.RIBS, gloss=0.3)
    return [
        _box(9, 0, 5.2, 12, 1.5, 1.45, tube, rotation_y(0.02)),
        _box(-4.2, 0, 5.1, 1.9, 2.0, 1.6, Material((0.30, 0.32, 0.36), gloss=0.3)),
        _shape(Kind.CYLINDER, 2, 0, 2, 0.45, 0.45, 2, _METAL),
        _wheel(2, 0.8, 0.5, 0.25),
        _wheel(2, -0.8, 0.5, 0.25),
    ]


def tug() -> Parts:
    """Build a baggage tractor, 3 m long."""
    parts = [
        _box(0, 0, 0.72, 1.5, 0.75, 0.34, _YELLOW),
        _box(1.46, 0, 0.62, 0.1, 0.78, 0.2, Material((0.1, 0.1, 0.1), (0.85, 0.6, 0.05), Pattern.CHEVRONS)),
        _box(-0.5, 0, 1.95, 0.75, 0.72, 0.05, _YELLOW),
        _box(-0.5, 0, 1.25, 0.35, 0.6, 0.2, Material((0.06, 0.06, 0.07))),
    ]
    parts += [
        _box(x, y, 1.5, 0.04, 0.04, 0.45, Material((0.1, 0.1, 0.1)))
        for x in (-1.2, 0.2)
        for y in (-0.66, 0.66)
    ]
    return parts + [_wheel(x, y, 0.38, 0.14) for x in (-1.0, 1.0) for y in (-0.72, 0.72)]


def dolly(number: int) -> Parts:
    """Build a dolly, 3.4 m long, with a container in one of three colours."""
    colour = ((0.70, 0.72, 0.74), (0.16, 0.30, 0.46), (0.58, 0.60, 0.62))[number % 3]
    load = Material(colour, tuple(0.75 * c for c in colour), Pattern.RIBS, gloss=0.4, reflectance=0.6)
    frame = Material((0.16, 0.17, 0.18))
    parts = [
        _box(0, 0, 0.5, 1.7, 0.8, 0.08, frame),
        _box(0, 0, 1.4, 1.55, 0.78, 0.8, load),
        _box(2.1, 0, 0.45, 0.45, 0.05, 0.04, frame),
    ]
    return parts + [_wheel(x, y, 0.24, 0.09) for x in (-1.2, 1.2) for y in (-0.66, 0.66)]


def person() -> Parts:
    """Build a standing ramp agent in hi-vis, 1.8 m tall."""
    trousers, vest = Material((0.06, 0.08, 0.14)), Material((0.75, 0.88, 0.05), reflectance=0.9)
    skin = Material((0.55, 0.36, 0.26))
    parts = [_shape(Kind.CYLINDER, 0, side * 0.11, 0.42, 0.085, 0.085, 0.42, trousers) for side in (-1, 1)]
    parts += [
        _shape(Kind.ELLIPSOID, 0, 0, 1.17, 0.17, 0.25, 0.38, vest),
        _shape(Kind.ELLIPSOID, 0, 0, 1.66, 0.11, 0.1, 0.13, skin),
        _shape(Kind.ELLIPSOID, 0, 0, 1.74, 0.12, 0.11, 0.08, Material((0.8, 0.8, 0.82), gloss=0.4)),
    ]
    parts += [
        _shape(Kind.CYLINDER, 0.05, side * 0.3, 1.12, 0.055, 0.055, 0.3, vest, rotation_x(side * 0.12))
        for side in (-1, 1)
    ]
    return parts


def cone() -> Parts:
    """Build an upright traffic cone, 0.75 m."""
    return [
        _box(0, 0, 0.02, 0.2, 0.2, 0.02, Material((0.06, 0.06, 0.06))),
        _shape(Kind.CONE, 0, 0, 0.42, 0.15, 0.15, 0.4, _ORANGE),
    ]


def fallen_cone() -> Parts:
    """Build a traffic cone lying on its side, apex towards +x."""
    lean = rotation_y(np.pi / 2 + 0.21)  # it rests on its tip and on the rim of its base
    return [
        _shape(Kind.CONE, 0.36, 0, 0.09, 0.15, 0.15, 0.4, _ORANGE, lean),
        _box(-0.03, 0, 0.172, 0.17, 0.17, 0.02, Material((0.06, 0.06, 0.06)), lean),
    ]


def suitcase() -> Parts:
    """Build a suitcase standing upright, 0.65 m with its handle out."""
    shell = Material((0.55, 0.04, 0.07), (0.38, 0.02, 0.05), Pattern.RIBS, gloss=0.5, reflectance=0.5)
    parts = [_box(0, 0, 0.34, 0.13, 0.22, 0.29, shell)]
    parts += [_box(-0.08, side * 0.12, 0.73, 0.01, 0.01, 0.12, _METAL) for side in (-1, 1)]
    parts += [_box(-0.08, 0, 0.85, 0.015, 0.14, 0.015, Material((0.08, 0.08, 0.08)))]
    return parts + [_wheel(x, y, 0.04, 0.015) for x in (-0.09, 0.09) for y in (-0.16, 0.16)]


def tyre() -> Parts:
    """Build a tyre lying flat, 0.66 m across."""
    hole = Material((0.18, 0.18, 0.18))
    return [
        _shape(Kind.CYLINDER, 0, 0, 0.11, 0.33, 0.33, 0.11, Material((0.03, 0.03, 0.032), reflectance=0.08)),
        _shape(Kind.CYLINDER, 0, 0, 0.112, 0.19, 0.19, 0.11, hole),
    ]


def plastic_bag() -> Parts:
    """Build a blown-up white plastic bag, 0.5 m."""
    film = Material((0.90, 0.92, 0.94), gloss=0.6, reflectance=0.5)
    return [
        _shape(Kind.ELLIPSOID, 0, 0, 0.17, 0.24, 0.19, 0.17, film, rotation_z(0.3)),
        _shape(Kind.ELLIPSOID, 0.13, 0.08, 0.2, 0.14, 0.13, 0.15, film),
        _shape(Kind.ELLIPSOID, -0.16, -0.04, 0.13, 0.13, 0.16, 0.12, film),
        _shape(Kind.CONE, 0.02, 0.02, 0.42, 0.07, 0.06, 0.1, film, rotation_x(0.4)),
    ]


def pallet() -> Parts:
    """Build a wooden pallet, 1.2 m by 0.8 m."""
    wood = Material((0.45, 0.30, 0.16), reflectance=0.45)
    boards = [_box(0, y, 0.13, 0.6, 0.06, 0.012, wood) for y in np.linspace(-0.34, 0.34, 5)]
    return boards + [
        _box(x, y, 0.06, 0.06, 0.05, 0.058, wood) for x in (-0.54, 0, 0.54) for y in (-0.34, 0, 0.34)
    ]


def toolbox() -> Parts:
    """Build an open-handled blue toolbox, 0.5 m."""
    blue = Material((0.03, 0.13, 0.45), gloss=0.5)
    return [
        _box(0, 0, 0.12, 0.25, 0.12, 0.12, blue),
        _box(0, 0, 0.31, 0.16, 0.015, 0.015, _METAL),
        _box(-0.16, 0, 0.27, 0.012, 0.015, 0.04, _METAL),
        _box(0.16, 0, 0.27, 0.012, 0.015, 0.04, _METAL),
    ]


def bucket() -> Parts:
    """Build a yellow bucket, 0.35 m."""
    return [_shape(Kind.CYLINDER, 0, 0, 0.17, 0.15, 0.15, 0.17, _YELLOW)]


# Names as the candidate dictionary spells them, with the group of the hazard policy.
ANOMALIES: dict[str, tuple[str, Callable[[], Parts]]] = {
    "suitcase": ("baggage", suitcase),
    "knocked-over cone": ("loose_equipment", fallen_cone),
    "tyre": ("pavement", tyre),
    "plastic bag": ("soft", plastic_bag),
    "pallet": ("loose_equipment", pallet),
    "toolbox": ("tools", toolbox),
    "bucket": ("loose_equipment", bucket),
}


def pick_anomalies(
    generator: np.random.Generator, count: int
) -> list[tuple[str, tuple[str, Callable[[], Parts]]]]:
    """Pick different anomalies; the suitcase is always there, on the first spot."""
    others = [name for name in ANOMALIES if name != "suitcase"]
    chosen = ["suitcase", *generator.choice(others, count - 1, replace=False)]
    return [(str(name), ANOMALIES[str(name)]) for name in chosen]
