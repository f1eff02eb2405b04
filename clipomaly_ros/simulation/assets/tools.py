"""Forgotten tools: wrenches, keys, ladders, toolboxes."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets import keys, ladders
from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.finishes import any_colour, bare_metal, painted, plastic, rubber
from clipomaly_ros.simulation.assets.forms import (
    along,
    arc,
    cushion,
    hollow_prism,
    plate,
    polygon_radii,
    settled,
    wheel,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, box, cylinder, moved, on_ground, pose, prism, tube

Generator = np.random.Generator


def _open_jaw(width: float, gap: float, thickness: float, metal: Material, where: np.ndarray) -> Part:
    """Build the C-shaped jaw of an open-ended wrench, its mouth towards x."""
    half = np.arcsin(gap / width)
    outside = arc(width / 2, half, 2 * np.pi - half, 20)[:, :2]
    mouth = np.array([[0.0, -gap / 2], [-0.12 * width, 0.0], [0.0, gap / 2]])
    return prism(np.concatenate([outside, mouth]), thickness, metal, where)


def wrench_combination(g: Generator) -> list[Part]:
    """Build a combination wrench: a ring at one end, an open jaw at the other."""
    length, metal = g.uniform(0.12, 0.45), bare_metal(g)
    wide, thick = length * g.uniform(0.14, 0.19), length * g.uniform(0.03, 0.045)
    parts = [
        cushion((length * 0.42, wide * 0.23, thick * 0.4), 5, metal, pose((0, 0, thick / 2)), 2),
        _open_jaw(
            wide * 1.25, wide * 0.62, thick, metal, pose((length * 0.44, 0, 0), yaw=g.uniform(-0.3, 0.3))
        ),
        hollow_prism(
            np.full(24, wide * 0.52), wide * 0.32, thick * 1.2, metal, pose((-length * 0.45, 0, thick * 0.6))
        ),
    ]
    return on_ground(parts)


def wrench_double(g: Generator) -> list[Part]:
    """Build a double open-ended wrench."""
    length, metal = g.uniform(0.1, 0.35), bare_metal(g)
    wide, thick = length * g.uniform(0.15, 0.22), length * g.uniform(0.03, 0.045)
    other = wide * g.uniform(0.7, 1.0)
    parts = [
        plate(length * 0.82, wide * 0.42, 0.01, thick * 0.8, metal),
        _open_jaw(wide * 1.2, wide * 0.6, thick, metal, pose((length * 0.43, 0, 0), yaw=0.26)),
        _open_jaw(other * 1.2, other * 0.6, thick, metal, pose((-length * 0.43, 0, 0), yaw=np.pi + 0.26)),
    ]
    return on_ground(parts)


def wrench_adjustable(g: Generator) -> list[Part]:
    """Build an adjustable wrench with its worm screw, the handle bare or dipped in plastic."""
    length, metal = g.uniform(0.15, 0.4), bare_metal(g)
    wide, thick = length * g.uniform(0.22, 0.28), length * g.uniform(0.04, 0.055)
    head = np.array(
        [
            [0.0, -0.3],
            [0.45, -0.5],
            [1.25, -0.5],
            [1.3, -0.28],
            [0.75, -0.2],
            [0.6, 0.1],
            [0.5, 0.5],
            [0.1, 0.45],
        ]
    )
    opened = g.uniform(0.1, 0.35)
    jaw = np.array([[0.5, 0.0], [1.2, 0.0], [1.15, 0.26], [0.5, 0.45]]) + np.array([0, opened - 0.1])
    grip = plastic(g) if g.uniform() < 0.6 else metal
    parts = [
        prism(head * wide, thick, metal),
        prism(jaw * wide, thick * 0.8, metal, pose((0, 0, thick * 0.1))),
        cylinder(
            wide * 0.13,
            wide * 0.4,
            bare_metal(g),
            along("x", (wide * 0.4, wide * 0.22, thick * 0.6)),
            sections=12,
        ),
        cushion(
            (length * 0.38, wide * 0.17, thick * 0.45),
            4,
            grip,
            pose((-length * 0.33, -wide * 0.02, thick / 2)),
            2,
        ),
    ]
    return on_ground(parts)


def wrench_pipe(g: Generator) -> list[Part]:
    """Build a pipe wrench: a painted handle with a heel jaw, and a hook jaw in its collar."""
    length, paint, metal = g.uniform(0.25, 0.6), painted(g), bare_metal(g)
    wide, thick = length * 0.12, length * 0.05
    gap = g.uniform(0.05, 0.12) * length
    heel = 0.16 * length
    far = heel + gap
    hook = np.array(
        [
            [-0.08 * length, 0.35 * wide],
            [far, 0.35 * wide],
            [far, -0.8 * wide],
            [far + 0.55 * wide, -0.8 * wide],
            [far + 0.8 * wide, 0.1 * wide],
            [far + 0.5 * wide, 0.9 * wide],
            [-0.08 * length, 0.7 * wide],
        ]
    )
    knurl = along("x", (-0.01 * length, wide * 0.52, thick * 0.5))
    return on_ground(
        [
            cushion(
                (length * 0.4, wide * 0.3, thick * 0.55),
                5,
                paint,
                pose((-length * 0.25, -0.1 * wide, thick / 2)),
                2,
            ),
            box((heel, wide * 0.9, thick), paint, pose((heel / 2, -0.3 * wide, thick / 2))),
            box((0.25 * wide, wide * 1.0, thick * 0.9), metal, pose((heel, -0.32 * wide, thick / 2))),
            box(
                (0.07 * length, wide * 1.6, thick * 1.2),
                paint,
                pose((0.08 * length, 0.1 * wide, thick * 0.6)),
            ),
            prism(hook, thick * 0.8, metal, pose((0, 0, thick * 0.1))),
            hollow_prism(polygon_radii(12, wide * 0.75), wide * 0.2, wide * 0.4, bare_metal(g), knurl),
        ]
    )


def _handle(
    width: float, rise: float, radius: float, material: Material, at: np.ndarray | tuple[float, float, float]
) -> Part:
    path = np.array([[-0.5, 0, 0], [-0.48, 0.7, 0], [-0.36, 1, 0], [0.36, 1, 0], [0.48, 0.7, 0], [0.5, 0, 0]])
    return tube(path * [width, rise, 1], radius, material, pose(at, roll=np.pi / 2), sections=8)


def toolbox_closed(g: Generator) -> list[Part]:
    """Build a closed steel toolbox with a roof-shaped lid, latches and a handle."""
    length, width = g.uniform(0.35, 0.7), g.uniform(0.18, 0.28)
    height, paint = g.uniform(0.14, 0.24), painted(g)
    roof = np.array([[-0.5, 0], [0.5, 0], [0.5, 0.25], [0.25, 0.5], [-0.25, 0.5], [-0.5, 0.25]]) * [
        width,
        height,
    ]
    parts = [
        box((length, width, height), paint, pose((0, 0, height / 2))),
        prism(
            roof,
            length,
            painted(g) if g.uniform() < 0.4 else paint,
            pose((-length / 2, 0, height * 1.02)) @ pose(roll=np.pi / 2, yaw=np.pi / 2),
        ),
        _handle(length * 0.4, height * 0.35, 0.011, bare_metal(g), (0, 0, height * 1.5)),
    ]
    for x in (-0.3, 0.3):
        parts.append(box((0.04, 0.015, 0.06), bare_metal(g), pose((x * length, -width / 2, height))))
    return on_ground(parts)


def toolbox_open(g: Generator) -> list[Part]:
    """Build an open toolbox: the lid up, trays and a few tools inside."""
    length, width = g.uniform(0.4, 0.65), g.uniform(0.2, 0.3)
    height, paint, dark = g.uniform(0.14, 0.22), painted(g), rubber(g)
    parts = [box((length, width, 0.01), paint, pose((0, 0, 0.005)))]
    for side in (-1, 1):
        parts.append(box((length, 0.008, height), paint, pose((0, side * width / 2, height / 2))))
        parts.append(box((0.008, width, height), paint, pose((side * length / 2, 0, height / 2))))
    parts.append(box((length, 0.02, width), paint, pose((0, width * 0.62, height + width * 0.4), roll=-0.35)))
    parts.append(box((length * 0.9, width * 0.85, 0.01), dark, pose((0, 0, height * 0.6))))
    for _ in range(int(g.integers(3, 7))):
        reach = length * g.uniform(0.2, 0.5)
        at = (g.uniform(-0.2, 0.2) * length, g.uniform(-0.3, 0.3) * width, height * g.uniform(0.7, 0.95))
        where = pose(at, yaw=g.uniform(-0.4, 0.4), pitch=g.uniform(-0.2, 0.2)) @ along("x")
        parts.append(
            cylinder(
                g.uniform(0.006, 0.016),
                reach,
                plastic(g) if g.uniform() < 0.6 else bare_metal(g),
                where,
                sections=8,
            )
        )
    return on_ground(parts)


def toolbox_case(g: Generator) -> list[Part]:
    """Build a flat plastic tool case, standing or lying, with ribs and a carrying grip."""
    length = g.uniform(0.3, 0.55)
    height, depth, shell = length * g.uniform(0.65, 0.85), length * g.uniform(0.22, 0.35), plastic(g)
    parts = [cushion((length / 2, depth / 2, height / 2), 14, shell, pose((0, 0, height / 2)))]
    for x in (-0.28, 0.0, 0.28):
        parts.append(
            box((length * 0.08, depth * 1.04, height * 0.7), shell, pose((x * length, 0, height * 0.45)))
        )
    parts.append(_handle(length * 0.4, height * 0.16, 0.012, plastic(g), (0, 0, height * 0.98)))
    latch = plastic(g, any_colour(g))
    for x in (-0.33, 0.33):
        parts.append(box((0.06, depth * 0.55, 0.05), latch, pose((x * length, 0, height * 0.985))))
    parts.append(box((length * 1.004, 0.012, height * 1.004), rubber(g), pose((0, 0, height / 2))))
    parts.append(box((length * 0.4, depth * 1.06, height * 0.16), painted(g), pose((0, 0, height * 0.5))))
    return settled(moved(parts, pose(roll=g.choice([0.0, 1.5, -1.5]))))


def toolbox_trolley(g: Generator) -> list[Part]:
    """Build a tool chest on wheels with drawers and a push bar."""
    length, width, height = g.uniform(0.4, 0.6), g.uniform(0.3, 0.4), g.uniform(0.5, 0.8)
    paint, radius = painted(g), 0.05
    parts = [box((width, length, height), paint, pose((0, 0, height / 2 + 2 * radius)))]
    levels = int(g.integers(3, 6))
    front = painted(g) if g.uniform() < 0.5 else paint
    for z in (np.arange(levels) + 0.5) / levels * height + 2 * radius:
        out = width * (0.5 + (0.25 if g.uniform() < 0.15 else 0.0))
        parts.append(
            box(
                (0.02 + out - width / 2, length * 0.92, height / levels * 0.82),
                front,
                pose(((out + width / 2) / 2, 0, z)),
            )
        )
        parts.append(
            box((0.02, length * 0.6, 0.012), bare_metal(g), pose((out + 0.02, 0, z + height / levels * 0.25)))
        )
    for x in (-0.4, 0.4):
        for y in (-0.42, 0.42):
            parts += wheel(radius, 0.03, rubber(g), bare_metal(g), (x * width, y * length, radius))
    parts.append(
        _handle(length * 0.8, 0.12, 0.012, bare_metal(g), (0, 0, 0)).moved(
            pose((-width / 2, 0, height), yaw=np.pi / 2) @ pose(roll=-np.pi / 2)
        )
    )
    return on_ground(parts)


TOOLS = (
    Asset("wrench", "tools", (wrench_combination, wrench_double, wrench_adjustable, wrench_pipe)),
    Asset("key", "tools", (keys.key_flat, keys.key_bunch, keys.key_car, keys.key_skeleton)),
    Asset(
        "ladder",
        "tools",
        (ladders.ladder_lying, ladders.ladder_standing, ladders.ladder_fallen, ladders.ladder_folded),
    ),
    Asset("toolbox", "tools", (toolbox_closed, toolbox_open, toolbox_case, toolbox_trolley)),
)
