"""Where a track's centroid is and moves: a Kalman filter over x, y and their velocities.

Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation",
2001: piecewise constant acceleration. With no acceleration and no initial velocity
variance it is the constant-position model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MotionModel:
    """What a kind of object can do.

    speed_sigma: standard deviation of its speed when first seen [m/s]. acceleration_sigma:
    of its acceleration [m/s^2]. drift: random walk of the measured centroid, e.g. as other
    sides of the object come into view [m / sqrt(s)].
    """

    speed_sigma: float
    acceleration_sigma: float
    drift: float


STATIC = MotionModel(0.0, 0.0, 0.05)
MOVING = MotionModel(1.5, 1.0, 0.02)

_MAX_STEP = 1.0  # seconds: beyond it the velocity is history, only the uncertainty grows


def no_surer_than(covariance: NDArray[np.float64], floor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return covariances [..., n, n], enlarged to the floor's [..., n, n] in every direction that is surer.

    Errors that all observations share, of mounting, ground or mask, do not average out,
    however often the same thing is seen. With floor = L L^T the eigenvalues of
    L^-1 covariance L^-T are raised to 1: the least matrix of that eigenbasis above both.
    """
    lower = np.linalg.cholesky(floor + 1e-12 * np.eye(floor.shape[-1]))
    white = np.linalg.solve(lower, _transposed(np.linalg.solve(lower, covariance)))
    values, vectors = np.linalg.eigh(0.5 * (white + _transposed(white)))
    spread = lower @ vectors
    result: NDArray[np.float64] = (spread * np.maximum(values, 1.0)[..., None, :]) @ _transposed(spread)
    return result


class MotionFilter:
    """Position and velocity of one track in the fixed frame."""

    def __init__(
        self, position: NDArray[np.float64], covariance: NDArray[np.float64], model: MotionModel
    ) -> None:
        self.model = model
        self.state = np.array([position[0], position[1], 0.0, 0.0])
        self.covariance = np.zeros((4, 4))
        self.covariance[:2, :2] = covariance[:2, :2]
        self.covariance[2:, 2:] = model.speed_sigma**2 * np.eye(2)
        self.updates = 1

    def set_model(self, model: MotionModel) -> None:
        """Change the model, e.g. when an unknown object turns out to be a person."""
        if model == self.model:
            return
        self.model = model
        self.state[2:] = 0.0
        self.covariance[2:, :] = self.covariance[:, 2:] = 0.0
        self.covariance[2:, 2:] = model.speed_sigma**2 * np.eye(2)
        self.updates = min(self.updates, 1)

    def predicted(self, seconds: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return state [4] and covariance [4, 4] after some time without changing the filter."""
        states, covariances = predict([self], np.array([seconds]))
        return states[0], covariances[0]

    def update(self, position: NDArray[np.float64], covariance: NDArray[np.float64], seconds: float) -> None:
        """Predict by some time, then correct with a measured position [2]."""
        times = np.array([seconds])
        correct([self], position[None, :2], covariance[None, :2, :2], times, predict([self], times))

    def velocity(self, least_speed: float, least_updates: int) -> NDArray[np.float64] | None:
        """Return the velocity [3] in m/s, or None unless it is significant (99 %)."""
        if self.model.speed_sigma == 0.0 or self.updates < least_updates:
            return None
        x, y = self.state[2:].tolist()
        (xx, xy), (_, yy) = self.covariance[2:, 2:].tolist()
        determinant = xx * yy - xy * xy
        significance = x * x * yy - 2 * x * y * xy + y * y * xx  # times the determinant
        if significance < 9.21 * determinant or math.hypot(x, y) < least_speed:  # chi2(2 dof, 0.99)
            return None
        return np.array([x, y, 0.0])


def predict(
    filters: Sequence[MotionFilter], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return states [n, 4] and covariances [n, 4, 4] of filters after times [n] without changing them."""
    seconds = np.maximum(seconds, 0.0)
    step = np.minimum(seconds, _MAX_STEP)
    kinds = [filter.model for filter in filters]
    speed, acceleration, drift = np.array(
        [(kind.speed_sigma, kind.acceleration_sigma, kind.drift) for kind in kinds]
    ).T
    spread = np.minimum(seconds, 60.0)
    transition = np.zeros((len(filters), 4, 4))
    transition[:, range(4), range(4)] = 1.0
    transition[:, 0, 2] = transition[:, 1, 3] = step
    states = np.einsum("nij,nj->ni", transition, np.array([filter.state for filter in filters]))
    covariances = transition @ np.array([filter.covariance for filter in filters]) @ _transposed(transition)
    noise = acceleration**2
    for axis in (0, 1):
        covariances[:, axis, axis] += 0.25 * step**4 * noise + drift**2 * spread
        covariances[:, axis, axis + 2] += 0.5 * step**3 * noise
        covariances[:, axis + 2, axis] += 0.5 * step**3 * noise
        covariances[:, axis + 2, axis + 2] += step**2 * noise
    for old in np.flatnonzero(seconds > _MAX_STEP):  # it may have gone anywhere it can go since
        states[old, 2:] = 0.0
        reach = speed[old] * min(seconds[old] - step[old], 60.0)
        covariances[old, :2, :2] += reach**2 * np.eye(2)
        covariances[old, 2:] = covariances[old, :, 2:] = 0.0
        covariances[old, 2:, 2:] = speed[old] ** 2 * np.eye(2)
    return states, covariances


def correct(
    filters: Sequence[MotionFilter],
    positions: NDArray[np.float64],
    noises: NDArray[np.float64],
    seconds: NDArray[np.float64],
    predictions: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Correct filters with measured positions [n, 2] of covariances [n, 2, 2] (Joseph form).

    predictions: of the filters after seconds [n], from predict().
    """
    states, priors = predictions
    gains = priors[:, :, :2] @ np.linalg.inv(priors[:, :2, :2] + noises)
    keep = np.zeros_like(priors)
    keep[:, range(4), range(4)] = 1.0
    keep[:, :, :2] -= gains
    states = states + np.einsum("nij,nj->ni", gains, positions - states[:, :2])
    covariances = keep @ priors @ _transposed(keep) + gains @ noises @ _transposed(gains)
    for number, filter in enumerate(filters):
        filter.state, filter.covariance = states[number], covariances[number]
        fresh = seconds[number] > _MAX_STEP  # the velocity starts anew
        filter.updates = 1 if fresh else filter.updates + 1


def _transposed(matrices: NDArray[Any]) -> NDArray[Any]:
    return np.swapaxes(matrices, -1, -2)
