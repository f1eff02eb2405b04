"""What stands about an apron besides the aircraft on their stands."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.composer import Composer

_FLEET = (
    ("baggage tractor", 3.0),
    ("bus", 1.2),
    ("follow-me car", 1.2),
    ("maintenance van", 1.6),
    ("fuel truck", 1.0),
    ("catering truck", 1.0),
    ("belt loader", 1.0),
    ("container loader", 0.6),
    ("passenger stairs", 1.0),
    ("pushback tug", 0.8),
    ("lavatory truck", 0.8),
    ("water truck", 0.8),
    ("de-icer", 0.9),
    ("fire engine", 0.8),
    ("ambulance", 0.7),
    ("ground power unit", 1.0),
    ("air start unit", 0.7),
)
_RIGHT_ANGLES = (0.0, np.pi / 2, np.pi, -np.pi / 2)


def buildings(composer: Composer, side: float, across: bool) -> None:
    """Put buildings behind everything: along the way on a side (1 left, -1 right), or across it ahead."""
    generator = composer.generator
    built = composer.build("terminal building", (0, 1) if generator.random() < 0.75 else None)
    yaw = (0.0 if across else side * np.pi / 2) + generator.normal(0, 0.04)
    along = generator.uniform(-15, 15)
    # As near as what stands there already lets it.
    for distance in range(int(generator.integers(36, 64)), 100, 4):
        place = (distance + 22.0, along) if across else (along + 45.0, side * distance)
        if composer.put(built, *place, yaw, margin=1.5) is not None:
            return


def far_row(composer: Composer, side: float) -> None:
    """Put something large far off, so that the horizon is not empty."""
    generator = composer.generator
    for name, low, high, yaws in (
        ("terminal building", (105, -60), (125, 60), (0.0,)),
        ("terminal building", (20, 85 * side), (110, 78 * side), (side * np.pi / 2,)),
        ("aircraft", (75, -45), (120, 45), None),
        ("aircraft", (60, 30 * side), (120, 65 * side), None),
        ("blast fence", (60, -side * 12), (100, -side * 45), (0.0, -side * np.pi / 2)),
        ("light mast", (40, -side * 20), (100, -side * 50), _RIGHT_ANGLES),
        ("light mast", (40, side * 20), (100, side * 50), _RIGHT_ANGLES),
    ):
        if generator.random() < 0.6:
            composer.scatter(name, np.minimum(low, high), np.maximum(low, high), yaws, 0.1, tries=3)


def road(composer: Composer, side: float, count: int) -> None:
    """Park or drive vehicles along the way, on a side (1 left, -1 right)."""
    generator = composer.generator
    names, weights = zip(*_FLEET, strict=True)
    shares = np.array(weights) / np.sum(weights)
    for name in generator.choice(names, size=count, p=shares):
        near, far = sorted((side * 3.2, side * generator.uniform(7, 24)))
        if name == "baggage tractor" and generator.random() < 0.7:
            place = generator.uniform((14, near), (60, far))
            composer.train(*place, float(generator.choice(_RIGHT_ANGLES)), int(generator.integers(1, 5)))
        else:
            composer.scatter(str(name), (9, near), (70, far), _RIGHT_ANGLES)


def rows(composer: Composer, side: float) -> None:
    """Put rows of cones, barriers, bollards, lights and chocks beside the way."""
    generator = composer.generator
    for name, chance, gap, across in (
        ("cone", 0.7, 2.2, False),
        ("cone", 0.4, 4.0, False),
        ("barrier", 0.45, 0.1, True),
        ("bollard", 0.45, 1.6, False),
        ("taxiway light", 0.5, 9.0, False),
        ("runway light", 0.2, 12.0, False),
        ("chock", 0.35, 0.4, False),
        ("uld", 0.4, 0.3, False),
    ):
        if generator.random() < chance:
            hand = side if generator.random() < 0.5 else -side
            x, y = generator.uniform(8, 40), hand * generator.uniform(2.4, 14)
            yaw = float(generator.choice((0.0, 0.0, hand * np.pi / 2))) + generator.normal(0, 0.1)
            composer.row(
                name, x, y, yaw, int(generator.integers(2, 8)), gap * generator.uniform(0.7, 1.4), across
            )


def single(composer: Composer, side: float) -> None:
    """Put people, signs and single pieces of equipment beside the way."""
    generator = composer.generator
    for name, most, yaws in (
        ("person", 6, None),
        ("sign", 2, (0.0,)),
        ("cone", 4, None),
        ("chock", 2, None),
        ("uld", 2, _RIGHT_ANGLES),
        ("dolly", 3, _RIGHT_ANGLES),
        ("tow bar", 1, None),
        ("barrier", 2, _RIGHT_ANGLES),
        ("bollard", 1, None),
        ("taxiway light", 2, None),
    ):
        for _ in range(int(generator.integers(0, most + 1))):
            hand = side if generator.random() < 0.5 else -side
            near, far = sorted((hand * 2.0, hand * 18.0))
            composer.scatter(name, (7, near), (55, far), yaws)


def casters(composer: Composer, count: int) -> None:
    """Put things behind and beside the camera's view that throw shadows into it."""
    generator = composer.generator
    names = ("light mast", "passenger stairs", "catering truck", "bus", "jet bridge", "aircraft", "sign")
    for number in range(count):
        side = 1.0 if number % 2 else -1.0
        near, far = sorted((side * 3.0, side * 22.0))
        composer.scatter(str(generator.choice(names)), (-25, near), (14, far), None, tries=4)
