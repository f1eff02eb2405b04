"""Cameras that can be simulated: size, focal length and lens distortion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

DISTORTION_MODEL = "plumb_bob"
_TERMINATION = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-9)


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A pinhole camera with plumb_bob distortion (Brown 1971, coefficients as in OpenCV).

    K: float64 [3, 3] [pixel], pixel (0, 0) is the centre of the top left one. D: float64 [5],
    k1, k2, p1, p2, k3. Raises ValueError for sizes or numbers that make no camera.
    """

    width: int
    height: int
    K: NDArray[np.float64]
    D: NDArray[np.float64]
    name: str

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f"expected a picture of 1 pixel or more a side, got {self.width} x {self.height}"
            )
        K, D = np.asarray(self.K, np.float64), np.asarray(self.D, np.float64)
        if K.shape != (3, 3) or D.shape != (5,) or not (np.isfinite(K).all() and np.isfinite(D).all()):
            raise ValueError(f"expected finite K [3, 3] and D [5], got {K.tolist()} and {D.tolist()}")
        if K[0, 0] <= 0 or K[1, 1] <= 0:
            raise ValueError(f"expected focal lengths above 0, got {K[0, 0]} and {K[1, 1]}")
        object.__setattr__(self, "K", K)
        object.__setattr__(self, "D", D)

    @property
    def distorted(self) -> bool:
        """Tell whether the lens bends straight lines."""
        return bool(self.D.any())

    def rays(
        self, window: tuple[int, int, int, int] | None = None, shift: tuple[float, float] = (0.0, 0.0)
    ) -> NDArray[np.float32]:
        """Return unit viewing rays, float32 [height, width, 3], in the optical frame (x right, y down).

        window: x, y, width, height of a part of the picture [pixel]; shift: added to pixel centres.
        """
        x, y, width, height = window or (0, 0, self.width, self.height)
        u, v = np.meshgrid(np.arange(x, x + width) + shift[0], np.arange(y, y + height) + shift[1])
        if self.distorted:
            pixels = np.stack([u, v], axis=-1).reshape(-1, 1, 2)
            plane = cv2.undistortPointsIter(pixels, self.K, self.D, None, None, _TERMINATION)
            plane = plane.reshape(height, width, 2)
        else:
            b = (v - self.K[1, 2]) / self.K[1, 1]
            plane = np.stack([(u - self.K[0, 2] - self.K[0, 1] * b) / self.K[0, 0], b], axis=-1)
        rays = np.concatenate([plane, np.ones((height, width, 1))], axis=-1)
        return (rays / np.linalg.norm(rays, axis=-1, keepdims=True)).astype(np.float32)


def _camera(name: str, width: int, height: int, focal: float, D: Sequence[float] = (0.0,) * 5) -> CameraModel:
    """Build a camera whose axis goes through the middle of the picture."""
    K = np.array([[focal, 0.0, (width - 1) / 2], [0.0, focal, (height - 1) / 2], [0.0, 0.0, 1.0]])
    return CameraModel(width, height, K, np.array(D), name)


# All see 64 degrees across, so that a scene fits each of them.
CAMERAS: Mapping[str, CameraModel] = MappingProxyType(
    {
        camera.name: camera
        for camera in (
            _camera("vga", 640, 360, 512.0, (-0.06, 0.01, 0.0004, -0.0003, 0.0)),
            _camera("hd", 1280, 720, 1024.0),
            _camera("fullhd", 1920, 1080, 1536.0),
            _camera("hd_distorted", 1280, 720, 1024.0, (-0.28, 0.085, 0.0006, -0.0004, -0.010)),
        )
    }
)
