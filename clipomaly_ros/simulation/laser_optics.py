"""How much of a laser pulse comes back: surfaces, water films, fog and rain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.scene_types import Condition

_GROUND_REFLECTANCE = 0.27  # of dry concrete at 905 nm
_REFERENCE = 0.10  # reflectance at which a LiDAR's reach is stated
_WATER = 0.0201  # share of light that a water surface mirrors at normal incidence, n = 1.33
_WET_DARKENING = 0.5  # pores full of water trap light
_RETRO_GAIN = 300.0  # of glass bead tape over a white matt surface
_RAIN_EXTINCTION = 0.006  # of a downpour [1/m]
_SOFTNESS = 0.25  # of the edge between seen and not seen, in natural logarithms of the signal


class SurfaceTable:
    """What the laser meets: one row for the ground and one for each part.

    Rows are addressed as World does it: part index, or -1 for the ground.
    """

    def __init__(self, materials: Sequence[Material], condition: Condition) -> None:
        self._wetness = float(np.clip(max(condition.wetness, condition.puddles), 0, 1))
        self._reflectance = np.float32([*(m.reflectance for m in materials), _GROUND_REFLECTANCE])
        self._mirror = np.float32([*(m.mirror for m in materials), 0.0])
        self._retro = np.array([*(m.retro for m in materials), False])
        self._opacity = np.float32([*(m.opacity for m in materials), 1.0])

    def opacity(self, part: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the share of pulses that stop at a part [n]."""
        return self._opacity[part]

    def is_retro(self, part: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell which parts [n] send light back to where it came from."""
        return self._retro[part]

    def mirrored(self, part: NDArray[np.int32], cosine: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the share of light [n] that a surface mirrors; cosine: of the angle of incidence.

        Schlick's approximation (1994) of Fresnel's law for the water film on wet ground.
        """
        film = self._wetness * (_WATER + (1 - _WATER) * (1 - np.clip(cosine, 0, 1)) ** 5)
        return np.where(part == -1, film, self._mirror[part]).astype(np.float32)

    def scattered(self, part: NDArray[np.int32], cosine: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the effective reflectance [n] towards the sensor; a matt white wall ahead gives 1.

        On wet ground the light passes the water film twice and the concrete below is darker.
        """
        through = 1 - self.mirrored(part, cosine)
        darker = np.where(part == -1, 1 - _WET_DARKENING * self._wetness, 1.0)
        matt = self._reflectance[part] * darker * through**2 * cosine
        return np.where(self._retro[part], _RETRO_GAIN * (0.2 + 0.8 * cosine), matt).astype(np.float32)


def extinction(condition: Condition) -> float:
    """Return how fast a pulse weakens in the air [1/m]."""
    return condition.fog + _RAIN_EXTINCTION * condition.rain


def detection_probability(
    reflectance: NDArray[np.float32], distance: NDArray[np.float32], reach: float, air: float
) -> NDArray[np.float64]:
    """Return how likely pulses [n] are to be detected.

    LiDAR equation of an extended target: signal ~ reflectance / distance^2 * exp(-2 air distance);
    reach: distance [m] at which a reflectance of 0.1 is seen every second time in clear air.
    """
    signal = np.log(np.maximum(reflectance, 1e-9).astype(np.float64) / _REFERENCE)
    signal -= 2 * np.log(np.maximum(distance, 0.1) / reach) + 2 * air * distance
    return 1 / (1 + np.exp(-np.clip(signal / _SOFTNESS, -60, 60)))


def near_return_probability(condition: Condition) -> float:
    """Return the share of pulses that drops or dense fog close by throw back."""
    return float(1 - np.exp(-(0.012 * condition.rain + 0.8 * max(0.0, condition.fog - 0.004))))


def intensity(reflectance: NDArray[np.float32], retro: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return calibrated intensities, 0 to 255: matt surfaces up to 100, retro-reflectors above."""
    matt = np.clip(100 * reflectance, 0, 100)
    return np.where(retro, 180 + 75 * np.clip(reflectance / _RETRO_GAIN, 0, 1), matt).astype(np.float32)
