"""hazard_fusion in the test's own process, handed its messages and its time directly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fusion_scene as scene
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.time import Time
from ros_harness import wait_until

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.nodes.hazard_fusion import HazardFusion

START = 1_700_000_000_000_000_000
STEP = 100_000_000
SECOND = 1_000_000_000
POLICY = Path(__file__).resolve().parents[2] / "config" / "hazard_policy.yaml"


class DirectFusion:
    """The node without an executor: every callback runs when the test calls it.

    Its clock is simulated and stands until `set_time`.
    """

    def __init__(self, context: rclpy.Context, **parameters: Any) -> None:
        values = {"autostart": False, "tf_timeout": 1.0, "policy": str(POLICY), **parameters}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.node = HazardFusion(context=context, parameter_overrides=overrides)
        self.clock = self.node.get_clock()
        self.clock._set_ros_time_is_active(True)
        self.zones: list[HazardZoneArray] = []
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        self.node._zones.publish = self.zones.append
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        self.transforms = self.node._transforms.buffer
        for transform in scene.sensor_transforms():
            self.transforms.set_transform_static(transform, "test")

    def set_time(self, nanoseconds: int) -> None:
        """Let /clock say this."""
        self.clock.set_ros_time_override(Time(nanoseconds=nanoseconds, clock_type=self.clock.clock_type))

    def park(self) -> None:
        """Put the vehicle at the origin of the fixed frame for all times."""
        self.transforms.set_transform_static(scene.transform(scene.FIXED, scene.BASE), "test")

    def receive(self, topic: str, message: Any) -> None:
        """Call the subscription of a topic."""
        (found,) = [one for one in self.node._inputs._subscriptions if one.topic_name == topic]
        found.callback(message)

    def pair(self, stamp: int, camera: str = "", frame_id: str = scene.CAMERA) -> None:
        """Hand a good pair of the scene over."""
        prefix = f"/{camera}" if camera else ""
        self.receive(f"{prefix}/camera_info", scene.camera_info(stamp, frame_id))
        self.receive("/points", scene.cloud(stamp))
        self.receive(f"{prefix}/anomalies", scene.anomaly_frame(stamp, frame_id=frame_id))

    def drive(self, speed: float, at: int, begin: int, end: int) -> None:
        """Send the way of a vehicle that goes along x [m/s], and is at the origin at a time; 50 Hz."""
        for stamp in range(begin, end + 1, STEP // 5):
            place = (speed * (stamp - at) / SECOND, 0.0, 0.0)
            message = scene.transform(scene.FIXED, scene.BASE, place, nanoseconds=stamp)
            self.transforms.set_transform(message, "test")

    def look_again(self) -> None:
        """Try the pairs that wait for transforms."""
        self.node._look_again()

    def measured(self) -> list[HazardZoneArray]:
        """Return the arrays with a new measurement, after all work is done."""
        for worker in self.node._workers.values():
            wait_until(lambda worker=worker: worker.idle, "an idle worker")
        return [array for array in self.zones if array.camera_frame]

    def count(self, name: str) -> int:
        """Return a counter of the diagnostics."""
        return self.node.health.counts().get(name, 0)

    def told(self) -> dict[str, str]:
        """Return the values of the diagnostics."""
        return {item.key: item.value for item in self.node.health.report().status[0].values}


@contextlib.contextmanager
def direct_fusion(**parameters: Any) -> Iterator[DirectFusion]:
    """Make the node for a test, active, with its sensors mounted and the time at 0."""
    context = rclpy.Context()
    rclpy.init(context=context)
    fusion = None
    try:
        fusion = DirectFusion(context, **parameters)
        yield fusion
    finally:
        if fusion is not None:
            fusion.node.destroy_node()
        rclpy.try_shutdown(context=context)
