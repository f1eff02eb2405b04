"""Lost fasteners: bolts, nuts, screws, washers, locks."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.finishes import bare_metal, plastic, rubber
from clipomaly_ros.simulation.assets.forms import (
    arc,
    deformed,
    hollow_prism,
    polygon_radii,
    settled,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    moved,
    on_ground,
    pose,
    prism,
    revolve,
    tube,
)

Generator = np.random.Generator


def _threaded(radius: float, length: float, turns: int, metal: Material, tip: float = 0.8) -> Part:
    """Build a shank about z from 0 down to -length with ridges as of a thread; tip: end radius, relative."""
    heights = np.linspace(-length, 0, 2 * turns + 1)
    grown = np.where(np.arange(2 * turns + 1) % 2 == 0, 0.86, 1.06)
    taper = np.interp(heights, [-length, -length * 0.55, 0], [tip, 1, 1])
    profile = [(0.0, -length), *zip(radius * grown * taper, heights, strict=True), (0.0, 0.0)]
    return revolve(profile, metal, sections=12, smooth=False)


def _hex_head(across: float, height: float, metal: Material, at: float) -> Part:
    corners = across / np.sqrt(3) * np.array([[np.cos(a), np.sin(a)] for a in np.arange(6) * np.pi / 3])
    return prism(corners, height, metal, pose((0, 0, at)))


def _hex_bolt(g: Generator, longest: float = 0.15) -> tuple[list[Part], float, float]:
    metal = bare_metal(g)
    length = g.uniform(0.035, longest)
    radius = min(g.uniform(0.08, 0.2) * length, 0.014)
    head = _hex_head(radius * g.uniform(3.2, 3.8), radius * g.uniform(1.2, 1.7), metal, 0.0)
    parts = [_threaded(radius, length, 9, metal), head]
    if g.uniform() < 0.4:
        parts.append(cylinder(radius * 2.1, radius * 0.3, metal, pose((0, 0, -radius * 0.15)), sections=18))
    return parts, radius, length


def _lying(parts: list[Part], g: Generator) -> list[Part]:
    turn = pose(roll=g.uniform(0, 2 * np.pi), pitch=g.uniform(1.3, 1.8))
    return settled(moved(parts, turn))


def bolt_lying(g: Generator) -> list[Part]:
    """Build a hexagon bolt on its side."""
    return _lying(_hex_bolt(g)[0], g)


def bolt_on_head(g: Generator) -> list[Part]:
    """Build a hexagon bolt standing on its head."""
    return on_ground(moved(_hex_bolt(g, 0.09)[0], pose(roll=np.pi)))


def bolt_with_nut(g: Generator) -> list[Part]:
    """Build a lying bolt with its nut still on."""
    parts, radius, length = _hex_bolt(g)
    nut = polygon_radii(6, radius * 3.5)
    parts.append(
        hollow_prism(nut, radius, radius * 1.5, bare_metal(g), pose((0, 0, -length * g.uniform(0.4, 0.85))))
    )
    return _lying(parts, g)


def bolt_bent(g: Generator) -> list[Part]:
    """Build a round-headed bolt with a bent shank."""
    metal = bare_metal(g)
    length = g.uniform(0.05, 0.16)
    radius = length * g.uniform(0.07, 0.1)
    head = [
        (0.0, 0.0),
        (2.1 * radius, 0.0),
        (1.9 * radius, 0.7 * radius),
        (radius, 1.3 * radius),
        (0.0, 1.5 * radius),
    ]
    bend = g.uniform(0.25, 0.6)

    def hook(v: np.ndarray) -> np.ndarray:
        depth = np.clip(-v[:, 2] / length, 0, 1)
        return v + np.column_stack(
            [bend * length * depth**2, np.zeros(len(v)), 0.35 * bend * length * depth**2]
        )

    return _lying([deformed(_threaded(radius, length, 9, metal), hook), revolve(head, metal, sections=16)], g)


def nut_flat(g: Generator) -> list[Part]:
    """Build a hexagon nut lying flat."""
    across = g.uniform(0.03, 0.075)
    return on_ground(
        [hollow_prism(polygon_radii(6, across), across * 0.29, across * g.uniform(0.4, 0.6), bare_metal(g))]
    )


def nut_on_edge(g: Generator) -> list[Part]:
    """Build a long coupling nut lying on one of its sides."""
    across = g.uniform(0.025, 0.05)
    nut = hollow_prism(polygon_radii(6, across), across * 0.3, across * g.uniform(1.3, 2.4), bare_metal(g))
    return settled([nut.moved(pose(pitch=np.pi / 2, roll=g.uniform(0, 1)))])


def nut_flange(g: Generator) -> list[Part]:
    """Build a nut with a round collar, some with a locking ring of plastic."""
    across, metal = g.uniform(0.028, 0.065), bare_metal(g)
    tall = across * g.uniform(0.4, 0.65)
    parts = [
        hollow_prism(polygon_radii(6, across), across * 0.3, tall, metal),
        hollow_prism(np.full(24, across * 0.74), across * 0.3, tall * 0.2, metal, pose((0, 0, -tall * 0.45))),
    ]
    if g.uniform() < 0.5:
        parts.append(
            hollow_prism(
                np.full(24, across * 0.42), across * 0.27, tall * 0.3, plastic(g), pose((0, 0, tall * 0.55))
            )
        )
    return on_ground(parts)


def nut_wing(g: Generator) -> list[Part]:
    """Build a wing nut."""
    metal, size = bare_metal(g), g.uniform(0.035, 0.075)
    parts = [hollow_prism(np.full(18, 0.28 * size), size * 0.14, size * 0.36, metal)]
    for side in (-1, 1):
        wing = (
            np.array([[0.2, -0.12], [0.62, 0.02], [0.78, 0.3], [0.7, 0.52], [0.5, 0.52], [0.22, 0.14]]) * size
        )
        wing = wing * [side, 1]
        parts.append(prism(wing, size * 0.1, metal, pose((0, size * 0.05, 0), roll=np.pi / 2)))
    return on_ground(parts) if g.uniform() < 0.6 else _lying(parts, g)


def screw_countersunk(g: Generator) -> list[Part]:
    """Build a wood screw with a cone head and a sharp point."""
    metal, length = bare_metal(g), g.uniform(0.035, 0.12)
    radius = length * g.uniform(0.05, 0.08)
    head = [
        (radius * 0.9, 0.0),
        (2.2 * radius, 1.6 * radius),
        (2.2 * radius, 1.8 * radius),
        (0.0, 1.8 * radius),
    ]
    return _lying(
        [
            _threaded(radius, length, 12, metal, 0.1),
            revolve([(0.0, 0.0), *head], metal, sections=16, smooth=False),
        ],
        g,
    )


def screw_pan_head(g: Generator) -> list[Part]:
    """Build a machine screw with a round head and a cross in it."""
    metal, length = bare_metal(g), g.uniform(0.032, 0.09)
    radius = length * g.uniform(0.07, 0.1)
    head = [
        (0.0, 0.0),
        (2.1 * radius, 0.0),
        (2.0 * radius, radius),
        (1.1 * radius, 1.5 * radius),
        (0.0, 1.6 * radius),
    ]
    slots = [
        box((radius * 2.4, radius * 0.45, radius * 0.2), rubber(g), pose((0, 0, 1.56 * radius), yaw=turn))
        for turn in (0.0, np.pi / 2)
    ]
    return _lying([_threaded(radius, length, 10, metal, 0.9), revolve(head, metal, sections=16), *slots], g)


def screw_socket(g: Generator) -> list[Part]:
    """Build a socket screw with a tall round head, lying or on its head."""
    metal, length = bare_metal(g), g.uniform(0.03, 0.1)
    radius = length * g.uniform(0.08, 0.14)
    head = hollow_prism(np.full(18, radius * 1.7), radius * 0.9, radius * 2, metal, pose((0, 0, radius)))
    parts = [
        _threaded(radius, length, 8, metal, 1.0),
        head,
        cylinder(radius * 1.2, radius, metal, pose((0, 0, radius * 0.5))),
    ]
    return on_ground(moved(parts, pose(roll=np.pi))) if g.uniform() < 0.3 else _lying(parts, g)


def screw_hook(g: Generator) -> list[Part]:
    """Build a screw with an eye or an open hook in place of a head."""
    metal, length = bare_metal(g), g.uniform(0.04, 0.1)
    radius = length * g.uniform(0.05, 0.08)
    eye = length * g.uniform(0.16, 0.26)
    turn = arc(eye, -np.pi / 2, g.uniform(0.9, 1.45) * np.pi) + np.array([0, eye, 0])
    eye_part = tube(turn, radius * 0.9, metal, pose(roll=np.pi / 2))
    return _lying([_threaded(radius, length, 12, metal, 0.1), eye_part], g)


def washer_flat(g: Generator) -> list[Part]:
    """Build a plain washer."""
    radius = g.uniform(0.018, 0.045)
    return on_ground(
        [
            hollow_prism(
                np.full(28, radius),
                radius * g.uniform(0.35, 0.6),
                radius * g.uniform(0.1, 0.2),
                bare_metal(g),
            )
        ]
    )


def washer_spring(g: Generator) -> list[Part]:
    """Build a split spring washer."""
    radius = g.uniform(0.018, 0.04)
    turn = arc(radius, 0.15, 2 * np.pi - 0.05, 28)
    turn[:, 2] = np.linspace(0, radius * g.uniform(0.25, 0.5), 28)
    return on_ground([tube(turn, radius * g.uniform(0.16, 0.24), bare_metal(g), sections=4)])


def washer_bent(g: Generator) -> list[Part]:
    """Build a large washer bent out of its plane, of metal or rubber."""
    radius = g.uniform(0.025, 0.05)
    ring = hollow_prism(
        np.full(32, radius),
        radius * g.uniform(0.25, 0.5),
        radius * 0.12,
        bare_metal(g) if g.uniform() < 0.75 else rubber(g),
    )
    curve = g.uniform(0.25, 0.7) / radius
    return settled([deformed(ring, lambda v: v + np.column_stack([0 * v[:, :2], -curve * v[:, 0] ** 2]))])


def washer_toothed(g: Generator) -> list[Part]:
    """Build a lock washer with teeth around its rim, or a tab."""
    radius, teeth = g.uniform(0.02, 0.042), int(g.integers(7, 13))
    angles = np.linspace(0, 2 * np.pi, teeth * 4, endpoint=False)
    outer = radius * np.where(np.sin(angles * teeth + 0.1) > 0, 1.0, 0.76)
    return on_ground([hollow_prism(outer, radius * 0.48, radius * 0.12, bare_metal(g))])
