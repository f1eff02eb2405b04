"""Strange things without a name: random compositions of simple shapes, to learn 'something odd' from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.finishes import (
    any_colour,
    bare_metal,
    cloth,
    film,
    glass,
    painted,
    paper,
    plastic,
    rubber,
)
from clipomaly_ros.simulation.assets.forms import (
    along,
    arc,
    crumpled,
    cushion,
    deformed,
    hollow_prism,
    plate,
    polygon_radii,
    ribbon,
    settled,
    spoked_wheel,
    wander,
    wheel,
)
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import (
    Part,
    box,
    cylinder,
    frustum,
    grid_surface,
    lump,
    moved,
    on_ground,
    pose,
    prism,
    revolve,
    sheet,
    torus,
    tube,
)

Generator = np.random.Generator
PATTERNS = (
    Pattern.STRIPES,
    Pattern.RIBS,
    Pattern.CHEVRONS,
    Pattern.CHECKS,
    Pattern.NOISE,
    Pattern.SPECKLE,
    Pattern.WOOD,
    Pattern.MESH,
    Pattern.RINGS,
    Pattern.FUR,
    Pattern.PANES,
)


def _size(g: Generator, low: float = 0.05, high: float = 1.4) -> float:
    """Return a size [m], every octave equally likely."""
    return float(np.exp(g.uniform(np.log(low), np.log(high))))


def _look(g: Generator, size: float) -> Material:
    """Return any finish, in four of ten cases with a random pattern of a period fitting the size."""
    finishes = (bare_metal, painted, plastic, cloth, rubber, paper, film, glass)
    look = finishes[g.choice(8, p=(0.16, 0.24, 0.22, 0.16, 0.05, 0.08, 0.05, 0.04))](g)
    if g.uniform() < 0.4:
        pattern = PATTERNS[g.integers(len(PATTERNS))]
        look = replace(look, pattern=pattern, second=any_colour(g), period=float(size * g.uniform(0.06, 0.5)))
    return replace(look, retro=bool(g.uniform() < 0.03))


def _turned(g: Generator, part: Part) -> Part:
    return part.moved(pose(roll=g.uniform(0, 6.3), pitch=g.uniform(0, 6.3), yaw=g.uniform(0, 6.3)))


def _outline(g: Generator, size: float) -> np.ndarray:
    """Return a random simple polygon [n, 2]: blob, star, rectangle or fragment."""
    corners = int(g.integers(3, 14))
    angles = (np.arange(corners) + g.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    reach = size * (
        g.uniform(0.3, 1.0, corners) if g.uniform() < 0.6 else np.where(np.arange(corners) % 2, 0.4, 1.0)
    )
    return np.column_stack([reach * np.cos(angles), reach * np.sin(angles) * g.uniform(0.3, 1)])


def _solid(g: Generator, size: float) -> Part:
    """Return one random solid of about a size [m], centred near the origin."""
    a, b, c = size / 2 * g.uniform(0.25, 1.0, 3)
    look, kind = _look(g, size), int(g.integers(9))
    if kind == 0:
        return box((2 * a, 2 * b, 2 * c), look)
    if kind == 1:
        return frustum(
            a, b * g.integers(0, 2) + a * 0.1, 2 * c, look, sections=int(g.choice([3, 4, 5, 6, 8, 20]))
        )
    if kind == 2:
        return cushion((a, b, c), g.uniform(1.2, 9), look)
    if kind == 3:
        return lump(g, (a, b, c), g.uniform(0.1, 0.5), look, facets=bool(g.uniform() < 0.5))
    if kind == 4:
        return torus(a, min(a * 0.8, b * g.uniform(0.15, 0.7)), look, sections=24)
    if kind == 5:
        return prism(_outline(g, a * 1.4), 2 * c * g.uniform(0.1, 1), look)
    if kind == 6:
        radii = polygon_radii(int(g.integers(3, 9)), 2 * a)
        return hollow_prism(radii, a * g.uniform(0.2, 0.85), 2 * c * g.uniform(0.2, 1), look)
    if kind == 7:
        heights = np.sort(g.uniform(-c, c, 6))
        profile = [
            (0.0, heights[0]),
            *zip(a * g.uniform(0.2, 1, 6), heights, strict=True),
            (0.0, heights[-1]),
        ]
        return revolve(profile, look, smooth=bool(g.uniform() < 0.5), sections=20)
    return tube(arc(a, 0, g.uniform(1, 5), 18) + [0, 0, 0], max(0.004, 0.2 * b), look)


def pile(g: Generator) -> list[Part]:
    """Build one to five solids grown into each other."""
    size, parts, at = _size(g), [], np.zeros(3)
    for _ in range(int(g.integers(1, 6))):
        part = _turned(g, _solid(g, size * g.uniform(0.4, 1)))
        parts.append(part.moved(pose(at)))
        at = at + g.normal(size=3) * size * 0.22
    return settled(parts)


def stack(g: Generator) -> list[Part]:
    """Build solids stacked on each other, upright or fallen over as one."""
    size, parts, top = _size(g, 0.05, 0.8), [], 0.0
    for _ in range(int(g.integers(2, 5))):
        part = _solid(g, size * g.uniform(0.4, 1))
        low, high = part.vertices[:, 2].min(), part.vertices[:, 2].max()
        parts.append(part.moved(pose((*g.normal(size=2) * size * 0.05, top - low), yaw=g.uniform(0, 6))))
        top += (high - low) * 0.95
    if top > 1.8:
        parts = [deformed(p, lambda v: v * 1.8 / top) for p in parts]
    return settled(parts) if g.uniform() < 0.5 else settled(moved(parts, pose(pitch=np.pi / 2)))


def debris_field(g: Generator) -> list[Part]:
    """Build a few separate fragments lying close together."""
    size, parts = _size(g, 0.08, 0.9), []
    for _ in range(int(g.integers(2, 6))):
        part = settled([_turned(g, _solid(g, size * g.uniform(0.15, 0.6)))])
        parts += moved(part, pose((*g.normal(size=2) * size * 0.35, 0), yaw=g.uniform(0, 6)))
    return on_ground(parts)


def frame(g: Generator) -> list[Part]:
    """Build an open frame of bars: a box, pyramid or ladder-like lattice, some bars missing."""
    size, look = _size(g, 0.15, 1.5), _look(g, 0.3)
    a, b, c = size * g.uniform(0.3, 1.0, 3)
    taper = g.uniform(0.0, 1.0)
    low = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [a / 2, b / 2]
    corners = np.concatenate(
        [np.column_stack([low, np.zeros(4)]), np.column_stack([low * taper, np.full(4, c)])]
    )
    edges = [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 0),
        (4, 5),
        (5, 6),
        (6, 7),
        (7, 4),
        (0, 4),
        (1, 5),
        (2, 6),
        (3, 7),
        (0, 5),
        (2, 7),
    ]
    bar, parts = size * g.uniform(0.01, 0.05), []
    for start, end in edges:
        if g.uniform() < 0.85 and np.linalg.norm(corners[start] - corners[end]) > 1e-3:
            parts.append(tube(corners[[start, end]], bar, look, sections=int(g.choice([4, 6]))))
    if g.uniform() < 0.5 or not parts:
        parts.append(box((a * 0.9, b * 0.9, bar), _look(g, size), pose((0, 0, c * g.uniform(0, 0.3)))))
    return settled(
        [_turned(g, p) for p in parts]
        if len(parts) == 1
        else moved(parts, pose(roll=g.choice([0, 1.5, 0.8])))
    )


def wheeled_stick(g: Generator) -> list[Part]:
    """Build wheels joined by bars, with something on top."""
    size, tyre, rim = _size(g, 0.15, 1.2), _look(g, 0.1), _look(g, 0.1)
    radius, parts = size * g.uniform(0.1, 0.3), []
    maker = spoked_wheel if g.uniform() < 0.4 else wheel
    track, base = size * g.uniform(0.2, 0.6), size * g.uniform(0.3, 0.9)
    spots = [(0.0, -0.5), (0.0, 0.5), (1.0, 0.5), (1.0, -0.5)][: int(g.integers(1, 5))]
    for x, y in spots:
        parts += maker(radius, radius * g.uniform(0.1, 0.3), tyre, rim, (x * base, y * track, radius))
    bar = _look(g, 0.2)
    parts.append(tube([[0, -track / 2, radius], [0, track / 2, radius]], size * 0.02, bar))
    path = wander(g, size * g.uniform(0.5, 1.2), 0.4, 14)[:, [0, 1, 2]]
    parts.append(tube(path - path[0], size * 0.025, bar, pose((0, 0, radius), pitch=-g.uniform(0.1, 1.4))))
    if g.uniform() < 0.6:
        parts.append(_turned(g, _solid(g, size * 0.5)).moved(pose((base * 0.4, 0, radius + size * 0.2))))
    return settled(moved(parts, pose(roll=g.choice([0.0, 1.3]))))


def bent_sheet(g: Generator) -> list[Part]:
    """Build a stiff sheet bent, folded or wavy."""
    size = _size(g, 0.08, 1.5)
    width, look, kind = size * g.uniform(0.15, 0.9), _look(g, size), int(g.integers(4))
    amount, waves = g.uniform(0.05, 0.4) * size, g.uniform(1, 9)

    def rise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        shapes = (
            amount * (x / size * 2) ** 2,
            amount * np.abs(x / size * 2 + 0.3),
            0.3 * amount * np.sin(waves * 2 * np.pi * x / size),
            amount * (x / size) * (y / width) * 4,
        )
        return np.asarray(shapes[kind])

    body = sheet(size, width, rise, look, steps=22)
    return settled(moved([body], pose(roll=g.uniform(0, 6.3), pitch=g.choice([0.0, 1.2]))))


def crumple(g: Generator) -> list[Part]:
    """Build crumpled film, cloth or paper, in one or several layers."""
    size, parts = _size(g, 0.06, 1.4), []
    for _ in range(int(g.integers(1, 4))):
        look = _look(g, size)
        part = crumpled(
            g, size, size * g.uniform(0.3, 1), size * g.uniform(0.05, 0.4), look, 20, int(g.integers(3, 10))
        )
        parts.append(part.moved(pose((*g.normal(size=2) * size * 0.15, 0), yaw=g.uniform(0, 6))))
    return on_ground(parts)


def cord(g: Generator) -> list[Part]:
    """Build ropes, hoses and bands in bends and loops."""
    size, parts = _size(g, 0.1, 1.5), []
    for _ in range(int(g.integers(1, 4))):
        path = wander(g, size * g.uniform(0.8, 1.6), g.uniform(0.3, 2.5), 50, size * g.uniform(0, 0.15))
        path[:, :2] *= min(1.0, 1.6 / float(np.ptp(path[:, :2], axis=0).max()))
        if g.uniform() < 0.5:
            parts.append(tube(path, size * g.uniform(0.006, 0.05), _look(g, size * 0.3), sections=8))
        else:
            parts.append(
                ribbon(
                    path,
                    size * g.uniform(0.02, 0.15),
                    0.004,
                    _look(g, size * 0.3),
                    np.linspace(0, g.uniform(0, 6), 50),
                )
            )
    return on_ground(parts)


def flat_piece(g: Generator) -> list[Part]:
    """Build flat cut-outs lying on each other: signs, mats, fragments."""
    size, parts, top = _size(g), [], 0.0
    for _ in range(int(g.integers(1, 4))):
        thick = max(0.004, size * g.uniform(0.01, 0.08))
        where = pose((*g.normal(size=2) * size * 0.12, top), yaw=g.uniform(0, 6))
        if g.uniform() < 0.5:
            parts.append(prism(_outline(g, size * 0.5), thick, _look(g, size), where))
        else:
            parts.append(
                plate(
                    size * g.uniform(0.3, 1),
                    size * g.uniform(0.1, 0.7),
                    size * g.uniform(0.01, 0.2),
                    thick,
                    _look(g, size),
                    where,
                )
            )
        top += thick
    return on_ground(parts)


def vessel(g: Generator) -> list[Part]:
    """Build a turned hollow or solid body with rings and a spout or grip."""
    size = _size(g, 0.05, 1.0)
    steps = int(g.integers(4, 9))
    radii = size * np.clip(0.3 + 0.2 * np.cumsum(g.normal(size=steps)) / 1.5, 0.08, 0.6)
    heights = np.linspace(0, size * g.uniform(0.4, 1.5), steps)
    profile = [(0.0, 0.0), *zip(radii, heights, strict=True)]
    if g.uniform() < 0.5:
        profile += [(radii[-1] * 0.85, heights[-1]), (radii[-1] * 0.7, heights[1])]
    profile.append((0.0, profile[-1][1]))
    parts = [
        revolve(profile, _look(g, size), sections=int(g.choice([6, 8, 24])), smooth=bool(g.uniform() < 0.7))
    ]
    if g.uniform() < 0.6:
        middle = int(g.integers(1, steps))
        parts.append(torus(radii[middle], size * 0.03, _look(g, size), pose((0, 0, heights[middle]))))
    if g.uniform() < 0.5:
        grip = arc(size * 0.2, -np.pi / 2, np.pi / 2, 12) + [radii[steps // 2] * 0.9, 0, 0]
        parts.append(
            tube(grip, size * 0.03, _look(g, size), pose((0, 0, heights[steps // 2]), roll=np.pi / 2))
        )
    return settled(moved(parts, pose(pitch=g.choice([0.0, 1.5, 3.1]))))


def spiky(g: Generator) -> list[Part]:
    """Build a core with rods, cones or blades sticking out."""
    size = _size(g, 0.06, 1.2)
    parts, look = [_solid(g, size * g.uniform(0.3, 0.6))], _look(g, size)
    for _ in range(int(g.integers(3, 12))):
        reach = size * g.uniform(0.3, 0.55)
        end = size * g.uniform(0.0, 0.05) + 0.001
        turn = pose(roll=g.uniform(0, 6.3), pitch=g.uniform(0, 6.3))
        parts.append(
            frustum(
                size * g.uniform(0.015, 0.07), end, reach, look, turn @ pose((0, 0, reach / 2)), sections=8
            )
        )
    return settled(parts)


def shell(g: Generator) -> list[Part]:
    """Build a piece of a curved or torn shell: part of a tube, dome or fairing."""
    size, look = _size(g, 0.08, 1.4), _look(g, 0.3)
    span, taper, flare = g.uniform(1.0, 5.0), g.uniform(0.3, 1.2), g.uniform(-0.3, 0.3)
    angles = np.linspace(0, span, 22)
    ragged = g.uniform(-0.08, 0.08, 22)
    rings = []
    for at in np.linspace(0, 1, 10):
        radius = size * 0.4 * (1 + (taper - 1) * at + flare * np.sin(np.pi * at))
        x = size * (at - 0.5) + (at > 0.9) * ragged * size
        rings.append(
            np.column_stack([np.broadcast_to(x, 22), radius * np.cos(angles), radius * np.sin(angles)])
        )
    parts = [grid_surface(np.stack(rings), look)]
    if g.uniform() < 0.4:
        parts.append(box((size * 0.9, size * 0.05, size * 0.05), _look(g, size), pose((0, size * 0.38, 0))))
    return settled([*moved(parts, pose(roll=g.uniform(0, 6.3)))])


def package(g: Generator) -> list[Part]:
    """Build a parcel, crate or soft bundle with bands, labels and lids."""
    size = _size(g, 0.08, 1.3)
    a, b, c = size * np.array([1.0, g.uniform(0.4, 1), g.uniform(0.2, 1)])
    soft = g.uniform(2.5, 5) if g.uniform() < 0.5 else 20.0
    body = (
        cushion((a / 2, b / 2, c / 2), soft, _look(g, size)) if soft < 6 else box((a, b, c), _look(g, size))
    )
    parts = [body]
    for x in g.uniform(-0.35, 0.35, int(g.integers(0, 3))):
        parts.append(
            box((size * g.uniform(0.02, 0.1), b * 1.02, c * 1.02), _look(g, size), pose((x * a, 0, 0)))
        )
    for _ in range(int(g.integers(0, 3))):
        label = box((a * g.uniform(0.1, 0.5), b * g.uniform(0.1, 0.5), c * 1.03), _look(g, size * 0.3))
        parts.append(label.moved(pose((a * g.uniform(-0.2, 0.2), b * g.uniform(-0.2, 0.2), 0))))
    if g.uniform() < 0.3:
        parts.append(box((a, b, c * 0.05), parts[0].material, pose((0, b * 0.55, c * 0.6), roll=0.9)))
    return settled(moved(parts, pose(roll=g.choice([0, 1.5, 3.1]), pitch=g.choice([0, 1.5]))))


def jointed(g: Generator) -> list[Part]:
    """Build a chain of tubes and boxes joined at angles, as of a broken mechanism."""
    size, parts, where = _size(g, 0.1, 1.4), [], np.eye(4)
    for _ in range(int(g.integers(2, 6))):
        reach = size * g.uniform(0.15, 0.4)
        thick = reach * g.uniform(0.08, 0.4)
        middle = where @ pose((reach / 2, 0, 0))
        if g.uniform() < 0.5:
            parts.append(
                cylinder(
                    thick / 2, reach, _look(g, size), middle @ along("x"), sections=int(g.choice([5, 8, 16]))
                )
            )
        else:
            parts.append(box((reach, thick, thick * g.uniform(0.2, 1.5)), _look(g, size), middle))
        where = where @ pose((reach, 0, 0), yaw=g.normal() * 0.9, pitch=g.normal() * 0.35)
        if g.uniform() < 0.5:
            parts.append(_turned(g, _solid(g, thick * 1.8)).moved(where))
    return settled(parts)


CLUTTER = (
    Asset(
        "object",
        "generic",
        (
            pile,
            stack,
            debris_field,
            frame,
            wheeled_stick,
            bent_sheet,
            crumple,
            cord,
            flat_piece,
            vessel,
            spiky,
            package,
            jointed,
            shell,
        ),
    ),
)
