"""The image data sets that can be evaluated: reader, what counts as what, and whose vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clipomaly_ros.evaluation.apron_dataset import ApronImages
from clipomaly_ros.evaluation.component_metrics import ANOMALY_TRACK, OBSTACLE_TRACK, ComponentSizes
from clipomaly_ros.evaluation.labelled_frames import LabelledImages
from clipomaly_ros.evaluation.layouts import (
    bdd_pairs,
    cityscapes_pairs,
    fishyscapes_pairs,
    road_anomaly_pairs,
)
from clipomaly_ros.evaluation.smiyc_dataset import SmiycImages
from clipomaly_ros.evaluation.street_dataset import BDD_ANOMALIES, StreetImages


@dataclass(frozen=True)
class Dataset:
    """How one image data set is read and judged.

    read: the folder and the names of the known classes in, the reader out. sizes: of components.
    vocabulary: start of the names of the two files in config/vocabulary. unapproved: approved
    classes of that vocabulary that count as anomalies here, so that they become candidates.
    """

    read: Callable[[Path, tuple[str, ...]], LabelledImages]
    sizes: ComponentSizes
    vocabulary: str = "road"
    unapproved: tuple[str, ...] = ()


def _road_anomaly(root: Path) -> SmiycImages:
    """Open RoadAnomaly: background 0, road 1, anomaly 2 as published; flat, an anomaly is 1 or 2."""
    if (root / "images").is_dir():
        return SmiycImages(root, (1, 2), road_anomaly_pairs)
    return SmiycImages(root, (2,), road_anomaly_pairs, normal_values=(0, 1))


DATASETS: Mapping[str, Dataset] = {
    "apron": Dataset(ApronImages, OBSTACLE_TRACK, "airside"),
    "smiyc-anomaly": Dataset(lambda root, known: SmiycImages(root), ANOMALY_TRACK),
    "smiyc-obstacle": Dataset(lambda root, known: SmiycImages(root), OBSTACLE_TRACK),
    "road-anomaly": Dataset(lambda root, known: _road_anomaly(root), ANOMALY_TRACK),
    "fishyscapes-laf": Dataset(
        lambda root, known: SmiycImages(root, layout=fishyscapes_pairs), OBSTACLE_TRACK
    ),
    "cityscapes": Dataset(lambda root, known: StreetImages(root, cityscapes_pairs), ANOMALY_TRACK),
    "bdd-anomaly": Dataset(
        lambda root, known: StreetImages(root, bdd_pairs, BDD_ANOMALIES),
        ANOMALY_TRACK,
        unapproved=BDD_ANOMALIES,
    ),
}
