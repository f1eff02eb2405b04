"""Paint and bare surfaces of aircraft."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from clipomaly_ros.simulation.materials import Colour, Material

GLASS = Material((0.015, 0.02, 0.028), gloss=0.95, mirror=0.2, reflectance=0.08, dirt=0.02)
RUBBER = Material((0.022, 0.022, 0.024), gloss=0.08, reflectance=0.06, dirt=0.35)
BARE_METAL = Material((0.62, 0.63, 0.65), gloss=0.85, metallic=0.9, mirror=0.12, reflectance=0.5, dirt=0.1)
HOT_METAL = Material((0.24, 0.22, 0.20), gloss=0.5, metallic=0.8, reflectance=0.3, dirt=0.4)
DARK = Material((0.018, 0.019, 0.022), gloss=0.1, reflectance=0.05, dirt=0.05)
STRUT = Material((0.60, 0.61, 0.62), gloss=0.5, metallic=0.2, reflectance=0.5, dirt=0.4)


def paint(colour: Colour, gloss: float = 0.6) -> Material:
    """Return aircraft enamel; the LiDAR sees dark paint badly."""
    return Material(
        colour,
        gloss=gloss,
        mirror=0.03,
        reflectance=float(np.clip(0.15 + 0.7 * max(colour), 0, 1)),
        dirt=0.08,
    )


def vivid(generator: np.random.Generator) -> Colour:
    """Draw a colour as airlines paint tails: saturated, seldom very bright."""
    hue = generator.uniform()
    return colorsys.hsv_to_rgb(
        hue, float(generator.uniform(0.65, 0.97)), float(generator.uniform(0.12, 0.75))
    )


@dataclass(frozen=True)
class Livery:
    """Colours of one aircraft.

    body, belly, band: of the fuselage's upper side, lower side and along the windows. rear: of the
    fuselage under the fin. tail, logo: of the fin and of the sign on it. engine, winglet, wing.
    """

    body: Colour
    belly: Colour
    band: Colour
    rear: Colour
    tail: Colour
    logo: Colour
    engine: Colour
    winglet: Colour
    wing: Colour


def draw_livery(generator: np.random.Generator) -> Livery:
    """Draw a livery: mostly white or grey with a coloured tail, sometimes wholly coloured or striped."""
    grey = float(generator.uniform(0.38, 0.6))
    wing = (grey, grey * 1.01, grey * 1.03)
    bright, warm = float(generator.uniform(0.78, 0.86)), float(generator.uniform(0.96, 1.0))
    white = (bright, bright, bright * warm)
    tail, second = vivid(generator), vivid(generator)
    style = generator.choice(["white", "grey", "coloured", "striped"], p=[0.5, 0.12, 0.2, 0.18])
    body = {"grey": wing, "coloured": tail if generator.uniform() < 0.5 else second}.get(style, white)
    belly = [body, wing, tail][generator.choice(3, p=[0.4, 0.4, 0.2])]
    return Livery(
        body=body,
        belly=belly,
        band=second if style == "striped" else body,
        rear=tail if generator.uniform() < 0.5 else body,
        tail=tail if generator.uniform() < 0.85 else white,
        logo=white if generator.uniform() < 0.6 else second,
        engine=[white, tail, wing, second][generator.choice(4, p=[0.4, 0.3, 0.2, 0.1])],
        winglet=tail if generator.uniform() < 0.6 else white,
        wing=wing,
    )
