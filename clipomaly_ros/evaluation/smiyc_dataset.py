"""Reader of road anomaly data sets whose labels say normal, anomaly or void.

SegmentMeIfYouCan and its relatives: 0 normal, 1 anomaly, 255 void; RoadAnomaly in its original form
writes 0 for background, 1 for road and 2 for an anomaly. Where the files lie says the layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, read_label
from clipomaly_ros.evaluation.layouts import Layout, Pairs, smiyc_pairs
from clipomaly_ros.evaluation.paired_images import PairedImages
from clipomaly_ros.evaluation.pixel_metrics import ANOMALY, NORMAL, VOID


@dataclass(frozen=True)
class SmiycImages(PairedImages):
    """A data set folder with binary labels; frames without a label are left out.

    anomaly_values, normal_values: of a pixel in its label pictures. layout: where files lie.
    """

    root: Path
    anomaly_values: tuple[int, ...] = (ANOMALY,)
    layout: Layout = smiyc_pairs
    normal_values: tuple[int, ...] = (NORMAL,)

    @cached_property
    def pairs(self) -> Pairs:
        """Return image and label of each frame by its name, sorted."""
        return self.layout(self.root)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return nothing: these data sets have no known classes in the labels."""
        return ()

    def anomaly(self, name: str) -> NDArray[np.uint8]:
        """Read the label of a frame, uint8 [H, W], 0 normal, 1 anomaly, 255 void."""
        path = self.pairs[name][1]
        label = read_label(path)
        anomaly = np.isin(label, self.anomaly_values)
        void = label == VOID
        wrong = label[~anomaly & ~void & ~np.isin(label, self.normal_values)]
        if wrong.size:
            values = sorted({*self.normal_values, *self.anomaly_values})
            raise DataError(f"{path}: expected {', '.join(map(str, values))} and {VOID}, found {wrong[0]}")
        return np.where(anomaly, np.uint8(ANOMALY), np.where(void, np.uint8(VOID), np.uint8(NORMAL)))

    def frame(self, name: str) -> LabelledFrame:
        """Read the ground truth of a frame."""
        return LabelledFrame(name, self.anomaly(name))
