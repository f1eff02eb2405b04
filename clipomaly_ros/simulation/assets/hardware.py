"""Lost hardware: fasteners, wires, ties, strips, panels, lamps, engine parts."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets import fasteners, hardware_parts, locks
from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.finishes import any_colour, bare_metal, plastic
from clipomaly_ros.simulation.assets.forms import arc, ribbon, settled, wander
from clipomaly_ros.simulation.mesh import Part, box, moved, on_ground, pose, tube

Generator = np.random.Generator


def wire_stray(g: Generator) -> list[Part]:
    """Build a stray piece of wire with bends."""
    metal = bare_metal(g) if g.uniform() < 0.6 else plastic(g)
    length = g.uniform(0.15, 1.2)
    return on_ground(
        [tube(wander(g, length, 0.8, 60, length * 0.08), g.uniform(0.0015, 0.004), metal, sections=5)]
    )


def wire_coil(g: Generator) -> list[Part]:
    """Build a loose coil of wire with a free end."""
    turns, radius = g.integers(2, 6), g.uniform(0.05, 0.2)
    angle = np.linspace(0, 2 * np.pi * turns, 24 * turns)
    reach = radius * (1 + 0.08 * np.sin(angle * 0.83) + 0.06 * np.sin(angle * 1.31 + 1))
    reach[-14:] *= np.linspace(1, g.uniform(1.3, 2.2), 14)
    path = np.column_stack(
        [reach * np.cos(angle), reach * np.sin(angle), 0.012 * np.abs(np.sin(angle * 0.6)) + angle * 0.001]
    )
    return on_ground(
        [tube(path, g.uniform(0.0015, 0.004), bare_metal(g) if g.uniform() < 0.5 else plastic(g), sections=5)]
    )


def wire_tangle(g: Generator) -> list[Part]:
    """Build a tangle of several wires."""
    size, parts = g.uniform(0.08, 0.3), []
    for _ in range(g.integers(2, 5)):
        at = np.linspace(0, 1, 70)
        path = np.zeros((70, 3))
        for frequency in (1, 2, 3, 4):
            path += (
                np.sin(2 * np.pi * frequency * at[:, None] + g.uniform(0, 6.3, 3))
                * g.normal(size=3)
                / frequency
            )
        path *= size / np.ptp(path[:, 0])
        path[:, 2] *= 0.35
        parts.append(
            tube(
                path, g.uniform(0.0015, 0.003), bare_metal(g) if g.uniform() < 0.5 else plastic(g), sections=5
            )
        )
    return on_ground(parts)


def wire_frayed(g: Generator) -> list[Part]:
    """Build a cut wire rope: sheathed strands, splayed at one end."""
    length, strands = g.uniform(0.15, 0.6), int(g.integers(4, 8))
    core = wander(g, length, 0.5, 24)
    radius = g.uniform(0.003, 0.006)
    parts = [tube(core[:18] + np.array([0, 0, radius * 1.3]), radius * 1.3, plastic(g), sections=7)]
    for turn in np.arange(strands) * 2 * np.pi / strands:
        spread = np.clip(np.arange(24) - 15, 0, None)[:, None] / 8.0 * length * 0.16
        away = np.array([np.cos(turn) * 0.3, np.cos(turn), abs(np.sin(turn)) * 0.8])
        parts.append(
            tube(core[15:] + (spread * away)[15:] + [0, 0, radius], radius * 0.4, bare_metal(g), sections=4)
        )
    return on_ground(parts)


def _tie_head(size: float, material: object, at: np.ndarray) -> Part:
    return box((size * 1.2, size * 1.1, size * 0.9), material, pose(at))  # type: ignore[arg-type]


def _tie_colour(g: Generator) -> tuple[float, float, float]:
    return ((0.02, 0.02, 0.02), (0.85, 0.85, 0.82), any_colour(g))[g.choice(3, p=(0.4, 0.35, 0.25))]


def tie_straight(g: Generator) -> list[Part]:
    """Build an unused cable tie, slightly curved."""
    length, width, nylon = g.uniform(0.1, 0.4), g.uniform(0.004, 0.009), plastic(g, _tie_colour(g))
    path = wander(g, length, 0.35, 24, length * 0.04)
    return on_ground([ribbon(path, width, 0.0016, nylon), _tie_head(width * 1.3, nylon, path[0])])


def tie_loop(g: Generator) -> list[Part]:
    """Build a closed cable tie: a loop with a tail, on its edge."""
    radius, width, nylon = g.uniform(0.025, 0.09), g.uniform(0.005, 0.01), plastic(g, _tie_colour(g))
    tail = np.column_stack(
        [np.full(6, radius * 1.05), np.linspace(0, g.uniform(0.3, 1.6) * radius, 6), np.zeros(6)]
    )
    path = np.concatenate([arc(radius, 0.0, 1.95 * np.pi, 28), tail])
    strip = ribbon(path, width, 0.0016, nylon, np.pi / 2)
    return on_ground([strip, _tie_head(width * 1.3, nylon, path[-6])])


def tie_cut(g: Generator) -> list[Part]:
    """Build a cut cable tie: an open arc standing on its edge."""
    radius, width, nylon = g.uniform(0.03, 0.1), g.uniform(0.005, 0.01), plastic(g, _tie_colour(g))
    path = arc(radius, 0.0, g.uniform(1.0, 1.5) * np.pi, 26)
    path[:, :2] *= np.linspace(1, g.uniform(1.1, 1.8), 26)[:, None]
    return on_ground([ribbon(path, width, 0.0016, nylon, np.pi / 2), _tie_head(width * 1.3, nylon, path[0])])


def tie_bundle(g: Generator) -> list[Part]:
    """Build a handful of cable ties lying across each other."""
    parts, length, width = [], g.uniform(0.12, 0.3), g.uniform(0.004, 0.008)
    nylon = plastic(g, _tie_colour(g))
    for level in range(int(g.integers(3, 7))):
        path = wander(g, length * g.uniform(0.8, 1.1), 0.25, 16)
        where = pose((*g.normal(size=2) * 0.1 * length, level * 0.003), yaw=g.normal() * 0.6)
        parts += [
            p.moved(where)
            for p in (ribbon(path, width, 0.0016, nylon), _tie_head(width * 1.3, nylon, path[0]))
        ]
    return on_ground(parts)


def strip_bent(g: Generator) -> list[Part]:
    """Build a strip of sheet metal with sharp kinks."""
    length, steps = g.uniform(0.2, 1.4), 24
    slope = np.repeat(g.normal(size=6) * 0.5, 4)
    path = np.column_stack([np.cos(slope), np.zeros(steps), np.sin(slope)]).cumsum(axis=0) * length / steps
    return settled([ribbon(path, length * g.uniform(0.05, 0.14), 0.002, bare_metal(g))])


def strip_twisted(g: Generator) -> list[Part]:
    """Build a strip twisted about its length."""
    length = g.uniform(0.2, 1.2)
    path = wander(g, length, 0.4, 36, length * 0.05)
    twist = np.linspace(0, g.uniform(1.5, 5) * g.choice([-1, 1]), 36)
    return settled([ribbon(path, length * g.uniform(0.05, 0.12), 0.002, bare_metal(g), twist)])


def strip_angle(g: Generator) -> list[Part]:
    """Build an angle or channel profile, bent in the middle."""
    length, width = g.uniform(0.3, 1.8), g.uniform(0.02, 0.06)
    path = np.column_stack([np.linspace(0, length, 16), np.zeros(16), np.zeros(16)])
    path[:, 1] = length * g.uniform(-0.15, 0.15) * np.abs(path[:, 0] / length - g.uniform(0.3, 0.7))
    metal = bare_metal(g)
    parts = [
        ribbon(path, width, 0.003, metal),
        ribbon(path + np.array([0, width / 2, width / 2]), width, 0.003, metal, np.pi / 2),
    ]
    if g.uniform() < 0.5:
        parts.append(ribbon(path + np.array([0, -width / 2, width / 2]), width, 0.003, metal, np.pi / 2))
    return settled(moved(parts, pose(roll=g.uniform(0, 6))))


def strip_curled(g: Generator) -> list[Part]:
    """Build a strip rolled up at one end as a swarf or a torn seal."""
    length = g.uniform(0.25, 0.9)
    bend = np.linspace(0, 1, 50) ** 2 * g.uniform(4, 10)
    path = np.column_stack([np.cos(bend), 0.12 * np.linspace(0, 1, 50), np.sin(bend)])
    path[:, [0, 2]] = path[:, [0, 2]].cumsum(axis=0) / 50
    return settled([ribbon(path * length, length * g.uniform(0.05, 0.12), 0.002, bare_metal(g))])


def _asset(name: str, *variants: object) -> Asset:
    return Asset(name, "hardware", tuple(variants))  # type: ignore[arg-type]


_f, _p = fasteners, hardware_parts
HARDWARE = (
    _asset("bolt", _f.bolt_lying, _f.bolt_on_head, _f.bolt_with_nut, _f.bolt_bent),
    _asset("nut", _f.nut_flat, _f.nut_on_edge, _f.nut_flange, _f.nut_wing),
    _asset("screw", _f.screw_countersunk, _f.screw_pan_head, _f.screw_socket, _f.screw_hook),
    _asset("washer", _f.washer_flat, _f.washer_spring, _f.washer_bent, _f.washer_toothed),
    _asset("wire", wire_stray, wire_coil, wire_tangle, wire_frayed),
    _asset("cable tie", tie_straight, tie_loop, tie_cut, tie_bundle),
    _asset("lock", locks.lock_lying, locks.lock_standing, locks.lock_open, locks.lock_combination),
    _asset("metal strip", strip_bent, strip_twisted, strip_angle, strip_curled),
    _asset("loose panel", _p.panel_flat, _p.panel_bent, _p.panel_framed, _p.panel_oval),
    _asset("light fitting", _p.light_inset, _p.light_tube, _p.light_flood, _p.light_edge),
    _asset("engine part", _p.engine_blade, _p.engine_cowl, _p.engine_pipe, _p.engine_disc),
)
