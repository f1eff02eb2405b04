"""What is painted on and built into the apron's ground, drawn from a seed: no two aprons are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from clipomaly_ros.simulation import ground_damage, ground_markings
from clipomaly_ros.simulation.ground_curves import TAR
from clipomaly_ros.simulation.ground_strokes import Feature
from clipomaly_ros.simulation.materials import Colour


@dataclass(frozen=True)
class Strip:
    """A band of another pavement: 0 along x or 1 along y, from low to high [m] across."""

    axis: int
    low: float
    high: float
    colour: Colour


@dataclass
class GroundLayout:
    """One apron, in coordinates of its own.

    They are the world's, moved by -centre, turned by -yaw [rad], then moved by shift [m].

    pavement: mean colour; aggregate: strength of visible stones, 0 to 1; slab: size along x and y
    [m] and where joints start; joint: half width [m], colour, strength. grass: pavement ends at
    these largest |x|, |y| sides: low x, high x, low y, high y [m]. features: painted in order.
    """

    centre: tuple[float, float]
    yaw: float
    shift: tuple[float, float]
    pavement: Colour
    aggregate: float
    slab: tuple[float, float, float, float]
    joint: tuple[float, Colour, float]
    grass: tuple[float, float, float, float]
    strips: list[Strip] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)


def draw_layout(seed: int, clutter: float = 1.0) -> GroundLayout:
    """Draw a layout; clutter scales the number of markings, dirt and damage, 1 usual."""
    g = np.random.default_rng([seed, 11])
    concrete = g.random() < 0.6
    tone = g.uniform(0.25, 0.46) if concrete else g.uniform(0.055, 0.17)
    warm = g.uniform(-0.03, 0.09)
    slab = g.uniform(4.0, 8.0) if concrete else g.uniform(15.0, 40.0)
    joint = (
        g.uniform(0.006, 0.022),
        TAR if g.random() < 0.8 else (0.5 * tone,) * 3,
        g.uniform(0.45, 0.95) if concrete else g.uniform(0.0, 0.5),
    )
    far = np.array(g.uniform(45, 170, 4))
    layout = GroundLayout(
        centre=(22.0, 0.0),  # of what a vehicle looks at that drives along x
        yaw=float(
            g.choice([0.0, np.pi / 2, np.pi, -np.pi / 2])
            + g.normal(0, 0.08)
            + (g.random() < 0.15) * g.uniform(-1, 1)
        ),
        shift=(float(g.uniform(-14, 14)), float(g.uniform(-14, 14))),
        pavement=(tone, tone * (1 - 0.3 * warm), tone * (1 - warm)),
        aggregate=float(g.uniform(0.15, 0.5) if concrete else g.uniform(0.4, 1.0)),
        slab=(slab, slab * g.uniform(0.7, 1.3), g.uniform(0, slab), g.uniform(0, slab)),
        joint=joint,
        grass=(-far[0], far[1], -far[2], far[3]),
    )
    for _ in range(g.poisson(0.9)):
        low = g.uniform(-35, 28)
        shade = tone * g.uniform(0.45, 0.85) if concrete else tone * g.uniform(0.7, 1.6)
        layout.strips.append(Strip(int(g.integers(2)), low, low + g.uniform(4, 16), (shade,) * 3))
    for count, draw in _DRAWERS:
        for _ in range(g.poisson(count * clutter)):
            layout.features.append(Feature.of(draw(g, clutter)))
    return layout


_Drawer = Callable[[np.random.Generator, float], list]
# Mean number of each, painted in this order: dirt and damage below, paint above, fresh stains last.
_DRAWERS: tuple[tuple[float, _Drawer], ...] = (
    (2.5, ground_damage.draw_tar_patch),
    (5.0, ground_damage.draw_crack),
    (2.0, ground_damage.draw_drain),
    (3.5, ground_markings.draw_lead_in),
    (1.2, ground_markings.draw_taxi_line),
    (3.5, ground_markings.draw_stand_box),
    (0.9, ground_markings.draw_road),
    (0.5, ground_markings.draw_hold_short),
    (4.0, ground_markings.draw_characters),
    (3.0, ground_damage.draw_manhole),
    (4.0, ground_damage.draw_rubber),
    (7.0, ground_damage.draw_stain),
)
