"""Bodies of cars, vans and pickups from their side views."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.bodywork import (
    car,
)
from clipomaly_ros.simulation.assets.running_gear import (
    DARK,
    block,
    leaning,
    on_sides,
    picker,
    rectangle,
)
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part

# Vans are boxes: their sides lean less than those of cars.
VAN_LEAN = 0.07


def hatchback(
    generator: np.random.Generator, body: Material, tall: float, length: float, width: float
) -> list[Part]:
    """Build a car with a rear hatch, from a small car to an off-roader by its height tall [m]."""
    pick = picker(generator)
    half, radius, low = length / 2, pick(0.31, 0.36), 0.22 + 0.1 * (tall - 1.4)
    waist, hood = 0.58 * tall, 0.56 * tall
    cowl, rear = half - pick(1.15, 1.3), -half + pick(0.05, 0.15)
    screen = cowl - pick(0.5, 0.7)
    tail = -half + pick(0.35, 0.6)
    shell = [(-half, low), (half, low), (half, 0.62 * hood), (half - 0.12, hood - 0.12), (cowl, hood + 0.06)]
    shell += [
        (screen, tall - 0.03),
        (screen - 0.4, tall),
        (tail + 0.2, tall - 0.02),
        (tail, tall - 0.07),
        (rear, waist),
    ]
    shell += [(-half, waist - 0.15)]
    pillar = (screen + tail) / 2 - 0.1
    first = [
        (pillar + 0.05, waist + 0.03),
        (cowl - 0.18, waist + 0.03),
        (screen - 0.06, tall - 0.1),
        (pillar + 0.05, tall - 0.1),
    ]
    second = [
        (rear + 0.35, waist + 0.03),
        (pillar - 0.05, waist + 0.03),
        (pillar - 0.05, tall - 0.1),
        (tail + 0.25, tall - 0.1),
    ]
    windscreen = ((cowl - 0.02, hood + 0.09), (screen + 0.03, tall - 0.06))
    rear_window = ((tail - 0.01, tall - 0.1), (rear + 0.01, waist + 0.06))
    axles = (half - 0.85, -half + 0.8)
    return car(generator, body, shell, [first, second], windscreen, rear_window, width, axles, radius, waist)


def van(
    generator: np.random.Generator, body: Material, length: float, width: float, tall: float, panes: bool
) -> list[Part]:
    """Build a van with its engine under a short hood; panes: windows along the sides."""
    pick = picker(generator)
    half, radius = length / 2, 0.34
    nose, hood, waist = half - pick(0.7, 0.9), pick(1.0, 1.1), 1.12
    screen = nose - pick(0.6, 0.8)
    shell = [
        (-half, 0.3),
        (half, 0.3),
        (half, 0.75),
        (half - 0.08, hood - 0.08),
        (nose, hood + 0.08),
        (screen, tall - 0.12),
    ]
    shell += [(screen - 0.4, tall), (-half + 0.12, tall), (-half, tall - 0.15)]
    window = [
        (screen - 0.45, waist),
        (nose - 0.15, waist),
        (screen - 0.02, min(tall - 0.3, 1.85)),
        (screen - 0.45, min(tall - 0.3, 1.85)),
    ]
    windows = [window]
    if panes:
        windows.append(rectangle(-half + 0.3, screen - 0.65, waist + 0.05, min(tall - 0.3, 1.85)))
    share = 0.93
    windscreen = (
        (nose - 0.02, hood + 0.12),
        (nose + share * (screen - nose), hood + 0.08 + share * (tall - 0.2 - hood)),
    )
    rear_window = ((-half + 0.005, tall - 0.3), (-half + 0.005, 1.3))
    parts = car(
        generator,
        body,
        shell,
        windows,
        windscreen,
        rear_window,
        width,
        (half - 0.85, -half + 0.95),
        radius,
        1.2,
        VAN_LEAN,
    )
    seam = rectangle(screen - 0.52, screen - 0.5, 0.4, tall - 0.25)
    return parts + leaning(on_sides(seam, width / 2, DARK, 0.006), 1.2, VAN_LEAN)


def pickup(
    generator: np.random.Generator, body: Material, length: float, width: float, tall: float
) -> list[Part]:
    """Build a pickup with a single cab and an open bed."""
    pick = picker(generator)
    half, radius, waist = length / 2, 0.38, 1.08
    cowl = half - pick(1.25, 1.4)
    screen, tail = cowl - 0.6, -half + pick(1.6, 2.1)
    shell = [
        (-half, 0.42),
        (half, 0.42),
        (half, 0.9),
        (half - 0.1, 1.0),
        (cowl, waist + 0.06),
        (screen, tall - 0.04),
    ]
    shell += [(screen - 0.3, tall), (tail + 0.1, tall), (tail, waist), (-half, waist)]
    pane = [
        (tail + 0.12, waist + 0.02),
        (cowl - 0.18, waist + 0.02),
        (screen - 0.06, tall - 0.1),
        (tail + 0.18, tall - 0.1),
    ]
    windscreen = ((cowl - 0.02, waist + 0.09), (screen + 0.03, tall - 0.07))
    rear_window = ((tail + 0.09, tall - 0.1), (tail + 0.01, waist + 0.06))
    parts = car(
        generator,
        body,
        shell,
        [pane],
        windscreen,
        rear_window,
        width,
        (half - 0.9, -half + 1.05),
        radius,
        waist,
        tall,
    )
    parts.append(
        block(
            (-half + 0.08, tail - 0.1),
            (-width / 2 + 0.1, width / 2 - 0.1),
            (waist - 0.01, waist + 0.006),
            DARK,
        )
    )
    return parts
