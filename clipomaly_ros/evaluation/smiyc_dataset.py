"""Reader of road anomaly data sets in the SegmentMeIfYouCan layout, and of their relatives.

Layout: `images/NAME.jpg|png|webp`, `labels_masks/NAME_labels_semantic.png` with 0 normal,
1 anomaly, 255 void (RoadAnomaly in its original form writes 2 for an anomaly).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, images_by_name, read_label, read_rgb
from clipomaly_ros.evaluation.pixel_metrics import ANOMALY, NORMAL, VOID


@dataclass(frozen=True)
class SmiycImages:
    """A data set folder in the SMIYC layout; frames without a label are left out.

    anomaly_values: values of an anomalous pixel in its label pictures.
    """

    root: Path
    anomaly_values: tuple[int, ...] = (ANOMALY,)

    @cached_property
    def _images(self) -> dict[str, Path]:
        images = images_by_name(self.root / "images")
        found = {name: path for name, path in images.items() if self._label_path(name).is_file()}
        if not found:
            raise DataError(
                f"{self.root}: expected labels_masks/NAME_labels_semantic.png for the images, found none"
            )
        return found

    def _label_path(self, name: str) -> Path:
        return self.root / "labels_masks" / f"{name}_labels_semantic.png"

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the labelled frames, sorted."""
        return list(self._images)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return nothing: these data sets have no known classes in the labels."""
        return ()

    @property
    def split(self) -> str:
        """Return nothing: a folder of this layout does not say which part it is."""
        return ""

    def image(self, name: str) -> NDArray[np.uint8]:
        """Read the image of a frame, RGB uint8 [H, W, 3]."""
        return read_rgb(self._images[name])

    def anomaly(self, name: str) -> NDArray[np.uint8]:
        """Read the label of a frame, uint8 [H, W], 0 normal, 1 anomaly, 255 void."""
        path = self._label_path(name)
        label = read_label(path)
        anomaly = np.isin(label, self.anomaly_values)
        wrong = label[~anomaly & (label != NORMAL) & (label != VOID)]
        if wrong.size:
            raise DataError(
                f"{path}: expected 0, {', '.join(map(str, self.anomaly_values))} and 255, found {wrong[0]}"
            )
        return np.where(anomaly, np.uint8(ANOMALY), label.astype(np.uint8))

    def frame(self, name: str) -> LabelledFrame:
        """Read the ground truth of a frame."""
        return LabelledFrame(name, self.anomaly(name))
