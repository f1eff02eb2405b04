"""Colours and surfaces of airside equipment."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.organic import near
from clipomaly_ros.simulation.materials import Colour, Material

ORANGE: Colour = (0.85, 0.13, 0.015)
YELLOW: Colour = (0.82, 0.5, 0.02)
RED: Colour = (0.6, 0.02, 0.015)
WHITE: Colour = (0.8, 0.8, 0.78)


def plastic(generator: np.random.Generator, colour: Colour, gloss: float = 0.35) -> Material:
    """Return moulded plastic of about the colour."""
    return Material(near(generator, colour), gloss=gloss, dirt=generator.uniform(0.1, 0.4))


def painted(generator: np.random.Generator, colours: tuple[Colour, ...]) -> Material:
    """Return painted metal of about one of the colours."""
    colour = colours[int(generator.integers(len(colours)))]
    return Material(near(generator, colour), gloss=0.5, metallic=0.1, dirt=generator.uniform(0.1, 0.4))
