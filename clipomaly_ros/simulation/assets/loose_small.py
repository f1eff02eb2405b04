"""Buckets, fire extinguishers and tarpaulins left on the apron."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset, Builder
from clipomaly_ros.simulation.assets.organic import loft, near
from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    frustum,
    moved,
    on_ground,
    pose,
    revolve,
    sheet,
    torus,
    tube,
)


def _one_bucket(generator: np.random.Generator, lid: bool, handle_up: bool) -> list[Part]:
    """Build a bucket that stands: walls with an inside, rim, bail handle, perhaps a lid."""
    colours: tuple[Colour, ...] = (
        (0.05, 0.12, 0.5),
        (0.6, 0.03, 0.02),
        (0.02, 0.02, 0.02),
        (0.75, 0.75, 0.73),
        (0.05, 0.35, 0.1),
        (0.8, 0.5, 0.03),
        (0.45, 0.46, 0.47),
    )
    pick = int(generator.integers(len(colours)))
    metal = pick == len(colours) - 1
    wall = Material(
        near(generator, colours[pick]),
        gloss=0.6 if metal else 0.35,
        metallic=0.8 if metal else 0.0,
        dirt=generator.uniform(0.1, 0.4),
    )
    wire = Material((0.4, 0.4, 0.4), gloss=0.6, metallic=0.8)
    high = generator.uniform(0.22, 0.38)
    top = high * generator.uniform(0.42, 0.55)
    foot = top * generator.uniform(0.7, 0.88)
    thin = 0.012
    profile = [(0.0, 0.0), (foot, 0.0), (top, high), (top - thin, high), (foot - thin, thin), (0.0, thin)]
    parts = [
        revolve(profile, wall, sections=28, smooth=False),
        torus(top, 0.008, wall, pose((0, 0, high)), 28),
    ]
    if lid:
        parts.append(
            cylinder(
                top * 1.03,
                0.02,
                wall if generator.random() < 0.5 else Material((0.75, 0.75, 0.73)),
                pose((0, 0, high + 0.01)),
                28,
            )
        )
    turn = np.linspace(0, np.pi, 12)
    fall = generator.uniform(1.2, 1.5) if handle_up else generator.uniform(-0.1, 0.1)
    bow = np.column_stack(
        [
            top * 1.02 * np.sin(turn) * np.cos(fall),
            top * 1.02 * np.cos(turn),
            top * 1.02 * np.sin(turn) * np.sin(fall) + high * 0.94,
        ]
    )
    parts.append(tube(bow, 0.004, wire, sections=6))
    return parts


def _bucket(roll: float, lid: bool = False, handle_up: bool = False) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        return on_ground(moved(_one_bucket(generator, lid, handle_up), pose(roll=roll)))

    return build


def _bucket_on_side(generator: np.random.Generator) -> list[Part]:
    # The wall tapers: lying, its axis sinks towards the foot.
    laid = _one_bucket(generator, False, False)
    return on_ground(moved(laid, pose(pitch=np.pi / 2 - 0.12, yaw=generator.uniform(0, 2 * np.pi))))


def _cylinder_of_extinguisher(generator: np.random.Generator, slim: bool) -> list[Part]:
    """Build a standing extinguisher: shell, label, valve, lever, gauge and hose."""
    high = generator.uniform(0.38, 0.6)
    radius = high * (generator.uniform(0.11, 0.13) if slim else generator.uniform(0.15, 0.19))
    red = Material(near(generator, (0.6, 0.015, 0.012)), gloss=0.7, dirt=generator.uniform(0.05, 0.3))
    black = Material((0.015, 0.015, 0.015), gloss=0.3)
    brass = Material((0.5, 0.38, 0.15), gloss=0.7, metallic=0.9)
    label = Material((0.75, 0.74, 0.7), (0.1, 0.1, 0.1), Pattern.STRIPES, 0.03, gloss=0.4)
    shell = [
        (0.0, 0.0),
        (radius * 0.9, 0.0),
        (radius, 0.03 * high),
        (radius, 0.74 * high),
        (radius * 0.85, 0.82 * high),
        (radius * 0.3, 0.88 * high),
        (0.0, 0.88 * high),
    ]
    parts = [revolve(shell, red, sections=24)]
    angles = np.linspace(-0.9, 0.9, 7)
    parts.append(
        loft(
            np.column_stack(
                [1.005 * radius * np.cos(angles), 1.005 * radius * np.sin(angles), np.full(7, 0.48 * high)]
            ),
            np.full(7, 0.13 * high),
            np.full(7, 0.003),
            label,
            side=(0, 0, 1),
            steps=12,
            sections=6,
        )
    )
    parts.append(cylinder(radius * 0.3, 0.1 * high, brass, pose((0, 0, 0.91 * high)), 14))
    parts.append(box((radius * 1.5, 0.03, 0.018), black, pose((radius * 0.5, 0, 0.955 * high), pitch=-0.12)))
    parts.append(box((radius * 1.3, 0.03, 0.018), black, pose((radius * 0.45, 0, 1.0 * high), pitch=-0.35)))
    start = np.array([0.0, -0.3 * radius, 0.92 * high])
    knots = start + np.array([[0, 0, 0], [0, -0.9, -0.02], [0, -1.05, -0.5], [0.1, -0.9, -1.2]]) * [
        radius,
        radius,
        0.35 * high,
    ]
    thick = 0.012 if not slim else 0.014
    parts.append(loft(knots, [thick] * 4, [thick] * 4, black, side=(1, 0, 0), sections=8))
    end = knots[-1]
    if slim:
        parts.append(frustum(0.055, 0.02, 0.2, black, pose(end - np.array([0, 0, 0.08])), 14))
    else:
        parts.append(frustum(0.018, 0.013, 0.07, black, pose(end - np.array([0, 0, 0.03])), 10))
    return parts


def _extinguisher(slim: bool, lying: bool) -> Builder:
    def build(generator: np.random.Generator) -> list[Part]:
        parts = _cylinder_of_extinguisher(generator, slim)
        if lying:
            parts = (
                moved(parts, pose(pitch=np.pi / 2))
                if generator.random() < 0.5
                else moved(parts, pose(roll=np.pi / 2, yaw=generator.uniform(0, 6.3)))
            )
        return on_ground(parts)

    return build


def _extinguisher_on_wheels(generator: np.random.Generator) -> list[Part]:
    """Build a big extinguisher on a two-wheeled cart, as stands at every stand."""
    big = _cylinder_of_extinguisher(generator, False)
    scale = generator.uniform(1.5, 1.9)
    parts = [Part(p.vertices * scale, p.faces, p.material, p.smooth) for p in big]
    radius = max(float(np.abs(parts[0].vertices[:, :2]).max()), 0.05)
    high = float(parts[0].vertices[:, 2].max())
    rubber = Material((0.02, 0.02, 0.02), gloss=0.15, reflectance=0.08)
    frame = Material(near(generator, (0.6, 0.02, 0.015)), gloss=0.5, dirt=0.2)
    wheel = generator.uniform(0.13, 0.18)
    back = -radius * 1.15
    for sign in (-1.0, 1.0):
        y = sign * radius * 0.8
        parts.append(
            tube([(back, y, 0.05), (back, y, 1.05 * high), (back - 0.12, y, 1.2 * high)], 0.015, frame)
        )
        parts.append(
            cylinder(wheel, 0.05, rubber, pose((back, sign * radius * 1.25, wheel - 0.06), roll=np.pi / 2))
        )
    parts.append(
        tube(
            [(back - 0.12, -radius * 0.8, 1.2 * high), (back - 0.12, radius * 0.8, 1.2 * high)], 0.015, frame
        )
    )
    parts.append(
        tube([(back, -radius * 1.25, wheel - 0.06), (back, radius * 1.25, wheel - 0.06)], 0.015, frame)
    )
    return on_ground(parts)


def _canvas(generator: np.random.Generator) -> Material:
    colours: tuple[Colour, ...] = (
        (0.03, 0.13, 0.45),
        (0.04, 0.22, 0.08),
        (0.75, 0.25, 0.03),
        (0.4, 0.38, 0.32),
        (0.6, 0.6, 0.58),
        (0.13, 0.14, 0.1),
    )
    colour = near(generator, colours[int(generator.integers(len(colours)))])
    return Material(
        colour,
        (colour[0] * 0.8, colour[1] * 0.8, colour[2] * 0.8),
        Pattern.NOISE,
        0.2,
        gloss=0.35,
        reflectance=0.4,
        dirt=0.25,
    )


def _tarpaulin_sheet(height: float, spread: tuple[float, float]) -> Builder:
    """Spread a sheet with folds; height: of the folds, relative to its size."""

    def build(generator: np.random.Generator) -> list[Part]:
        length = generator.uniform(*spread)
        width = length * generator.uniform(0.6, 0.95)
        waves = [
            (*generator.normal(0, 1, 2) * f / length, generator.uniform(0, 6.3), 1 / f)
            for f in (4, 6, 9, 15, 24)
        ]

        def fold(x: np.ndarray, y: np.ndarray) -> np.ndarray:
            level = sum(a * np.abs(np.sin(kx * x + ky * y + p)) for kx, ky, p, a in waves)
            edge = np.minimum(1 - np.abs(2 * x / length), 1 - np.abs(2 * y / width)).clip(0, 1)
            return np.asarray(0.004 + height * length * level * (0.15 + edge**0.7))

        part = sheet(length, width, fold, _canvas(generator), steps=27)
        # A cloth that is crumpled is no rectangle any more: pull its rim about.
        x, y = part.vertices[:, 0].copy(), part.vertices[:, 1].copy()
        pull = 0.07 * length
        part.vertices[:, 0] += pull * np.sin(4 * y / width + generator.uniform(0, 6)) * (1 + x / length)
        part.vertices[:, 1] += pull * np.sin(4 * x / length + generator.uniform(0, 6)) * (1 + y / width)
        return on_ground([part])

    return build


def _tarpaulin_folded(generator: np.random.Generator) -> list[Part]:
    """Fold it to a loose pack of layers."""
    material, parts, top = _canvas(generator), [], 0.0
    length, width = generator.uniform(0.5, 0.9), generator.uniform(0.35, 0.6)
    for _ in range(int(generator.integers(3, 6))):
        thick = generator.uniform(0.02, 0.04)
        layer = loft(
            [(-length / 2, 0, 0), (0, 0, generator.uniform(0, 0.02)), (length / 2, 0, 0)],
            np.full(3, width / 2),
            np.full(3, thick / 2),
            material,
            sections=14,
        )
        parts.append(layer.moved(pose((*generator.normal(0, 0.02, 2), top), yaw=generator.normal(0, 0.08))))
        top += 0.8 * thick
    return on_ground(parts)


def _tarpaulin_rolled(generator: np.random.Generator) -> list[Part]:
    """Leave it half rolled up: a roll with a flap that still lies flat."""
    material = _canvas(generator)
    width, radius = generator.uniform(0.8, 1.7), generator.uniform(0.07, 0.13)
    y = np.linspace(-0.5, 0.5, 6) * width
    sway = generator.normal(0, 0.02, 6)
    size = radius * generator.uniform(0.85, 1.1, 6)
    roll = loft(
        np.column_stack([sway, y, np.full(6, radius)]), size, size, material, side=(1, 0, 0), steps=18
    )
    flap = generator.uniform(0.3, 0.9)
    turn = generator.uniform(0, 6)

    def ripple(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(0.006 + 0.03 * np.abs(np.sin(9 * z + 4 * x + turn)))

    return on_ground([roll, sheet(flap, width * 0.95, ripple, material, pose((flap / 2, 0, 0)), 18)])


BUCKET = Asset(
    "bucket",
    "loose_equipment",
    (_bucket(0.0, handle_up=True), _bucket_on_side, _bucket(0.0, lid=True), _bucket(np.pi)),
)
EXTINGUISHER = Asset(
    "fire extinguisher",
    "loose_equipment",
    (
        _extinguisher(False, False),
        _extinguisher(False, True),
        _extinguisher_on_wheels,
        _extinguisher(True, False),
    ),
)
TARPAULIN = Asset(
    "tarpaulin",
    "loose_equipment",
    (
        _tarpaulin_sheet(0.14, (1.0, 2.0)),
        _tarpaulin_folded,
        _tarpaulin_sheet(0.4, (0.9, 1.6)),
        _tarpaulin_rolled,
    ),
)
