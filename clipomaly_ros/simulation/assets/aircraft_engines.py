"""Engines of aircraft: turbofans with fan, spinner and pylon, and turboprops with propeller.

Frame as in aircraft_body.
"""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.aircraft_livery import BARE_METAL, DARK, HOT_METAL, Livery, paint
from clipomaly_ros.simulation.assets.aircraft_wings import Station, aerofoil
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part, ellipsoid, grid_surface, labelled, pose, revolve

ENGINE = "engine nacelle"

_BLADE = Material((0.11, 0.11, 0.12), gloss=0.6, metallic=0.6, reflectance=0.2)
_WHITE = Material((0.75, 0.75, 0.75), gloss=0.5, reflectance=0.7)


def _blades(
    count: int, inner: float, outer: float, chord: float, twist: float, material: Material
) -> list[Part]:
    """Build blades about the x axis at the origin, in one part."""
    radii = np.linspace(inner, outer, 6)
    turn = np.linspace(0.25, 1.0, 6) * twist
    width = chord * np.array([0.7, 1.0, 1.0, 0.95, 0.8, 0.45])
    rows = [
        [[half * w * np.cos(t), half * w * np.sin(t), r] for half in (-0.5, 0.5)]
        for r, t, w in zip(radii, turn, width, strict=True)
    ]
    blade = grid_surface(np.array(rows), material)
    turned = [blade.moved(pose(roll=angle)) for angle in np.linspace(0, 2 * np.pi, count, endpoint=False)]
    faces = np.concatenate([part.faces + k * len(blade.vertices) for k, part in enumerate(turned)])
    vertices = np.concatenate([part.vertices for part in turned])
    return [Part(vertices, faces.astype(np.int32), material)]


def turbofan(
    front: tuple[float, float, float],
    radius: float,
    length: float,
    livery: Livery,
    generator: np.random.Generator,
) -> list[Part]:
    """Build a nacelle of outer radius and length [m] whose inlet is at front, with fan and core."""
    r, n = radius, length
    inlet = r * generator.uniform(0.8, 0.86)
    cowl = [
        (0.80 * r, -n),
        (0.92 * r, -0.8 * n),
        (r, -0.5 * n),
        (0.995 * r, -0.25 * n),
        (0.95 * r, -0.07 * n),
    ]
    lip = [
        (0.95 * r, -0.07 * n),
        (0.925 * r, -0.025 * n),
        (0.885 * r, 0.0),
        (inlet, -0.03 * n),
        (0.97 * inlet, -0.09 * n),
    ]
    duct = [(0.97 * inlet, -0.09 * n), (inlet, -0.3 * n), (0.0, -0.3 * n)]
    bypass = [(0.0, -0.8 * n), (0.78 * r, -0.8 * n), (0.80 * r, -n)]
    core = [(0.34 * r, -1.2 * n), (0.5 * r, -1.05 * n), (0.6 * r, -0.8 * n)]
    plug = [
        (0.0, -1.32 * n),
        (0.12 * r, -1.22 * n),
        (0.25 * r, -1.1 * n),
        (0.34 * r, -1.05 * n),
        (0.34 * r, -1.0 * n),
    ]
    along = pose(front, pitch=np.pi / 2)
    spin = [(0.3 * inlet, 0.0), (0.22 * inlet, 0.13 * inlet), (0.1 * inlet, 0.25 * inlet), (0.0, 0.3 * inlet)]
    fan = pose((front[0] - 0.27 * n, front[1], front[2]))
    blades = _blades(int(generator.integers(18, 27)), 0.28 * inlet, 0.97 * inlet, 0.3 * inlet, 0.9, _BLADE)
    swirl = ellipsoid(
        (0.05, 0.07 * inlet, 0.04), _WHITE, fan @ pose((0.16 * inlet, 0.1 * inlet, 0.14 * inlet)), 1
    )
    parts = [
        revolve(cowl, paint(livery.engine), along, 36),
        revolve(lip, BARE_METAL, along, 36),
        revolve(duct, DARK, along, 36),
        revolve(bypass, DARK, along, 30),
        revolve(core, HOT_METAL, along, 30),
        revolve(plug, HOT_METAL, along, 24),
        revolve(spin, Material((0.05, 0.05, 0.055), gloss=0.5), fan @ pose(pitch=np.pi / 2), 20),
        swirl,
        *(part.moved(fan) for part in blades),
    ]
    return labelled(parts, ENGINE)


def pylon(
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    chord: float,
    livery: Livery,
    tilt: float = np.pi / 2,
) -> list[Part]:
    """Build the strut between nacelle and wing, from its lower to its upper leading edge."""
    side = 1 if high[1] >= 0 else -1
    stations = [
        Station(p[0], side * p[1], p[2], chord * k, 0.08, tilt) for p, k in ((low, 1.0), (high, 1.25))
    ]
    return labelled(aerofoil(stations, paint(livery.wing, 0.4), side), ENGINE)


def turboprop(
    hub: tuple[float, float, float],
    radius: float,
    length: float,
    span: float,
    livery: Livery,
    generator: np.random.Generator,
) -> list[Part]:
    """Build a slim nacelle behind a propeller of radius span [m] with its hub at the given place."""
    cowl = [
        (0.0, -length),
        (0.3 * radius, -0.95 * length),
        (0.75 * radius, -0.65 * length),
        (radius, -0.35 * length),
    ]
    cowl += [(0.96 * radius, -0.15 * length), (0.62 * radius, -0.01 * length), (0.0, 0.0)]
    along = pose(hub, pitch=np.pi / 2) @ pose((0, 0, -0.25))
    squash = revolve(cowl, paint(livery.engine), None, 30)
    squash = Part(squash.vertices * [1.25, 0.85, 1.0], squash.faces, squash.material, True).moved(along)
    spinner = [
        (0.5 * radius, -0.3),
        (0.5 * radius, 0.0),
        (0.38 * radius, 0.25),
        (0.2 * radius, 0.42),
        (0.0, 0.5),
    ]
    where = pose(hub, roll=float(generator.uniform(0, np.pi)))
    count = int(generator.choice([4, 5, 6]))
    dark = Material((0.03, 0.03, 0.035), gloss=0.4, reflectance=0.1)
    tips = Material(
        (0.75, 0.72, 0.1) if generator.uniform() < 0.5 else (0.75, 0.75, 0.75), gloss=0.4, reflectance=0.6
    )
    blades = _blades(count, 0.3 * radius, 0.93 * span, 0.17 * span, 0.95, dark)
    ends = _blades(count, 0.9 * span, span, 0.11 * span, 1.1, tips)
    scoop = ellipsoid(
        (0.4, 0.35 * radius, 0.22 * radius), DARK, pose((hub[0] - 0.55, hub[1], hub[2] - 0.8 * radius))
    )
    exhaust = ellipsoid(
        (0.35, 0.12, 0.14), HOT_METAL, pose((hub[0] - 0.6 * length, hub[1], hub[2] + 0.55 * radius))
    )
    parts = [squash, revolve(spinner, BARE_METAL, pose(hub, pitch=np.pi / 2), 20), scoop, exhaust]
    return labelled([*parts, *(part.moved(where) for part in blades + ends)], ENGINE)
