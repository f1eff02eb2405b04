"""Landing gear: struts, wheels and doors.

Frame as in aircraft_body.
"""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.aircraft_livery import BARE_METAL, RUBBER, STRUT, Livery, paint
from clipomaly_ros.simulation.mesh import Part, box, cylinder, labelled, pose, revolve, tube

GEAR = "landing gear"


def wheel(radius: float, width: float, at: tuple[float, float, float]) -> list[Part]:
    """Build a wheel about the y axis: tyre and hub."""
    r, w = radius, width / 2
    tyre = [(0.55 * r, -w * 0.8), (0.8 * r, -w), (0.94 * r, -0.85 * w), (r, -0.45 * w)]
    tyre += [(radius_, -z) for radius_, z in reversed(tyre)]
    where = pose(at, roll=np.pi / 2)
    return [revolve(tyre, RUBBER, where, 28), cylinder(0.56 * r, 1.5 * w, BARE_METAL, where, 20)]


def gear(
    top: tuple[float, float, float],
    ground: float,
    radius: float,
    axles: int,
    livery: Livery,
    door: float = 0.0,
    lean: float = 0.0,
) -> list[Part]:
    """Build a leg from top down to z = ground with twin wheels of a radius on one or more axles.

    door: height of the doors beside the leg, 0 none; lean: how far the wheels stand ahead of the top [m].
    """
    x, y, high = top
    width = 0.36 * radius + 0.06
    track = 0.55 * radius + 0.12
    hub = ground + radius
    foot = x + lean
    middle = (hub + high) / 2
    parts = [
        tube([(x, y, high), ((x + foot) / 2, y, middle)], 0.16 * radius + 0.035, STRUT, None, 14),
        tube([((x + foot) / 2, y, middle), (foot, y, hub)], 0.12 * radius + 0.025, BARE_METAL, None, 14),
        # The drag brace, and the scissors that keep the wheels straight.
        tube([(x + 0.8 * radius + 0.6, y, high), ((x + foot) / 2, y, middle)], 0.05, STRUT, None, 8),
        tube(
            [(foot, y, hub + 0.1), (foot - 0.28, y, (hub + middle) / 2), ((x + foot) / 2, y, middle)],
            0.035,
            STRUT,
            None,
            6,
        ),
    ]
    spacing = 2.35 * radius
    places = (np.arange(axles) - (axles - 1) / 2) * spacing
    if axles > 1:
        parts.append(tube([(foot + places[0], y, hub), (foot + places[-1], y, hub)], 0.11, STRUT, None, 8))
    for place in places:
        parts.append(cylinder(0.07, 2 * track, STRUT, pose((foot + place, y, hub), roll=np.pi / 2), 12))
        for side in (1, -1):
            parts += wheel(radius, width, (foot + place, y + side * track, hub))
    if door:
        for side in (1, -1):
            where = pose((x + 0.1, y + side * (track + 0.12), high - door / 2), roll=-side * 0.12)
            parts.append(box((0.9 + radius, 0.035, door), paint(livery.belly), where))
    return labelled(parts, GEAR)
