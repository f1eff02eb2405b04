"""Fuselages: a lofted tube with nose, tail cone, windows and doors.

Frame of an airframe: x ahead with the tip of the nose at x = 0, y left, z up with the middle of the
cabin's section at z = 0 [m]. A place on the skin is its distance behind the tip and the angle about
the fuselage from the top towards the left [rad].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clipomaly_ros.simulation.assets.aircraft_livery import DARK, GLASS, Livery, paint
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part, ellipsoid, grid_surface, labelled, pose

NOSE, FUSELAGE, DOOR = "aircraft nose", "fuselage", "open aircraft door"


@dataclass(frozen=True)
class Loft:
    """Shape of a fuselage.

    length; half width and half height of the cabin's section; lengths of nose and tail cone [m].
    droop of the nose's tip below the middle and rise of the tail's end above it: shares of the half
    height.
    """

    length: float
    width: float
    height: float
    nose: float
    tail: float
    droop: float = 0.28
    rise: float = 0.45

    def point(self, behind: ArrayLike, angle: ArrayLike, offset: float = 0.0) -> NDArray[np.float64]:
        """Return points of the skin, float64 [..., 3], lifted off it by an offset [m]."""
        behind, angle = np.broadcast_arrays(np.asarray(behind, float), np.asarray(angle, float))
        low, high, wide = self._lines(behind)
        middle, half = (high + low) / 2, (high - low) / 2
        return np.stack(
            [-behind, (wide + offset) * np.sin(angle), middle + (half + offset) * np.cos(angle)], axis=-1
        )

    def angle(self, behind: ArrayLike, z: ArrayLike) -> NDArray[np.float64]:
        """Return the angles, float64 [...], at which the skin is at height z [m]; 0 or pi beyond it."""
        low, high, _ = self._lines(np.asarray(behind, float))
        return np.arccos(np.clip((2 * np.asarray(z) - high - low) / np.maximum(high - low, 1e-6), -1, 1))

    def crest(self, z: float) -> float:
        """Return how far behind the tip the upper line of the nose reaches height z [m]."""
        behind = np.linspace(0, self.nose, 200)
        return float(np.interp(z, self._lines(behind)[1], behind))

    def _lines(self, behind: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        t = np.clip(behind / self.nose, 0, 1)
        s = np.clip((behind - self.length + self.tail) / self.tail, 0, 1)
        tip, end = -self.droop, self.rise
        # A blunt tip, then the windscreen's slope up to the crown.
        high = tip + (1 - tip) * (0.22 * (1 - (1 - t) ** 6) ** 0.5 + 0.78 * (1 - (1 - t) ** 1.8) ** 1.05)
        low = tip - (1 + tip) * (1 - (1 - t) ** 2.3) ** 0.52
        wide = (1 - (1 - t) ** 2.1) ** 0.5 * (1 - 0.93 * s**1.75)
        high = high + (end + 0.1 - 1) * s**2.1
        low = low + (end - 0.1 + 1) * s**1.45
        return self.height * low, self.height * high, self.width * wide

    def skin(
        self,
        span: tuple[float, float],
        angles: tuple[float, float],
        material: Material,
        offset: float = 0.0,
        slant: tuple[float, float] = (0.0, 0.0),
        steps: tuple[int, int] = (2, 12),
    ) -> Part:
        """Build the skin between two distances behind the tip and two angles.

        slant: how much further behind the first and last row lie at the top than at the bottom, halved.
        steps: rows and columns.
        """
        angle = np.linspace(*angles, steps[1])
        start, end = (value + k * np.cos(angle) for value, k in zip(span, slant, strict=True))
        share = np.linspace(0, 1, steps[0])[:, None]
        if span[0] == 0:
            share = share**2  # the tip is round
        return grid_surface(self.point(start + (end - start) * share, angle, offset), material)


def fuselage(loft: Loft, livery: Livery, generator: np.random.Generator, windows: float = 0.53) -> list[Part]:
    """Build the painted tube with cockpit and cabin windows, period of these [m] (0: none)."""
    line = 0.16 * loft.height  # of the cabin windows
    cabin, cone = 1.02 * loft.nose, loft.length - 0.9 * loft.tail
    upper, lower = (float(loft.angle(cabin, line + shift * loft.height)) for shift in (0.19, -0.19))
    keel = float(loft.angle(cabin, -generator.uniform(0.35, 0.75) * loft.height))
    slant = float(generator.uniform(-0.1, 0.6) * loft.tail)
    rear = loft.length - generator.uniform(0.75, 0.95) * loft.tail
    texture = np.eye(4)
    texture[2, 3] = -line
    body, belly, band = paint(livery.body), paint(livery.belly), paint(livery.band)
    panes = Material(
        livery.band,
        GLASS.colour,
        Pattern.PORTHOLES,
        windows or 1.0,
        gloss=0.6,
        mirror=0.03,
        reflectance=0.6,
        dirt=0.05,
    )
    under = belly if livery.rear == livery.body else paint(livery.rear)
    parts = [
        loft.skin((0.0, cabin), (-keel, keel), body, steps=(22, 30)),
        loft.skin((0.0, cabin), (keel, 2 * np.pi - keel), belly, steps=(22, 18)),
    ]
    parts = labelled(parts, NOSE)
    tube = [
        loft.skin((cabin, rear), (-upper, upper), body, slant=(0, slant), steps=(14, 22)),
        loft.skin((cabin, rear), (keel, 2 * np.pi - keel), belly, slant=(0, slant), steps=(14, 18)),
        loft.skin((rear, loft.length), (-keel, keel), paint(livery.rear), slant=(slant, 0), steps=(24, 30)),
        loft.skin((rear, loft.length), (keel, 2 * np.pi - keel), under, slant=(slant, 0), steps=(24, 18)),
        ellipsoid(
            (0.05, 0.1 * loft.width, 0.12 * loft.height),
            DARK,
            pose((-loft.length, 0, loft.rise * loft.height)),
        ),
    ]
    for side in (1, -1):
        for first, last, material in ((upper, lower, band), (lower, keel, body)):
            angles = (first, last) if side > 0 else (-last, -first)
            if first == upper and windows:
                part = loft.skin((cabin, min(rear, cone)), angles, panes, steps=(14, 7))
                tube.append(Part(part.vertices, part.faces, panes, True, texture))
                if rear > cone:
                    tube.append(loft.skin((cone, rear), angles, band, slant=(0, slant), steps=(6, 7)))
                continue
            tube.append(loft.skin((cabin, rear), angles, material, slant=(0, slant), steps=(14, 7)))
    return parts + labelled(tube, FUSELAGE) + labelled(_cockpit(loft, generator), NOSE)


def _cockpit(loft: Loft, generator: np.random.Generator) -> list[Part]:
    """Build the windscreen: a belt of three panes a side between two heights."""
    low, high = generator.uniform(0.24, 0.32) * loft.height, generator.uniform(0.56, 0.66) * loft.height
    front, top = loft.crest(low), loft.crest(high)
    step = (top - front) * generator.uniform(0.8, 1.0)
    post = 0.05 + 0.02 * step
    starts = front + np.array([0.02, 1.25 * step, 2.1 * step])
    ends = np.array([starts[1] - post, starts[2] - post, starts[2] + generator.uniform(0.5, 0.8) * step])
    panes = []
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        share = np.linspace(0, 1, 9)[:, None]
        roof = high - (0.0, 0.0, 0.25)[k] * (high - low) * share
        z = low + (roof - low) * np.linspace(1, 0, 8)
        # The posts lean back; where the crown is lower than the pane, the pane ends at the middle post.
        behind = start + (end - start) * share + (0.0 if k == 0 else 0.25) * (z - low) * (share < 1)
        angle = np.maximum(loft.angle(behind, z), 0.05)
        for side in (1, -1):
            grid = loft.point(behind, side * angle, 0.012)
            panes.append(grid_surface(grid if side > 0 else grid[:, ::-1], GLASS))
    return panes


def doors(loft: Loft, livery: Livery, generator: np.random.Generator, cargo: bool = True) -> list[Part]:
    """Build doors of cabin and hold, with luck one of them open; open ones are labelled so."""
    height = min(1.85, 1.05 * loft.height)
    places = [(1.12 * loft.nose, 1, "cabin"), (loft.length - 1.02 * loft.tail, 1, "cabin")]
    places += [(1.12 * loft.nose, -1, "cabin")]
    if cargo:
        places += [(0.3 * loft.length, -1, "hold"), (0.66 * loft.length, -1, "hold")]
    parts: list[Part] = []
    for behind, side, kind in places:
        width = generator.uniform(0.8, 1.0) if kind == "cabin" else generator.uniform(1.3, 2.2)
        top = 0.62 * loft.height if kind == "cabin" else -0.3 * loft.height
        bottom = max(top - height, -0.62 * loft.height) if kind == "cabin" else -0.82 * loft.height
        open_ = generator.uniform() < 0.2
        angles = float(loft.angle(behind, top)), float(loft.angle(behind, bottom))
        angles = angles if side > 0 else (-angles[1], -angles[0])
        span = (behind, behind + width)
        skin = paint(livery.body if kind == "cabin" else livery.belly)
        frame = Material((0.25, 0.26, 0.28), gloss=0.4, reflectance=0.3)
        parts += labelled([loft.skin(span, angles, DARK if open_ else frame, 0.006, steps=(3, 10))], FUSELAGE)
        inner = (angles[0] + 0.03, angles[1] - 0.03)
        panel = [
            loft.skin((behind + 0.05, behind + width - 0.05), inner, skin, 0.012, steps=(3, 10)),
        ]
        if not open_:
            parts += labelled(panel, FUSELAGE)
            continue
        panel.append(loft.skin(span, angles, frame, -0.1, steps=(3, 10)))
        if kind == "cabin":  # swings out and forward, staying along the fuselage
            where = pose((width + 0.08, side * generator.uniform(0.3, 0.5), 0.0))
        else:  # hinged at its upper edge
            hinge = loft.point(behind, angles[0] if side > 0 else angles[1], 0.03)
            turn = side * generator.uniform(1.4, 2.0)
            where = pose((0, hinge[1], hinge[2])) @ pose(roll=turn) @ pose((0, -hinge[1], -hinge[2]))
        parts += [part.moved(where) for part in labelled(panel, DOOR)]
    return parts
