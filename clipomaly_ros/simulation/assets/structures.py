"""Fixed structures of an apron: buildings, jet bridges, blast fences, posts, signs, lights, barriers."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.buildings import control_tower, hangar, terminal, vaulted_terminal
from clipomaly_ros.simulation.assets.field_equipment import (
    barrier_board,
    barrier_fence,
    barrier_water,
    bollard_pipe,
    bollard_square,
    edge_light,
    flush_light,
    light_mast,
    mandatory_sign,
    runway_edge_light,
    runway_flush_light,
    taxiway_sign,
)
from clipomaly_ros.simulation.assets.jet_bridge import glazed_bridge, steel_bridge
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, grid_surface, pose, tube


def blast_fence(generator: np.random.Generator) -> list[Part]:
    """Build a jet blast deflector: curved corrugated panels on struts; it turns a jet from -x upwards.

    Origin: on the ground in the middle of its front edge; it runs along y.
    """
    length, high = generator.uniform(12, 45), generator.uniform(2.4, 4.4)
    depth = high * generator.uniform(0.55, 0.8)
    tone = generator.uniform(0.35, 0.65)
    tint = generator.uniform(0.9, 1.08, 3)
    panel = Material(
        (tone * tint[0], tone * tint[1], tone * tint[2]),
        (0.4 * tone, 0.4 * tone, 0.42 * tone),
        Pattern.RIBS,
        generator.uniform(0.2, 0.5),
        gloss=0.3,
        metallic=0.5,
        reflectance=0.5,
        dirt=0.5,
    )
    steel = Material((0.35, 0.36, 0.37), gloss=0.3, metallic=0.5, reflectance=0.4, dirt=0.5)
    t = np.linspace(0, 1, 10)
    curve = np.column_stack(
        [depth * np.sin(0.5 * np.pi * t), np.zeros(10), high * (1 - np.cos(0.5 * np.pi * t))]
    )
    parts = []
    bays = max(3, round(length / 3))
    wide = length / bays
    for k in range(bays):
        y = (k - (bays - 1) / 2) * wide
        grid = np.stack([curve + np.array([0.0, y + side * 0.49 * wide, 0.0]) for side in (1, -1)], axis=1)
        parts.append(grid_surface(grid, panel))
    for y in np.linspace(-length / 2, length / 2, bays + 1):
        parts.append(tube(curve[[0, 3, 6, 9]] + [0.06, y, 0.06], 0.05, steel, None, 6))
        parts.append(tube([(depth * 1.7, y, 0.06), (depth * 0.99, y, 0.9 * high)], 0.06, steel, None, 6))
        parts.append(tube([(depth * 1.2, y, 0.06), (depth * 0.8, y, 0.45 * high)], 0.05, steel, None, 6))
        parts.append(box((1.9 * depth, 0.25, 0.06), steel, pose((0.85 * depth, y, 0.03))))
    return parts


STRUCTURES: tuple[Asset, ...] = (
    Asset("terminal building", "structure", (terminal, vaulted_terminal, hangar, control_tower)),
    Asset("jet bridge", "structure", (glazed_bridge, steel_bridge)),
    Asset("blast fence", "structure", (blast_fence,)),
    Asset("bollard", "structure", (bollard_pipe, bollard_square)),
    Asset("sign", "equipment", (taxiway_sign, mandatory_sign)),
    Asset("runway light", "equipment", (runway_edge_light, runway_flush_light)),
    Asset("taxiway light", "equipment", (edge_light, flush_light)),
    Asset("barrier", "equipment", (barrier_water, barrier_board, barrier_fence)),
    # Not a class: what a mast covers counts neither for nor against anything.
    Asset("light mast", "structure", (light_mast,)),
)
