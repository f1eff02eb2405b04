"""Rigid transforms between frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from clipomaly_ros.hazard.types import HazardError

_ORTHONORMAL_TOLERANCE = 1e-4
_QUATERNION_NORM_TOLERANCE = 1e-2  # TF trees hold rounded quaternions; a larger error is no rounding


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """A rotation and a translation: x_target = rotation @ x_source + translation.

    rotation: float64 [3, 3], orthonormal, determinant +1. translation: float64 [3], metres.
    Raises HazardError when the shapes are wrong or the rotation is none.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def __post_init__(self) -> None:
        rotation = np.array(self.rotation, np.float64)
        translation = np.array(self.translation, np.float64)
        if rotation.shape != (3, 3) or translation.shape != (3,):
            raise HazardError(
                "expected a rotation [3, 3] and a translation [3], "
                f"got {list(rotation.shape)} and {list(translation.shape)}"
            )
        if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
            raise HazardError(
                f"expected finite numbers in a transform, got {rotation.tolist()}, {translation.tolist()}"
            )
        deviation = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
        if deviation > _ORTHONORMAL_TOLERANCE or np.linalg.det(rotation) < 0:
            raise HazardError(
                "expected an orthonormal rotation with determinant +1, "
                f"got one that deviates by {deviation:.3g}: {rotation.tolist()}"
            )
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation", translation)

    @classmethod
    def identity(cls) -> RigidTransform:
        """Return the transform that changes nothing."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, xyzw: Sequence[float], translation: Sequence[float]) -> RigidTransform:
        """Build from a quaternion (x, y, z, w order, as geometry_msgs) and a translation [m].

        The quaternion is normalised; HazardError when its norm is off 1 by more than 1 %
        (an unset quaternion is all zero) or a number is not finite.
        """
        quaternion = np.asarray(xyzw, np.float64)
        if quaternion.shape != (4,) or not np.isfinite(quaternion).all():
            raise HazardError(f"expected a quaternion of 4 finite numbers, got {list(xyzw)}")
        norm = float(np.linalg.norm(quaternion))
        if abs(norm - 1.0) > _QUATERNION_NORM_TOLERANCE:
            raise HazardError(f"expected a unit quaternion, got {list(xyzw)} with norm {norm:.4g}")
        x, y, z, w = quaternion / norm
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        return cls(rotation, np.asarray(translation, np.float64))

    def apply(self, points: ArrayLike) -> NDArray[Any]:
        """Transform points [N, 3]; float32 stays float32, all else becomes float64."""
        array = np.asarray(points)
        dtype: Any = np.float32 if array.dtype == np.float32 else np.float64
        if not len(array):
            return np.empty((0, 3), dtype)
        rows: NDArray[np.floating[Any]] = np.ascontiguousarray(array, dtype)[:, None]
        matrix: NDArray[np.floating[Any]] = np.column_stack([self.rotation, self.translation]).astype(dtype)
        # not a matrix product: that has threads to wake, which takes longer than these 9 numbers
        moved: NDArray[Any] = np.asarray(cv2.transform(rows, matrix))[:, 0]
        return moved

    def rotate(self, vectors: ArrayLike) -> NDArray[np.float64]:
        """Rotate directions [N, 3] without moving them."""
        rotated: NDArray[np.float64] = np.asarray(vectors, np.float64) @ self.rotation.T
        return rotated

    def inverse(self) -> RigidTransform:
        """Return the transform that undoes this one."""
        return RigidTransform(self.rotation.T, -(self.rotation.T @ self.translation))

    def compose(self, other: RigidTransform) -> RigidTransform:
        """Return the transform that applies `other` first, then this one."""
        return RigidTransform(
            self.rotation @ other.rotation, self.rotation @ other.translation + self.translation
        )

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        return self.compose(other)
