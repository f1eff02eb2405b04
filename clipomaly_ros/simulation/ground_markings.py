"""Painted markings of the apron, each drawn at random; sizes after ICAO Annex 14 where it has any."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipomaly_ros.simulation.ground_curves import BLACK, RED, WHITE, YELLOW, bend, random_place, random_wear
from clipomaly_ros.simulation.ground_strokes import Stroke

# Strokes of characters on a grid of 2 x 4, (x, y) ahead and to the left.
_GLYPHS = {
    "0": [((0, 0), (4, 0)), ((4, 0), (4, 2)), ((4, 2), (0, 2)), ((0, 2), (0, 0))],
    "1": [((0, 1), (4, 1)), ((4, 1), (3, 1.7))],
    "2": [((4, 2), (4, 0)), ((4, 0), (2, 0)), ((2, 0), (2, 2)), ((2, 2), (0, 2)), ((0, 2), (0, 0))],
    "3": [((4, 2), (4, 0)), ((4, 0), (0, 0)), ((0, 0), (0, 2)), ((2, 0), (2, 1.6))],
    "4": [((4, 2), (2, 2)), ((2, 2), (2, 0)), ((4, 0), (0, 0))],
    "5": [((4, 0), (4, 2)), ((4, 2), (2, 2)), ((2, 2), (2, 0)), ((2, 0), (0, 0)), ((0, 0), (0, 2))],
    "7": [((4, 2), (4, 0)), ((4, 0), (0, 1.4))],
    "A": [((0, 2), (4, 1)), ((4, 1), (0, 0)), ((1.5, 0.4), (1.5, 1.6))],
    "E": [((0, 2), (4, 2)), ((4, 2), (4, 0)), ((2, 2), (2, 0.5)), ((0, 2), (0, 0))],
    "L": [((4, 2), (0, 2)), ((0, 2), (0, 0))],
    "R": [((0, 2), (4, 2)), ((4, 2), (4, 0)), ((4, 0), (2, 0)), ((2, 0), (2, 2)), ((2, 1), (0, 0))],
}


def _outlined(g: np.random.Generator, strokes: list[Stroke], chance: float = 0.5) -> list[Stroke]:
    """Put black edges under markings, as on pale concrete."""
    if g.random() > chance:
        return strokes
    below = [
        Stroke(
            s.start,
            s.end,
            1.7 * s.half_width,
            BLACK,
            s.label,
            0.75 * s.strength,
            s.soft,
            s.dash,
            s.radius,
            s.wear,
        )
        for s in strokes
    ]
    return [*below, *strokes]


def draw_lead_in(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw a line that leads an aircraft onto its stand, with stop bars."""
    of = {
        "half_width": g.uniform(0.07, 0.16),
        "colour": YELLOW,
        "label": "stand marking",
        "wear": random_wear(g, clutter),
    }
    turn = g.choice([-1, 1]) * g.uniform(0.6, 1.6)
    curve = bend(
        random_place(g),
        g.choice([0, np.pi]) + g.normal(0, 0.1),
        g.uniform(8, 40),
        g.uniform(14, 32),
        turn,
        g.uniform(12, 40),
        **of,
    )
    stop = curve[-1]
    heading = np.arctan2(stop.end[1] - stop.start[1], stop.end[0] - stop.start[0])
    side = np.array([-np.sin(heading), np.cos(heading)])
    bars = []
    for back in g.uniform(1, 9, g.integers(0, 4)):
        middle = np.array(stop.end) - back * np.array([np.cos(heading), np.sin(heading)])
        reach = g.uniform(0.6, 1.6)
        bars.append(Stroke(tuple(middle - reach * side), tuple(middle + reach * side), **of))
    return _outlined(g, [*curve, *bars], 0.4)


def draw_taxi_line(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw a taxiway centre line with a turn-off."""
    of = {
        "half_width": g.uniform(0.07, 0.12),
        "colour": YELLOW,
        "label": "taxiway marking",
        "wear": random_wear(g, clutter),
    }
    x, y = random_place(g, 1.3)
    heading = g.choice([0, np.pi / 2]) + g.normal(0, 0.04)
    turn = g.choice([-1, 1]) * g.uniform(0.2, 1.5)
    lines = bend(
        (x - 60 * np.cos(heading), y - 60 * np.sin(heading)), heading, 60, g.uniform(20, 45), turn, 70, **of
    )
    return _outlined(g, lines, 0.6)


def draw_stand_box(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Outline a stand or an equipment area: red safety line or white box, sometimes hatched."""
    x, y = random_place(g)
    length, width = g.uniform(6, 34), g.uniform(4, 26)
    colour, half = (RED, g.uniform(0.06, 0.14)) if g.random() < 0.6 else (WHITE, g.uniform(0.05, 0.08))
    of = {"half_width": half, "colour": colour, "label": "stand marking", "wear": random_wear(g, clutter)}
    corners = [(x, y), (x + length, y), (x + length, y + width), (x, y + width), (x, y)]
    strokes = [Stroke(a, b, **of) for a, b in pairwise(corners)]
    if g.random() < 0.35 and width < 12:
        step = g.uniform(1.2, 2.5)
        for k in np.arange(step, length + width, step):
            a = (x + min(k, length), y + max(0.0, k - length))
            b = (x + max(0.0, k - width), y + min(k, width))
            strokes.append(Stroke(a, b, **of))
    if colour == RED and g.random() < 0.5:
        strokes += [
            Stroke(s.start, s.end, 0.3 * half, WHITE, "stand marking", wear=of["wear"]) for s in strokes[:4]
        ]
    return strokes


def draw_road(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw a service road: white edges, dashed middle, sometimes zebra edges and a crossing."""
    _, y = random_place(g)
    width, wear = g.uniform(6, 9), random_wear(g, clutter)
    a, b = -120.0, 120.0
    of = {"colour": WHITE, "label": "stand marking", "wear": wear}
    edge = (1.0, 0.5) if g.random() < 0.3 else (0.0, 1.0)
    strokes = [
        Stroke((a, y + side), (b, y + side), g.uniform(0.06, 0.14), dash=edge, **of) for side in (0, width)
    ]
    strokes.append(
        Stroke(
            (a, y + width / 2), (b, y + width / 2), 0.06, dash=(g.uniform(3, 9), g.uniform(0.3, 0.6)), **of
        )
    )
    if g.random() < 0.6:
        x = g.uniform(-35, 35)
        for bar in np.arange(y + 0.4, y + width - 0.3, 1.0):
            strokes.append(Stroke((x, bar), (x + 3.0, bar), 0.25, **of))
    if g.random() < 0.4:
        x = g.uniform(-35, 35)
        strokes.append(Stroke((x, y), (x, y + width / 2), 0.2, **of))
    return strokes


def draw_hold_short(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw pattern A: two solid and two dashed yellow lines (ICAO Annex 14, 5.2.10)."""
    x, y = random_place(g, 1.4)
    reach, wear, gap = g.uniform(8, 20), random_wear(g, clutter), g.uniform(0.3, 0.34)
    of = {"half_width": 0.15, "colour": YELLOW, "label": "hold-short line", "wear": wear}
    side = 1.0 if g.random() < 0.5 else -1.0
    lines = []
    for k in range(4):
        at = x + side * 2 * gap * k
        lines.append(Stroke((at, y - reach), (at, y + reach), dash=(1.8, 0.5) if k > 1 else (0.0, 1.0), **of))
    return _outlined(g, lines, 0.6)


def draw_characters(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw a number or a name of up to three characters, some on a panel."""
    x, y = random_place(g)
    size, flip = g.uniform(0.3, 1.1), g.choice([-1.0, 1.0])
    colour = (WHITE, YELLOW, YELLOW, RED)[g.integers(4)]
    wear, strokes = random_wear(g, clutter), []
    for place in range(g.integers(1, 4)):
        for (ax, ay), (bx, by) in _GLYPHS[str(g.choice(list(_GLYPHS)))]:
            offset = 3.0 * place
            a, b = (
                (x + flip * ax * size, y + flip * (ay - offset) * size),
                (x + flip * bx * size, y + flip * (by - offset) * size),
            )
            strokes.append(Stroke(a, b, 0.22 * size, colour, "stand marking", wear=wear))
    if g.random() < 0.3:
        strokes.insert(
            0,
            Stroke(
                (x - flip * size, y - flip * 2 * size),
                (x + flip * 5 * size, y - flip * 2 * size),
                5 * size,
                YELLOW if colour != YELLOW else BLACK,
                "stand marking",
                wear=wear,
            ),
        )
    return strokes
