"""Lens distortion: forward, inverse, and the limit beyond which a polynomial folds back.

Points are normalised image coordinates (x / z, y / z); coefficient order and formulas are
those of OpenCV and sensor_msgs/CameraInfo.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

_WIDEST_RADIUS = 100.0  # tan of 89.4 degrees: wider than any lens these models fit
_TABLE_SIZE = 4096
_NEWTON_STEPS = 12


class Distortion(Protocol):
    """The one contract of every lens model."""

    @property
    def limit(self) -> float:
        """Return the largest angle from the axis [rad] where the model does not fold."""

    def distort(self, x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Map directions to distorted normalised coordinates; the caller culls by `limit`."""

    def undistort(self, distorted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map distorted coordinates [N, 2] to unit directions [N, 3]; NaN outside the model's range."""


def _first_positive_root(coefficients: list[float]) -> float:
    """Return the smallest positive real root of a polynomial (lowest power first), or infinity."""
    roots = np.polynomial.Polynomial(coefficients).trim(1e-15).roots()
    real = roots[np.abs(roots.imag) < 1e-9 * (1.0 + np.abs(roots.real))].real
    positive = real[real > 1e-12]
    return float(positive.min()) if len(positive) else np.inf


class BrownConrady:
    """plumb_bob (k1 k2 p1 p2 k3) and rational_polynomial (k1 k2 p1 p2 k3 k4 k5 k6)."""

    def __init__(self, coefficients: NDArray[np.float64]) -> None:
        k1, k2, self._p1, self._p2, k3 = (float(value) for value in coefficients[:5])
        k4, k5, k6 = (float(value) for value in coefficients[5:8]) if len(coefficients) > 5 else (0, 0, 0)
        # Python's own numbers take the type of the arrays they meet: float32 stays float32
        self._numerator, self._denominator = (k1, k2, k3), (k4, k5, k6)
        self._rational = bool(k4 or k5 or k6)
        s = np.polynomial.Polynomial([0.0, 1.0])  # s = r^2
        top, bottom = (
            np.polynomial.Polynomial([1.0, *higher]) for higher in (self._numerator, self._denominator)
        )
        # d(r * top / bottom) / dr * bottom^2, written in s
        slope = (top + 2 * s * top.deriv()) * bottom - 2 * s * top * bottom.deriv()
        fold = min(_first_positive_root(list(slope.coef)), _first_positive_root(list(bottom.coef)))
        # 1 % inside the fold: there the slope is still positive, so the inverse exists
        self._radius_limit = min(0.99 * float(np.sqrt(fold)), _WIDEST_RADIUS)
        # dense near the axis, reaching far: quadratic spacing
        self._table_r = self._radius_limit * np.linspace(0.0, 1.0, _TABLE_SIZE) ** 2
        self._table_d = self._table_r * self._gain(self._table_r**2)
        self._identity = not np.any(coefficients)

    @property
    def limit(self) -> float:
        """Return the largest angle from the axis [rad] where the model does not fold."""
        return float(np.arctan(self._radius_limit))

    def _gain(self, s: NDArray[Any]) -> NDArray[Any]:
        """Evaluate the radial factor at s = r^2 in the type of s (Horner, no temporaries of float64)."""
        a1, a2, a3 = self._numerator
        gain: NDArray[Any] = 1 + s * (a1 + s * (a2 + s * a3))
        if self._rational:
            b1, b2, b3 = self._denominator
            gain = gain / (1 + s * (b1 + s * (b2 + s * b3)))
        return gain

    def distort(self, x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Map directions to distorted normalised coordinates; the caller culls by `limit`."""
        x, y = x / z, y / z
        return (x, y) if self._identity else self._distort_plane(x, y)

    def _distort_plane(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        s = x * x + y * y
        gain, p1, p2 = self._gain(s), self._p1, self._p2
        xy = x * y
        return (
            x * gain + 2 * p1 * xy + p2 * (s + 2 * x * x),
            y * gain + p1 * (s + 2 * y * y) + 2 * p2 * xy,
        )

    def undistort(self, distorted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map distorted coordinates [N, 2] to unit directions [N, 3]; NaN outside the model's range.

        Newton's method in two dimensions, started from the inverse of the radial part alone.
        """
        target = np.asarray(distorted, np.float64)
        plane = target.copy()
        if not self._identity:
            radius = np.hypot(target[:, 0], target[:, 1])
            start = np.interp(radius, self._table_d, self._table_r)
            plane *= (start / np.maximum(radius, 1e-12))[:, None]
            plane = self._newton(plane, target)
            reached = np.column_stack(self._distort_plane(plane[:, 0], plane[:, 1]))
            wrong = np.abs(reached - target).max(axis=1) > 1e-7 * (1.0 + radius)
            wrong |= np.hypot(plane[:, 0], plane[:, 1]) > 1.01 * self._radius_limit
            plane[wrong] = np.nan
        rays = np.column_stack([plane, np.ones(len(plane))])
        unit: NDArray[np.float64] = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        return unit

    def _newton(self, plane: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
        (a1, a2, a3), (b1, b2, b3) = self._numerator, self._denominator
        p1, p2 = self._p1, self._p2
        x, y = plane.T
        for _ in range(_NEWTON_STEPS):
            s = x * x + y * y
            denominator = 1 + s * (b1 + s * (b2 + s * b3))
            gain = (1 + s * (a1 + s * (a2 + s * a3))) / denominator
            slope = (a1 + s * (2 * a2 + 3 * s * a3) - gain * (b1 + s * (2 * b2 + 3 * s * b3))) / denominator
            reached_x, reached_y = self._distort_plane(x, y)
            residual_x, residual_y = target[:, 0] - reached_x, target[:, 1] - reached_y
            a = gain + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
            b = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
            c = gain + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
            determinant = a * c - b * b
            determinant = np.where(np.abs(determinant) < 1e-9, np.inf, determinant)  # no step there
            step_x = (c * residual_x - b * residual_y) / determinant
            step_y = (a * residual_y - b * residual_x) / determinant
            x, y = x + step_x, y + step_y
            # each step squares the error: after one this small there is nothing left to gain
            if not len(x) or max(np.abs(step_x).max(), np.abs(step_y).max()) < 1e-7:
                break
        return np.column_stack([x, y])


class KannalaBrandt:
    """equidistant / fisheye (k1 k2 k3 k4): theta_d = theta (1 + k1 theta^2 + ... + k4 theta^8).

    Kannala and Brandt, "A generic camera model and calibration method for conventional,
    wide-angle, and fish-eye lenses", PAMI 2006.
    """

    def __init__(self, coefficients: NDArray[np.float64]) -> None:
        k1, k2, k3, k4 = (float(value) for value in coefficients)
        self._k = (k1, k2, k3, k4)
        fold = _first_positive_root([1.0, 3 * k1, 5 * k2, 7 * k3, 9 * k4])
        self._limit = min(0.99 * float(np.sqrt(fold)), 0.99 * np.pi)
        self._table_theta = np.linspace(0.0, self._limit, _TABLE_SIZE)
        self._table_d = self._forward(self._table_theta)

    @property
    def limit(self) -> float:
        """Return the largest angle from the axis [rad] where the model does not fold."""
        return self._limit

    def _forward(self, theta: NDArray[Any]) -> NDArray[Any]:
        k1, k2, k3, k4 = (theta.dtype.type(value) for value in self._k)
        s = theta * theta
        result: NDArray[Any] = theta * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4))))
        return result

    def distort(self, x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Map directions to distorted normalised coordinates; the caller culls by `limit`."""
        radius = np.hypot(x, y)
        theta = np.arctan2(radius, z)
        tiny = radius < 1e-12
        scale = np.where(tiny, 1 / np.maximum(z, 1e-12), self._forward(theta) / np.where(tiny, 1, radius))
        scale = scale.astype(x.dtype, copy=False)
        return x * scale, y * scale

    def undistort(self, distorted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map distorted coordinates [N, 2] to unit directions [N, 3]; NaN outside the model's range."""
        target = np.asarray(distorted, np.float64)
        radius = np.hypot(target[:, 0], target[:, 1])
        theta = np.interp(radius, self._table_d, self._table_theta, right=np.nan)
        k1, k2, k3, k4 = self._k
        for _ in range(4):  # the table is good to 1e-6 already
            s = theta * theta
            slope = 1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4)))
            theta = theta - (self._forward(theta) - radius) / slope
        direction = target / np.maximum(radius, 1e-12)[:, None]
        return np.column_stack([direction * np.sin(theta)[:, None], np.cos(theta)])
