"""Airport buildings in the background: terminals, hangars, a control tower.

Origin: on the ground in the middle of the facade, which faces -x; the building lies behind it, at x > 0.
"""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, cylinder, frustum, grid_surface, pose, prism, torus, tube

_STEEL = Material((0.45, 0.46, 0.48), gloss=0.4, metallic=0.5, reflectance=0.5, dirt=0.3)
_DARK = Material((0.05, 0.055, 0.06), gloss=0.2, reflectance=0.15)


def glass_wall(generator: np.random.Generator, period: float) -> Material:
    """Draw a glazed wall: dark panes in light frames."""
    tone = generator.uniform(0.3, 0.8)
    glass = generator.uniform(0.02, 0.09)
    frame = (tone, tone, 1.02 * tone)
    pane = (glass, glass * generator.uniform(1.1, 1.5), glass * generator.uniform(1.2, 1.9))
    return Material(frame, pane, Pattern.PANES, period, gloss=0.7, mirror=0.15, reflectance=0.25, dirt=0.1)


def _wall(generator: np.random.Generator) -> Material:
    tone = generator.uniform(0.25, 0.75)
    colour: Colour = tuple(float(v) for v in np.clip(tone * generator.uniform(0.85, 1.12, 3), 0, 1))  # type: ignore[assignment]
    pattern = Pattern.RIBS if generator.uniform() < 0.5 else Pattern.PLAIN
    return Material(
        colour, pattern=pattern, period=float(generator.uniform(0.2, 1.0)), reflectance=0.5, dirt=0.4
    )


def _front(at: tuple[float, float, float], size: tuple[float, float, float], material: Material) -> Part:
    """Build a box of size x, y, z standing on height at[2] with its front at x = at[0]."""
    where = pose((at[0] + size[0] / 2, at[1], at[2] + size[2] / 2))
    return box(size, material, where)


def _gates(generator: np.random.Generator, length: float, high: float) -> list[Part]:
    """Build roller doors and dark bays along the ground floor."""
    parts, y = [], -length / 2 + 4
    while y < length / 2 - 6:
        wide = generator.uniform(3, 6)
        tone = generator.uniform(0.1, 0.6)
        door = Material(
            (tone, tone, 1.05 * tone), pattern=Pattern.RIBS, period=0.25, reflectance=0.4, dirt=0.5
        )
        material = door if generator.uniform() < 0.6 else _DARK
        parts.append(
            _front((-0.06, y + wide / 2, 0.0), (0.2, wide, high * generator.uniform(0.65, 0.9)), material)
        )
        y += wide + generator.uniform(2, 14)
    return parts


def _roof_plant(generator: np.random.Generator, length: float, depth: float, roof: float) -> list[Part]:
    parts = []
    for _ in range(int(generator.integers(3, 9))):
        size = generator.uniform([2, 2, 1], [6, 8, 2.6])
        at = (generator.uniform(3, depth - 8), generator.uniform(-0.45, 0.45) * length, roof)
        parts.append(_front(at, tuple(size), _STEEL))
    return parts


def terminal(generator: np.random.Generator) -> list[Part]:
    """Build a flat-roofed terminal: bays on the ground floor, a glazed upper floor, a projecting roof."""
    length, depth = generator.uniform(70, 180), generator.uniform(18, 35)
    low, high = generator.uniform(4, 5.5), generator.uniform(9, 16)
    wall, glass = _wall(generator), glass_wall(generator, generator.uniform(1.5, 3.2))
    tone = generator.uniform(0.4, 0.85)
    slab = Material((tone, tone, tone), reflectance=0.6, dirt=0.3)
    over = generator.uniform(0.8, 4.0)
    parts = [
        _front((0.0, 0.0, 0.0), (depth, length, low), wall),
        _front((-0.4, 0.0, low), (depth, length + 0.4, 0.5), slab),
        _front((0.3, 0.0, low + 0.5), (depth - 0.6, length - 0.6, high - low - 0.5), glass),
        _front((-over, 0.0, high), (depth + over + 1.0, length + 3.0, generator.uniform(0.6, 1.4)), slab),
    ]
    spacing = generator.uniform(7, 13)
    for y in np.arange(-length / 2 + 1, length / 2, spacing):
        parts.append(tube([(-0.7 * over, y, 0.0), (-0.7 * over, y, high)], 0.28, _STEEL, None, 10))
    return parts + _gates(generator, length, low) + _roof_plant(generator, length, depth, high + 1.0)


def vaulted_terminal(generator: np.random.Generator) -> list[Part]:
    """Build a terminal under one curved roof with a glass front that leans out."""
    length, depth = generator.uniform(80, 200), generator.uniform(25, 45)
    eaves, rise = generator.uniform(9, 14), generator.uniform(3, 7)
    lean, base = generator.uniform(0.5, 3.0), generator.uniform(1.5, 4.5)
    glass, wall = glass_wall(generator, generator.uniform(1.8, 3.6)), _wall(generator)
    tone = generator.uniform(0.45, 0.8)
    metal = Material((tone, tone, 1.02 * tone), (0.3, 0.3, 0.3), Pattern.RIBS, 0.6, 0.4, 0.4, reflectance=0.5)
    y = np.linspace(length / 2, -length / 2, 2)
    front = np.array([[[0.0, v, base] for v in y], [[-lean, v, eaves] for v in y]])
    t = np.linspace(-generator.uniform(0.6, 2.5) / (depth + lean), 1.1, 24)
    arc = np.column_stack(
        [-lean + t * (depth + lean), eaves + rise * np.sin(np.pi * np.clip(0.12 + 0.8 * t, 0, 1))]
    )
    roof = np.array([[[x, v, z] for v in y * 1.02] for x, z in arc])
    soffit = roof - [0.0, 0.0, 0.7]
    fascia = np.stack([soffit[0], roof[0]])
    parts = [
        _front((0.2, 0.0, 0.0), (depth, length, base), wall),
        grid_surface(front, glass, smooth=False),
        grid_surface(roof, metal),
        grid_surface(soffit, metal),
        grid_surface(fascia, metal, smooth=False),
        _front((0.5 * depth, 0.0, 0.0), (0.5 * depth, length - 1, eaves + 0.3 * rise), wall),
    ]
    outline = [(0.0, base), (-lean, eaves), *((x, z - 0.4) for x, z in arc[4:-3]), (depth, base)]
    for side in (1, -1):
        end = prism(outline, 0.2, glass, pose((0.0, side * 0.49 * length, 0.0), roll=np.pi / 2))
        parts.append(end)
    for v in np.arange(-length / 2 + 2, length / 2, generator.uniform(8, 14)):
        parts.append(tube([(-0.3, v, 0.05), (-lean - 0.4, v, eaves + 0.2 * rise)], 0.22, _STEEL, None, 8))
    return parts + _gates(generator, length, base + 1.0)


def hangar(generator: np.random.Generator) -> list[Part]:
    """Build a hangar with an arched roof and tall sliding doors, now and then ajar."""
    width, depth = generator.uniform(40, 75), generator.uniform(35, 60)
    eaves, rise = generator.uniform(10, 17), generator.uniform(3, 8)
    angle = np.linspace(0, np.pi, 20)
    arch = [(0.5 * width * np.cos(a), eaves + rise * np.sin(a)) for a in angle]
    outline = [(-0.5 * width, 0.0), (0.5 * width, 0.0), *arch]
    wall = _wall(generator)
    skin = Material(
        wall.colour, pattern=Pattern.RIBS, period=0.5, gloss=0.3, metallic=0.2, reflectance=0.5, dirt=0.4
    )
    # The outline lies over y and z; its extrusion runs along x.
    stand = np.array([[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    parts = [prism(outline, depth, skin, stand)]
    tone = generator.uniform(0.3, 0.8)
    count = int(generator.integers(4, 9))
    leaf = 0.92 * width / count
    high = 0.9 * eaves
    ajar = generator.uniform() < 0.4
    parts.append(_front((-0.1, 0.0, 0.0), (0.2, 0.93 * width, high), _DARK))
    for k in range(count):
        y = (k - (count - 1) / 2) * leaf
        if ajar and k == count // 2:
            continue
        shade = tone * generator.uniform(0.95, 1.05)
        panel = Material(
            (shade, shade, 1.03 * shade), pattern=Pattern.RIBS, period=0.6, reflectance=0.5, dirt=0.4
        )
        parts.append(_front((-0.3 - 0.2 * (k % 2), y, 0.0), (0.15, 0.98 * leaf, high), panel))
        glass = glass_wall(generator, 1.2)
        parts.append(_front((-0.34 - 0.2 * (k % 2), y, 0.62 * high), (0.15, 0.8 * leaf, 0.14 * high), glass))
    tint: Colour = tuple(float(v) for v in generator.uniform(0.05, 0.7, 3))  # type: ignore[assignment]
    parts.append(
        _front((-0.15, 0.0, eaves), (0.3, 0.4 * width, 0.35 * rise), Material(tint, reflectance=0.5))
    )
    return parts


def control_tower(generator: np.random.Generator) -> list[Part]:
    """Build a control tower with a glazed cab, beside a low office building."""
    high, radius = generator.uniform(22, 45), generator.uniform(2.4, 4.0)
    cab = radius * generator.uniform(1.3, 1.7)
    tone = generator.uniform(0.5, 0.8)
    concrete = Material((tone, tone, 0.97 * tone), reflectance=0.5, dirt=0.4)
    glass = Material((0.03, 0.06, 0.07), gloss=0.9, mirror=0.3, reflectance=0.1, dirt=0.05)
    sections = int(generator.choice([8, 10, 24]))
    x = 6 + cab
    parts = [
        frustum(radius * 1.1, radius * 0.9, high, concrete, pose((x, 0, high / 2)), sections),
        frustum(radius * 0.9, cab, 2.5, concrete, pose((x, 0, high + 1.25)), sections),
        frustum(cab * 0.96, cab * 1.15, 3.2, glass, pose((x, 0, high + 4.1)), sections),
        cylinder(cab * 1.25, 0.5, concrete, pose((x, 0, high + 5.95)), sections),
        torus(cab * 1.05, 0.06, _STEEL, pose((x, 0, high + 3.4)), 24),
        tube([(x, 0, high + 6), (x, 0, high + 13)], 0.08, _STEEL),
    ]
    length, depth, low = generator.uniform(30, 60), generator.uniform(12, 20), generator.uniform(6, 10)
    y = generator.uniform(-0.3, 0.3) * length
    parts += [
        _front((0.0, y, 0.0), (depth, length, low), glass_wall(generator, generator.uniform(1.4, 2.6))),
        _front((-0.4, y, low), (depth + 0.8, length + 0.8, 0.6), concrete),
    ]
    return parts
