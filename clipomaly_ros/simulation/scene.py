"""Scenes of the synthetic apron: aircraft, vehicles, people and what does not belong there."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation import surroundings
from clipomaly_ros.simulation.anomaly_placement import place_anomalies
from clipomaly_ros.simulation.composer import Composer
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.ground_plan import GroundPlan
from clipomaly_ros.simulation.scene_types import Scene
from clipomaly_ros.simulation.splits import find_split
from clipomaly_ros.simulation.stands import park, serve

_WAY = ((-6.0, -1.7), (60.0, 1.7))  # the vehicle's way, free of all that belongs there [m]
_BEND = ((6.0, 0.0), (30.0, 3.2))  # which leads a little to the left
_TRIES = 30


def make_scene(seed: int = 0, condition: str = "dry", split: str = "demo", anomalies: int = 5) -> Scene:
    """Compose a scene around a vehicle's way along x from the origin, y to the left, z up [m].

    seed: of the split's scenes, 0 or more; the same one gives the same scene. condition: a slice
    of conditions.SLICES. anomalies: how many things lie about (fewer where there is no room; none
    in the split nofod). Raises ValueError for a name that does not exist or a negative number.
    """
    rules = find_split(split)
    if condition not in SLICES:
        raise ValueError(f"expected a condition out of {', '.join(SLICES)}, got {condition!r}")
    if anomalies < 0:
        raise ValueError(f"expected 0 anomalies or more, got {anomalies}")
    composer = compose(seed, split)
    weather = SLICES[condition](rules.generator(seed, 2))
    surroundings.casters(composer, weather.casters)
    if rules.anomalous:
        composer.plan = composer.plan.clear(*_WAY).clear(*_BEND)
        composer.generator = rules.generator(seed, 3)
        place_anomalies(composer, anomalies, wet=weather.wetness > 0 or weather.puddles > 0)
    objects = sorted(composer.objects, key=lambda item: item.anomalous)  # stable: anomalous ones last
    return Scene(tuple(objects), weather, rules.scene_seed(seed))


def compose(seed: int, split: str) -> Composer:
    """Compose all that belongs on the apron."""
    rules = find_split(split)
    generator = rules.generator(seed, 1)
    plan = GroundPlan()
    plan.block(*_WAY)
    plan.block(*_BEND)
    composer = Composer(rules, generator, plan)
    side = 1.0 if rules.name == "demo" and seed == 0 else float(generator.choice([-1.0, 1.0]))
    across = generator.random() < 0.5
    aircraft = int(generator.choice([0, 1, 2, 3], p=[0.12, 0.4, 0.33, 0.15]))
    if rules.name == "demo":
        aircraft = max(aircraft, 2)
    for number in range(aircraft):
        _stand(composer, side if number != 1 else -side, across, number)
    if rules.name == "demo" or generator.random() < 0.8:
        surroundings.buildings(composer, side, across)
    busy = generator.uniform(0.3, 1.0)
    surroundings.road(composer, -side, int(np.ceil(busy * generator.integers(2, 7))))
    surroundings.road(composer, side, int(generator.integers(0, 4)))
    surroundings.rows(composer, side)
    surroundings.single(composer, side)
    surroundings.far_row(composer, side)
    return composer


def _stand(composer: Composer, side: float, across: bool, number: int) -> None:
    """Park an aircraft somewhere ahead on a side of the way and serve it."""
    generator = composer.generator
    built = composer.build("aircraft")
    corners = np.concatenate([part.vertices for part in built[2]])
    span, tail = float(corners[:, 1].max()), float(-corners[:, 0].min())
    for attempt in range(_TRIES):
        slack = 0.6 * attempt
        kind = generator.random()
        if kind < 0.4:  # nose in, the tail towards the way, or pushed back the other way round
            outward = generator.random() < 0.7
            yaw = side * (np.pi / 2 if outward else -np.pi / 2) + generator.normal(0, 0.15)
            y = side * ((tail if outward else 10.0) + generator.uniform(3, 9) + slack)
            x = generator.uniform(18, 48) + 25 * number * generator.random()
        elif kind < 0.7:  # beside the way, nose or tail to the vehicle
            yaw = float(generator.choice([0.0, np.pi])) + generator.normal(0, 0.15)
            y = side * (span + generator.uniform(2, 6) + slack)
            x = generator.uniform(30, 55) + (0 if abs(yaw) > 1 else tail)
        else:  # on a remote stand, anyhow
            yaw = generator.uniform(-np.pi, np.pi)
            y = side * generator.uniform(7, 30 + slack)
            x = generator.uniform(25, 70)
        stand = park(composer, built, x, y, yaw)
        if stand is not None:
            busy = float(generator.choice([0.1, 0.6, 1.0], p=[0.2, 0.4, 0.4]))
            serve(
                composer, stand, built, busy, bridged=bool(across or kind < 0.4) and generator.random() < 0.5
            )
            return
