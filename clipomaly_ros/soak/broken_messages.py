"""Messages that a node must refuse, each with the counter that must tell of it."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time

from clipomaly_ros.soak import scene


def _cut(data: array) -> array:
    return array("B", data[: len(data) // 2])


def _cloud_cut(cloud: Any) -> None:
    cloud.data = _cut(cloud.data)


def _cloud_without_z(cloud: Any) -> None:
    cloud.fields = cloud.fields[:2]


def _cloud_of_integers(cloud: Any) -> None:
    cloud.fields[1].datatype = 5


def _cloud_too_large(cloud: Any) -> None:
    cloud.width = cloud.height = 2**32 - 1


def _cloud_field_outside(cloud: Any) -> None:
    cloud.fields[2].offset = cloud.point_step


def _no_stamp(message: Any) -> None:
    message.header.stamp = Time()


def _no_frame_id(message: Any) -> None:
    message.header.frame_id = ""


def _frame_cut(frame: Any) -> None:
    frame.region_image.data = _cut(frame.region_image.data)


def _frame_of_floats(frame: Any) -> None:
    frame.label_image.encoding = "32FC1"


def _frame_region_missing(frame: Any) -> None:
    frame.regions = []


def _frame_box_outside(frame: Any) -> None:
    frame.regions[0].bounding_box.x_offset = scene.WIDTH


def _frame_score_nan(frame: Any) -> None:
    frame.regions[0].score = float("nan")


def _info_zero(info: Any) -> None:
    info.k = np.zeros(9)


def _info_model(info: Any) -> None:
    info.distortion_model = "kaleidoscope"


def _info_nan(info: Any) -> None:
    info.d = [float("nan")] * 5


# What breaks a good message, and the counter in /diagnostics.
BROKEN: dict[str, tuple[tuple[Callable[[Any], None], str], ...]] = {
    "points": (
        (_cloud_cut, "points_truncated"),
        (_cloud_without_z, "points_no_xyz"),
        (_cloud_of_integers, "points_layout"),
        (_cloud_field_outside, "points_layout"),
        (_cloud_too_large, "points_size"),
        (_no_stamp, "points_zero_stamp"),
        (_no_frame_id, "points_empty_frame_id"),
    ),
    "anomalies": (
        (_frame_cut, "anomalies_truncated"),
        (_frame_of_floats, "anomalies_encoding"),
        (_frame_region_missing, "anomalies_region_ids"),
        (_frame_box_outside, "anomalies_region_box"),
        (_frame_score_nan, "anomalies_region_values"),
        (_no_stamp, "anomalies_zero_stamp"),
        (_no_frame_id, "anomalies_empty_frame_id"),
    ),
    "camera_info": (
        (_info_zero, "camera_info_uncalibrated"),
        (_info_model, "camera_info_distortion_model"),
        (_info_nan, "camera_info_values"),
        (_no_stamp, "camera_info_zero_stamp"),
    ),
}
_GOOD: dict[str, Callable[[int], Any]] = {
    "points": scene.cloud,
    "anomalies": scene.anomaly_frame,
    "camera_info": scene.camera_info,
}


def broken_message(topic: str, stamp: int, seed: int) -> tuple[Any, str]:
    """Return an unusable message for an input of fusion, and the counter that must count it."""
    break_it, counter = random.Random(seed).choice(BROKEN[topic])  # noqa: S311 - repeatable
    message = _GOOD[topic](stamp)
    break_it(message)
    return message, counter


def without_some_points(stamp: int, seed: int) -> Any:
    """Return a cloud of which every tenth point is NaN or infinite."""
    points = scene.cloud_points(stamp)
    generator = np.random.default_rng(seed)
    chosen = generator.random(len(points)) < 0.1
    points[chosen, generator.integers(3)] = generator.choice([np.nan, np.inf, -np.inf])
    return scene.cloud(stamp, points)
