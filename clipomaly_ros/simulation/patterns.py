"""Painted patterns of objects: from texture coordinates to a mix of two colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.materials import Pattern
from clipomaly_ros.simulation.mesh import Part
from clipomaly_ros.simulation.noise import cell_hash, noise_tile, pulse, sample, smooth_step


@dataclass
class Painted:
    """Look of points on parts: colour float32 [n, 3], opacity and mirror share [n]."""

    colour: NDArray[np.float32]
    opacity: NDArray[np.float32]
    mirror: NDArray[np.float32]


@dataclass
class _Points:
    """Points of one pattern: texture coordinates, their size of a pixel, and the surface's axis."""

    x: NDArray
    y: NDArray
    z: NDArray
    axis: NDArray  # of the texture, 0 to 2, that the surface faces along
    pixel: NDArray
    period: NDArray
    tile: NDArray

    def plane(self) -> tuple[NDArray, NDArray]:
        """Return the two texture coordinates that lie in the surface."""
        return np.where(self.axis == 0, self.y, self.x), np.where(self.axis == 2, self.y, self.z)

    def noise(self, stretch: float = 1.0, scale: float = 1.0) -> NDArray[np.float32]:
        """Return four noises, [n, 4]; blotches a period across with a coarsest grid of 16."""
        step = scale / (16.0 * self.period)
        return sample(self.tile, (self.x * stretch + 0.31 * self.z) * step, (self.y + 0.83 * self.z) * step)


class Patterns:
    """Patterns of all parts, ready to be asked at points."""

    def __init__(self, parts: Sequence[Part], seed: int) -> None:
        materials = [part.material for part in parts]

        def column(name: str) -> NDArray[np.float32]:
            return np.array([getattr(material, name) for material in materials], np.float32)

        self._colour = column("colour").reshape(-1, 3)
        self._second = column("second").reshape(-1, 3)
        self._period = np.maximum(column("period"), 1e-3)
        self._opacity, self._mirror, self._dirt = column("opacity"), column("mirror"), column("dirt")
        self._pattern = np.array([material.pattern for material in materials], np.int8)
        texture = np.array([part.texture for part in parts], np.float64).reshape(-1, 4, 4)
        self._turn = texture[:, :3, :3].astype(np.float32)
        self._shift = texture[:, :3, 3].astype(np.float32)
        self._tile = noise_tile(seed, 16, 5)

    def paint(self, part: NDArray, point: NDArray, normal: NDArray, pixel: NDArray) -> Painted:
        """Paint points [n, 3] (world, [m]) with normals [n, 3] on parts [n].

        pixel: its size there, [n] [m].
        """
        colour = self._colour[part]
        opacity, mirror = self._opacity[part], self._mirror[part]
        pattern, dirt = self._pattern[part], self._dirt[part]
        rows = np.flatnonzero((pattern != Pattern.PLAIN) | (dirt > 0))
        if len(rows):
            index = part[rows]
            turn = self._turn[index]
            local = np.einsum("nij,nj->ni", turn, point[rows]) + self._shift[index]
            self._soil(colour, rows, local, dirt[rows], pixel[rows])
            kinds = pattern[rows]
            for kind in np.unique(kinds[kinds != Pattern.PLAIN]):
                chosen = np.flatnonzero(kinds == kind)
                at, of = rows[chosen], index[chosen]
                facing = np.abs(np.einsum("nij,nj->ni", turn[chosen], normal[at]))
                points = _Points(
                    *local[chosen].T, facing.argmax(axis=1), pixel[at], self._period[of], self._tile
                )  # fmt: skip
                share, shade, hole = _PATTERNS[Pattern(kind)](points)
                mixed = colour[at]
                mixed += share[:, None] * (self._second[of] - mixed)
                colour[at] = mixed * np.asarray(shade, np.float32).reshape(-1, 1)
                opacity[at] *= 1 - hole
                if kind in (Pattern.PANES, Pattern.PORTHOLES):
                    mirror[at] *= share
        return Painted(colour, opacity, mirror)

    def _soil(self, colour: NDArray, rows: NDArray, local: NDArray, dirt: NDArray, pixel: NDArray) -> None:
        """Darken and dull: large faint stains and, close by, fine grain."""
        x, y, z = local.T
        large = sample(self._tile, (x + 0.31 * z) / 9.0, (y + 0.83 * z) / 9.0)
        fine = sample(self._tile, (x + 0.57 * z) / 0.6, (y + 0.41 * z) / 0.6)
        near = np.clip(1.3 - pixel / 0.012, 0, 1)
        stain = smooth_step(large[:, 0], 0.45, 1.0) * (0.35 + 0.65 * fine[:, 1])
        shade = 1 - dirt * (0.55 * stain + 0.22 * near * (fine[:, 0] - 0.35))
        colour[rows] = colour[rows] * shade[:, None]


def _stripes(p: _Points) -> tuple:
    return pulse(p.z, p.period, 0.5, p.pixel), 1.0, 0.0


def _ribs(p: _Points) -> tuple:
    x = np.where(p.axis == 0, 0.0, pulse(p.x, p.period, 0.16, p.pixel))
    y = np.where(p.axis == 1, 0.0, pulse(p.y, p.period, 0.16, p.pixel))
    groove = np.where(p.axis == 2, np.maximum(x, y), x + y)
    return np.zeros_like(p.x), 1 - 0.45 * groove, 0.0


def _chevrons(p: _Points) -> tuple:
    across = np.where(p.axis == 1, p.x, p.y)
    return pulse(across + np.where(p.axis == 2, p.x, p.z), p.period, 0.5, 1.4 * p.pixel), 1.0, 0.0


def _checks(p: _Points) -> tuple:
    u, v = p.plane()
    a, b = pulse(u, 2 * p.period, 0.5, p.pixel), pulse(v, 2 * p.period, 0.5, p.pixel)
    return a + b - 2 * a * b, 1.0, 0.0


def _panes(p: _Points) -> tuple:
    u, v = np.where(p.axis == 1, p.x, p.y), p.z
    frame = 0.06 * p.period
    glass = pulse(u - frame, p.period, 0.88, p.pixel) * pulse(v - frame, p.period, 0.88, p.pixel)
    glass = np.where(p.axis == 2, 0, glass).astype(np.float32)
    tone = cell_hash(np.floor(u / p.period), np.floor(v / p.period))
    return glass, 1 + glass * (0.7 * tone - 0.25), 0.0


def _portholes(p: _Points) -> tuple:
    along = np.mod(p.x, p.period) / p.period - 0.5
    up = p.z / p.period
    radius = ((np.abs(along) / 0.24) ** 3 + (np.abs(up) / 0.36) ** 3) ** (1 / 3)
    blur = np.maximum(4 * p.pixel / p.period, 1e-3)
    window = np.clip((1 - radius) / blur + 0.5, 0, 1).astype(np.float32)
    rim = np.clip((1.25 - radius) / blur + 0.5, 0, 1) - window
    return window, 1 + 0.12 * rim, 0.0


def _noise(p: _Points) -> tuple:
    return smooth_step(p.noise()[:, 1], 0.3, 0.7), 1.0, 0.0


def _speckle(p: _Points) -> tuple:
    grain = smooth_step(p.noise(scale=5.0)[:, 2], 0.74, 0.84)
    far = np.clip(p.pixel / (0.12 * p.period) - 0.5, 0, 1)
    return (grain + far * (0.21 - grain)).astype(np.float32), 1.0, 0.0


def _wood(p: _Points) -> tuple:
    across = np.where(p.axis == 1, p.z, p.y)
    plank = np.floor(across / p.period)
    tone = cell_hash(plank)
    step = 1 / (16 * p.period)
    u = (p.x * 0.25 + np.where(p.axis == 0, p.z, 0.0)) * step + tone
    grain = sample(p.tile, u, across * 4.0 * step + 0.37 * tone)
    gap = pulse(across - 0.96 * p.period, p.period, 0.06, p.pixel)
    share = (0.75 * smooth_step(grain[:, 0], 0.35, 0.95) + 0.25 * tone).astype(np.float32) * 0.6
    return share, (0.82 + 0.3 * tone) * (1 - 0.7 * gap), 0.0


def _mesh(p: _Points) -> tuple:
    u, v = p.plane()
    bars = np.maximum(pulse(u, p.period, 0.22, p.pixel), pulse(v, p.period, 0.22, p.pixel))
    far = np.clip(2 * p.pixel / p.period - 0.5, 0, 1)
    return np.zeros_like(p.x), 1.0, (1 - (bars + far * (0.39 - bars))).astype(np.float32)


def _rings(p: _Points) -> tuple:
    return pulse(np.hypot(p.x, p.y), p.period, 0.5, p.pixel), 1.0, 0.0


def _fur(p: _Points) -> tuple:
    patch = p.noise(scale=0.5)[:, 1]
    hair = sample(p.tile, p.x * 0.3 / p.period, (p.y + 0.8 * p.z) * 1.4 / p.period)[:, 2]
    return smooth_step(0.6 * patch + 0.4 * hair, 0.4, 0.7), 0.72 + 0.5 * hair, 0.0


_PATTERNS = {
    Pattern.STRIPES: _stripes,
    Pattern.RIBS: _ribs,
    Pattern.CHEVRONS: _chevrons,
    Pattern.CHECKS: _checks,
    Pattern.PANES: _panes,
    Pattern.PORTHOLES: _portholes,
    Pattern.NOISE: _noise,
    Pattern.SPECKLE: _speckle,
    Pattern.WOOD: _wood,
    Pattern.MESH: _mesh,
    Pattern.RINGS: _rings,
    Pattern.FUR: _fur,
}
