"""Reader of street scenes labelled with the classes of Cityscapes; some may count as anomalies.

Cityscapes itself has none: all its labelled pixels are normal, and what it measures is the mIoU of
the known classes. BDD-Anomaly (Hendrycks et al., arXiv 1911.11132) is the part of BDD100K that
shows a motorcycle, a train or a bicycle, which count as anomalies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import (
    SEMANTIC_ANOMALY,
    SEMANTIC_VOID,
    LabelledFrame,
    LabelledThing,
    read_label,
)
from clipomaly_ros.evaluation.layouts import Layout, Pairs
from clipomaly_ros.evaluation.paired_images import PairedImages
from clipomaly_ros.evaluation.pixel_metrics import ANOMALY, NORMAL, VOID

# By train number.
CLASSES = (
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign"),
    *("vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train"),
    *("motorcycle", "bicycle"),
)
# Number of each of them among all labels of Cityscapes (labelIds); the others are not evaluated.
LABEL_NUMBERS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
LARGEST_LABEL_NUMBER = 33
BDD_ANOMALIES = ("train", "motorcycle", "bicycle")


@dataclass(frozen=True)
class StreetImages(PairedImages):
    """A data set folder with the 19 classes; DataError says what is missing or wrong.

    layout: where files lie. anomalies: classes that count as anomalies; with any, only the frames
    that show one are the data set.
    """

    root: Path
    layout: Layout
    anomalies: tuple[str, ...] = ()

    @cached_property
    def pairs(self) -> Pairs:
        """Return image and label of each frame by its name, sorted."""
        pairs = self.layout(self.root)
        if not self.anomalies:
            return pairs
        numbers = [CLASSES.index(name) for name in self.anomalies]
        shown = {name: pair for name, pair in pairs.items() if np.isin(_classes(pair[1]), numbers).any()}
        if not shown:
            raise DataError(f"{self.root}: expected frames with {', '.join(self.anomalies)}, found none")
        return shown

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the known classes by their number in `LabelledFrame.semantic`."""
        return tuple(name for name in CLASSES if name not in self.anomalies)

    def anomaly(self, name: str) -> NDArray[np.uint8]:
        """Read the label of a frame, uint8 [H, W], 0 normal, 1 anomaly, 255 void."""
        return self.frame(name).anomaly

    def frame(self, name: str) -> LabelledFrame:
        """Read the ground truth of a frame; each 8-connected part of an anomalous class is a thing."""
        classes = _classes(self.pairs[name][1])
        known = self.class_names
        place = np.full(256, SEMANTIC_VOID, np.uint8)
        for number, label in enumerate(CLASSES):
            place[number] = known.index(label) if label in known else SEMANTIC_ANOMALY
        semantic = place[classes]
        normal = np.where(semantic == SEMANTIC_VOID, np.uint8(VOID), np.uint8(NORMAL))
        anomaly = np.where(semantic == SEMANTIC_ANOMALY, np.uint8(ANOMALY), normal)
        instances = np.zeros(classes.shape, np.uint16)
        things: list[LabelledThing] = []
        for label in self.anomalies:
            mask = (classes == CLASSES.index(label)).astype(np.uint8)
            count, parts = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_16U)
            instances[mask > 0] = parts[mask > 0] + np.uint16(len(things))
            things += [LabelledThing(len(things) + number, label) for number in range(1, count)]
        return LabelledFrame(name, anomaly, semantic, instances, tuple(things))


def _classes(path: Path) -> NDArray[np.uint8]:
    """Return the train number of each pixel, uint8 [H, W], 255 void."""
    label = read_label(path)
    numbers = np.full(65536, -1, np.int16)
    if path.name.endswith("_labelIds.png"):
        numbers[: LARGEST_LABEL_NUMBER + 1] = VOID
        numbers[list(LABEL_NUMBERS)] = np.arange(len(CLASSES))
        # Licence plates are -1, which a picture of 8 bits holds as 255.
        expected = f"0 to {LARGEST_LABEL_NUMBER} and 255"
    else:
        numbers[: len(CLASSES)] = np.arange(len(CLASSES))
        expected = f"0 to {len(CLASSES) - 1} and 255"
    numbers[VOID] = VOID
    classes = numbers[label]
    if (classes < 0).any():
        raise DataError(f"{path}: expected {expected}, found {label[classes < 0][0]}")
    return classes.astype(np.uint8)
