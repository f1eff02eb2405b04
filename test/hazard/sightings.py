"""Trackers with readable ids, and sightings of small things for them."""

import itertools
import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np

from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.hazard.tracker import TrackerSettings, ZoneTracker
from clipomaly_ros.hazard.types import (
    Geometry,
    RegionObservation,
    ScoredName,
    Support,
    ZoneMeasurement,
)

POLICY = load_policy(Path(__file__).resolve().parents[2] / "config" / "hazard_policy.yaml")
SECOND = 1_000_000_000


def tracker(**changes):
    numbers = itertools.count(1)
    return ZoneTracker(TrackerSettings(**changes), POLICY, lambda: uuid.UUID(int=next(numbers)))


def seen(x, y, group="tools", name="wrench", number=1, support=Support.FUSED, half=0.1, height=0.1):
    polygon = np.array(
        [[x - half, y - half], [x - half, y + half], [x + half, y + half], [x + half, y - half]]
    )
    sigma = 0.03 if support is Support.FUSED else 0.8
    points = np.array([[x, y, height / 2]] * 6, np.float32) if support is Support.FUSED else np.empty((0, 3))
    geometry = Geometry(
        polygon,
        0.0,
        0.0,
        height,
        np.array([x, y, height / 2]),
        sigma**2 * np.eye(3),
        points.astype(np.float32),
    )
    candidates = (ScoredName(name, 0.7, 2), ScoredName("bolt", 0.2, 2)) if name else ()
    region = RegionObservation(
        number, name, 2 if name else 0, candidates, 0.9, (0, 0, 9, 9), 1, group if name else ""
    )
    return ZoneMeasurement(region, geometry, support)


def watch(some, measurements, start=0, count=3, period=0.1):
    zones = ()
    for step in range(count):
        zones = some.update(measurements, int((start + step * period) * SECOND))
    return zones


def moved(measurement, turn, shift):
    """Return the same sighting in a world that is turned [3, 3] and shifted [3]."""
    old = measurement.geometry
    geometry = replace(
        old,
        polygon=old.polygon @ turn[:2, :2].T + shift[:2],
        centroid=turn @ old.centroid + shift,
        covariance=turn @ old.covariance @ turn.T,
        points=(old.points @ turn.T + shift).astype(np.float32),
    )
    return replace(measurement, geometry=geometry)
