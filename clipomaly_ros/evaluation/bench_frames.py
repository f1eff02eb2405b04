"""Frames to measure speed with: pictures of a folder, or drawn ones that need no data."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import VisionError

Picture = NDArray[np.uint8]

_SUFFIXES = (".png", ".jpg", ".jpeg")


def read_frames(folder: Path, size: tuple[int, int], limit: int) -> list[Picture]:
    """Return up to `limit` pictures of a folder, spread over it, RGB uint8 [H, W, 3] of a size [H, W]."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise VisionError(f"{folder}: expected pictures ({', '.join(_SUFFIXES)}), found none")
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, min(limit, len(paths))).astype(int)]
    frames = []
    for path in chosen:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise VisionError(f"{path}: expected a picture, cannot be decoded")
        resized = cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_AREA)
        frames.append(np.asarray(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), dtype=np.uint8))
    return frames


def draw_frame(size: tuple[int, int], seed: int) -> Picture:
    """Draw an apron: sky, buildings, pavement with markings, and things on it; uint8 [H, W, 3]."""
    generator = np.random.default_rng(seed)
    height, width = size
    horizon = round(height * generator.uniform(0.3, 0.4))
    picture = np.empty((height, width, 3), np.float32)
    picture[:horizon] = np.linspace((110, 150, 210), (200, 210, 220), horizon, dtype=np.float32)[:, None]
    picture[horizon:] = np.linspace((125, 125, 120), (95, 95, 92), height - horizon)[:, None]
    for _ in range(6):
        _draw_box(picture, generator, horizon, 0.25, grounded=True)
    for _ in range(4):
        start = (int(generator.integers(width)), horizon)
        end = (int(generator.integers(-width, 2 * width)), height)
        cv2.line(picture, start, end, (220, 200, 60), max(1, height // 150), cv2.LINE_AA)
    for _ in range(12):
        _draw_box(picture, generator, round(generator.uniform(horizon, height)), 0.08, grounded=False)
    picture += cv2.GaussianBlur(generator.normal(0, 30, picture.shape).astype(np.float32), (0, 0), 3)
    picture += generator.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _draw_box(
    picture: NDArray[np.float32], generator: np.random.Generator, bottom: int, share: float, grounded: bool
) -> None:
    height, width = picture.shape[:2]
    sides = generator.uniform(0.1, 1.0, 2) * share * (height, width)
    left = int(generator.integers(width))
    box = (left, bottom), (left + round(sides[1]), bottom - max(2, round(sides[0])))
    colour = tuple(generator.uniform(20, 240, 3))
    if grounded:
        cv2.rectangle(picture, *box, colour, cv2.FILLED)
    else:
        axes = (max(1, round(sides[1] / 2)), max(1, round(sides[0] / 2)))
        cv2.ellipse(picture, box[0], axes, 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
