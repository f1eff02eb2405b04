"""How much of a laser pulse comes back: surfaces, water films, fog and rain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.ground_paint import GroundPaint
from clipomaly_ros.simulation.mesh import Part
from clipomaly_ros.simulation.patterns import Patterns
from clipomaly_ros.simulation.scene_types import Condition
from clipomaly_ros.simulation.world import GROUND

_BEAM = np.float32(0.003)  # width of the laser beam per distance
_REFERENCE = 0.10  # reflectance at which a LiDAR's reach is stated
_WATER = 0.0201  # share of light that a water surface mirrors at normal incidence, n = 1.33
_DAMP_MIRROR = 0.45  # damp ground mirrors less than standing water: its grains stick out
_RETRO_GAIN = 300.0  # of glass bead tape over a white matt surface
_RAIN_EXTINCTION = 0.006  # of a downpour [1/m]
_SOFTNESS = 0.25  # of the edge between seen and not seen, in natural logarithms of the signal


@dataclass(eq=False)
class Look:
    """How surfaces answer pulses.

    scattered: effective reflectance towards the sensor, float32 [n]; a matt white wall ahead gives
    1. opacity: share of pulses that stop, float32 [n]. mirror: share that glances off, float32 [n].
    retro: bool [n].
    """

    scattered: NDArray[np.float32]
    opacity: NDArray[np.float32]
    mirror: NDArray[np.float32]
    retro: NDArray[np.bool_]


class LaserSurfaces:
    """Everything the laser meets in a scene: the same paint, holes, glass and puddles as the camera."""

    def __init__(self, parts: Sequence[Part], condition: Condition, seed: int) -> None:
        self._ground = GroundPaint(seed, condition)
        self._patterns = Patterns(parts, seed % 61)
        self._reflectance = np.float32([part.material.reflectance for part in parts])
        self._retro = np.array([part.material.retro for part in parts], bool)

    def look(
        self, part: NDArray[np.int32], origin: NDArray, ray: NDArray, normal: NDArray, distance: NDArray
    ) -> Look:
        """Ask the surfaces met; part [n], index or GROUND; origin, ray, normal [n, 3]; distance [n] [m].

        Schlick's approximation (1994) of Fresnel's law for the film of water on wet ground, which
        the light passes twice.
        """
        count = len(part)
        found = Look(*(np.zeros(count, np.float32) for _ in range(3)), np.zeros(count, bool))
        point = origin + distance[:, None] * ray
        cosine = np.clip(np.abs(np.einsum("ij,ij->i", ray, normal)), 0, 1)
        width = distance * _BEAM
        ground, things = np.flatnonzero(part == GROUND), np.flatnonzero(part >= 0)
        if len(ground):
            paint = self._ground.paint(point[ground], ray[ground], width[ground])
            fresnel = _WATER + (1 - _WATER) * (1 - cosine[ground]) ** 5
            # Mineral pavements reflect somewhat more at 905 nm than in the visible.
            matt = np.clip(0.05 + 1.1 * paint.colour.mean(axis=1), 0, 0.9)
            found.scattered[ground] = matt * (1 - fresnel * paint.wet) ** 2 * cosine[ground]
            found.mirror[ground] = fresnel * (paint.water + _DAMP_MIRROR * paint.wet * (1 - paint.water))
            found.opacity[ground] = 1.0
        if len(things):
            of = part[things]
            paint = self._patterns.paint(of, point[things], normal[things], width[things])
            found.opacity[things], found.mirror[things] = paint.opacity, paint.mirror
            matt = self._reflectance[of] * (1 - paint.mirror) ** 2 * cosine[things]
            found.retro[things] = self._retro[of]
            tape = _RETRO_GAIN * (0.2 + 0.8 * cosine[things])
            found.scattered[things] = np.where(self._retro[of], tape, matt)
        return found


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
