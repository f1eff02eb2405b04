"""Colours, places and curves that everything drawn on the ground shares."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.ground_strokes import Stroke
from clipomaly_ros.simulation.materials import Colour

YELLOW: Colour = (0.75, 0.46, 0.03)
WHITE: Colour = (0.70, 0.70, 0.68)
RED: Colour = (0.48, 0.05, 0.035)
BLACK: Colour = (0.03, 0.03, 0.032)
TAR: Colour = (0.028, 0.027, 0.027)
IRON: Colour = (0.09, 0.075, 0.065)


def random_place(g: np.random.Generator, wide: float = 1.0) -> tuple[float, float]:
    """Return a random place, denser about the middle of the apron."""
    return float(g.normal(0, 24 * wide)), float(g.normal(0, 20 * wide))


def random_wear(g: np.random.Generator, clutter: float) -> float:
    """Return how worn a marking is, 0 fresh to 1 gone; more so where there are many."""
    return float(np.clip(g.beta(1.4, 2.5) * (0.8 + 0.35 * (clutter - 1)), 0, 0.95))


def bend(
    start: tuple[float, float],
    heading: float,
    straight: float,
    radius: float,
    turn: float,
    end: float,
    **of: object,
) -> list[Stroke]:
    """Return a straight run, a bend (turn > 0 to the left [rad]) and another straight run."""
    ahead = np.array([np.cos(heading), np.sin(heading)])
    a = np.array(start)
    b = a + straight * ahead
    side = np.sign(turn) * np.array([-ahead[1], ahead[0]])
    centre = b + radius * side
    first = np.arctan2(*(b - centre)[::-1])
    last = first + turn
    c = centre + radius * np.array([np.cos(last), np.sin(last)])
    d = c + end * np.array([np.cos(heading + turn), np.sin(heading + turn)])
    angles = (float(min(first, last)), float(max(first, last)))
    return [
        Stroke(tuple(a), tuple(b), **of),  # type: ignore[arg-type]
        Stroke(tuple(centre), angles, radius=radius, **of),  # type: ignore[arg-type]
        Stroke(tuple(c), tuple(d), **of),  # type: ignore[arg-type]
    ]
