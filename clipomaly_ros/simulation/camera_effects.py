"""What a real camera adds to a clean picture: exposure, noise, motion blur."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.camera_models import CameraModel

_GAMMA = 2.2
_MID_GREY = 0.5  # of the display range, where the noise is stated
_SHOT_SHARE = 0.8  # of the variance at mid-grey; the rest is read noise
_BLUR_TAPS = 3
_FARTHEST = 400.0  # depth of the sky for the blur [m]


@dataclass(frozen=True)
class CameraEffects:
    """How a camera spoils its pictures, beyond what the scene's condition brings.

    exposure: factor on the light. exposure_jitter: standard deviation of its logarithm from frame
    to frame. noise: standard deviation of a mid-grey pixel, of a full scale of 1. shutter: time in
    which light is gathered, for the motion blur [s].
    """

    exposure: float = 1.0
    exposure_jitter: float = 0.02
    noise: float = 0.0
    shutter: float = 0.004

    def __post_init__(self) -> None:
        if not 0 < self.exposure < np.inf:
            raise ValueError(f"expected an exposure above 0, got {self.exposure}")
        if not all(0 <= value < np.inf for value in (self.exposure_jitter, self.noise, self.shutter)):
            raise ValueError(
                "expected exposure_jitter, noise and shutter of 0 or more, "
                f"got {self.exposure_jitter}, {self.noise}, {self.shutter}"
            )


def apply_effects(
    rgb: NDArray[np.uint8],
    effects: CameraEffects,
    generator: np.random.Generator,
    flow: NDArray[np.float32] | None = None,
) -> NDArray[np.uint8]:
    """Return the picture as the camera delivers it, uint8 [H, W, 3].

    flow: float32 [H, W, 2], movement during the exposure [pixel], from `ego_flow`.
    """
    if flow is not None and effects.shutter > 0:
        rgb = _blur(rgb, flow)
    gain = effects.exposure * np.exp(effects.exposure_jitter * generator.standard_normal())
    level = np.arange(256) / 255
    curve = np.clip(level * gain ** (1 / _GAMMA), 0, 1) * 255
    spread = 255 * noise_curve(curve / 255, effects.noise)
    value = curve.astype(np.float32)[rgb]
    if spread.any():
        value += spread.astype(np.float32)[rgb] * generator.standard_normal(rgb.shape, np.float32)
    return np.clip(value + 0.5, 0, 255).astype(np.uint8)


def noise_curve(level: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    """Return the noise's standard deviation at display levels, 0 to 1, given that at mid-grey.

    Variance a L + b over linear light L (EMVA 1288: shot noise and read noise), carried through
    the display's gamma.
    """
    middle = _MID_GREY**_GAMMA
    slope = middle ** (1 / _GAMMA - 1) / _GAMMA
    variance = (noise / slope) ** 2
    # Towards black the gamma's slope has no end; the noise itself lifts dark pixels.
    light = np.maximum(level**_GAMMA, 0.004)
    linear = variance * (_SHOT_SHARE * light / middle + 1 - _SHOT_SHARE)
    return np.sqrt(linear) * light ** (1 / _GAMMA - 1) / _GAMMA


def ego_flow(
    model: CameraModel, depth: NDArray[np.float32], motion: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return how far pixels move, float32 [H, W, 2] [pixel], when the camera moves in a still scene.

    depth: [H, W] along z [m], of any value where there is sky. motion: float64 [4, 4], camera's
    frame at the exposure's begin -> at its end. Small movements; lens distortion is left out.
    """
    fx, fy, cx, cy = model.K[0, 0], model.K[1, 1], model.K[0, 2], model.K[1, 2]
    z = np.where(np.isfinite(depth) & (depth > 0.1), np.minimum(depth, _FARTHEST), _FARTHEST)
    x = ((np.arange(model.width, dtype=np.float32) - np.float32(cx)) / np.float32(fx))[None, :]
    y = ((np.arange(model.height, dtype=np.float32) - np.float32(cy)) / np.float32(fy))[:, None]
    (tx, ty, tz), turn = motion[:3, 3].astype(np.float32), motion[:3, :3].astype(np.float32)
    rx, ry, rz = (turn[k, 0] * x + turn[k, 1] * y + turn[k, 2] for k in range(3))
    ahead = rz + tz / z
    u = np.float32(fx) * ((rx + tx / z) / ahead - x)
    v = np.float32(fy) * ((ry + ty / z) / ahead - y)
    return np.stack([u, v], axis=-1).astype(np.float32)


def _blur(rgb: NDArray[np.uint8], flow: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Average the picture along the flow, about its middle."""
    if np.abs(flow).max() < 0.2:
        return rgb
    height, width = rgb.shape[:2]
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    total = np.zeros(rgb.shape, np.float32)
    for part in np.linspace(-0.5, 0.5, _BLUR_TAPS, dtype=np.float32):
        total += cv2.remap(
            rgb,
            u + part * flow[..., 0],
            v + part * flow[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return (total / _BLUR_TAPS + 0.5).astype(np.uint8)
