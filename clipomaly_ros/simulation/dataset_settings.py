"""What a data set of pictures consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from clipomaly_ros.simulation.camera_models import CAMERAS
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.splits import find_split


@dataclass(frozen=True)
class DatasetSettings:
    """A data set: the same settings give the same pictures.

    split: name of a split. count: of pictures. conditions: slices, scene by scene in turn.
    camera: name of a camera. window: width and height of square parts of pictures, from anywhere
    [pixel]; None: whole pictures along the vehicle's way. views: pictures of each scene.
    anomalies: in each scene. depth: write depth pictures too. first_scene: seed of the first one.
    Raises ValueError for what makes no data set.
    """

    split: str
    count: int
    conditions: tuple[str, ...] = tuple(SLICES)
    camera: str = "hd"
    window: int | None = None
    views: int = 4
    anomalies: int = 7
    depth: bool = False
    first_scene: int = 0

    def __post_init__(self) -> None:
        find_split(self.split)
        if self.camera not in CAMERAS:
            raise ValueError(f"expected a camera out of {', '.join(CAMERAS)}, got {self.camera!r}")
        unknown = [name for name in self.conditions if name not in SLICES]
        if unknown or not self.conditions:
            raise ValueError(f"expected conditions out of {', '.join(SLICES)}, got {list(self.conditions)}")
        if self.count < 1 or self.views < 1 or self.anomalies < 0 or self.first_scene < 0:
            raise ValueError(
                "expected 1 or more pictures and views, 0 or more anomalies and first scene, got "
                f"{self.count}, {self.views}, {self.anomalies}, {self.first_scene}"
            )
        camera = CAMERAS[self.camera]
        if self.window is not None and not 32 <= self.window <= min(camera.width, camera.height):
            raise ValueError(
                f"expected a window of 32 to {min(camera.width, camera.height)} pixels, got {self.window}"
            )

    @property
    def scenes(self) -> range:
        """Return the seeds of the scenes."""
        return range(self.first_scene, self.first_scene - (-self.count // self.views))

    def frames_of_scene(self, number: int) -> range:
        """Return the numbers of the pictures of a scene."""
        first = (number - self.first_scene) * self.views
        return range(first, min(first + self.views, self.count))

    def condition(self, number: int) -> str:
        """Return the slice of a scene."""
        return self.conditions[number % len(self.conditions)]

    def name(self, frame: int) -> str:
        """Return the name of a picture's files."""
        return f"{self.split}_{frame:06d}"

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {**asdict(self), "conditions": list(self.conditions)}


# As each split is used.
DEFAULTS: Mapping[str, DatasetSettings] = MappingProxyType(
    {
        "demo": DatasetSettings("demo", 24),
        "train": DatasetSettings("train", 1000, window=512, views=6, anomalies=12),
        "validation": DatasetSettings("validation", 120),
        "test": DatasetSettings("test", 320, depth=True),
        "nofod": DatasetSettings("nofod", 400, anomalies=0),
    }
)


def default_settings(split: str, **changes: Any) -> DatasetSettings:
    """Return the usual settings of a split with some changes; None leaves a setting as it is."""
    find_split(split)
    return replace(DEFAULTS[split], **{key: value for key, value in changes.items() if value is not None})
