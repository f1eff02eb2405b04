"""Named slices of light and weather; each draws a random condition of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.materials import Colour
from clipomaly_ros.simulation.scene_types import Condition, Lamp

Draw = Callable[[np.random.Generator], Condition]


def _direction(azimuth: float, elevation: float) -> NDArray[np.float64]:
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])


def _scaled(colour: Colour, factor: float) -> Colour:
    return tuple(float(c * factor) for c in colour)  # type: ignore[return-value]


def _day(g: np.random.Generator, low: float, high: float, name: str) -> Condition:
    """Draw a day with the sun between two elevations [rad], clear or clouded."""
    elevation = g.uniform(low, high)
    clouds = float(np.clip(g.beta(1.0, 1.2), 0.02, 0.98))
    clear = float(np.clip(1.15 - clouds**2 * 1.2, 0.0, 1.0))
    warm = float(np.exp(-np.degrees(elevation) / 12))
    sun = np.array([1.55, 1.55 - 0.16 - 0.42 * warm, 1.55 - 0.38 - 0.95 * warm])
    sun = np.maximum(sun, 0.1) * clear * (1 - 0.25 * warm)
    blue = np.array([0.20, 0.27, 0.40])
    grey = np.array([0.62, 0.64, 0.67])
    sky = blue + (grey - blue) * clouds
    dim = 0.65 + 0.35 * min(1.0, float(np.degrees(elevation)) / 25)
    zenith = np.array([0.12, 0.27, 0.58]) * g.uniform(0.8, 1.15)
    zenith = zenith + (np.array([0.60, 0.64, 0.68]) - zenith) * clouds**2
    horizon = np.array([0.62, 0.74, 0.88]) + warm * np.array([0.25, 0.0, -0.3])
    horizon = horizon + (np.array([0.78, 0.80, 0.82]) - horizon) * clouds**2
    brightness = float(sun.mean() * max(np.sin(elevation), 0.25) + sky.mean() * dim)
    return Condition(
        name=name,
        sun=_direction(g.uniform(0, 2 * np.pi), elevation),
        sunlight=tuple(map(float, sun)),
        skylight=tuple(map(float, sky * dim)),
        zenith=tuple(map(float, zenith * dim)),
        horizon=tuple(map(float, horizon * dim)),
        clouds=clouds,
        fog=float(10 ** g.uniform(-3.8, -2.9)),
        exposure=float(np.clip(0.92 / brightness, 0.55, 1.6) * g.uniform(0.8, 1.25)),
        noise=float(g.uniform(0.004, 0.014)),
        clutter=float(g.uniform(0.5, 1.3)),
    )


def dry(g: np.random.Generator) -> Condition:
    """Draw a dry day, sunny to overcast."""
    return _day(g, np.radians(18), np.radians(65), "dry")


def wet(g: np.random.Generator) -> Condition:
    """Draw a day after rain: damp ground and puddles that mirror."""
    day = _day(g, np.radians(15), np.radians(60), "wet")
    return replace(day, wetness=float(g.uniform(0.35, 1.0)), puddles=float(g.uniform(0.06, 0.4)))


def low_sun(g: np.random.Generator) -> Condition:
    """Draw a morning or evening: warm light from low, long shadows, glare."""
    day = _day(g, np.radians(4.5), np.radians(14), "low_sun")
    clouds = float(g.uniform(0.02, 0.45))
    sun = np.array([1.7, g.uniform(0.95, 1.3), g.uniform(0.45, 0.85)])
    return replace(
        day,
        sunlight=tuple(map(float, sun)),
        skylight=(0.13, 0.165, 0.24),
        zenith=(0.08, 0.15, 0.3),
        horizon=(float(g.uniform(0.55, 0.75)), float(g.uniform(0.4, 0.52)), float(g.uniform(0.26, 0.42))),
        clouds=clouds,
        exposure=float(g.uniform(1.5, 2.3)),
        puddles=float(g.uniform(0.02, 0.15)) if g.random() < 0.2 else 0.0,
    )


def shadows(g: np.random.Generator) -> Condition:
    """Draw hard sunshine on a bare apron, with shadows of things out of view."""
    day = _day(g, np.radians(9), np.radians(32), "shadows")
    return replace(
        day,
        sunlight=(1.6, 1.42, 1.18),
        skylight=(0.17, 0.23, 0.34),
        zenith=(0.12, 0.27, 0.58),
        horizon=(0.62, 0.74, 0.88),
        clouds=float(g.uniform(0.02, 0.3)),
        exposure=float(g.uniform(0.95, 1.3)),
        clutter=float(g.uniform(0.15, 0.5)),
        casters=int(g.integers(4, 10)),
    )


def markings(g: np.random.Generator) -> Condition:
    """Draw a day over dense and worn markings, stains and repairs."""
    day = _day(g, np.radians(18), np.radians(65), "markings")
    return replace(
        day,
        clutter=float(g.uniform(2.0, 3.6)),
        puddles=float(g.uniform(0.02, 0.1)) if g.random() < 0.3 else 0.0,
    )


def rain(g: np.random.Generator) -> Condition:
    """Draw rain, drizzle or mist under a grey sky."""
    tone = float(g.uniform(0.35, 0.7))
    grey: Colour = (0.94 * tone, 0.98 * tone, 1.03 * tone)
    strength = float(g.uniform(0.25, 1.0))
    return Condition(
        name="rain",
        sun=_direction(g.uniform(0, 2 * np.pi), np.radians(50)),
        sunlight=(0.0, 0.0, 0.0),
        skylight=_scaled(grey, 1.05),
        zenith=_scaled(grey, 0.8),
        horizon=_scaled(grey, 1.0),
        clouds=1.0,
        wetness=float(g.uniform(0.6, 1.0)),
        puddles=float(g.uniform(0.08, 0.4)),
        fog=float(10 ** g.uniform(-3.0, -1.85)),
        rain=strength,
        exposure=float(0.62 / tone * g.uniform(0.85, 1.2)),
        noise=float(g.uniform(0.008, 0.02)),
        clutter=float(g.uniform(0.5, 1.3)),
    )


def night(g: np.random.Generator) -> Condition:
    """Draw a night under floodlights: islands of light, deep shadows, noise."""
    kinds: tuple[Colour, ...] = ((1.0, 0.62, 0.27), (1.0, 0.93, 0.82), (0.86, 0.95, 1.0), (1.0, 0.85, 0.62))
    colour = kinds[g.integers(len(kinds))]
    lamps = []
    for _ in range(g.integers(3, 6)):
        side = g.choice([-1.0, 1.0])
        place = (float(g.uniform(-25, 75)), float(side * g.uniform(12, 45)), float(g.uniform(11, 26)))
        lamps.append(Lamp(place, colour, float(g.uniform(1.5, 4.5))))
    glow = float(g.uniform(0.006, 0.03))
    wet_night = g.random() < 0.3
    return Condition(
        name="night",
        sun=_direction(g.uniform(0, 2 * np.pi), np.radians(30)),
        sunlight=(0.0, 0.0, 0.0),
        skylight=_scaled((0.8, 0.85, 1.0), glow),
        zenith=_scaled((0.18, 0.24, 0.45), glow * 0.3),
        horizon=_scaled((0.9, 0.8, 0.75), glow * 0.5),
        clouds=float(g.uniform(0, 0.8)),
        lamps=tuple(lamps),
        wetness=float(g.uniform(0.4, 1.0)) if wet_night else 0.0,
        puddles=float(g.uniform(0.05, 0.3)) if wet_night else 0.0,
        fog=float(10 ** g.uniform(-4.0, -2.7)),
        exposure=float(g.uniform(2.0, 4.2)),
        noise=float(g.uniform(0.012, 0.035)),
        clutter=float(g.uniform(0.5, 1.3)),
    )


def deicing(g: np.random.Generator) -> Condition:
    """Draw a cold day with de-icing fluid, orange or green, spread over the ground."""
    day = _day(g, np.radians(8), np.radians(30), "deicing")
    tints: tuple[Colour, ...] = ((0.95, 0.36, 0.14), (0.45, 0.85, 0.25), (0.95, 0.62, 0.2))
    return replace(
        day,
        tint=float(g.uniform(0.5, 1.0)),
        tint_colour=tints[g.integers(len(tints))],
        wetness=float(g.uniform(0.1, 0.6)),
        puddles=float(g.uniform(0.03, 0.2)),
        clouds=float(g.uniform(0.4, 1.0)),
    )


SLICES: Mapping[str, Draw] = MappingProxyType(
    {
        "dry": dry,
        "wet": wet,
        "night": night,
        "low_sun": low_sun,
        "shadows": shadows,
        "markings": markings,
        "rain": rain,
        "deicing": deicing,
    }
)
