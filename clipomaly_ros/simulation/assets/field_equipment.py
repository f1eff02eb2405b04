"""Small fixed and movable equipment of an airfield: bollards, signs, lights, barriers, light masts.

Origin: on the ground in the middle; fronts face -x.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, cylinder, ellipsoid, frustum, pose, prism, revolve, tube

_STEEL = Material((0.42, 0.43, 0.45), gloss=0.4, metallic=0.5, reflectance=0.5, dirt=0.4)
_CONCRETE = Material(
    (0.42, 0.41, 0.39), (0.33, 0.32, 0.31), Pattern.NOISE, 0.1, 0.05, reflectance=0.45, dirt=0.4
)
_BLACK = Material((0.02, 0.02, 0.02), gloss=0.2, reflectance=0.08)
_YELLOW: Colour = (0.85, 0.55, 0.01)


def _shade(generator: np.random.Generator, colour: Colour, spread: float = 0.12) -> Colour:
    r, g, b = np.clip(np.array(colour) * generator.uniform(1 - spread, 1 + spread, 3), 0, 1)
    return float(r), float(g), float(b)


def bollard_pipe(generator: np.random.Generator) -> list[Part]:
    """Build a round steel post with a domed top and bands."""
    radius, high = generator.uniform(0.06, 0.14), generator.uniform(0.8, 1.25)
    colours: list[Colour] = [_YELLOW, (0.6, 0.03, 0.02), (0.7, 0.7, 0.7)]
    first = _shade(generator, colours[generator.integers(3)])
    second: Colour = (0.03, 0.03, 0.03) if first[1] > 0.2 else (0.75, 0.75, 0.75)
    body = Material(
        first, second, Pattern.STRIPES, generator.uniform(0.25, 0.6), 0.4, reflectance=0.5, dirt=0.4
    )
    band = Material((0.75, 0.75, 0.72), gloss=0.3, reflectance=0.95, retro=True)
    dome = [(radius * np.cos(a), high + 0.6 * radius * np.sin(a)) for a in np.linspace(0, np.pi / 2, 5)]
    return [
        revolve([(0.0, 0.0), (radius, 0.0), *dome], body, None, 24),
        cylinder(1.02 * radius, 0.09, band, pose((0, 0, high * generator.uniform(0.75, 0.9))), 24),
        cylinder(1.5 * radius, 0.03, _STEEL, pose((0, 0, 0.015)), 20),
    ]


def bollard_square(generator: np.random.Generator) -> list[Part]:
    """Build a concrete bollard with slanted warning stripes."""
    wide, high = generator.uniform(0.22, 0.42), generator.uniform(0.6, 1.0)
    paint = Material(
        _shade(generator, _YELLOW), (0.02, 0.02, 0.02), Pattern.CHEVRONS, 0.3, 0.2, reflectance=0.5, dirt=0.4
    )
    return [
        frustum(0.72 * wide, 0.62 * wide, high, _CONCRETE, pose((0, 0, high / 2), yaw=np.pi / 4), 4),
        frustum(0.72 * wide, 0.70 * wide, 0.4 * high, paint, pose((0, 0, 0.65 * high), yaw=np.pi / 4), 4),
        frustum(0.62 * wide, 0.35 * wide, 0.08, _CONCRETE, pose((0, 0, high + 0.04), yaw=np.pi / 4), 4),
    ]


# Letters out of strokes on a grid 2 wide and 4 high, origin at the lower left.
_STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "A": [[(0, 0), (1, 4), (2, 0)], [(0.5, 1.5), (1.5, 1.5)]],
    "B": [[(0, 0), (0, 4), (1.6, 4), (2, 3.2), (1.6, 2.1), (0, 2.1)], [(1.6, 2.1), (2, 1), (1.6, 0), (0, 0)]],
    "C": [[(2, 3.4), (1.4, 4), (0.6, 4), (0, 3.2), (0, 0.8), (0.6, 0), (1.4, 0), (2, 0.6)]],
    "E": [[(2, 0), (0, 0), (0, 4), (2, 4)], [(0, 2), (1.6, 2)]],
    "N": [[(0, 0), (0, 4), (2, 0), (2, 4)]],
    "T": [[(1, 0), (1, 4)], [(0, 4), (2, 4)]],
    "1": [[(0.4, 3.2), (1, 4), (1, 0)]],
    "2": [[(0, 3.2), (0.6, 4), (1.4, 4), (2, 3.2), (0, 0), (2, 0)]],
    "4": [[(1.5, 0), (1.5, 4), (0, 1.2), (2, 1.2)]],
    "7": [[(0, 4), (2, 4), (0.7, 0)]],
    "9": [[(2, 2), (0.4, 2), (0, 3), (0.5, 4), (1.5, 4), (2, 3), (2, 1), (1.4, 0), (0.3, 0)]],
    "-": [[(0.3, 2), (1.7, 2)]],
    ">": [[(0, 2), (2, 2)], [(1, 3.2), (2, 2), (1, 0.8)]],
}


def _text(text: str, high: float, ink: Material, x: float, z: float) -> list[Part]:
    """Build text that reads from -x, centred on y = 0, its foot at z."""
    step, scale = 0.72 * high, high / 4
    parts = []
    for k, letter in enumerate(text):
        left = (len(text) / 2 - k) * step - 0.1 * high
        for stroke in _STROKES[letter]:
            points = np.array([(x, left - scale * u, z + scale * v) for u, v in stroke])
            for a, b in pairwise(points):
                along = b - a
                length = float(np.hypot(along[1], along[2])) + 0.1 * high
                turn = float(np.arctan2(along[2], along[1]))
                parts.append(box((0.012, length, 0.13 * high), ink, pose((a + b) / 2, roll=turn)))
    return parts


def _sign(generator: np.random.Generator, text: str, face: Colour, ink: Colour) -> list[Part]:
    high = generator.uniform(0.5, 0.9)
    letters = 0.62 * high
    wide = 0.72 * letters * len(text) + 0.35 * high
    lift, lit = generator.uniform(0.12, 0.3), generator.uniform(0, 0.35)
    panel = Material(_shade(generator, face), gloss=0.3, emission=lit, reflectance=0.7, dirt=0.2)
    paint = Material(
        ink, gloss=0.2, emission=lit if max(ink) > 0.5 else 0.0, reflectance=0.7 if max(ink) > 0.5 else 0.1
    )
    parts = [
        box((0.16, wide + 0.06, high + 0.06), _BLACK, pose((0.09, 0, lift + high / 2))),
        box((0.02, wide, high), panel, pose((0.0, 0, lift + high / 2))),
    ]
    parts += _text(text, letters, paint, -0.014, lift + 0.19 * high)
    for y in np.linspace(-0.4 * wide, 0.4 * wide, 2 if wide < 1.2 else 3):
        parts.append(cylinder(0.035, lift, _STEEL, pose((0.09, y, lift / 2)), 10))
        parts.append(cylinder(0.09, 0.03, _STEEL, pose((0.09, y, 0.015)), 12))
    return parts


def taxiway_sign(generator: np.random.Generator) -> list[Part]:
    """Build a location sign (yellow on black) or a direction sign (black on yellow)."""
    letter, digit = generator.choice(list("ABCENT")), generator.choice(list("12479"))
    if generator.uniform() < 0.4:
        return _sign(
            generator,
            f"{letter}{digit}" if generator.uniform() < 0.5 else str(letter),
            (0.02, 0.02, 0.02),
            _YELLOW,
        )
    text = [f"{letter}>", f"{letter}{digit}>", f"{letter}{digit}"][generator.integers(3)]
    return _sign(generator, text, _YELLOW, (0.02, 0.02, 0.02))


def mandatory_sign(generator: np.random.Generator) -> list[Part]:
    """Build a mandatory instruction sign, white on red: a runway's designation."""
    a, b = generator.choice(list("12")), generator.choice(list("12479"))
    text = f"{a}{b}" if generator.uniform() < 0.5 else f"{a}{b}-{b}{a}"
    return _sign(generator, text, (0.6, 0.015, 0.015), (0.9, 0.9, 0.9))


def _lamp(generator: np.random.Generator, glow: Colour) -> list[Part]:
    """Build an elevated light on a short frangible stem."""
    high, radius = generator.uniform(0.22, 0.36), generator.uniform(0.05, 0.085)
    lit = generator.uniform(0.4, 2.5) if generator.uniform() < 0.6 else 0.0
    glass = Material(_shade(generator, glow), gloss=0.9, emission=lit, reflectance=0.3)
    case = Material(_shade(generator, _YELLOW), gloss=0.3, reflectance=0.5, dirt=0.4)
    return [
        cylinder(1.7 * radius, 0.025, _STEEL, pose((0, 0, 0.0125)), 20),
        cylinder(0.4 * radius, high, case, pose((0, 0, high / 2)), 14),
        frustum(0.5 * radius, 1.05 * radius, 0.05, case, pose((0, 0, high)), 18),
        ellipsoid((radius, radius, 1.15 * radius), glass, pose((0, 0, high + 0.05))),
    ]


def _flush(generator: np.random.Generator, glow: Colour) -> list[Part]:
    """Build a light let into the pavement, standing a centimetre or two above it."""
    radius, high = generator.uniform(0.1, 0.16), generator.uniform(0.012, 0.025)
    lit = generator.uniform(0.4, 2.5) if generator.uniform() < 0.6 else 0.0
    rim = Material((0.2, 0.2, 0.21), gloss=0.4, metallic=0.5, reflectance=0.3, dirt=0.4)
    glass = Material(_shade(generator, glow), gloss=0.9, emission=lit, reflectance=0.3)
    parts = [revolve([(0.0, 0.0), (radius, 0.0), (0.75 * radius, high), (0.0, high)], rim, None, 24, False)]
    for side in (1, -1):
        parts.append(
            box((0.05, 0.06, 0.012), glass, pose((side * 0.62 * radius, 0, high), pitch=side * 0.35))
        )
    return parts


def runway_edge_light(generator: np.random.Generator) -> list[Part]:
    """Build an elevated runway edge light, white or yellow."""
    return _lamp(generator, (0.9, 0.88, 0.8) if generator.uniform() < 0.7 else (0.95, 0.7, 0.1))


def runway_flush_light(generator: np.random.Generator) -> list[Part]:
    """Build a runway light let into the pavement."""
    return _flush(generator, (0.95, 0.92, 0.8) if generator.uniform() < 0.7 else (0.9, 0.05, 0.03))


def edge_light(generator: np.random.Generator) -> list[Part]:
    """Build a blue taxiway edge light."""
    return _lamp(generator, (0.02, 0.08, 0.85))


def flush_light(generator: np.random.Generator) -> list[Part]:
    """Build a green taxiway centre line light, let into the pavement."""
    return _flush(generator, (0.03, 0.75, 0.2))


def _warning(generator: np.random.Generator) -> Material:
    first: Colour = (0.75, 0.03, 0.02) if generator.uniform() < 0.6 else (0.9, 0.3, 0.01)
    return Material(
        _shade(generator, first), (0.8, 0.8, 0.8), Pattern.CHEVRONS, 0.4, 0.3, reflectance=0.75, dirt=0.3
    )


def barrier_water(generator: np.random.Generator) -> list[Part]:
    """Build a row of plastic barriers filled with water, alternately red and white."""
    long, high, foot = generator.uniform(0.9, 1.6), generator.uniform(0.5, 0.95), generator.uniform(0.35, 0.5)
    outline = [(-foot / 2, 0.0), (foot / 2, 0.0), (foot / 2, 0.18 * high), (0.16 * foot, 0.5 * high)]
    outline += [
        (0.13 * foot, high),
        (-0.13 * foot, high),
        (-0.16 * foot, 0.5 * high),
        (-foot / 2, 0.18 * high),
    ]
    red: Colour = (0.7, 0.04, 0.02) if generator.uniform() < 0.7 else (0.9, 0.3, 0.02)
    tones = [
        Material(_shade(generator, c), gloss=0.4, reflectance=0.6, dirt=0.4) for c in (red, (0.8, 0.8, 0.8))
    ]
    count, bend = int(generator.integers(1, 5)), generator.normal(0, 0.08)
    parts, at, yaw = [], np.zeros(2), 0.0
    for k in range(count):
        where = pose((*at, 0.0), yaw=yaw) @ pose((0.0, 0.5 * long - 0.02, 0.0), roll=np.pi / 2)
        parts.append(prism(outline, 0.96 * long, tones[k % 2], where))
        parts.append(cylinder(0.045, 0.03, _BLACK, pose((*at, high + 0.015)), 12))
        at = at + long * np.array([-np.sin(yaw), np.cos(yaw)])
        yaw += bend
    return [part.moved(pose((0.0, -0.5 * (count - 1) * long, 0.0))) for part in parts]


def barrier_board(generator: np.random.Generator) -> list[Part]:
    """Build a barrier of striped boards on feet, with a lamp now and then."""
    wide, high = generator.uniform(1.2, 2.6), generator.uniform(0.8, 1.1)
    stripes = _warning(generator)
    parts = [box((0.03, wide, 0.2), stripes, pose((0, 0, high - 0.1)))]
    if generator.uniform() < 0.6:
        parts.append(box((0.03, wide, 0.15), stripes, pose((0, 0, 0.45 * high))))
    for side in (1, -1):
        y = side * 0.42 * wide
        parts.append(box((0.05, 0.05, high), _STEEL, pose((0.04, y, high / 2))))
        parts.append(box((generator.uniform(0.5, 0.8), 0.2, 0.1), _BLACK, pose((0, y, 0.05))))
        if generator.uniform() < 0.4:
            lamp = Material((0.95, 0.45, 0.02), gloss=0.6, emission=1.0)
            parts.append(cylinder(0.08, 0.06, lamp, pose((0.04, y, high + 0.09), pitch=np.pi / 2), 18))
    return parts


def barrier_fence(generator: np.random.Generator) -> list[Part]:
    """Build a crowd-control barrier of tubes."""
    wide, high = generator.uniform(1.8, 2.5), generator.uniform(1.0, 1.15)
    frame = (
        _STEEL
        if generator.uniform() < 0.6
        else Material(_shade(generator, _YELLOW), gloss=0.4, reflectance=0.5)
    )
    low, half = 0.15, wide / 2
    parts = [tube([(0, -half, z), (0, half, z)], 0.019, frame, None, 8) for z in (low, high)]
    parts += [tube([(0, y, 0.03), (0, y, high)], 0.019, frame, None, 8) for y in (-half, half)]
    for y in np.linspace(-half, half, int(wide / 0.12))[1:-1]:
        parts.append(tube([(0, y, low), (0, y, high)], 0.008, frame, None, 5))
    for y in (-0.8 * half, 0.8 * half):
        parts.append(tube([(-0.3, y, 0.02), (0, y, 0.1), (0.3, y, 0.02)], 0.018, frame, None, 8))
    if generator.uniform() < 0.5:
        parts.append(box((0.01, 0.4 * wide, 0.3), _warning(generator), pose((-0.025, 0, 0.65 * high))))
    return parts


def light_mast(generator: np.random.Generator) -> list[Part]:
    """Build a tall mast with a bank of floodlights that look to -x."""
    high, count = generator.uniform(14, 28), int(generator.integers(3, 7))
    lamp = Material((0.85, 0.85, 0.8), gloss=0.7, emission=generator.uniform(0, 3.0), reflectance=0.4)
    base = Material(
        _shade(generator, _YELLOW), (0.02, 0.02, 0.02), Pattern.STRIPES, 0.6, 0.2, reflectance=0.5
    )
    parts = [
        frustum(0.32, 0.14, high, _STEEL, pose((0, 0, high / 2)), 16),
        frustum(0.75, 0.6, 0.9, base, pose((0, 0, 0.45)), 16),
        box((0.15, 0.65 * count + 0.4, 0.15), _STEEL, pose((0, 0, high))),
    ]
    for k in range(count):
        y = (k - (count - 1) / 2) * 0.65
        where = pose((-0.2, y, high - 0.05), pitch=-0.6)
        parts += [
            box((0.3, 0.5, 0.5), _STEEL, where),
            box((0.02, 0.44, 0.44), lamp, where @ pose((-0.16, 0, 0))),
        ]
    return parts
