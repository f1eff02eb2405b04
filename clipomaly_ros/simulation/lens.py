"""From light to pixel values: exposure, film curve, sensor noise, rain and drops on the lens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.camera_models import CameraModel
from clipomaly_ros.simulation.noise import SIDE, gaussian_tile
from clipomaly_ros.simulation.scene_types import Condition

_BRIGHTEST = 16.0  # light beyond this is white [sunlit white]
_STEPS = 8191


def _film_curve() -> NDArray[np.float32]:
    """Tabulate display values over the root of light: a film curve, then sRGB gamma."""
    x = (np.linspace(0, 1, _STEPS + 1) ** 2) * _BRIGHTEST

    # Narkowicz's fit (2015) of the ACES reference curve: a toe for depth, a shoulder for highlights.
    v = 0.8 * x
    linear = np.clip(v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14), 0, 1)
    return np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055).astype(
        np.float32
    )


_CURVE = _film_curve()


class Lens:
    """What lies between the light and the numbers of one camera in one weather."""

    def __init__(self, condition: Condition, model: CameraModel) -> None:
        self._condition, self._model = condition, model
        self._gain = np.float32(_STEPS**2 / _BRIGHTEST * condition.exposure)

    def expose(self, light: NDArray) -> NDArray[np.float32]:
        """Return display values, 0 to 1, of light [n, 3]."""
        index = np.sqrt(np.maximum(light, 0) * self._gain)
        return _CURVE[np.minimum(index, _STEPS).astype(np.int32)]

    def finish(
        self, picture: NDArray[np.float32], window: tuple[int, int, int, int], generator: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return the picture under a window (x, y, width, height), uint8 RGB [height, width, 3]."""
        shift = generator.integers(0, SIDE, 2)
        seed = int(generator.integers(2**31))
        x, y, width, height = window
        if self._condition.rain > 0:
            picture = self._rain(picture, window, seed)
        v = (np.arange(y, y + height) + shift[1]) % SIDE
        u = (np.arange(x, x + width) + shift[0]) % SIDE
        noise = gaussian_tile(1)[v[:, None], u[None, :]]
        # Shot noise: deviation grows as the root of light, which is about the display value.
        scale = np.float32(self._condition.noise) * (np.float32(0.55) + np.float32(0.9) * picture)
        return np.clip((picture + noise * scale) * 255 + np.float32(0.5), 0, 255).astype(np.uint8)

    def _rain(self, picture: NDArray, window: tuple[int, int, int, int], seed: int) -> NDArray[np.float32]:
        """Draw streaks of falling drops, and drops on the glass that smear what is behind them."""
        generator = np.random.default_rng([seed, 5])
        x, y, width, height = window
        wide, high = self._model.width, self._model.height
        strength = self._condition.rain
        layer = np.zeros((height, width), np.float32)
        slant = generator.normal(0, 0.12)
        for _ in range(int(strength * 420 * wide * high / 640 / 360)):
            u, v = generator.uniform(0, wide), generator.uniform(-20, high)
            length, bright = generator.uniform(0.01, 0.06) * high, generator.uniform(0.02, 0.11)
            first = (int((u - x) * 16), int((v - y) * 16))
            last = (int((u + slant * length - x) * 16), int((v + length - y) * 16))
            cv2.line(layer, first, last, float(bright), 1, cv2.LINE_8, 4)
        picture = picture + layer[..., None] * (1 - picture)
        v, u = np.indices((height, width), np.float32)
        for _ in range(generator.poisson(9 * strength)):
            radius = generator.uniform(0.006, 0.035) * high
            du, dv = (
                u - np.float32(generator.uniform(0, wide) - x),
                v - np.float32(generator.uniform(0, high) - y),
            )
            distance = np.hypot(du, dv * np.float32(generator.uniform(0.75, 1.0))) / np.float32(radius)
            share = np.clip((1 - distance) * 1.8, 0, 1) * np.float32(0.4)
            # A drop shows the world upside down: bright sky below, dark ground above.
            tone = np.clip(0.58 + 0.2 * dv / np.float32(radius), 0, 1)
            picture += share[..., None] * (tone[..., None] - picture)
        return np.asarray(picture, np.float32)
