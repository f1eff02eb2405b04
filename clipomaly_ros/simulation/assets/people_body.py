"""Bodies of people at work on the apron, out of joints: limbs, clothes, hi-vis vest, head gear.

Frame: x ahead of the person, y left, z up [m]. Segment lengths are shares of the stature after
Drillis and Contini, Body Segment Parameters (1966).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clipomaly_ros.simulation.materials import Colour, Material, Pattern
from clipomaly_ros.simulation.mesh import Part, box, ellipsoid, grid_surface, tube

RETRO = Material((0.72, 0.73, 0.74), gloss=0.3, reflectance=0.95, retro=True, dirt=0.1)
_BOOT = Material((0.03, 0.027, 0.025), gloss=0.25, reflectance=0.1, dirt=0.4)

Direction = tuple[float, float]  # of a limb: angle ahead of straight down, angle outwards [rad]


@dataclass(frozen=True)
class Stance:
    """How a body is held.

    lean, twist, tilt: of the trunk forwards, to the left about the upright, sideways [rad]. thighs,
    shins, upper_arms, forearms: directions on the left and on the right. nod, look: of the head
    forwards and to the left against the trunk [rad].
    """

    thighs: tuple[Direction, Direction]
    shins: tuple[Direction, Direction]
    upper_arms: tuple[Direction, Direction]
    forearms: tuple[Direction, Direction]
    lean: float = 0.0
    twist: float = 0.0
    tilt: float = 0.0
    nod: float = 0.0
    look: float = 0.0


@dataclass(frozen=True)
class Figure:
    """A built body.

    hands: where they are, float64 [2, 3] [m], left first; forearms: their directions, float64 [2, 3].
    """

    parts: list[Part]
    hands: NDArray[np.float64]
    forearms: NDArray[np.float64]


@dataclass(frozen=True)
class Clothes:
    """What is worn.

    headgear: "none", "helmet" or "cap", of the material gear; defenders: ear defenders are worn.
    arm_bands, leg_bands: sleeves and trousers carry retro-reflective bands.
    """

    vest: Material
    sleeves: Material
    trousers: Material
    skin: Material
    hair: Material
    gloves: Material
    headgear: str
    gear: Material
    defenders: bool
    arm_bands: bool
    leg_bands: bool


def cloth(colour: Colour, reflectance: float = 0.5) -> Material:
    """Return matt fabric."""
    second = (0.72 * colour[0], 0.72 * colour[1], 0.72 * colour[2])
    return Material(colour, second, Pattern.NOISE, 0.12, gloss=0.03, reflectance=reflectance, dirt=0.25)


def _pick(generator: np.random.Generator, colours: list[Colour], spread: float = 0.15) -> Colour:
    base = np.array(colours[generator.integers(len(colours))])
    r, g, b = np.clip(
        base * generator.uniform(1 - spread, 1 + spread) * generator.uniform(0.94, 1.06, 3), 0.005, 1
    )
    return float(r), float(g), float(b)


def draw_clothes(generator: np.random.Generator) -> Clothes:
    """Draw work clothes: yellow, orange, now and then pink or red vests over anything."""
    hi_vis = _pick(
        generator, [(0.72, 0.86, 0.03), (0.72, 0.86, 0.03), (0.95, 0.23, 0.015), (0.9, 0.1, 0.03)], 0.1
    )
    dark: list[Colour] = [(0.015, 0.02, 0.045), (0.03, 0.03, 0.035), (0.08, 0.085, 0.095), (0.16, 0.13, 0.08)]
    shirts = [*dark, (0.55, 0.56, 0.58), (0.05, 0.1, 0.3), (0.3, 0.04, 0.04)]
    skin = _pick(generator, [(0.68, 0.43, 0.31), (0.55, 0.33, 0.22), (0.33, 0.18, 0.1), (0.15, 0.075, 0.045)])
    jacket = generator.uniform() < 0.4
    overall = generator.uniform() < 0.25
    gear = _pick(
        generator,
        [(0.85, 0.85, 0.83), (0.85, 0.65, 0.03), (0.9, 0.25, 0.02), (0.05, 0.15, 0.5), (0.02, 0.02, 0.02)],
    )
    return Clothes(
        vest=cloth(hi_vis, 0.75),
        sleeves=cloth(hi_vis, 0.75) if jacket else cloth(_pick(generator, shirts)),
        trousers=cloth(hi_vis, 0.75) if overall else cloth(_pick(generator, dark, 0.5)),
        skin=Material(skin, gloss=0.15, reflectance=0.5, dirt=0.0),
        hair=Material(
            _pick(generator, [(0.02, 0.015, 0.01), (0.1, 0.055, 0.025), (0.35, 0.24, 0.1), (0.3, 0.3, 0.3)])
        ),
        gloves=Material(
            skin if generator.uniform() < 0.4 else _pick(generator, [(0.04, 0.04, 0.04), (0.4, 0.36, 0.3)])
        ),
        headgear=str(generator.choice(["none", "helmet", "cap", "helmet"])),
        gear=Material(gear, gloss=0.45, reflectance=0.6, dirt=0.2),
        defenders=bool(generator.uniform() < 0.6),
        arm_bands=bool(jacket or generator.uniform() < 0.3),
        leg_bands=bool(overall or generator.uniform() < 0.5),
    )


def limb(
    start: ArrayLike, end: ArrayLike, first: float, last: float, material: Material, bulge: float = 0.0
) -> Part:
    """Build a tapered limb with round ends between two joints of radii first and last [m]."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    length = float(np.linalg.norm(b - a))
    t = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    radii = first + (last - first) * t + bulge * np.sin(np.pi * t**0.8)
    along = np.concatenate([[-first, -0.7 * first], t * length, [length + 0.7 * last, length + last]])
    radii = np.concatenate([[0.05 * first, 0.72 * first], radii, [0.72 * last, 0.05 * last]])
    path = a + along[:, None] * (b - a) / max(length, 1e-6)
    rod = tube(path, 1.0, material, sections=12)
    rings = rod.vertices.reshape(-1, 12, 3)
    centres = np.concatenate([path[:1], path, path[-1:]])[:, None]
    radii = np.concatenate([[0.0], radii, [0.0]])[:, None, None]
    return Part((centres + (rings - centres) * radii).reshape(-1, 3), rod.faces, material, True)


def _turn(lean: float, twist: float, tilt: float) -> NDArray[np.float64]:
    c, s = np.cos([lean, twist, tilt]), np.sin([lean, twist, tilt])
    about_y = np.array([[c[0], 0, s[0]], [0, 1, 0], [-s[0], 0, c[0]]])
    about_z = np.array([[c[1], -s[1], 0], [s[1], c[1], 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, c[2], -s[2]], [0, s[2], c[2]]])
    return about_y @ about_x @ about_z


def _down(direction: Direction, side: int) -> NDArray[np.float64]:
    ahead, out = direction
    return np.array([np.sin(ahead) * np.cos(out), side * np.sin(out), -np.cos(ahead) * np.cos(out)])


def _placed(part: Part, turn: NDArray, at: NDArray) -> Part:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, at
    return part.moved(matrix)


def _trunk(turn: NDArray, stature: float, girth: float, clothes: Clothes) -> list[Part]:
    """Build hips, vest with its bands, and neck; the pelvis is at the origin."""
    h, g = stature, stature * girth
    # Height above the pelvis, half width, half depth, shift ahead: shares of the stature.
    profile = [
        (-0.055, 0.03, 0.03, 0),
        (-0.04, 0.08, 0.06, 0),
        (0.0, 0.098, 0.066, 0),
        (0.05, 0.094, 0.064, 0.004),
    ]
    profile += [(0.1, 0.088, 0.062, 0.006), (0.16, 0.097, 0.067, 0.006), (0.22, 0.106, 0.07, 0.003)]
    profile += [
        (0.27, 0.106, 0.062, 0.0),
        (0.3, 0.085, 0.05, -0.003),
        (0.318, 0.045, 0.035, 0),
        (0.33, 0.02, 0.02, 0),
    ]
    rows = np.array(profile)

    def ring(height: float, more: float) -> NDArray[np.float64]:
        wide, deep, ahead = (np.interp(height, rows[:, 0], rows[:, k]) for k in (1, 2, 3))
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        return np.column_stack(
            [
                ahead * h + (deep * g + more) * np.cos(angle),
                (wide * g + more) * np.sin(angle),
                np.full(24, height * h),
            ]
        )

    def shell(low: float, high: float, more: float, material: Material, steps: int) -> Part:
        grid = np.stack([ring(z, more) for z in np.linspace(low, high, steps)])
        return grid_surface(grid @ turn.T, material, closed=True)

    parts = [
        shell(-0.055, 0.03, 0.0, clothes.trousers, 8),
        shell(-0.02, 0.33, 0.008, clothes.vest, 16),
        shell(0.045, 0.072, 0.012, RETRO, 2),
        shell(0.125, 0.152, 0.012, RETRO, 2),
        limb(turn @ [0, 0, 0.31 * h], turn @ [0.012 * h, 0, 0.36 * h], 0.035 * h, 0.034 * h, clothes.skin),
    ]
    for side in (1, -1):  # bands over the shoulders
        for front in (1, -1):
            places = [(front, z) for z in (0.15, 0.2, 0.25, 0.285, 0.306)]
            strip = []
            for _, z in places:
                wide, deep = (np.interp(z, rows[:, 0], rows[:, k]) * g + 0.014 for k in (1, 2))
                middle = side * 0.056 * g
                y = np.array([middle - 0.022, middle + 0.022])
                x = front * deep * np.sqrt(np.clip(1 - (y / max(wide, 0.08)) ** 2, 0.02, 1))
                strip.append(np.column_stack([x, y, np.full(2, z * h + 0.004)]))
            parts.append(grid_surface(np.stack(strip) @ turn.T, RETRO))
    return parts


def _head(turn: NDArray, at: NDArray, stature: float, clothes: Clothes) -> list[Part]:
    s = stature
    skin, gear = clothes.skin, clothes.gear
    shapes = [
        ((0.054 * s, 0.044 * s, 0.068 * s), (0.0, 0.0, 0.0), skin),
        ((0.035 * s, 0.034 * s, 0.03 * s), (0.018 * s, 0.0, -0.042 * s), skin),
        ((0.012 * s, 0.009 * s, 0.015 * s), (0.055 * s, 0.0, -0.008 * s), skin),
    ]
    eye = Material((0.02, 0.015, 0.012), gloss=0.6, reflectance=0.1)
    shapes += [
        ((0.004 * s, 0.007 * s, 0.004 * s), (0.05 * s, side * 0.018 * s, 0.008 * s), eye) for side in (1, -1)
    ]
    hair = ((0.057 * s, 0.048 * s, 0.058 * s), (-0.009 * s, 0.0, 0.017 * s), clothes.hair)
    if clothes.headgear == "helmet":
        shapes += [hair, ((0.072 * s, 0.06 * s, 0.055 * s), (-0.002 * s, 0.0, 0.034 * s), gear)]
        shapes.append(((0.04 * s, 0.046 * s, 0.007 * s), (0.05 * s, 0.0, 0.02 * s), gear))
    elif clothes.headgear == "cap":
        shapes += [hair, ((0.06 * s, 0.05 * s, 0.04 * s), (-0.004 * s, 0.0, 0.038 * s), gear)]
        shapes.append(((0.045 * s, 0.036 * s, 0.005 * s), (0.062 * s, 0.0, 0.03 * s), gear))
    else:
        shapes.append(hair)
    if clothes.defenders:
        dark = Material((0.5, 0.02, 0.02) if clothes.headgear == "cap" else (0.05, 0.05, 0.05), gloss=0.4)
        shapes += [
            ((0.021 * s, 0.014 * s, 0.026 * s), (0.0, side * 0.05 * s, -0.004 * s), dark) for side in (1, -1)
        ]
    parts = [_placed(ellipsoid(size, m), turn, at + turn @ np.array(place)) for size, place, m in shapes]
    if clothes.defenders and clothes.headgear == "none":
        arc = np.linspace(-1.35, 1.35, 9)
        path = np.column_stack([np.zeros(9), 0.056 * s * np.sin(arc), 0.078 * s * np.cos(arc)])
        parts.append(_placed(tube(path, 0.007, shapes[-1][2], sections=6), turn, at))
    return parts


def body(stance: Stance, stature: float, girth: float, clothes: Clothes) -> Figure:
    """Build a body of a stature [m] and girth (1 usual) with its pelvis at the origin."""
    h, g = stature, stature * girth
    turn = _turn(stance.lean, stance.twist, stance.tilt)
    parts = _trunk(turn, h, girth, clothes)
    head_turn = turn @ _turn(stance.nod, stance.look, 0.0)
    parts += _head(
        head_turn, turn @ [0.012 * h, 0, 0.35 * h] + head_turn @ [0.01 * h, 0, 0.05 * h], h, clothes
    )
    hands, forearms = [], []
    for k, side in enumerate((1, -1)):
        hip = np.array([0.0, side * 0.05 * g, -0.02 * h])
        knee = hip + 0.245 * h * _down(stance.thighs[k], side)
        shin = _down(stance.shins[k], side)
        ankle = knee + 0.235 * h * shin
        parts.append(limb(hip, knee, 0.056 * g, 0.038 * g, clothes.trousers, 0.004 * h))
        parts.append(limb(knee, ankle, 0.038 * g, 0.03 * g, clothes.trousers, 0.006 * h))
        toe = np.cross([0.0, 1.0, 0.0], shin) * -1.0
        toe /= np.linalg.norm(toe)
        if shin[0] < -0.6:  # kneeling or lying: the foot is stretched
            toe = 0.5 * toe + shin
            toe /= np.linalg.norm(toe)
        sole = ankle + 0.02 * h * shin
        parts.append(
            limb(sole - 0.02 * h * toe, sole + 0.085 * h * toe, 0.027 * h, 0.022 * h, _BOOT, 0.003 * h)
        )
        if clothes.leg_bands:
            low = knee + 0.1 * h * shin
            parts.append(limb(low, low + 0.028 * h * shin, 0.0415 * g, 0.041 * g, RETRO))
        shoulder = turn @ np.array([0.0, side * 0.105 * g, 0.278 * h])
        elbow = shoulder + 0.172 * h * _down(stance.upper_arms[k], side)
        forearm = _down(stance.forearms[k], side)
        wrist = elbow + 0.146 * h * forearm
        parts.append(limb(shoulder, elbow, 0.036 * g, 0.027 * g, clothes.sleeves, 0.003 * h))
        parts.append(limb(elbow, wrist, 0.027 * g, 0.021 * g, clothes.sleeves))
        if clothes.arm_bands:
            low = elbow + 0.05 * h * forearm
            parts.append(limb(low, low + 0.02 * h * forearm, 0.029 * g, 0.028 * g, RETRO))
        parts.append(limb(wrist, wrist + 0.055 * h * forearm, 0.02 * h, 0.018 * h, clothes.gloves, 0.004 * h))
        hands.append(wrist + 0.045 * h * forearm)
        forearms.append(forearm)
    radio = box((0.035, 0.06, 0.12), _BOOT)
    parts.append(_placed(radio, turn, turn @ np.array([0.01, -0.1 * g, 0.03 * h])))
    return Figure(parts, np.array(hands), np.array(forearms))
