"""The targets by name: each draws an input, hands it to a reader, and checks the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clipomaly_ros.fuzzing.clouds import run_cloud
from clipomaly_ros.fuzzing.draw import Draw
from clipomaly_ros.fuzzing.frames import run_camera_info, run_frame
from clipomaly_ros.fuzzing.pictures import run_compressed, run_image
from clipomaly_ros.fuzzing.trees import run_transforms
from clipomaly_ros.hazard.policy import parse_policy
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.vocabulary.entries import VocabularyError
from clipomaly_ros.vocabulary.loading import parse_vocabulary

_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Target:
    """run(draw): returns when the input was refused by its documented error or read right, else raises."""

    run: Callable[[Draw], None]
    text: str


def run_policy(draw: Draw) -> None:
    """Refuse a policy file by HazardError, or read it."""
    try:
        parse_policy(draw.text(_LONGEST_TEXT))
    except HazardError:
        return


def run_vocabulary(draw: Draw) -> None:
    """Refuse vocabulary files by VocabularyError, or read them."""
    try:
        parse_vocabulary(draw.text(_LONGEST_TEXT), draw.text(_LONGEST_TEXT))
    except VocabularyError:
        return


TARGETS = {
    "camera-info": Target(run_camera_info, "calibrations of a camera"),
    "cloud": Target(run_cloud, "layouts of point clouds"),
    "compressed-image": Target(run_compressed, "JPEG and PNG images"),
    "frame": Target(run_frame, "anomaly frames"),
    "image": Target(run_image, "raw images"),
    "policy": Target(run_policy, "hazard policy files"),
    "transforms": Target(run_transforms, "trees of transforms"),
    "vocabulary": Target(run_vocabulary, "vocabulary files"),
}
