"""Matched measurements into their tracks, all of a picture at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.motion import correct, no_surer_than, predict
from clipomaly_ros.hazard.track import Track
from clipomaly_ros.hazard.types import ZoneMeasurement


def observe(
    tracks: Sequence[Track],
    measurements: Sequence[ZoneMeasurement],
    stamp: int,
    predictions: tuple[NDArray[np.float64], NDArray[np.float64]],
    source: str = "",
) -> None:
    """Take each measurement [n] into the track [n] it was matched to.

    predictions: states [n, 4] and covariances [n, 4, 4] of the tracks' motion at that time.
    source: the camera.
    """
    if not tracks:
        return
    filters = [track.motion for track in tracks]
    models = [motion.model for motion in filters]
    for track, measurement in zip(tracks, measurements, strict=True):
        track.name(measurement)
        track.motion.set_model(track.model())
    seconds = seconds_since(tracks, stamp)
    if any(motion.model is not model for motion, model in zip(filters, models, strict=True)):
        predictions = predict(filters, seconds)
    positions = np.array([measurement.geometry.centroid[:2] for measurement in measurements])
    noises = np.array([measurement.geometry.covariance[:2, :2] for measurement in measurements])
    correct(filters, positions, noises, seconds, predictions)
    best = np.array([track.best_spread for track in tracks])
    better = np.trace(noises, axis1=1, axis2=2) < np.trace(best, axis1=1, axis2=2)
    best = np.where(better[:, None, None], noises, best)
    spreads = no_surer_than(np.array([motion.covariance[:2, :2] for motion in filters]), best)
    for number, (track, measurement) in enumerate(zip(tracks, measurements, strict=True)):
        track.best_spread = best[number]
        track.settle(measurement, stamp, spreads[number], source)


def seconds_since(tracks: Sequence[Track], stamp: int) -> NDArray[np.float64]:
    """Return how long ago each track was seen last, [n] seconds."""
    return np.array([(stamp - track.last_seen) * 1e-9 for track in tracks])
