"""Colours of everything the rays meet: concrete with markings, painted shapes, sky."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.shapes import Pattern, Shape

_CONCRETE = np.array([0.42, 0.41, 0.385], np.float32)
_YELLOW = np.array([0.90, 0.62, 0.05], np.float32)
_WHITE = np.array([0.82, 0.82, 0.80], np.float32)
_RED = np.array([0.66, 0.09, 0.06], np.float32)
_BLACK = np.array([0.13, 0.13, 0.135], np.float32)


class Surface:
    """Procedural textures; the same seed gives the same picture."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng([seed, 7])
        self._noise = _tileable_noise(generator, 512, (4, 8, 16, 32, 64, 128, 256))
        self._clouds = _tileable_noise(generator, 512, (2, 4, 8, 16, 32))

    def ground(self, x: NDArray, y: NDArray, across: NDArray, along: NDArray) -> NDArray[np.float32]:
        """Colour of the apron at x, y [m].

        across, along: size of a pixel on the ground across and along the view [m]; lines
        are blended over it, so that distant markings do not flicker.
        """
        coarse = self._sample(self._noise, x / 60, y / 60)
        fine = self._sample(self._noise, x / 6, y / 6)
        fade = np.clip(1.2 - across / 0.06, 0, 1)
        colour = _CONCRETE * (0.86 + 0.30 * coarse + 0.10 * fade * (fine - 0.5))[:, None]
        slab = np.floor(x / 7.5) * 12.9898 + np.floor(y / 7.5) * 78.233
        colour *= (0.965 + 0.07 * np.mod(np.abs(np.sin(slab)) * 43758.55, 1.0))[:, None].astype(np.float32)
        stain = np.clip((self._sample(self._noise, x / 23 + 0.37, y / 17 + 0.11) - 0.62) * 4, 0, 0.45)
        colour = _mix(colour, _BLACK, stain)
        joint_x, joint_y = np.mod(x + 3.75, 7.5) - 3.75, np.mod(y + 3.75, 7.5) - 3.75
        colour = _mix(colour, _BLACK, 0.65 * _line(joint_x, 0.02, along))
        colour = _mix(colour, _BLACK, 0.65 * _line(joint_y, 0.02, across))

        worn = 0.93 - 0.5 * np.clip(fine - 0.55, 0, 1)
        lead_in = np.where(x < 30, y - 5.6 + 0.0065 * (x - 8) ** 2 * (x > 8), y - 2.45)
        colour = _mix(colour, _BLACK, 0.75 * _line(lead_in, 0.2, across))
        colour = _mix(colour, _YELLOW, worn * _line(lead_in, 0.1, across))
        for edge, width in ((-3.0, 0.08), (-3.3, 0.08)):  # apron safety line
            colour = _mix(colour, _RED, worn * _line(y - edge, width, across))
        dash = (np.mod(x, 4.0) < 2.2).astype(np.float32)
        colour = _mix(colour, _WHITE, worn * dash * _line(y + 6.1, 0.07, across))  # service road
        colour = _mix(colour, _WHITE, worn * _line(y + 14.6, 0.08, across))
        for bar in range(6):  # crossing for passengers
            colour = _mix(
                colour, _WHITE, worn * _line(y + 7.1 + 1.2 * bar, 0.3, across) * _line(x - 15.0, 1.6, along)
            )
        return colour

    def sky(self, directions: NDArray, sun: NDArray) -> NDArray[np.float32]:
        """Colour of the sky along unit directions [n, 3]."""
        height = np.clip(directions[:, 2], 0.0, 1.0)
        blend = np.power(1 - height, 5)[:, None]
        colour = (1 - blend) * np.float32([0.10, 0.28, 0.66]) + blend * np.float32([0.60, 0.74, 0.90])
        scale = 0.16 / (height + 0.09)
        cloud = self._sample(self._clouds, directions[:, 0] * scale, directions[:, 1] * scale)
        cover = np.clip((cloud - 0.5) * 3.2, 0, 1) * np.clip(height * 12, 0, 1)
        colour = _mix(colour.astype(np.float32), np.float32([0.93, 0.94, 0.96]), 0.85 * cover)
        glow = np.clip(directions @ sun.astype(np.float32), 0, 1) ** 24
        return colour + 0.25 * glow[:, None]

    @staticmethod
    def _sample(texture: NDArray, u: NDArray, v: NDArray) -> NDArray[np.float32]:
        """Read a tile at fractions of its side, bilinear, repeating."""
        side = len(texture)
        u, v = np.mod(u, 1.0) * side, np.mod(v, 1.0) * side
        i, j = u.astype(np.int32), v.astype(np.int32)
        a, b = (u - i).astype(np.float32), (v - j).astype(np.float32)
        i, j = i % side, j % side
        k, m = (i + 1) % side, (j + 1) % side
        top = texture[j, i] * (1 - a) + texture[j, k] * a
        return top * (1 - b) + (texture[m, i] * (1 - a) + texture[m, k] * a) * b


def shape_colour(shape: Shape, local: NDArray, normal: NDArray) -> NDArray[np.float32]:
    """Colour of a shape at local points [n, 3] of its unit solid; normal: world [n, 3]."""
    base = np.broadcast_to(np.float32(shape.material.colour), local.shape).copy()
    second, half = np.float32(shape.material.second), shape.half
    x, y, z = local.T
    pattern = shape.material.pattern
    if pattern == Pattern.WINDOWS:
        u, v = (y + 1) * half[1], (z + 1) * half[2]
        pane = (np.mod(u, 3.0) > 0.35) & (np.mod(v, 4.0) > 0.9) & (np.abs(normal[:, 2]) < 0.5)
        lit = 0.8 + 0.4 * np.mod(np.abs(np.sin(np.floor(u / 3) * 12.9 + np.floor(v / 4) * 78.2)) * 437.5, 1.0)
        base[pane] = second * lit[pane, None].astype(np.float32)
    elif pattern == Pattern.PORTHOLES:
        along, up = z * half[2], -x * half[0]
        window = (np.abs(up - 0.42) < 0.17) & (np.mod(along, 0.55) < 0.26) & (np.abs(z) < 0.97)
        base[(up > -0.35) & (up < 0.08)] = second
        base[up < -1.05] = np.float32([0.55, 0.57, 0.60])
        base[window] = np.float32([0.05, 0.06, 0.09])
    elif pattern == Pattern.BANDS:
        base[((z > -0.35) & (z < 0.0)) | ((z > 0.25) & (z < 0.45))] = second
    elif pattern == Pattern.RIM:
        base[(x * x + y * y < 0.34) & (np.abs(z) > 0.99)] = second
    elif pattern == Pattern.RIBS:
        across = np.where(np.abs(x) > 0.99, y * half[1], x * half[0])
        period = max(half[0], half[1]) / 5
        base[np.mod(across, period) < 0.3 * period] = second
    elif pattern == Pattern.CHEVRONS:
        base[np.mod(y * half[1] + np.abs(z) * half[2], 0.3) < 0.15] = second
    return base


def _line(offset: NDArray, half_width: float, pixel: NDArray) -> NDArray[np.float32]:
    """Share of a pixel of given size that a line of given half width covers."""
    pixel = np.maximum(pixel, 1e-3)
    cover = np.clip((half_width - np.abs(offset)) / pixel + 0.5, 0, 1)
    return (cover * np.minimum(1.0, 2 * half_width / pixel)).astype(np.float32)


def _mix(colour: NDArray, other: NDArray, share: NDArray) -> NDArray[np.float32]:
    share = np.asarray(share, np.float32)[:, None]
    return colour * (1 - share) + other * share


def _tileable_noise(generator: np.random.Generator, side: int, grids: tuple[int, ...]) -> NDArray[np.float32]:
    """Sum random grids of growing resolution, each half as strong, into one repeating tile, 0 to 1."""
    total = np.zeros((side, side), np.float32)
    for octave, grid in enumerate(grids):
        values = np.pad(generator.random((grid, grid), np.float32), 2, mode="wrap")
        cell = side // grid
        large = cv2.resize(values, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
        total += large[2 * cell : 2 * cell + side, 2 * cell : 2 * cell + side] * 0.6**octave
    low, high = np.percentile(total, [0.5, 99.5])
    return np.clip((total - low) / (high - low), 0, 1).astype(np.float32)
