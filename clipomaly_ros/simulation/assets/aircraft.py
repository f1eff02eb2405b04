"""Aircraft in five types, of random size, proportions and livery.

Origin: on the ground under the nose wheel; the nose points along x. Dimensions lie about those of
the types named in the builders, of which none is copied.
"""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.aircraft_body import FUSELAGE, Loft, doors, fuselage
from clipomaly_ros.simulation.assets.aircraft_engines import pylon, turbofan, turboprop
from clipomaly_ros.simulation.assets.aircraft_gear import gear
from clipomaly_ros.simulation.assets.aircraft_livery import Livery, draw_livery, paint
from clipomaly_ros.simulation.assets.aircraft_wings import Wing, fin, stabiliser, wings
from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.mesh import Part, ellipsoid, labelled, moved, on_ground, pose


def _standing(parts: list[Part], nose_wheel: float) -> list[Part]:
    """Move the airframe's frame to the ground under the nose wheel, which is at x = nose_wheel."""
    return on_ground(moved(parts, pose((-nose_wheel, 0.0, 0.0))))


def _belly(x: float, z: float, half: tuple[float, float, float], livery: Livery) -> list[Part]:
    return labelled([ellipsoid(half, paint(livery.belly), pose((x, 0.0, z)), 3)], FUSELAGE)


def _underwing(
    generator: np.random.Generator,
    length: float,
    radius: float,
    half_span: float,
    ground: float,
    engine: float,
    axles: int,
    wheel: float,
    winglet: float,
) -> list[Part]:
    """Build a low-wing twin with engines of a radius under the wings; ground: z of the apron."""
    livery = draw_livery(generator)
    loft = Loft(
        length,
        radius,
        radius * generator.uniform(1.0, 1.06),
        nose=radius * generator.uniform(2.6, 3.0),
        tail=length * generator.uniform(0.27, 0.32),
        droop=generator.uniform(0.22, 0.34),
    )
    high = loft.height
    sweep = float(np.radians(generator.uniform(26, 33)))
    root = 0.2 * length * generator.uniform(0.94, 1.04)
    plan = Wing(
        x=-0.335 * length,
        z=-0.62 * high,
        half_span=half_span,
        root=root,
        tip=0.22 * root,
        sweep=sweep,
        dihedral=float(np.radians(generator.uniform(4.5, 6.5))),
        winglet=winglet,
        winglet_tilt=generator.uniform(1.05, 1.5),
    )
    parts = fuselage(loft, livery, generator) + doors(loft, livery, generator)
    parts += wings(plan, livery, 3 if radius < 2.4 else 4, generator)
    parts += _belly(plan.x - 0.55 * root, -0.68 * high, (0.85 * root, 0.86 * radius, 0.52 * high), livery)
    mount = plan.station(generator.uniform(0.31, 0.35) * half_span)
    size = engine * generator.uniform(1.9, 2.3)
    z = max(mount.z - 1.12 * engine, ground + engine + 0.45)
    front = (mount.x + 0.78 * size, mount.y, z)
    for side in (1, -1):
        parts += turbofan((front[0], side * front[1], z), engine, size, livery, generator)
        low = (front[0] - 0.3 * size, side * front[1], z + 0.85 * engine)
        parts += pylon(low, (mount.x + 0.05 * size, side * mount.y, mount.z + 0.1), 0.95 * size, livery)
    top, sweep_fin = 0.6 * high, float(np.radians(generator.uniform(36, 42)))
    fin_height = generator.uniform(0.145, 0.165) * length
    chord = 0.165 * length
    parts += fin(-length + 1.35 * chord, top, fin_height, chord, 0.36 * chord, sweep_fin, livery, generator)[
        0
    ]
    parts += stabiliser(
        -length + 0.135 * length, 0.5 * high, 0.36 * half_span, 0.115 * length, 0.55, 0.1, livery
    )
    main = plan.x - 0.72 * root
    nose_wheel = -1.35 * loft.nose
    parts += gear(
        (nose_wheel, 0.0, -0.85 * high), ground, 0.72 * wheel, 1, livery, door=0.45 * radius, lean=0.1
    )
    track = 0.2 * half_span + 0.3
    for side in (1, -1):
        parts += gear((main, side * track, plan.z + 0.1), ground, wheel, axles, livery, lean=-0.1)
    return _standing(parts, nose_wheel + 0.1)


def narrow_body(generator: np.random.Generator) -> list[Part]:
    """Build a single-aisle twin jet with winglets, as of the A320 and 737 families."""
    radius = generator.uniform(1.88, 2.0)
    length = generator.uniform(31, 44)
    half_span, engine = generator.uniform(16.8, 18), generator.uniform(0.95, 1.25)
    return _underwing(
        generator, length, radius, half_span, -radius - 1.75, engine, 1, 0.58, generator.uniform(1.6, 2.6)
    )


def wide_body(generator: np.random.Generator) -> list[Part]:
    """Build a twin-aisle twin jet, as of the A330, A350, 777 and 787 families."""
    radius = generator.uniform(2.75, 3.05)
    length = generator.uniform(56, 70)
    half_span, engine = generator.uniform(28.5, 32), generator.uniform(1.5, 1.85)
    tip = generator.uniform(0, 3.0) if generator.uniform() < 0.6 else 0.0
    return _underwing(generator, length, radius, half_span, -radius - 2.3, engine, 2, 0.68, tip)


def _rear_engined(
    generator: np.random.Generator,
    length: float,
    radius: float,
    half_span: float,
    clearance: float,
    engine: float,
) -> list[Part]:
    """Build a T-tailed jet with engines beside the tail."""
    livery = draw_livery(generator)
    slim = length / radius
    loft = Loft(
        length,
        radius,
        radius * generator.uniform(1.0, 1.05),
        nose=radius * generator.uniform(2.9, 3.5),
        tail=length * generator.uniform(0.28, 0.33),
        droop=generator.uniform(0.3, 0.42),
        rise=generator.uniform(0.25, 0.4),
    )
    ground = -radius - clearance
    root = 0.19 * length * generator.uniform(0.9, 1.05)
    plan = Wing(
        x=-0.42 * length,
        z=-0.74 * loft.height,
        half_span=half_span,
        root=root,
        tip=0.28 * root,
        sweep=float(np.radians(generator.uniform(24, 32))),
        dihedral=float(np.radians(generator.uniform(2.5, 4))),
        winglet=0.09 * half_span * generator.uniform(0.8, 1.2),
        winglet_tilt=generator.uniform(1.1, 1.45),
    )
    parts = fuselage(loft, livery, generator, windows=0.78 if slim > 20 else 0.95)
    parts += doors(loft, livery, generator, cargo=slim > 20)
    parts += wings(plan, livery, 2, generator)
    parts += _belly(
        plan.x - 0.55 * root, -0.7 * loft.height, (0.8 * root, 0.85 * radius, 0.48 * loft.height), livery
    )
    size = engine * generator.uniform(3.3, 3.9)
    front = -0.69 * length
    for side in (1, -1):
        y = side * (radius + 1.12 * engine)
        z = 0.38 * loft.height
        parts += turbofan((front, y, z), engine, size, livery, generator)
        inside = (front - 0.25 * size, side * 0.6 * radius, z)
        parts += pylon(inside, (front - 0.25 * size, y, z), 0.55 * size, livery, tilt=0.0)
    chord = 0.16 * length * generator.uniform(0.95, 1.05)
    sweep = float(np.radians(generator.uniform(38, 44)))
    height = generator.uniform(1.75, 2.1) * radius + 0.6
    fin_parts, tip = fin(
        -length + 1.25 * chord, 0.6 * loft.height, height, chord, 0.62 * chord, sweep, livery, generator
    )
    parts += fin_parts
    parts += stabiliser(tip.x + 0.05, tip.z, 0.36 * half_span, 0.6 * chord, 0.5, -0.02, livery)
    nose_wheel = -1.15 * loft.nose
    wheel = 0.28 + 0.1 * radius
    parts += gear((nose_wheel, 0.0, -0.8 * loft.height), ground, 0.6 * wheel, 1, livery, door=0.35 * radius)
    for side in (1, -1):
        parts += gear(
            (plan.x - 0.75 * root, side * (0.75 * radius + 0.5), plan.z + 0.12), ground, wheel, 1, livery
        )
    return _standing(parts, nose_wheel)


def regional_jet(generator: np.random.Generator) -> list[Part]:
    """Build a regional jet with tail engines and a T-tail, as of the CRJ and ERJ families."""
    radius = generator.uniform(1.15, 1.38)
    length = generator.uniform(26.5, 37)
    return _rear_engined(
        generator, length, radius, generator.uniform(10.5, 12.6), 1.25, generator.uniform(0.62, 0.75)
    )


def business_jet(generator: np.random.Generator) -> list[Part]:
    """Build a business jet, from light jets to long-range ones."""
    radius = generator.uniform(0.85, 1.2)
    length = radius * generator.uniform(16, 18)
    return _rear_engined(
        generator, length, radius, length * generator.uniform(0.46, 0.52), 0.75, generator.uniform(0.48, 0.6)
    )


def turboprop_twin(generator: np.random.Generator) -> list[Part]:
    """Build a high-wing twin turboprop with a T-tail, as of the ATR and Dash 8 families."""
    livery = draw_livery(generator)
    radius = generator.uniform(1.22, 1.4)
    length = generator.uniform(22, 31)
    half_span = generator.uniform(12.3, 14.3)
    loft = Loft(length, radius, 1.03 * radius, nose=2.9 * radius, tail=0.36 * length, droop=0.36, rise=0.55)
    ground = -radius - generator.uniform(0.85, 1.05)
    root = generator.uniform(2.5, 3.0)
    plan = Wing(
        x=-0.43 * length,
        z=1.06 * loft.height,
        half_span=half_span,
        root=root,
        tip=0.58 * root,
        sweep=0.04,
        dihedral=0.03,
        kink=0.0,
        thickness=0.16,
    )
    parts = fuselage(loft, livery, generator, windows=0.76) + doors(loft, livery, generator, cargo=False)
    parts += wings(plan, livery, 2, generator)
    parts += _belly(
        plan.x - 0.5 * root, 0.95 * loft.height, (0.95 * root, 0.75 * radius, 0.3 * radius), livery
    )
    parts += _belly(
        plan.x - 0.6 * root, -0.65 * loft.height, (1.1 * root, 1.2 * radius, 0.42 * radius), livery
    )
    mount = plan.station(0.3 * half_span)
    span = generator.uniform(1.85, 2.1)
    for side in (1, -1):
        hub = (mount.x + generator.uniform(1.9, 2.2), side * mount.y, mount.z - 0.3)
        parts += turboprop(hub, 0.52, generator.uniform(4.6, 5.2), span, livery, generator)
    chord = 0.17 * length
    fin_parts, tip = fin(
        -length + 1.2 * chord,
        0.62 * loft.height,
        3.3 + 0.03 * length,
        chord,
        0.55 * chord,
        0.5,
        livery,
        generator,
    )
    parts += fin_parts + stabiliser(tip.x + 0.1, tip.z, 0.29 * half_span, 0.5 * chord, 0.12, 0.0, livery)
    nose_wheel = -1.05 * loft.nose
    parts += gear((nose_wheel, 0.0, -0.8 * loft.height), ground, 0.27, 1, livery, door=0.4)
    for side in (1, -1):
        top = (plan.x - 0.62 * root, side * (1.2 * radius + 0.25), -0.62 * loft.height)
        parts += gear(top, ground, 0.42, 1, livery)
    return _standing(parts, nose_wheel)


AIRCRAFT: tuple[Asset, ...] = (
    Asset("aircraft", "aircraft", (narrow_body, wide_body, regional_jet, business_jet, turboprop_twin)),
)
