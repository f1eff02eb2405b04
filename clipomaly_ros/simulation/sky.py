"""Sky with clouds, sun and a distant line of trees and roofs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.noise import TILES, noise_tile, sample, smooth_step
from clipomaly_ros.simulation.scene_types import Condition


class Sky:
    """The sky of one scene."""

    def __init__(self, seed: int, condition: Condition) -> None:
        self._condition = condition
        self._tile = noise_tile(seed % TILES, 4, 6)
        generator = np.random.default_rng([seed, 13])
        self._shift = generator.uniform(0, 1, 3)
        self._skyline = float(generator.uniform(0.004, 0.035))
        self._sun = np.asarray(condition.sun, np.float32)
        zenith, horizon = np.float32(condition.zenith), np.float32(condition.horizon)
        self._zenith, self._horizon = zenith, horizon
        self._direct = np.float32(condition.sunlight)
        light = 0.55 * self._direct + 0.9 * horizon
        self._cloud = 0.35 * light + 0.65 * np.float32(light.mean())
        self._trees = np.float32([0.10, 0.115, 0.09]) * float(horizon.mean() + 0.3 * self._direct.mean())

    def colour(self, direction: NDArray) -> NDArray[np.float32]:
        """Return the light from along unit directions, float32 [n, 3] -> [n, 3]."""
        up = direction[:, 2]
        height = np.clip(up, 0, 1)
        colour = self.smooth(direction)
        scale = 0.11 / (height + 0.08)
        cloud = sample(
            self._tile, direction[:, 0] * scale + self._shift[0], direction[:, 1] * scale + self._shift[1]
        )
        share = self._condition.clouds
        cover = smooth_step(cloud[:, 0], 1 - share - 0.18, 1 - share + 0.2) * np.clip(height * 14, 0, 1)
        cover *= 0.9
        body = self._cloud * (0.82 + 0.3 * cloud[:, 1:2])
        colour += cover[:, None] * (body - colour)
        if self._direct.max() > 0.02:
            towards = np.clip(direction @ self._sun, 0, 1)
            glow = 0.3 * towards**24 + 0.8 * towards**600 + 14 * smooth_step(towards, 0.99992, 0.99998)
            colour += (glow * ((1 - share) * (1 - cover) ** 2))[:, None] * self._direct
        low = np.flatnonzero((up < 0.08) & (up > -0.02))
        if len(low):
            around = np.arctan2(direction[low, 1], direction[low, 0]) / np.float32(2 * np.pi)
            profile = sample(self._tile, around * 2.0 + self._shift[2], np.full(len(low), 0.3, np.float32))
            roofs = sample(
                self._tile, np.floor(around * 150) / 71 + self._shift[2], np.full(len(low), 0.7, np.float32)
            )
            top = self._skyline * (0.35 + 0.5 * profile[:, 0] + 0.55 * np.clip(roofs[:, 1] - 0.6, 0, 1))
            trees = smooth_step(top - up[low], -0.0012, 0.0012)
            haze = 0.55 + 0.1 * profile[:, 1]
            dark = self._trees * (0.7 + 0.6 * profile[:, 2:3])
            far = dark + haze[:, None] * 0.8 * (self._horizon - dark)
            colour[low] += trees[:, None] * (far - colour[low])
        return colour

    def smooth(self, direction: NDArray) -> NDArray[np.float32]:
        """Return the clear sky alone, as soft mirrors show it, float32 [n, 3]."""
        height = np.clip(direction[:, 2], 0, 1)
        blend = (1 - height) ** 4
        return self._zenith + blend[:, None] * (self._horizon - self._zenith)
