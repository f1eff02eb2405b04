"""What every image data set with anomaly labels gives to the evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import DataError

SEMANTIC_ANOMALY, SEMANTIC_VOID = 254, 255
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class LabelledThing:
    """One labelled anomaly of a frame.

    value: its number in the instance picture. name, group: as in the vocabulary. distance: from
    the camera [m], size: largest extent [m]; NaN where the data set does not say.
    variant: index of its shape, -1 where the data set does not say.
    """

    value: int
    name: str
    group: str = ""
    distance: float = float("nan")
    size: float = float("nan")
    variant: int = -1


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """Ground truth of one image; all pictures [H, W] alike.

    anomaly: uint8, 0 normal, 1 anomaly, 255 void. semantic: uint8, index of the known class, 254
    anomaly, 255 void; None where the data set has none. instances: uint16, LabelledThing.value
    or 0; None likewise. things: the labelled anomalies. condition: name of the slice.
    known: other labelled objects, which are no anomalies, where the data set lists them.
    """

    name: str
    anomaly: NDArray[np.uint8]
    semantic: NDArray[np.uint8] | None = None
    instances: NDArray[np.uint16] | None = None
    things: tuple[LabelledThing, ...] = ()
    condition: str = ""
    known: tuple[LabelledThing, ...] = ()


class LabelledImages(Protocol):
    """The one contract of every image data set.

    class_names: names of the known classes, by their number in semantic pictures; may be empty.
    split: which part of a data set it is, "" where it does not say.
    """

    @property
    def root(self) -> Path:
        """Return the folder."""

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the frames, in a fixed order."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the names of the known classes by their number."""

    @property
    def split(self) -> str:
        """Return which part of the data set it is."""

    def files(self, name: str) -> tuple[Path, ...]:
        """Return the files of a frame that are read, below the folder."""

    def image(self, name: str) -> NDArray[np.uint8]:
        """Read the image of a frame, RGB uint8 [H, W, 3]."""

    def frame(self, name: str) -> LabelledFrame:
        """Read the ground truth of a frame."""

    def anomaly(self, name: str) -> NDArray[np.uint8]:
        """Read only the anomaly label of a frame, uint8 [H, W], 0, 1 and 255."""


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read an image as RGB, uint8 [H, W, 3]; DataError if it is none."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataError(f"{path}: expected an image, found none that can be read")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def read_label(path: Path) -> NDArray[np.unsignedinteger]:
    """Read a label picture, uint8 or uint16 [H, W], unchanged; of three channels the first."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{path}: expected a label picture of 8 or 16 bits, found none that can be read")
    # OpenCV gives blue, green, red: a label is in the red channel, and in the others alike.
    return np.ascontiguousarray(picture if picture.ndim == 2 else picture[:, :, 2])


def images_by_name(folder: Path) -> dict[str, Path]:
    """Return the images of a folder by name without suffix, sorted; DataError if there are none."""
    if not folder.is_dir():
        raise DataError(f"{folder}: expected a folder of images, found none")
    found = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES}
    if not found:
        raise DataError(f"{folder}: expected images ({', '.join(IMAGE_SUFFIXES)}), found none")
    return found
