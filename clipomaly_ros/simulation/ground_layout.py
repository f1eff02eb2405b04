"""What is painted on and built into the apron's ground, drawn from a seed: no two aprons are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from clipomaly_ros.simulation.ground_strokes import Blob, Feature, Stroke
from clipomaly_ros.simulation.materials import Colour

YELLOW: Colour = (0.75, 0.46, 0.03)
WHITE: Colour = (0.70, 0.70, 0.68)
RED: Colour = (0.48, 0.05, 0.035)
BLACK: Colour = (0.03, 0.03, 0.032)
TAR: Colour = (0.028, 0.027, 0.027)
IRON: Colour = (0.09, 0.075, 0.065)

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


@dataclass(frozen=True)
class Strip:
    """A band of another pavement: 0 along x or 1 along y, from low to high [m] across."""

    axis: int
    low: float
    high: float
    colour: Colour


@dataclass
class GroundLayout:
    """One apron. Coordinates are its own: the world's, moved by -centre, turned by -yaw [rad], moved by shift [m].

    pavement: mean colour; aggregate: strength of visible stones, 0 to 1; slab: size along x and y
    [m] and where joints start; joint: half width [m], colour, strength. grass: pavement ends at
    these largest |x|, |y| sides: low x, high x, low y, high y [m]. features: painted in order.
    """

    centre: tuple[float, float]
    yaw: float
    shift: tuple[float, float]
    pavement: Colour
    aggregate: float
    slab: tuple[float, float, float, float]
    joint: tuple[float, Colour, float]
    grass: tuple[float, float, float, float]
    strips: list[Strip] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)


def draw_layout(seed: int, clutter: float = 1.0) -> GroundLayout:
    """Draw a layout; clutter scales the number of markings, dirt and damage, 1 usual."""
    g = np.random.default_rng([seed, 11])
    concrete = g.random() < 0.6
    tone = g.uniform(0.25, 0.46) if concrete else g.uniform(0.055, 0.17)
    warm = g.uniform(-0.03, 0.09)
    slab = g.uniform(4.0, 8.0) if concrete else g.uniform(15.0, 40.0)
    joint = (
        g.uniform(0.006, 0.022),
        TAR if g.random() < 0.8 else (0.5 * tone,) * 3,
        g.uniform(0.45, 0.95) if concrete else g.uniform(0.0, 0.5),
    )
    far = np.array(g.uniform(45, 170, 4))
    layout = GroundLayout(
        centre=(22.0, 0.0),  # of what a vehicle looks at that drives along x
        yaw=float(
            g.choice([0.0, np.pi / 2, np.pi, -np.pi / 2])
            + g.normal(0, 0.08)
            + (g.random() < 0.15) * g.uniform(-1, 1)
        ),
        shift=(float(g.uniform(-14, 14)), float(g.uniform(-14, 14))),
        pavement=(tone, tone * (1 - 0.3 * warm), tone * (1 - warm)),
        aggregate=float(g.uniform(0.15, 0.5) if concrete else g.uniform(0.4, 1.0)),
        slab=(slab, slab * g.uniform(0.7, 1.3), g.uniform(0, slab), g.uniform(0, slab)),
        joint=joint,
        grass=(-far[0], far[1], -far[2], far[3]),
    )
    for _ in range(g.poisson(0.9)):
        low = g.uniform(-35, 28)
        shade = tone * g.uniform(0.45, 0.85) if concrete else tone * g.uniform(0.7, 1.6)
        layout.strips.append(Strip(int(g.integers(2)), low, low + g.uniform(4, 16), (shade,) * 3))
    for count, draw in _DRAWERS:
        for _ in range(g.poisson(count * clutter)):
            layout.features.append(Feature.of(draw(g, clutter)))
    return layout


def _place(g: np.random.Generator, wide: float = 1.0) -> tuple[float, float]:
    """Return a random place, denser about the middle of the apron."""
    return float(g.normal(0, 24 * wide)), float(g.normal(0, 20 * wide))


def _wear(g: np.random.Generator, clutter: float) -> float:
    return float(np.clip(g.beta(1.4, 2.5) * (0.8 + 0.35 * (clutter - 1)), 0, 0.95))


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


def _curve(
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


def _lead_in(g: np.random.Generator, clutter: float) -> list[Stroke]:
    of = {
        "half_width": g.uniform(0.07, 0.16),
        "colour": YELLOW,
        "label": "stand marking",
        "wear": _wear(g, clutter),
    }
    turn = g.choice([-1, 1]) * g.uniform(0.6, 1.6)
    curve = _curve(
        _place(g),
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


def _taxi_line(g: np.random.Generator, clutter: float) -> list[Stroke]:
    of = {
        "half_width": g.uniform(0.07, 0.12),
        "colour": YELLOW,
        "label": "taxiway marking",
        "wear": _wear(g, clutter),
    }
    x, y = _place(g, 1.3)
    heading = g.choice([0, np.pi / 2]) + g.normal(0, 0.04)
    turn = g.choice([-1, 1]) * g.uniform(0.2, 1.5)
    lines = _curve(
        (x - 60 * np.cos(heading), y - 60 * np.sin(heading)), heading, 60, g.uniform(20, 45), turn, 70, **of
    )
    return _outlined(g, lines, 0.6)


def _stand_box(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Outline a stand or an equipment area: red safety line or white box, sometimes hatched."""
    x, y = _place(g)
    length, width = g.uniform(6, 34), g.uniform(4, 26)
    colour, half = (RED, g.uniform(0.06, 0.14)) if g.random() < 0.6 else (WHITE, g.uniform(0.05, 0.08))
    of = {"half_width": half, "colour": colour, "label": "stand marking", "wear": _wear(g, clutter)}
    corners = [(x, y), (x + length, y), (x + length, y + width), (x, y + width), (x, y)]
    strokes = [Stroke(a, b, **of) for a, b in zip(corners, corners[1:], strict=False)]
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


def _road(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw a service road: white edges, dashed middle, sometimes zebra edges and a crossing."""
    _, y = _place(g)
    width, wear = g.uniform(6, 9), _wear(g, clutter)
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


def _hold_short(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Draw pattern A: two solid and two dashed yellow lines (ICAO Annex 14, 5.2.10)."""
    x, y = _place(g, 1.4)
    reach, wear, gap = g.uniform(8, 20), _wear(g, clutter), g.uniform(0.3, 0.34)
    of = {"half_width": 0.15, "colour": YELLOW, "label": "hold-short line", "wear": wear}
    side = 1.0 if g.random() < 0.5 else -1.0
    lines = []
    for k in range(4):
        at = x + side * 2 * gap * k
        lines.append(Stroke((at, y - reach), (at, y + reach), dash=(1.8, 0.5) if k > 1 else (0.0, 1.0), **of))
    return _outlined(g, lines, 0.6)


def _characters(g: np.random.Generator, clutter: float) -> list[Stroke]:
    x, y = _place(g)
    size, flip = g.uniform(0.3, 1.1), g.choice([-1.0, 1.0])
    colour = (WHITE, YELLOW, YELLOW, RED)[g.integers(4)]
    wear, strokes = _wear(g, clutter), []
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


def _drain(g: np.random.Generator, clutter: float) -> list[Stroke | Blob]:
    x, y = _place(g)
    length, half = (
        (g.uniform(0.5, 1.2), g.uniform(0.25, 0.45))
        if g.random() < 0.6
        else (g.uniform(10, 90), g.uniform(0.08, 0.18))
    )
    turned = g.random() < 0.5
    end = (x, y + length) if turned else (x + length, y)
    return [
        Stroke((x, y), end, half + 0.06, (0.16, 0.155, 0.15), "drain", 0.9, wear=0.0),
        Stroke((x, y), end, half, IRON, "drain", 0.95, wear=0.0),
        Stroke((x, y), end, 0.85 * half, (0.012, 0.012, 0.012), "drain", 0.95, dash=(0.07, 0.55), wear=0.0),
    ]


def _manhole(g: np.random.Generator, clutter: float) -> list[Stroke | Blob]:
    place, radius = _place(g), float(g.uniform(0.28, 0.5))
    rust = tuple(np.array(IRON) * g.uniform(0.7, 1.8))
    whole = (-np.pi, np.pi)
    rings = [
        Stroke(place, whole, 0.012, BLACK, "manhole", 0.8, radius=radius * r, wear=0.0)
        for r in (0.35, 0.65, 1.0)
    ]
    return [
        Blob(place, (1.25 * radius,) * 2, 0.0, (0.14, 0.135, 0.13), "manhole", 0.8, 0.05, 0.0),
        Blob(place, (radius,) * 2, 0.0, rust, "manhole", 0.95, 0.03, 0.0),
        *rings,
    ]


def _crack(g: np.random.Generator, clutter: float) -> list[Stroke]:
    point, heading = np.array(_place(g, 0.8)), g.uniform(0, 2 * np.pi)
    half, sealed = (g.uniform(0.03, 0.06), True) if g.random() < 0.3 else (g.uniform(0.004, 0.014), False)
    strokes = []
    for _ in range(g.integers(6, 22)):
        heading += g.normal(0, 0.45)
        end = point + g.uniform(0.15, 0.7) * np.array([np.cos(heading), np.sin(heading)])
        width = half * g.uniform(0.7, 1.2)
        strokes.append(
            Stroke(tuple(point), tuple(end), width, TAR, "crack", 0.9 if sealed else 0.8, wear=0.0)
        )
        point = end
    return strokes


def _stain(g: np.random.Generator, clutter: float) -> list[Blob]:
    place, size = np.array(_place(g)), g.lognormal(-0.5, 0.8)
    dark = (
        (0.02, 0.019, 0.017) if g.random() < 0.75 else tuple(g.uniform(0.08, 0.3) * np.array([1, 0.8, 0.6]))
    )
    blobs = []
    for _ in range(g.integers(1, 6)):
        axes = size * g.uniform(0.2, 1.0) * np.array([1.0, g.uniform(0.4, 1.0)])
        at = place + size * g.normal(0, 0.7, 2)
        blobs.append(
            Blob(
                tuple(at),
                tuple(axes),
                g.uniform(0, np.pi),
                dark,
                "stain",
                g.uniform(0.2, 0.75),
                g.uniform(0.2, 0.8),
                g.uniform(0.4, 1.4),
            )
        )
    return blobs


def _tar_patch(g: np.random.Generator, clutter: float) -> list[Stroke]:
    """Lay a rectangular repair of another tone, its rim sealed with tar."""
    x, y = _place(g)
    length, half = g.uniform(0.8, 12), g.uniform(0.4, 2.5)
    tone = g.uniform(0.06, 0.35)
    patch = Stroke(
        (x, y),
        (x + length, y),
        half,
        (tone, tone, 0.97 * tone),
        "apron pavement",
        g.uniform(0.4, 0.9),
        wear=0.1,
    )
    corners = [(x, y - half), (x + length, y - half), (x + length, y + half), (x, y + half), (x, y - half)]
    rim = [
        Stroke(a, b, 0.025, TAR, "pavement joint", 0.7, wear=0.2)
        for a, b in zip(corners, corners[1:], strict=False)
    ]
    return [patch, *rim]


def _rubber(g: np.random.Generator, clutter: float) -> list[Stroke]:
    track = g.uniform(0.9, 2.2)
    start, heading = np.array(_place(g)), g.choice([0, np.pi / 2]) + g.normal(0, 0.25)
    radius, turn = g.uniform(6, 30), g.choice([-1, 1]) * g.uniform(0.1, 1.4)
    side = np.array([-np.sin(heading), np.cos(heading)])
    of = {
        "half_width": g.uniform(0.06, 0.2),
        "colour": BLACK,
        "label": "rubber deposit",
        "strength": g.uniform(0.25, 0.65),
        "soft": g.uniform(0.04, 0.16),
        "wear": g.uniform(0.3, 0.9),
    }
    straight, end = g.uniform(0.5, 14), g.uniform(0.5, 14)
    inner, outer = radius - np.sign(turn) * track / 2, radius + np.sign(turn) * track / 2
    return [
        *_curve(tuple(start + track / 2 * side), heading, straight, max(inner, 2.0), turn, end, **of),
        *_curve(tuple(start - track / 2 * side), heading, straight, max(outer, 2.0), turn, end, **of),
    ]


_Drawer = Callable[[np.random.Generator, float], list]
# Mean number of each, painted in this order: dirt and damage below, paint above, fresh stains last.
_DRAWERS: tuple[tuple[float, _Drawer], ...] = (
    (2.5, _tar_patch),
    (5.0, _crack),
    (2.0, _drain),
    (3.5, _lead_in),
    (1.2, _taxi_line),
    (3.5, _stand_box),
    (0.9, _road),
    (0.5, _hold_short),
    (4.0, _characters),
    (3.0, _manhole),
    (4.0, _rubber),
    (7.0, _stain),
)
