"""Matched measurements into their tracks, all of a picture at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clipomaly_ros.hazard.motion import correct, no_surer_than, predict
from clipomaly_ros.hazard.track import Track
from clipomaly_ros.hazard.types import ZoneMeasurement


def observe(
    tracks: Sequence[Track], measurements: Sequence[ZoneMeasurement], stamp: int, source: str = ""
) -> None:
    """Take each measurement [n] into the track [n] it was matched to; source: its camera."""
    if not tracks:
        return
    for track, measurement in zip(tracks, measurements, strict=True):
        track.name(measurement)
        track.motion.set_model(track.model())
    filters = [track.motion for track in tracks]
    seconds = np.array([(stamp - track.last_seen) * 1e-9 for track in tracks])
    positions = np.array([measurement.geometry.centroid[:2] for measurement in measurements])
    noises = np.array([measurement.geometry.covariance[:2, :2] for measurement in measurements])
    correct(filters, positions, noises, seconds, predict(filters, seconds))
    best = np.array([track.best_spread for track in tracks])
    better = np.trace(noises, axis1=1, axis2=2) < np.trace(best, axis1=1, axis2=2)
    best = np.where(better[:, None, None], noises, best)
    spreads = no_surer_than(np.array([motion.covariance[:2, :2] for motion in filters]), best)
    for number, (track, measurement) in enumerate(zip(tracks, measurements, strict=True)):
        track.best_spread = best[number]
        track.settle(measurement, stamp, spreads[number], source)
