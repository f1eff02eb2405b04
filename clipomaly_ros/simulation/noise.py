"""Random textures of the simulator: repeating tiles, sampled where the rays meet something."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 512
TILES = 6  # sets of tiles; scenes share them, shifted, for they take a while to make
_ROW = 4096  # samples are laid out in rows of this length: remap takes pictures, not lists


@lru_cache(maxsize=24)
def noise_tile(seed: int, coarsest: int, octaves: int) -> NDArray[np.float32]:
    """Return four independent noises, float32 [SIDE, SIDE, 4] in 0 to 1, that repeat at their edges.

    coarsest: cells across the tile of the largest blotches; each further octave has half the
    size and 0.6 of the strength. Every channel is spread evenly over 0 to 1 (ranks), so that a
    threshold t leaves a share 1 - t.
    """
    generator = np.random.default_rng([seed, coarsest, octaves])
    total = np.zeros((SIDE, SIDE, 4), np.float32)
    for octave in range(octaves):
        grid = min(coarsest * 2**octave, SIDE)
        values = np.pad(generator.random((grid, grid, 4), np.float32), ((2, 2), (2, 2), (0, 0)), mode="wrap")
        cell = SIDE // grid
        large = cv2.resize(values, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
        total += large[2 * cell : 2 * cell + SIDE, 2 * cell : 2 * cell + SIDE] * np.float32(0.6**octave)
    low, high = float(total.min()), float(total.max())
    steps = ((total - low) * np.float32(1023 / (high - low))).astype(np.int16)
    for channel in range(4):
        ranks = np.cumsum(np.bincount(steps[::4, ::4, channel].ravel(), minlength=1024))
        total[..., channel] = (ranks / ranks[-1]).astype(np.float32)[steps[..., channel]]
    total.setflags(write=False)
    return total


@lru_cache(maxsize=2)
def gaussian_tile(seed: int) -> NDArray[np.float32]:
    """Return unit normal noise, float32 [SIDE, SIDE, 3]: a sensor's."""
    tile = np.random.default_rng([seed, 3]).standard_normal((SIDE, SIDE, 3), np.float32)
    tile.setflags(write=False)
    return tile


def sample(tile: NDArray[np.float32], u: NDArray, v: NDArray) -> NDArray[np.float32]:
    """Read a tile at u, v [n], fractions of its side, bilinear and repeating; float32 [n, channels]."""
    count = len(u)
    if not count:
        return np.empty((0, tile.shape[2]), np.float32)
    rows = -(-count // _ROW)
    maps = np.zeros((2, rows * _ROW), np.float32)
    for target, source in zip(maps, (u, v), strict=True):
        np.subtract(source, np.floor(source), out=target[:count], casting="unsafe")
        target *= np.float32(SIDE)
    read = cv2.remap(
        tile,
        maps[0].reshape(rows, _ROW),
        maps[1].reshape(rows, _ROW),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return read.reshape(rows * _ROW, -1)[:count]


def cell_hash(*cells: NDArray) -> NDArray[np.float32]:
    """Return a random number in 0 to 1 for each cell of whole coordinates [n]."""
    total = np.zeros(np.shape(cells[0]), np.uint32)
    for number, cell in enumerate(cells):
        total = (total ^ np.asarray(cell).astype(np.int64).astype(np.uint32)) * np.uint32(
            0x9E3779B1 + 2 * number
        )
        total ^= total >> np.uint32(15)
        total *= np.uint32(0x85EBCA6B)
        total ^= total >> np.uint32(13)
    return (total >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def smooth_step(x: NDArray, low: float, high: float) -> NDArray[np.float32]:
    """Return 0 below low, 1 above high, and a smooth way between (Hermite)."""
    t = np.clip((x - np.float32(low)) * np.float32(1.0 / (high - low)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def pulse(x: NDArray, period: NDArray | float, duty: float, pixel: NDArray) -> NDArray[np.float32]:
    """Return the share of a pixel covered by bands of duty * period, each starting at a whole period.

    x: position, period and pixel (its size) in the same unit, [n]. Far away the share settles at duty.
    """
    half = 0.5 * duty * period
    offset = np.abs(np.mod(x - half + 0.5 * period, period) - 0.5 * period)
    cover = np.clip((half - offset) / np.maximum(pixel, 1e-5) + 0.5, 0, 1)
    blur = np.clip(2 * pixel / period - 0.5, 0, 1)
    return np.asarray(cover + blur * (duty - cover), np.float32)
