"""Wings, fins and stabilisers: aerofoil sections joined along the span.

Frame as in aircraft_body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.assets.aircraft_livery import BARE_METAL, Livery, paint
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, ellipsoid, grid_surface, labelled, pose

WING, TAIL = "wingtip", "aircraft tail"

_LEADING = slice(10, 15)  # columns of a section that are its leading edge


@dataclass(frozen=True)
class Station:
    """A section of a left wing.

    x, y, z: of the leading edge, chord [m]; thickness as a share of the chord; tilt of the span
    there [rad]: 0 flat, pi/2 upright (fins).
    """

    x: float
    y: float
    z: float
    chord: float
    thickness: float = 0.11
    tilt: float = 0.0


def _sections(stations: Sequence[Station], side: int) -> NDArray[np.float64]:
    t = np.linspace(0, 1, 13)
    along = (1 - np.cos(np.pi * t)) / 2
    # Thickness of the NACA four-digit sections (Jacobs, Ward and Pinkerton 1933), closed at the end.
    thick = 5 * (
        0.2969 * np.sqrt(along) - 0.126 * along - 0.3516 * along**2 + 0.2843 * along**3 - 0.1036 * along**4
    )
    camber = 0.06 * along * (1 - along)
    loop = np.concatenate([np.column_stack([along, thick])[::-1], np.column_stack([along, -thick])[1:]])
    bend = np.concatenate([camber[::-1], camber[1:]])
    rows = []
    for k, s in enumerate([*stations, stations[-1]]):
        half = s.thickness if k < len(stations) else 0.0  # the last row closes the tip
        up = s.chord * (loop[:, 1] * half + bend * np.cos(s.tilt))
        rows.append(
            np.column_stack(
                [s.x - s.chord * loop[:, 0], s.y - up * np.sin(s.tilt), s.z + up * np.cos(s.tilt)]
            )
        )
    grid = np.stack(rows)
    if side < 0:
        grid = grid[:, ::-1] * [1.0, -1.0, 1.0]
    return grid


def aerofoil(
    stations: Sequence[Station], material: Material, side: int = 1, edge: Material | None = None
) -> list[Part]:
    """Build a left (side 1) or right (side -1) wing, its leading edge of another material if given."""
    grid = _sections(stations, side)
    if edge is None:
        return [grid_surface(grid, material)]
    first, last = _LEADING.start, _LEADING.stop - 1
    return [
        grid_surface(grid[:, : first + 1], material),
        grid_surface(grid[:, first : last + 1], edge),
        grid_surface(grid[:, last:], material),
    ]


@dataclass(frozen=True)
class Wing:
    """Plan of a pair of wings.

    x, z: of the root's leading edge on the middle line; half_span, root and tip chord [m]; sweep of
    the leading edge and dihedral [rad]; kink: share of the half span where the trailing edge bends
    (0: straight taper); winglet: its length [m] (0: none) and tilt [rad]; thickness at the root as a
    share of the chord.
    """

    x: float
    z: float
    half_span: float
    root: float
    tip: float
    sweep: float
    dihedral: float
    kink: float = 0.36
    winglet: float = 0.0
    winglet_tilt: float = 1.35
    thickness: float = 0.12

    def station(self, y: float) -> Station:
        """Return the section at y >= 0 [m] of the left wing."""
        share = y / self.half_span
        bend = self.root - np.tan(self.sweep) * self.kink * self.half_span * 0.95
        if self.kink:
            chord = float(
                np.interp(share, [0, self.kink, 1], [self.root, max(bend, self.tip * 1.3), self.tip])
            )
        else:
            chord = self.root + (self.tip - self.root) * share
        thickness = self.thickness * (1 - 0.3 * share)
        z = self.z + np.tan(self.dihedral) * y
        return Station(self.x - np.tan(self.sweep) * y, y, z, chord, thickness, self.dihedral)


def wings(plan: Wing, livery: Livery, fairings: int, generator: np.random.Generator) -> list[Part]:
    """Build both wings with winglets, flap track fairings and tip lights."""
    grey, tip_paint = paint(livery.wing, 0.4), paint(livery.winglet)
    shares = sorted({0.0, 0.12, plan.kink or 0.3, 0.55, 0.75, 0.9, 1.0})
    parts = []
    for side in (1, -1):
        stations = [plan.station(share * plan.half_span) for share in shares]
        parts += aerofoil(stations, grey, side, BARE_METAL)
        last = stations[-1]
        end = last
        if plan.winglet:
            bent, (x, y, z) = [last], (last.x, last.y, last.z)
            steps = 6
            for k in range(1, steps + 1):
                tilt = plan.dihedral + (plan.winglet_tilt - plan.dihedral) * min(1.0, k / 3)
                length = plan.winglet * (0.09 if k <= 3 else 0.28)
                y, z, x = y + length * np.cos(tilt), z + length * np.sin(tilt), x - length * 0.75
                bent.append(Station(x, y, z, last.chord * (1 - 0.62 * k / steps), 0.09, tilt))
            parts += aerofoil(bent, tip_paint, side)
            end = bent[-1]
        light = Material((0.6, 0.02, 0.02) if side > 0 else (0.02, 0.5, 0.1), gloss=0.8, emission=0.6)
        parts.append(ellipsoid((0.12, 0.05, 0.05), light, pose((last.x - 0.1, side * last.y, last.z)), 1))
        parts.append(
            ellipsoid((0.1, 0.03, 0.03), BARE_METAL, pose((end.x - end.chord, side * end.y, end.z)), 1)
        )
        for share in np.linspace(0.22, 0.72, fairings) + generator.uniform(-0.02, 0.02):
            s = plan.station(float(share) * plan.half_span)
            length = 0.3 * s.chord + 0.35
            where = pose((s.x - 0.9 * s.chord, side * s.y, s.z - 0.05 * s.chord - 0.06))
            parts.append(ellipsoid((length, 0.13 + 0.02 * length, 0.22), grey, where))
    return labelled(parts, WING)


def fin(
    x: float,
    z: float,
    height: float,
    root: float,
    tip: float,
    sweep: float,
    livery: Livery,
    generator: np.random.Generator,
) -> tuple[list[Part], Station]:
    """Build the fin with the airline's sign on it; returns its parts and its tip."""
    colour, sign, upright = paint(livery.tail), paint(livery.logo), np.pi / 2

    def section(share: float) -> Station:
        behind = np.tan(sweep) * share * height
        return Station(x - behind, 0, z + share * height, root + (tip - root) * share, 0.1, upright)

    fillet = [
        Station(x + 0.45 * root, 0, z - 0.1, 1.3 * root, 0.05, upright),
        Station(x - np.tan(sweep) * 0.25 * height, 0, z + 0.22 * height, root * 0.8, 0.06, upright),
    ]
    parts = aerofoil(fillet, colour)
    style = generator.choice(["disc", "bands", "plain"], p=[0.45, 0.35, 0.2])
    if style == "bands":
        low, high = np.sort(generator.uniform(0.2, 0.95, 2))
        cuts = [(0.0, low, colour), (low, high, sign), (high, 1.0, colour)]
    else:
        cuts = [(0.0, 1.0, colour)]
    for low, high, material in cuts:
        parts += aerofoil([section(low), section(high)], material, 1, BARE_METAL)
    middle = section(generator.uniform(0.45, 0.6))
    for side in (1, -1) if style == "disc" else ():
        where = pose(
            (middle.x - 0.42 * middle.chord, side * 0.043 * middle.chord, middle.z), yaw=-side * 0.03
        )
        size = np.array([generator.uniform(0.15, 0.26), 0.012, 0.0]) * middle.chord
        size[2] = min(generator.uniform(0.1, 0.17) * height, 1.2 * size[0])
        parts.append(ellipsoid(size, sign, where))
    return labelled(parts, TAIL), section(1.0)


def stabiliser(
    x: float, z: float, half_span: float, root: float, sweep: float, dihedral: float, livery: Livery
) -> list[Part]:
    """Build both halves of the horizontal tail."""
    plan = Wing(x, z, half_span, root, 0.42 * root, sweep, dihedral, kink=0.0, thickness=0.09)
    stations = [plan.station(share * half_span) for share in (0.0, 0.5, 0.95, 1.0)]
    parts = [
        part for side in (1, -1) for part in aerofoil(stations, paint(livery.wing, 0.4), side, BARE_METAL)
    ]
    return labelled(parts, TAIL)
