"""Size of a region in metres, where it stands on flat ground and the camera's mounting is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clipomaly_ros.vision.types import VisionError


@dataclass(frozen=True)
class GroundView:
    """A camera above flat ground, without roll and lens distortion.

    image_size: height, width [pixel]. height: of the camera above the ground [m], above 0.
    pitch: how far it looks down [rad]. fov: horizontal field of view of the whole image [rad].
    """

    image_size: tuple[int, int]
    height: float
    pitch: float
    fov: float

    @property
    def focal(self) -> float:
        """Return the focal length [pixel]."""
        return self.image_size[1] / 2 / math.tan(self.fov / 2)

    def depth(self, row: float) -> float:
        """Return how far ahead the ground lies that a row shows [m]; inf from the horizon up.

        The depth is along the optical axis. A ray (x, y, 1) descends y cos(pitch) + sin(pitch) for each unit
        of depth, and the ground lies `height` below.
        """
        y = (row - (self.image_size[0] - 1) / 2) / self.focal
        descent = y * math.cos(self.pitch) + math.sin(self.pitch)
        return self.height / descent if descent > 1e-9 else math.inf

    def size(self, box: tuple[int, int, int, int]) -> float:
        """Return the larger side of what stands in a box, x, y, width, height [pixel], in metres.

        It stands where the box's lower edge meets the ground. What lies flat is longer than this tells, what
        hangs in the air is smaller.
        """
        _, y, width, height = box
        return max(width, height) / self.focal * self.depth(y + height - 0.5)


@dataclass(frozen=True)
class SizeLimits:
    """Which sizes regions may have. least, most: [m], 0 = no limit.

    offset: x, y of the view that boxes refer to in the camera's image, window: its height, width [pixel].
    """

    view: GroundView
    least: float
    most: float
    offset: tuple[int, int]
    window: tuple[int, int]

    def __post_init__(self) -> None:
        if self.view.height <= 0.0:
            raise VisionError(
                "min_region_size and max_region_size need the camera's mounting: set camera_height, "
                "camera_pitch and camera_fov"
            )
        if 0.0 < self.most < self.least:
            raise VisionError(
                f"max_region_size: expected at least min_region_size {self.least:g}, got {self.most:g}"
            )

    def verdict(self, box: tuple[int, int, int, int]) -> int:
        """Return -1 for too small, 1 for too large, else 0; box: x, y, width, height [pixel] in the window.

        Nothing is too small or too large whose size cannot be told: what reaches the horizon or the window's
        lower border. What any border cuts is larger than it looks, so it is never too small.
        """
        x, y, width, height = box
        if y + height >= self.window[0]:
            return 0
        size = self.view.size((x + self.offset[0], y + self.offset[1], width, height))
        if not math.isfinite(size):
            return 0
        if self.most and size > self.most:
            return 1
        cut = x == 0 or y == 0 or x + width >= self.window[1]
        return -1 if size < self.least and not cut else 0
