"""Where a track's centroid is and moves: a Kalman filter over x, y and their velocities.

Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation",
2001: piecewise constant acceleration. With no acceleration and no initial velocity
variance it is the constant-position model.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    """Return a covariance [n, n], enlarged to the floor's [n, n] in every direction that is surer.

    Errors that all observations share, of mounting, ground or mask, do not average out,
    however often the same thing is seen. With floor = L L^T the eigenvalues of
    L^-1 covariance L^-T are raised to 1: the least matrix of that eigenbasis above both.
    """
    lower = np.linalg.cholesky(floor + 1e-12 * np.eye(len(floor)))
    white = np.linalg.solve(lower, np.linalg.solve(lower, covariance).T)
    values, vectors = np.linalg.eigh(0.5 * (white + white.T))
    spread = lower @ vectors
    result: NDArray[np.float64] = (spread * np.maximum(values, 1.0)) @ spread.T
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
        seconds = max(seconds, 0.0)
        step = min(seconds, _MAX_STEP)
        transition = np.eye(4)
        transition[0, 2] = transition[1, 3] = step
        gain = np.vstack([0.5 * step**2 * np.eye(2), step * np.eye(2)])
        noise = gain @ gain.T * self.model.acceleration_sigma**2
        noise[:2, :2] += self.model.drift**2 * min(seconds, 60.0) * np.eye(2)
        state = transition @ self.state
        covariance = transition @ self.covariance @ transition.T + noise
        if seconds > _MAX_STEP:  # it may have gone anywhere it can go since
            covariance[:2, :2] += (self.model.speed_sigma * min(seconds - step, 60.0)) ** 2 * np.eye(2)
            state[2:] = 0.0
            covariance[2:, :] = covariance[:, 2:] = 0.0
            covariance[2:, 2:] = self.model.speed_sigma**2 * np.eye(2)
        return state, covariance

    def update(self, position: NDArray[np.float64], covariance: NDArray[np.float64], seconds: float) -> None:
        """Predict by some time, then correct with a measured position [2] (Joseph form)."""
        if seconds > _MAX_STEP:
            self.updates = 0  # the velocity starts anew
        state, prior = self.predicted(seconds)
        measured = covariance[:2, :2]
        gain = np.linalg.solve(prior[:2, :2] + measured, prior[:2]).T
        keep = np.eye(4)
        keep[:, :2] -= gain
        self.state = state + gain @ (position[:2] - state[:2])
        self.covariance = keep @ prior @ keep.T + gain @ measured @ gain.T
        self.updates += 1

    def velocity(self, least_speed: float, least_updates: int) -> NDArray[np.float64] | None:
        """Return the velocity [3] in m/s, or None unless it is significant (99 %)."""
        if self.model.speed_sigma == 0.0 or self.updates < least_updates:
            return None
        speed = self.state[2:]
        significance = float(speed @ np.linalg.solve(self.covariance[2:, 2:], speed))
        if significance < 9.21 or float(np.linalg.norm(speed)) < least_speed:  # chi2(2 dof, 0.99)
            return None
        return np.array([speed[0], speed[1], 0.0])
