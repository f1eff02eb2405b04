"""Camera models: from CameraInfo to projection and viewing rays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clipomaly_ros.hazard.distortion import BrownConrady, Distortion, KannalaBrandt
from clipomaly_ros.hazard.types import HazardError

# Name in sensor_msgs/CameraInfo -> number of coefficients
DISTORTION_MODELS = {"plumb_bob": 5, "rational_polynomial": 8, "equidistant": 4, "fisheye": 4}

_NEAREST_DEPTH = 0.05  # metres; nothing is seen through the lens itself
_PLANE_LIMIT = np.pi / 2 - 1e-3  # radians from the axis up to which x / z and y / z tell directions
_BORDER_MARGIN = 1.02  # the true picture border, undistorted, is found at samples only


class CameraModel:
    """A calibrated camera; its frame is optical (z forward, x right, y down), in metres.

    Pixel (0, 0) is the centre of the top left pixel; a point is visible when it falls on
    the picture: -0.5 <= u < width - 0.5, likewise v.
    """

    def __init__(
        self,
        width: int,
        height: int,
        matrix: NDArray[np.float64],
        distortion: Distortion,
        rotation: NDArray[np.float64] | None = None,
        origin: NDArray[np.float64] | None = None,
        frame: str = "",
    ) -> None:
        self.width, self.height, self.frame = width, height, frame
        self.matrix = matrix
        self.origin = np.zeros(3) if origin is None else origin
        self._rotation = rotation
        self._distortion = distortion
        self._angle_limit = distortion.limit
        self._bounds: tuple[float, float, float, float] | None = None
        self._find_view()

    @classmethod
    def from_camera_info(
        cls,
        width: int,
        height: int,
        distortion_model: str,
        d: Sequence[float],
        k: Sequence[float],
        r: Sequence[float] | None = None,
        p: Sequence[float] | None = None,
        frame: str = "",
        rectified: bool = False,
    ) -> CameraModel:
        """Build from the fields of sensor_msgs/CameraInfo, every one of them checked.

        k: 9 numbers, row major; d: as many as the model has (DISTORTION_MODELS); r: 9, p: 12,
        or empty. rectified: the pictures are rectified already, so only r and p are used;
        p[3], p[7] then move the viewpoint as in image_geometry (`origin`).
        Raises HazardError for anything a projection cannot rest on.
        """
        if int(width) < 1 or int(height) < 1 or int(width) > 65535 or int(height) > 65535:
            raise HazardError(f"expected a picture of 1 to 65535 pixels a side, got {width} x {height}")
        if not rectified:
            if distortion_model not in DISTORTION_MODELS:
                raise HazardError(
                    f"unknown distortion model {distortion_model[:64]!r}: "
                    f"expected one of {', '.join(DISTORTION_MODELS)}"
                )
            matrix = _checked(_numbers("k", k, 9).reshape(3, 3), "k")
            count = DISTORTION_MODELS[distortion_model]
            coefficients = _numbers(f"d ({distortion_model})", d, count)
            model = KannalaBrandt(coefficients) if count == 4 else BrownConrady(coefficients)
            return cls(int(width), int(height), matrix, model, frame=frame)
        rotation = _numbers("r", r, 9).reshape(3, 3) if r is not None and len(r) else np.zeros((3, 3))
        projection = _numbers("p", p if p is not None else (), 12).reshape(3, 4)
        matrix = _checked(projection[:, :3], "p")
        offset = np.array([projection[0, 3] / matrix[0, 0], projection[1, 3] / matrix[1, 1], 0.0])
        if not rotation.any():
            rotation = np.eye(3)
        if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-4:
            raise HazardError(f"expected a rotation in r, got {rotation.tolist()}")
        plain = BrownConrady(np.zeros(5))
        return cls(int(width), int(height), matrix, plain, rotation, -(rotation.T @ offset), frame)

    def _find_view(self) -> None:
        """Find the angle from the axis [rad] that holds the whole picture, and its borders.

        Beyond them a distortion polynomial may lead points back into the picture.
        """
        us = np.linspace(-0.5, self.width - 0.5, 65)
        vs = np.linspace(-0.5, self.height - 0.5, 65)
        border = np.vstack(
            [np.column_stack([us, np.full(65, v)]) for v in (-0.5, self.height - 0.5)]
            + [np.column_stack([np.full(65, u), vs]) for u in (-0.5, self.width - 0.5)]
        )
        rays = self._distortion.undistort(self._normalised(border))
        if not np.isfinite(rays).all():  # the model folds inside the picture
            return
        widest = float(np.arccos(np.clip(rays[:, 2].min(), -1.0, 1.0)))
        self._angle_limit = min(widest * _BORDER_MARGIN, self._angle_limit)
        if self._angle_limit < _PLANE_LIMIT:
            plane = rays[:, :2] / rays[:, 2:]
            low, high = plane.min(axis=0), plane.max(axis=0)
            margin = (_BORDER_MARGIN - 1.0) * (high - low)
            left, top, right, bottom = (float(side) for side in (*(low - margin), *(high + margin)))
            self._bounds = (left, top, right, bottom)

    def _normalised(self, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        y = (uv[:, 1] - self.matrix[1, 2]) / self.matrix[1, 1]
        x = (uv[:, 0] - self.matrix[0, 2] - self.matrix[0, 1] * y) / self.matrix[0, 0]
        return np.column_stack([x, y])

    def project(self, points_camera: ArrayLike) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Project points [N, 3] of the camera frame onto the picture.

        Returns uv [N, 2] (float32 for float32 points, else float64; NaN for points outside the
        field of view, which is culled before distortion) and visible, bool [N].
        """
        points = self._through_lens(points_camera)
        uv = np.full((len(points), 2), np.nan, points.dtype)
        visible = np.zeros(len(points), bool)
        chosen = self._in_field_of_view(points)
        if len(chosen):
            x, y, z = np.take(points, chosen, axis=0).T
            x, y = self._distortion.distort(x, y, z)
            one = points.dtype.type
            u = one(self.matrix[0, 0]) * x + one(self.matrix[0, 2])
            if self.matrix[0, 1]:
                u += one(self.matrix[0, 1]) * y
            v = one(self.matrix[1, 1]) * y + one(self.matrix[1, 2])
            uv[chosen, 0], uv[chosen, 1] = u, v
            inside = (u >= -0.5) & (u < self.width - 0.5) & (v >= -0.5) & (v < self.height - 0.5)
            visible[chosen] = inside
        return uv, visible

    def in_view(self, points_camera: ArrayLike) -> NDArray[np.intp]:
        """Return which points [N, 3] may be in the picture: all that are, and few others.

        It takes a part of the time of a projection.
        """
        return self._in_field_of_view(self._through_lens(points_camera))

    def _through_lens(self, points_camera: ArrayLike) -> NDArray[Any]:
        """Return points [N, 3] along the lens's own axes, float32 or float64."""
        points = np.asarray(points_camera)
        if points.dtype != np.float32:
            points = points.astype(np.float64, copy=False)
        if self._rotation is None:
            return points
        turned: NDArray[Any] = (points - self.origin.astype(points.dtype)) @ self._rotation.T.astype(
            points.dtype
        )
        return turned

    def _in_field_of_view(self, points: NDArray[Any]) -> NDArray[np.intp]:
        """Return the indices of the points within the angle limit and the picture's borders."""
        limit = self._angle_limit
        z = points[:, 2]
        if limit < _PLANE_LIMIT:
            kind = points.dtype.type
            front = np.flatnonzero(z > _NEAREST_DEPTH)
            x, y, z = np.ascontiguousarray(np.take(points, front, axis=0).T)
            bound = z * kind(np.tan(limit))
            inside = x * x + y * y <= bound * bound
            if self._bounds is not None:
                left, top, right, bottom = (kind(side) for side in self._bounds)
                inside &= (x >= left * z) & (x <= right * z) & (y >= top * z) & (y <= bottom * z)
            near: NDArray[np.intp] = front[inside]
            return near
        radius = np.hypot(points[:, 0], points[:, 1])
        return np.flatnonzero((np.arctan2(radius, z) <= limit) & (radius + np.abs(z) > _NEAREST_DEPTH))

    def rays(self, uv: ArrayLike) -> NDArray[np.float64]:
        """Return unit viewing rays [N, 3] in the camera frame for pixels [N, 2].

        They start at `origin`. A ray is NaN where the distortion model has no inverse.
        """
        rays = self._distortion.undistort(self._normalised(np.asarray(uv, np.float64).reshape(-1, 2)))
        return rays if self._rotation is None else rays @ self._rotation

    @property
    def focal_length(self) -> float:
        """Return the mean focal length [pixel]."""
        return float(np.sqrt(self.matrix[0, 0] * self.matrix[1, 1]))


def _numbers(name: str, values: Sequence[float], count: int) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64).ravel()
    if len(array) != count:
        raise HazardError(f"expected {count} numbers in camera info {name}, got {len(array)}")
    if not np.isfinite(array).all():
        raise HazardError(f"expected finite numbers in camera info {name}, got {array.tolist()}")
    return array


def _checked(matrix: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if not matrix.any():
        raise HazardError(f"camera info {name} is all zero: the camera is not calibrated")
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or abs(matrix[2, 2] - 1) > 1e-6 or matrix[2, :2].any():
        raise HazardError(
            f"expected [fx s cx; 0 fy cy; 0 0 1] with fx, fy > 0 in camera info {name}, got {matrix.tolist()}"
        )
    return matrix
