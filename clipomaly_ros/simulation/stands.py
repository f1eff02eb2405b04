"""An aircraft on its stand and everything that serves it there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.composer import Composer
from clipomaly_ros.simulation.mesh import Part, pose

_NOSE, _GEAR, _ENGINE, _WING = "aircraft nose", "landing gear", "engine nacelle", "wingtip"


@dataclass(frozen=True)
class Stand:
    """Where things are at a parked aircraft, in its own frame (x to the nose, y left) [m].

    world: float64 [4, 4], world <- aircraft. nose, tail: x of its ends; radius: half width of the
    cabin; span: half span.
    """

    world: NDArray[np.float64]
    yaw: float
    nose: float
    tail: float
    radius: float
    span: float

    @property
    def length(self) -> float:
        """Return the length over all [m]."""
        return self.nose - self.tail

    def at(self, x: float, y: float) -> NDArray[np.float64]:
        """Return a point of the aircraft's frame in the world, float64 [2]."""
        return (self.world @ (x, y, 0.0, 1.0))[:2]


def _extent(parts: list[Part], label: str | None = None) -> tuple[NDArray, NDArray]:
    chosen = [part.vertices for part in parts if label is None or part.label == label]
    corners = np.concatenate(chosen or [part.vertices for part in parts])
    return corners.min(axis=0), corners.max(axis=0)


def park(
    composer: Composer, built: tuple[Asset, int, list[Part]], x: float, y: float, yaw: float
) -> Stand | None:
    """Park an aircraft with the nose wheel at x, y [m]; None where no room is."""
    if composer.put(built, x, y, yaw, margin=1.0) is None:
        return None
    low, high = _extent(built[2])
    radius = _extent(built[2], _NOSE)[1][1]
    return Stand(
        pose((x, y, 0.0), yaw=yaw), yaw, float(high[0]), float(low[0]), float(radius), float(high[1])
    )


def serve(
    composer: Composer, stand: Stand, built: tuple[Asset, int, list[Part]], busy: float, bridged: bool
) -> None:
    """Put chocks, cones, vehicles and people around a parked aircraft.

    busy: 0 nobody there, 1 in the middle of a turnaround. bridged: a jet bridge serves the door.
    """
    generator = composer.generator
    _chocks(composer, stand, built[2])
    _cones(composer, stand, built[2])
    door = stand.nose - 0.19 * stand.length
    right, left = stand.yaw - np.pi / 2, stand.yaw + np.pi / 2
    bridge = None
    if bridged:
        slant = generator.uniform(np.radians(5), np.radians(40))
        bridge = composer.dock("jet bridge", stand.at(door, stand.radius + 0.15), right - slant)
    if bridge is None and generator.random() < busy:
        composer.dock("passenger stairs", stand.at(door, stand.radius + 0.15), right)
    if generator.random() < 0.5 * busy:
        composer.dock(
            "passenger stairs", stand.at(stand.tail + 0.3 * stand.length, stand.radius + 0.15), right
        )
    hold = stand.nose - (0.33 if generator.random() < 0.6 else 0.67) * stand.length
    large = stand.radius > 2.5
    loader = "container loader" if large and generator.random() < 0.7 else "belt loader"
    if generator.random() < busy:
        composer.dock(loader, stand.at(hold, -stand.radius - 0.1), left)
        heading = stand.yaw + float(generator.choice([0.0, np.pi]))
        place = stand.at(hold + generator.uniform(-3, 5), -stand.radius - generator.uniform(9.5, 13.0))
        composer.train(*place, heading, int(generator.integers(1, 5)))
    if generator.random() < 0.6 * busy:
        side = float(generator.choice([-1.0, 1.0]))
        place = stand.at(generator.uniform(-0.5, 0.1) * 0.3 * stand.length, side * 0.62 * stand.span)
        composer.put("fuel truck", *place, stand.yaw + float(generator.choice([0.0, np.pi])))
    if generator.random() < 0.6 * busy:
        x = door if generator.random() < 0.5 else stand.tail + 0.3 * stand.length
        composer.dock("catering truck", stand.at(x, -stand.radius - 0.15), left)
    if generator.random() < 0.7:
        place = stand.at(stand.nose + generator.uniform(2.5, 6.0), generator.normal(0, 0.4))
        composer.dock("pushback tug", place, stand.yaw + np.pi + generator.normal(0, 0.05))
    for name, chance, x, y in (
        ("ground power unit", 0.7, stand.nose - 0.05 * stand.length, -stand.radius - 2.5),
        ("air start unit", 0.25, -0.2 * stand.length, -stand.radius - 5.0),
        ("lavatory truck", 0.35 * busy, stand.tail + 0.16 * stand.length, stand.radius + 4.0),
        ("water truck", 0.3 * busy, stand.tail + 0.2 * stand.length, -stand.radius - 4.5),
        ("tow bar", 0.35, stand.nose + 3.0, stand.radius + 3.0),
        ("maintenance van", 0.3, stand.nose + 1.0, stand.radius + 6.0),
        ("de-icer", 0.12, stand.tail + 0.2 * stand.length, stand.radius + 9.0),
        ("uld", 0.4 * busy, hold - 5.0, -stand.radius - 7.0),
        ("uld", 0.3 * busy, hold - 7.5, -stand.radius - 7.5),
    ):
        if generator.random() < chance:
            place = stand.at(x + generator.normal(0, 0.8), y + np.sign(y) * generator.uniform(0, 1.5))
            composer.put(
                name, *place, stand.yaw + float(generator.choice([0.0, np.pi])) + generator.normal(0, 0.08)
            )
    _people(composer, stand, door, hold, busy)


def _chocks(composer: Composer, stand: Stand, parts: list[Part]) -> None:
    wheels = [_extent([p]) for p in parts if p.label == _GEAR and p.vertices[:, 2].min() < 0.1]
    for low, high in wheels:
        if composer.generator.random() < 0.6 and high[0] - low[0] < 2.5:
            x, y = (low + high)[:2] / 2
            # Chocks reach around the tyre, which takes the ground between them.
            asset, variant, built = composer.build("chock")
            composer.insert((asset, variant, built), *stand.at(x, y), stand.yaw)


def _cones(composer: Composer, stand: Stand, parts: list[Part]) -> None:
    generator = composer.generator
    variant = [int(generator.choice(composer.split.variants(composer.build("cone")[0], False)))]
    spots: list[tuple[float, float]] = []
    tips = _extent(parts, _WING)
    engines = _extent(parts, _ENGINE)
    for side in (-1.0, 1.0):
        tip_x = 0.75 * tips[0][0] + 0.25 * tips[1][0]
        spots += [(tip_x + 1.5, side * (stand.span + 0.4)), (tip_x - 2.0, side * (stand.span + 0.2))]
        spots.append((engines[1][0] + 1.2, side * 0.8 * engines[1][1]))
        spots.append((engines[0][0] - 1.0, side * 0.8 * engines[1][1]))
    spots += [
        (stand.tail - 1.0, 0.0),
        (stand.nose + 1.2, generator.uniform(-1, 1)),
        (0.5 * stand.tail, -stand.radius - 2.0),
    ]
    for x, y in spots:
        if generator.random() < 0.7:
            place = stand.at(x + generator.normal(0, 0.3), y + generator.normal(0, 0.3))
            composer.put(
                composer.build("cone", variant), *place, generator.uniform(-np.pi, np.pi), margin=0.1
            )


def _people(composer: Composer, stand: Stand, door: float, hold: float, busy: float) -> None:
    generator = composer.generator
    spots = (
        (stand.nose + 5.0, 2.5),
        (hold + 1.5, -stand.radius - 5.0),
        (hold - 2.5, -stand.radius - 3.5),
        (door + 2.0, stand.radius + 4.0),
        (-0.2 * stand.length, 0.4 * stand.span),
        (0.6 * stand.tail, stand.radius + 2.5),
        (stand.tail - 2.0, 1.5),
        (0.4 * stand.tail, -0.7 * stand.span),
    )
    for x, y in spots:
        if generator.random() < 0.2 + 0.5 * busy:
            place = stand.at(x + generator.normal(0, 1.2), y + generator.normal(0, 1.2))
            composer.put("person", *place, generator.uniform(-np.pi, np.pi))
