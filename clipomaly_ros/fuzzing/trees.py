"""Trees of transforms: loops, gaps, numbers that are none, names that are none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from std_msgs.msg import Header

from clipomaly_ros.fuzzing.draw import Draw, rarely
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.transforms_at_stamps import TransformsAtStamps

_FRAMES = ("odom", "base_link", "camera", "lidar")
_SECOND = 1_000_000_000
_UNIT = ((0.0, 0.0, 0.0, 1.0), (-0.5, 0.5, -0.5, 0.5), (0.0, 0.6, 0.0, 0.8))


class _Graph:
    """What TF needs of a node: a clock that stands, and subscriptions into which nothing comes."""

    def get_clock(self) -> Any:
        return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=1_700_000_001 * _SECOND))

    def create_subscription(self, *_: Any, **__: Any) -> Any:
        return SimpleNamespace()

    def destroy_subscription(self, _: Any) -> None:
        return


def draw_transform(draw: Draw) -> TransformStamped:
    """Return a transform between usual frames, rarely with another name, number or stamp."""
    usual = not rarely(draw, 8)
    parent, child = draw.choice(_FRAMES), draw.choice(_FRAMES)
    x, y, z, w = draw.choice(_UNIT) if usual else (draw.number() for _ in range(4))
    place = [draw.integer(-100, 100) / 10 if usual else draw.number() for _ in range(3)]
    nanoseconds = draw.integer(0, 20) * _SECOND // 10
    return TransformStamped(
        header=Header(
            stamp=Time(sec=1_700_000_000 + nanoseconds // _SECOND, nanosec=nanoseconds % _SECOND)
            if not rarely(draw, 8)
            else Time(sec=draw.integer(-(2**31), 2**31 - 1), nanosec=draw.integer(0, 2**32 - 1)),
            frame_id=parent if not rarely(draw, 16) else draw.text(6),
        ),
        child_frame_id=child if not rarely(draw, 16) else draw.text(6),
        transform=Transform(
            translation=Vector3(x=place[0], y=place[1], z=place[2]),
            rotation=Quaternion(x=x, y=y, z=z, w=w),
        ),
    )


def run_transforms(draw: Draw) -> None:
    """Say what is missing or unusable, or give rigid transforms, for whatever tree came."""
    transforms = TransformsAtStamps(_Graph(), "odom", "base_link", 10.0, _SECOND // 2)
    for _ in range(draw.integer(0, 12)):
        transform = draw_transform(draw)
        if draw.integer(0, 1):
            transforms.buffer.set_transform(transform, "fuzz")
        else:
            transforms.buffer.set_transform_static(transform, "fuzz")
    stamp = 1_700_000_000 * _SECOND + draw.integer(0, 20) * _SECOND // 10
    try:
        found = transforms.at("camera", stamp, "lidar", stamp + _SECOND // 50)
    except BadMessage as problem:
        transforms.explain("camera", "lidar", str(problem))
        return
    for transform in (found.camera_from_cloud, found.fixed_from_cloud, found.fixed_from_camera):
        rotation = transform.rotation
        if not np.isfinite(transform.translation).all() or not np.allclose(
            rotation @ rotation.T, np.eye(3), atol=1e-6
        ):
            raise AssertionError(f"no rigid transform: {rotation.tolist()}, {transform.translation.tolist()}")
