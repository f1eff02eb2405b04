"""Jet bridges: rotunda at the terminal, telescopic tunnels, a driven column, a cab at the aircraft.

Origin: on the ground under the rotunda; the bridge runs along x to the cab, whose mouth looks to -y.
"""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.aircraft_gear import wheel
from clipomaly_ros.simulation.assets.buildings import glass_wall
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, cylinder, grid_surface, pose, tube

_STEEL = Material((0.4, 0.41, 0.43), gloss=0.3, metallic=0.4, reflectance=0.4, dirt=0.4)
_CANOPY = Material(
    (0.03, 0.03, 0.035), (0.012, 0.012, 0.012), Pattern.RIBS, 0.25, 0.05, reflectance=0.08, dirt=0.3
)
_HAZARD = Material((0.8, 0.6, 0.02), (0.02, 0.02, 0.02), Pattern.CHEVRONS, 0.5, 0.2, reflectance=0.5)


def _tunnel(
    start: np.ndarray, end: np.ndarray, width: float, height: float, wall: Material, trim: Material
) -> list[Part]:
    """Build a box tunnel between the middles of its ends, with edge beams."""
    along = end - start
    length = float(np.linalg.norm(along))
    where = pose((start + end) / 2, pitch=-float(np.arctan2(along[2], along[0])))
    parts = [box((length, width, height), wall, where)]
    for z in (height / 2, -height / 2):
        for y in (width / 2, -width / 2):
            parts.append(box((length + 0.05, 0.16, 0.22), trim, where @ pose((0, y, z))))
    return parts


def _bridge(generator: np.random.Generator, wall: Material, inner: Material, trim: Material) -> list[Part]:
    sill, reach = generator.uniform(2.6, 4.4), generator.uniform(16, 30)
    root = generator.uniform(3.8, 4.6)  # floor at the rotunda
    width, height = generator.uniform(2.2, 2.7), generator.uniform(2.5, 2.9)
    middle = np.array([0.0, 0.0, height / 2])
    rotunda, cab = np.array([1.0, 0.0, root]) + middle, np.array([reach, 0.0, sill]) + middle
    along = (cab - rotunda) / (reach - 1.0)
    parts = [
        cylinder(1.9, height + 0.5, trim, pose((0, 0, root + height / 2)), 24),
        cylinder(0.55, root, _STEEL, pose((0, 0, root / 2)), 20),
        cylinder(1.3, 0.25, _STEEL, pose((0, 0, 0.125)), 20),
    ]
    joint = rotunda + along * (0.52 * reach)
    parts += _tunnel(rotunda, joint, width, height, inner, trim)
    parts += _tunnel(joint - 3.0 * along, cab, width + 0.5, height + 0.45, wall, trim)
    # The column with its wheels.
    column = cab - along * generator.uniform(3.0, 5.0)
    x, floor = float(column[0]), float(column[2]) - height / 2 - 0.3
    span = width / 2 + 0.65
    for side in (1, -1):
        parts.append(
            box(
                (0.4, 0.35, floor + height - 0.75),
                trim,
                pose((x, side * span, 0.8 + (floor + height - 0.75) / 2)),
            )
        )
        parts += wheel(0.5, 0.36, (x, side * 0.55, 0.5))
        parts.append(box((0.9, 0.1, 0.9), _HAZARD, pose((x, side * (span + 0.1), 1.0))))
    parts.append(box((0.5, 2 * span + 0.4, 0.4), trim, pose((x, 0, floor - 0.2))))
    parts.append(box((0.8, 2 * span + 0.4, 0.35), _HAZARD, pose((x, 0, 1.0))))
    parts.append(box((0.35, 1.4, 0.25), _STEEL, pose((x, 0, 0.55))))
    # The cab looks sideways, with a folding canopy before its mouth.
    size = np.array([3.4, 3.2, height + 0.6])
    turn = generator.uniform(-0.35, 0.35)
    where = pose((reach + 1.0, 0.0, sill + height / 2), yaw=turn)
    parts.append(box(size, wall, where))
    parts.append(cylinder(1.9, height + 0.7, trim, where @ pose((-0.5, 0.2, 0.0)), 20))
    glass = Material((0.03, 0.05, 0.06), gloss=0.9, mirror=0.25, reflectance=0.1)
    parts.append(box((0.06, 1.2, 0.9), glass, where @ pose((size[0] / 2 + 0.02, -0.5, 0.35))))
    parts.append(_canopy(size, float(generator.uniform(0.5, 1.1)), where))
    parts += _stairs(x - 2.2, width / 2 + 0.5, floor)
    beacon = Material((0.9, 0.35, 0.02), gloss=0.6, emission=0.5)
    parts.append(cylinder(0.09, 0.22, beacon, pose((x, 0.4 * width, floor + height + 0.85)), 14))
    return parts


def _canopy(size: np.ndarray, reach: float, where: np.ndarray) -> Part:
    ring = np.array([[-0.48, -0.48], [-0.48, 0.35], [-0.3, 0.52], [0.3, 0.52], [0.48, 0.35], [0.48, -0.48]])
    rows = []
    for k in range(9):
        grow = 1.0 + (0.04 if k % 2 else -0.02)
        y = -size[1] / 2 - reach * k / 8
        rows.append([[x * size[0] * grow, y, z * size[2] * grow] for x, z in ring])
    return grid_surface(np.array(rows), _CANOPY, where, smooth=False)


def _stairs(x: float, y: float, floor: float) -> list[Part]:
    """Build the service stairs down from the tunnel, towards the rotunda."""
    count = int(floor / 0.28)
    parts = [
        box((0.26, 0.8, 0.05), _STEEL, pose((x - 0.26 * k, y + 0.45, floor - 0.28 * (k + 1) + 0.2)))
        for k in range(count)
    ]
    low = (x - 0.26 * count, floor - 0.28 * count)
    for side in (0.05, 0.85):
        for lift in (0.0, 1.0):
            path = [(x, y + side, floor + lift), (low[0], y + side, max(low[1], 0.05) + lift)]
            parts.append(tube(path, 0.04, _STEEL, None, 6))
    return parts


def glazed_bridge(generator: np.random.Generator) -> list[Part]:
    """Build a jet bridge with glass sides."""
    tone = generator.uniform(0.4, 0.85)
    trim = Material((tone, tone, 1.03 * tone), gloss=0.3, reflectance=0.6, dirt=0.3)
    glass = glass_wall(generator, generator.uniform(0.9, 1.6))
    return _bridge(generator, glass, glass, trim)


def steel_bridge(generator: np.random.Generator) -> list[Part]:
    """Build a jet bridge with corrugated sides, grey, white or with an advertisement's colour."""
    tone = generator.uniform(0.35, 0.8)
    colour = (tone, tone, 1.02 * tone)
    if generator.uniform() < 0.4:
        r, g, b = generator.uniform(0.03, 0.75, 3)
        colour = (float(r), float(g), float(b))
    wall = Material(
        colour,
        pattern=Pattern.RIBS,
        period=generator.uniform(0.15, 0.4),
        gloss=0.3,
        reflectance=0.5,
        dirt=0.35,
    )
    grey = generator.uniform(0.3, 0.6)
    inner = Material(
        (grey, grey, grey), pattern=Pattern.RIBS, period=0.3, gloss=0.3, reflectance=0.5, dirt=0.35
    )
    return _bridge(generator, wall, inner, inner)
